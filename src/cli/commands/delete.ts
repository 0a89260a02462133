import { deleteObjects, isFile } from '../../operations/remove.ts';
import { removeEmptyTree } from '../../operations/rmdirs.ts';
import { switchFlag, type CommandDefinition } from '../command.ts';
import { cannotOpen, source } from '../references.ts';

export const deleteCommand: CommandDefinition = {
  name: 'delete',
  summary: 'Delete the objects below a path',
  help: 'Deletes objects and leaves directories. On services that can, up to 1000 go in one request.',
  usage: 'remote:path',
  minArgs: 1,
  maxArgs: 1,
  examples: ['tsclone delete r2:my-backup-bucket/media --min-age 90d --dry-run'],
  flags: [switchFlag('rmdirs', 'Also remove the directories that are empty then; the path itself stays')],
  groups: ['Important', 'Filter', 'Listing'],
  retries: true,
  async run(c) {
    const reference = c.args[0] as string;
    const located = await source(c, reference);
    const rmdirs = c.flags.bool('rmdirs');
    if (rmdirs && located.file) throw cannotOpen(reference, isFile());
    await deleteObjects(c.operation, located);
    if (rmdirs) await removeEmptyTree(c.operation, located.backend, true);
  },
};
