import { callOptions, log, skipped } from '../../operations/context.ts';
import type { CommandDefinition } from '../command.ts';
import { directory } from '../references.ts';

export const mkdir: CommandDefinition = {
  name: 'mkdir',
  summary: 'Make a directory or bucket',
  help: 'Makes the directory with its parents; one that exists is fine. On S3 the bucket is created.',
  usage: 'remote:path',
  minArgs: 1,
  maxArgs: 1,
  examples: ['tsclone mkdir r2:another-bucket'],
  groups: ['Important'],
  retries: true,
  async run(c) {
    const backend = await directory(c, c.args[0] as string);
    if (!backend.features.emptyDirs && backend.root.includes('/')) {
      log(
        c.operation,
        'notice',
        backend.description,
        "Warning: running mkdir on a remote which can't have empty directories does nothing",
      );
    }
    if (await skipped(c.operation, 'make directory', backend.description)) return;
    log(c.operation, 'info', backend.description, 'Making directory');
    await backend.mkdir('', callOptions(c.operation));
  },
};
