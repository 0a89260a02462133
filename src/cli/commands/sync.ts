import type { CommandDefinition } from '../command.ts';
import { destAfterFlags } from '../dest-after.ts';
import { reportFlags } from '../reports.ts';
import { copyInto, createEmptySrcDirs } from './copy.ts';

export const sync: CommandDefinition = {
  name: 'sync',
  summary: 'Make the destination equal to the source',
  help: 'Copies what is new or different and then deletes what the source does not have. Nothing is deleted when a listing was incomplete or a transfer failed. Try it with --dry-run first.',
  usage: 'source:path dest:path',
  minArgs: 2,
  maxArgs: 2,
  examples: [
    'tsclone sync media r2:my-backup-bucket/media --dry-run',
    'tsclone sync media r2:my-backup-bucket/media --backup-dir r2:my-backup-bucket/removed',
  ],
  flags: [createEmptySrcDirs, ...reportFlags, ...destAfterFlags],
  groups: ['Sync', 'Copy', 'Important', 'Filter', 'Listing'],
  retries: true,
  stats: true,
  run: (c) => copyInto(c, 'sync'),
};
