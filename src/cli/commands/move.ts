import { switchFlag, type CommandDefinition } from '../command.ts';
import { destAfterFlags } from '../dest-after.ts';
import { reportFlags } from '../reports.ts';
import { copyInto, copyTo, createEmptySrcDirs } from './copy.ts';

export const move: CommandDefinition = {
  name: 'move',
  summary: 'Move into a directory',
  help: 'As copy; each source object is deleted once its copy is complete.',
  usage: 'source:path dest:path',
  minArgs: 2,
  maxArgs: 2,
  examples: ['tsclone move media r2:my-backup-bucket/media --min-age 7d'],
  flags: [
    createEmptySrcDirs,
    switchFlag('delete-empty-src-dirs', 'Remove directories of the source that became empty'),
    ...reportFlags,
    ...destAfterFlags,
  ],
  groups: ['Copy', 'Important', 'Filter', 'Listing'],
  retries: true,
  stats: true,
  run: (c) =>
    copyInto(c, 'move', {
      createEmptySrcDirs: c.flags.bool('create-empty-src-dirs'),
      deleteEmptySrcDirs: c.flags.bool('delete-empty-src-dirs'),
    }),
};

export const moveto: CommandDefinition = {
  name: 'moveto',
  summary: 'Move one object to a name of its own',
  help: 'As move, but the destination is the new name of the object (or of the directory).',
  usage: 'source:path dest:path',
  minArgs: 2,
  maxArgs: 2,
  examples: ['tsclone moveto r2:my-backup-bucket/db.sql r2:my-backup-bucket/old/db.sql'],
  flags: [...reportFlags, ...destAfterFlags],
  groups: ['Copy', 'Important', 'Filter', 'Listing'],
  retries: true,
  stats: true,
  run: (c) => copyTo(c, 'move'),
};
