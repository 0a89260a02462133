import type { Entry, HashType, Want } from '../../core/entry.ts';
import { messageOf, TscloneError } from '../../core/errors.ts';
import { leafOf } from '../../core/path.ts';
import { parseHashType } from '../../core/hash-types.ts';
import { formatDateTime, formatLayout, layoutNames } from '../../core/time.ts';
import type { Backend } from '../../core/backend.ts';
import { callOptions, log } from '../../operations/context.ts';
import { listEntries } from '../../operations/list.ts';
import { switchFlag, type CommandContext, type CommandDefinition } from '../command.ts';
import { usageError } from '../errors.ts';
import { encryptedNames } from '../encrypted-names.ts';
import { goJson, sortedMetadata } from '../json.ts';
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
    { name: 'format', short: 'F', type: 'string', default: 'p', help: 'Columns' },
    { name: 'separator', short: 's', type: 'string', default: ';', help: 'Text between columns' },
    { name: 'dir-slash', short: 'd', type: 'bool', default: 'true', help: 'Put a slash behind directories' },
    switchFlag('csv', 'Separate by commas and quote where needed'),
    switchFlag('absolute', 'Put a slash in front of paths'),
    switchFlag('dirs-only', 'Only directories'),
    switchFlag('files-only', 'Only objects'),
    { name: 'hash', type: 'string', default: 'md5', help: 'Hash of column h' },
    { name: 'time-format', short: 't', type: 'string', default: '', help: 'Layout in the notation of Go, or its name' },
    switchFlag('recursive', 'Descend into directories', 'R'),
  ],
  groups: ['Filter', 'Listing'],
  examples: [
    'tsclone lsf --format pst --files-only r2:my-backup-bucket/dir',
    'tsclone lsf -R --csv r2:my-backup-bucket',
  ],
  async run(c) {
    const format = c.flags.string('format');
    const columns = [...format].map((letter) => columnOf(letter));
    const located = await source(c, c.args[0] as string);
    const want = new Set(columns.flatMap((column) => column.want));
    const separator = c.flags.isSet('separator') || !c.flags.bool('csv') ? c.flags.string('separator') : ',';
    const { backend } = located;
    const encrypted = format.includes('e') ? encryptedNames(backend) : () => '';
    const row: Row = { c, backend, precision: backend.precision, encrypted, type: hashOf(c) };
    const files = !c.flags.bool('dirs-only');
    const dirs = !c.flags.bool('files-only');
    const recursive = c.flags.bool('recursive');
    try {
      for await (const entry of listEntries(c.operation, located, { recursive, dirs, files, want: [...want] })) {
        const fields = await Promise.all(columns.map(async (column) => column.text(entry, row)));
        const shown = c.flags.bool('csv') ? fields.map((f) => quote(f, separator)) : fields;
        await c.out.line(shown.join(separator));
      }
    } catch (e) {
      throw listingError(e);
    }
  },
};

interface Row {
  readonly c: CommandContext;
  readonly backend: Backend;
  readonly precision: Backend['precision'];
  readonly encrypted: (entry: Entry) => string;
  readonly type: HashType;
}

interface Column {
  readonly want: readonly Want[];
  text(entry: Entry, row: Row): string | Promise<string>;
}

const slashOf = (entry: Entry, { c }: Row): string => (entry.kind === 'dir' && c.flags.bool('dir-slash') ? '/' : '');

const nothing: Column = { want: [], text: () => '' };

const columns: Readonly<Record<string, Column>> = {
  p: {
    want: [],
    text: (entry, row) => `${row.c.flags.bool('absolute') ? '/' : ''}${entry.path}${slashOf(entry, row)}`,
  },
  s: { want: [], text: (entry) => String(entry.kind === 'dir' ? -1 : (entry.size ?? -1)) },
  t: {
    want: ['modTime'],
    text: (entry, row) => time(entry.modTime ?? row.c.operation.settings.defaultTime, row),
  },
  h: { want: [], text: hash },
  m: {
    want: ['mimeType'],
    text: (entry) => (entry.kind === 'dir' ? 'inode/directory' : (entry.mimeType ?? '')),
  },
  T: { want: [], text: (entry) => (entry.kind === 'dir' ? '' : (entry.tier ?? '')) },
  M: {
    want: ['metadata'],
    text: (entry) => goJson(JSON.stringify(sortedMetadata(entry))),
  },
  i: nothing,
  o: nothing,
  e: { want: [], text: (entry, row) => leafOf(row.encrypted(entry)) + slashOf(entry, row) },
};

function columnOf(letter: string): Column {
  const column = Object.hasOwn(columns, letter) ? columns[letter] : undefined;
  if (!column) throw new TscloneError('other', `unknown format character '${letter}'`, { retry: 'no' });
  return column;
}

function hashOf({ flags }: CommandContext): HashType {
  const name = flags.string('hash');
  try {
    return parseHashType(name);
  } catch (e) {
    throw usageError(`invalid argument ${JSON.stringify(name)} for "--hash" flag: ${messageOf(e)}`);
  }
}

async function hash(entry: Entry, { c, backend, type }: Row): Promise<string> {
  if (entry.kind === 'dir') return '';
  if (!backend.hashes.includes(type)) {
    log(c.operation, 'error', entry.path, 'Failed to read hash: hash type not supported');
    return '';
  }
  try {
    return (await backend.hash?.(entry.path, type, { ...callOptions(c.operation), info: entry })) ?? '';
  } catch (e) {
    log(c.operation, 'error', entry.path, `Failed to read hash: ${messageOf(e)}`);
    return 'ERROR';
  }
}

function time(t: bigint, { c, precision }: Row): string {
  const format = c.flags.string('time-format');
  if (format === '') return formatDateTime(t, 'local');
  if (format === 'max') return formatDateTime(t, 'local', precision === 'none' || precision > 1_000_000n ? 0 : 9);
  if (format === 'unix') return String(t / 1_000_000_000n);
  if (format === 'unixnano') return String(t);
  return formatLayout(t, Object.hasOwn(layoutNames, format) ? (layoutNames[format] as string) : format, 'local');
}

function quote(field: string, separator: string): string {
  const needed = field.includes(separator) || /["\r\n]/.test(field) || field.startsWith(' ');
  return needed ? `"${field.replaceAll('"', '""')}"` : field;
}
