import { removeEmptyTree } from '../../operations/rmdirs.ts';
import { switchFlag, type CommandDefinition } from '../command.ts';
import { directory } from '../references.ts';

export const rmdirs: CommandDefinition = {
  name: 'rmdirs',
  summary: 'Remove all empty directories below a path',
  help: 'Directories that hold nothing but empty directories go too, and the path itself unless --leave-root is given.',
  usage: 'remote:path',
  minArgs: 1,
  maxArgs: 1,
  examples: ['tsclone rmdirs media --leave-root'],
  flags: [switchFlag('leave-root', 'Keep the directory that was named')],
  groups: ['Important'],
  retries: true,
  async run(c) {
    await removeEmptyTree(c.operation, await directory(c, c.args[0] as string), c.flags.bool('leave-root'));
  },
};
