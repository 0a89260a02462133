import type { BackendDefinition } from '../../core/definition.ts';
import { defineOptions, option } from '../../options/define.ts';
import { bool, string } from '../../options/values.ts';
import { createMemoryBackend } from './backend.ts';

const options = defineOptions({
  discard: option(bool(), {
    type: 'bool',
    default: 'false',
    help: 'Takes writes and keeps nothing but sizes.',
    advanced: true,
    notBuilt: 'writes are always kept',
  }),
  description: option(string(), { type: 'string', default: '', help: 'A remark for people.', advanced: true }),
});

/** Objects in the memory of this process: for tests, demos and `serve s3`. */
export const memory: BackendDefinition<NonNullable<typeof options.output>> = {
  type: 'memory',
  summary: 'Objects in memory, gone with the process',
  options,
  open: async ({ name, platform }) => createMemoryBackend(name, platform),
};
