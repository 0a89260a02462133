import { deleteFile } from '../../operations/remove.ts';
import type { CommandDefinition } from '../command.ts';
import { sourceUnfiltered } from '../references.ts';

export const deletefile: CommandDefinition = {
  name: 'deletefile',
  summary: 'Delete one object',
  help: 'Deletes exactly the object of this name. A directory or a missing object is an error (exit code 4).',
  usage: 'remote:path',
  minArgs: 1,
  maxArgs: 1,
  examples: ['tsclone deletefile r2:my-backup-bucket/db.sql'],
  groups: ['Important'],
  retries: true,
  async run(c) {
    await deleteFile(c.operation, await sourceUnfiltered(c, c.args[0] as string));
  },
};
