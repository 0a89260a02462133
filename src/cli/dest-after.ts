import { open } from 'node:fs/promises';
import type { Backend } from '../core/backend.ts';
import { hasCode, messageOf } from '../core/errors.ts';
import { callOptions } from '../operations/context.ts';
import { listEntries } from '../operations/list.ts';
import type { FlagSpec } from '../options/flags.ts';
import { switchFlag, type CommandContext } from './command.ts';
import { StartError } from './errors.ts';
import { checkFormat, formatFlags, listFormat } from './list-format.ts';

/** Flags of a list of what the destination holds afterwards. */
export const destAfterFlags: readonly FlagSpec[] = [
  { name: 'dest-after', type: 'string', default: '', help: 'Write what the destination holds afterwards to this file' },
  ...formatFlags.map((flag) => ({
    ...flag,
    help: `With --dest-after: ${flag.help[0]?.toLowerCase()}${flag.help.slice(1)}`,
  })),
  switchFlag('dirs-only', 'With --dest-after: only directories'),
  { name: 'files-only', type: 'bool', default: 'true', help: 'With --dest-after: only objects' },
  {
    name: 'timeformat',
    short: 't',
    type: 'string',
    default: '',
    help: 'With --dest-after: layout of times, in the notation of Go, or its name',
  },
];

/**
 * Runs a transfer and then lists its destination, whatever became of it: all of it that the filter lets through, or the
 * one object that it went to.
 */
export async function withDestAfter(
  c: CommandContext,
  dst: Backend,
  only: string | undefined,
  work: () => Promise<void>,
): Promise<void> {
  const name = c.flags.string('dest-after');
  if (name === '') return work();
  checkFormat(c);
  const file = name === '-' ? undefined : await open(name, 'w').catch(cannotOpen);
  try {
    let failure: unknown;
    await work().catch((e: unknown) => (failure = e));
    if (!c.operation.signal?.aborted) {
      const { want, line } = listFormat(c, dst, 'timeformat');
      const info = only === undefined ? undefined : await dst.stat(only, { want }).catch(() => undefined);
      const located = {
        backend: dst,
        reference: '',
        ...(info && only !== undefined ? { file: { leaf: only, info } } : {}),
      };
      const dirs = c.flags.bool('dirs-only') || !c.flags.bool('files-only');
      const shown = { recursive: true, dirs, files: !c.flags.bool('dirs-only'), want };
      if (only === undefined ? await exists(c, dst) : info)
        for await (const entry of listEntries(c.operation, located, shown)) {
          const text = await line(entry);
          await (file ? file.write(`${text}\n`) : c.out.line(text));
        }
    }
    if (failure !== undefined) throw failure;
  } finally {
    await file?.close();
  }
}

/** A dry run makes no directory. */
async function exists(c: CommandContext, dst: Backend): Promise<boolean> {
  try {
    for await (const _entry of dst.list('', callOptions(c.operation))) break;
    return true;
  } catch (e) {
    if (hasCode(e, 'dir_not_found', 'bucket_not_found')) return false;
    throw e;
  }
}

function cannotOpen(e: unknown): never {
  throw new StartError(`Failed to open report file: ${messageOf(e)}`);
}
