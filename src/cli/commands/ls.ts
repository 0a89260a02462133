import { formatSize } from '../../core/size.ts';
import { formatDateTime } from '../../core/time.ts';
import type { Want } from '../../core/entry.ts';
import { listEntries } from '../../operations/list.ts';
import type { CommandContext, CommandDefinition } from '../command.ts';
import { source } from '../references.ts';

export const ls: CommandDefinition = {
  name: 'ls',
  summary: 'List objects with their sizes',
  help: 'Lists all objects below the path, one per line: size and path. Directories are not shown.',
  usage: 'remote:path',
  minArgs: 1,
  maxArgs: 1,
  examples: ['tsclone ls r2:my-backup-bucket', "tsclone ls r2:my-backup-bucket --include '*.sql' --max-depth 1"],
  groups: ['Filter', 'Listing'],
  run: (c) => list(c, false),
};

export const lsl: CommandDefinition = {
  name: 'lsl',
  summary: 'List objects with modification time and size',
  help: 'Lists all objects below the path, one per line: size, modification time in the local zone, path. On S3 each time costs a request.',
  usage: 'remote:path',
  minArgs: 1,
  maxArgs: 1,
  examples: ['tsclone lsl r2:my-backup-bucket/media'],
  groups: ['Filter', 'Listing'],
  run: (c) => list(c, true),
};

async function list(c: CommandContext, withTime: boolean): Promise<void> {
  const human = c.flags.bool('human-readable');
  const want: Want[] = withTime ? ['modTime'] : [];
  const located = await source(c, c.args[0] as string);
  for await (const entry of listEntries(c.operation, located, { recursive: true, dirs: false, files: true, want })) {
    if (entry.kind !== 'object') continue;
    const size = human && entry.size !== undefined ? formatSize(entry.size) : String(entry.size ?? -1);
    const time = withTime ? `${formatDateTime(entry.modTime ?? c.operation.settings.defaultTime, 'local', 9)} ` : '';
    await c.out.line(`${size.padStart(9)} ${time}${entry.path}`);
  }
}
