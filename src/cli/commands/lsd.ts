import { formatSize } from '../../core/size.ts';
import { formatDateTime } from '../../core/time.ts';
import { listEntries } from '../../operations/list.ts';
import { switchFlag, type CommandDefinition } from '../command.ts';
import { source } from '../references.ts';

export const lsd: CommandDefinition = {
  name: 'lsd',
  summary: 'List directories and buckets',
  help: 'Lists the directories in the path: size (-1 = unknown), time, number of entries (-1 = unknown), path.',
  usage: 'remote:path',
  minArgs: 1,
  maxArgs: 1,
  examples: ['tsclone lsd r2:', 'tsclone lsd -R r2:my-backup-bucket'],
  flags: [switchFlag('recursive', 'Descend into directories', 'R')],
  groups: ['Filter', 'Listing'],
  async run(c) {
    const located = await source(c, c.args[0] as string);
    const recursive = c.flags.bool('recursive');
    const human = c.flags.bool('human-readable');
    for await (const e of listEntries(c.operation, located, { recursive, dirs: true, files: false, want: [] })) {
      if (e.kind !== 'dir') continue;
      const size = e.isBucket ? -1 : (e.size ?? 0);
      const time = formatDateTime(e.modTime ?? c.operation.settings.defaultTime, 'local');
      const shown = human ? (size < 0 ? '-1' : formatSize(size)).padStart(9) : String(size).padStart(12);
      await c.out.line(`${shown} ${time} ${'-1'.padStart(human ? 8 : 9)} ${e.path}`);
    }
  },
};
