import { cleanUp } from '../../operations/cleanup.ts';
import type { CommandDefinition } from '../command.ts';
import { source } from '../references.ts';

export const cleanup: CommandDefinition = {
  name: 'cleanup',
  summary: 'Remove what a remote stores and does not list',
  help: `On S3: aborts uploads below the path that began more than 24 hours ago and were never finished; their parts are paid for.
\`tsclone backend cleanup\` takes another age, \`tsclone backend list-multipart-uploads\` shows them. A remote with nothing of the
kind is an error.`,
  usage: 'remote:path',
  minArgs: 1,
  maxArgs: 1,
  groups: ['Important'],
  examples: ['tsclone cleanup -v s3:bucket'],
  retries: true,
  async run(c) {
    const { backend } = await source(c, c.args[0] as string);
    await cleanUp(c.operation, backend);
  },
};
