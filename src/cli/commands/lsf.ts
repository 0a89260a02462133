import { listEntries } from '../../operations/list.ts';
import { switchFlag, type CommandDefinition } from '../command.ts';
import { checkFormat, formatFlags, listFormat } from '../list-format.ts';
import { source } from '../references.ts';
import { listingError } from '../listing-error.ts';

export const lsf: CommandDefinition = {
  name: 'lsf',
  summary: 'List names for scripts',
  help: `One entry per line, columns by --format: p path, s size, t time, h hash, m MIME type, T tier, i and o ids
(always empty), e encrypted name on a crypt remote, M metadata as JSON. Directories end in a slash.`,
  usage: 'remote:path',
  minArgs: 1,
  maxArgs: 1,
  flags: [
    ...formatFlags,
    switchFlag('dirs-only', 'Only directories'),
    switchFlag('files-only', 'Only objects'),
    { name: 'time-format', short: 't', type: 'string', default: '', help: 'Layout in the notation of Go, or its name' },
    switchFlag('recursive', 'Descend into directories', 'R'),
  ],
  groups: ['Filter', 'Listing'],
  examples: [
    'tsclone lsf --format pst --files-only r2:my-backup-bucket/dir',
    'tsclone lsf -R --csv r2:my-backup-bucket',
  ],
  async run(c) {
    checkFormat(c);
    const located = await source(c, c.args[0] as string);
    const { want, line } = listFormat(c, located.backend, 'time-format');
    const files = !c.flags.bool('dirs-only');
    const dirs = !c.flags.bool('files-only');
    const recursive = c.flags.bool('recursive');
    try {
      for await (const entry of listEntries(c.operation, located, { recursive, dirs, files, want }))
        await c.out.line(await line(entry));
    } catch (e) {
      throw listingError(e);
    }
  },
};
