import { syncDirectories } from '../../operations/sync/sync.ts';
import { transferFile } from '../../operations/transfer-file.ts';
import { switchFlag, type CommandContext, type CommandDefinition } from '../command.ts';
import { destAfterFlags, withDestAfter } from '../dest-after.ts';
import { directory, place, source, sourceUnfiltered } from '../references.ts';
import { reportFlags, withReports } from '../reports.ts';

export const createEmptySrcDirs = switchFlag('create-empty-src-dirs', 'Also make directories that are empty');

export const copy: CommandDefinition = {
  name: 'copy',
  summary: 'Copy into a directory what is new or different',
  help: 'The destination is always a directory: a single object lands inside it. Nothing is deleted. Copies within one service are made by the service.',
  usage: 'source:path dest:path',
  minArgs: 2,
  maxArgs: 2,
  examples: [
    'tsclone copy media r2:my-backup-bucket/media',
    'tsclone copy r2:my-backup-bucket/media restored --max-age 1d --progress',
  ],
  flags: [createEmptySrcDirs, ...reportFlags, ...destAfterFlags],
  groups: ['Copy', 'Important', 'Filter', 'Listing'],
  retries: true,
  stats: true,
  run: (c) => copyInto(c, 'copy'),
};

export const copyto: CommandDefinition = {
  name: 'copyto',
  summary: 'Copy one object to a name of its own',
  help: 'As copy, but the destination is the new name of the object (or of the directory).',
  usage: 'source:path dest:path',
  minArgs: 2,
  maxArgs: 2,
  examples: ['tsclone copyto db.sql r2:my-backup-bucket/db-monday.sql'],
  flags: [...reportFlags, ...destAfterFlags],
  groups: ['Copy', 'Important', 'Filter', 'Listing'],
  retries: true,
  stats: true,
  run: (c) => copyTo(c, 'copy'),
};

const wholeDirectory = { createEmptySrcDirs: false, deleteEmptySrcDirs: false };

/** The destination is a directory. */
export async function copyInto(
  c: CommandContext,
  mode: 'copy' | 'move' | 'sync',
  o: { createEmptySrcDirs: boolean; deleteEmptySrcDirs: boolean } = {
    ...wholeDirectory,
    createEmptySrcDirs: c.flags.bool('create-empty-src-dirs'),
  },
): Promise<void> {
  const [from, to] = c.args as [string, string];
  const src = await sourceUnfiltered(c, from);
  const dst = await directory(c, to);
  const { open } = await c.session();
  await withReports(c, async (report) => {
    if (src.file) {
      const held = { backend: src.backend, info: src.file.info };
      const target = { backend: dst, path: src.file.leaf };
      // sync of a single object copies it: what else the destination holds is none of its business.
      const how = { mode: mode === 'move' ? ('move' as const) : ('copy' as const), open, report };
      await withDestAfter(c, dst, target.path, () => transferFile(c.operation, held, target, how));
    } else
      await withDestAfter(c, dst, undefined, () =>
        syncDirectories(c.operation, src.backend, dst, { mode, open, report, ...o }),
      );
  });
}

/** The destination is the new name. */
export async function copyTo(c: CommandContext, mode: 'copy' | 'move'): Promise<void> {
  const [from, to] = c.args as [string, string];
  const src = await source(c, from);
  const { open } = await c.session();
  await withReports(c, async (report) => {
    if (src.file) {
      const dst = await place(c, to);
      const held = { backend: src.backend, info: src.file.info };
      await withDestAfter(c, dst.backend, dst.leaf, () =>
        transferFile(c.operation, held, { backend: dst.backend, path: dst.leaf }, { mode, open, report }),
      );
    } else {
      const dst = await directory(c, to);
      await withDestAfter(c, dst, undefined, () =>
        syncDirectories(c.operation, src.backend, dst, { mode, open, report, ...wholeDirectory }),
      );
    }
  });
}
