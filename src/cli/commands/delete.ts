import { deleteObjects } from '../../operations/remove.ts';
import { switchFlag, type CommandDefinition } from '../command.ts';
import { source } from '../references.ts';

export const deleteCommand: CommandDefinition = {
  name: 'delete',
  summary: 'Delete the objects below a path',
  help: 'Deletes objects and leaves directories. On services that can, up to 1000 go in one request.',
  usage: 'remote:path',
  minArgs: 1,
  maxArgs: 1,
  flags: [{ ...switchFlag('rmdirs', 'Also remove empty directories'), notBuilt: 'directories are left' }],
  groups: ['Important', 'Filter', 'Listing'],
  retries: true,
  async run(c) {
    await deleteObjects(c.operation, await source(c, c.args[0] as string));
  },
};
