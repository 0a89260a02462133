import { removeDirectory } from '../../operations/remove.ts';
import type { CommandDefinition } from '../command.ts';
import { directory } from '../references.ts';

export const rmdir: CommandDefinition = {
  name: 'rmdir',
  summary: 'Remove an empty directory or bucket',
  help: 'A directory that is not empty is an error.',
  usage: 'remote:path',
  minArgs: 1,
  maxArgs: 1,
  examples: ['tsclone rmdir r2:another-bucket'],
  groups: ['Important'],
  retries: true,
  async run(c) {
    await removeDirectory(c.operation, await directory(c, c.args[0] as string));
  },
};
