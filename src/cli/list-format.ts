import type { Backend } from '../core/backend.ts';
import type { Entry, HashType, Want } from '../core/entry.ts';
import { messageOf, TscloneError } from '../core/errors.ts';
import { parseHashType } from '../core/hash-types.ts';
import { leafOf } from '../core/path.ts';
import { formatDateTime, formatLayout, layoutNames } from '../core/time.ts';
import { callOptions, log } from '../operations/context.ts';
import type { FlagSpec } from '../options/flags.ts';
import { switchFlag, type CommandContext } from './command.ts';
import { encryptedNames } from './encrypted-names.ts';
import { usageError } from './errors.ts';
import { goJson, sortedMetadata } from './json.ts';

/** Flags that say how a line of a listing looks. */
export const formatFlags: readonly FlagSpec[] = [
  { name: 'format', short: 'F', type: 'string', default: 'p', help: 'Columns' },
  { name: 'separator', short: 's', type: 'string', default: ';', help: 'Text between columns' },
  { name: 'dir-slash', short: 'd', type: 'bool', default: 'true', help: 'Put a slash behind directories' },
  switchFlag('csv', 'Separate by commas and quote where needed'),
  switchFlag('absolute', 'Put a slash in front of paths'),
  { name: 'hash', type: 'string', default: 'md5', help: 'Hash of column h' },
];

/** @throws what a format flag says wrong, before anything is asked */
export function checkFormat(c: CommandContext): void {
  columnsOf(c);
  hashOf(c);
}

/** How entries become lines, and what has to be known of them. */
export function listFormat(
  c: CommandContext,
  backend: Backend,
  timeFlag: string,
): { readonly want: Want[]; line(entry: Entry): Promise<string> } {
  const chosen = columnsOf(c);
  const given = c.flags.string('separator');
  const [first = ','] = c.flags.isSet('separator') ? given : '';
  const separator = c.flags.bool('csv') ? first : given;
  const encrypted = c.flags.string('format').includes('e') ? encryptedNames(backend) : () => '';
  const timeFormat = c.flags.string(timeFlag);
  const row: Row = { c, backend, precision: backend.precision, encrypted, type: hashOf(c), timeFormat };
  return {
    want: [...new Set(chosen.flatMap((column) => column.want))],
    async line(entry) {
      const fields = await Promise.all(chosen.map(async (column) => column.text(entry, row)));
      return (c.flags.bool('csv') ? fields.map((f) => quote(f, separator)) : fields).join(separator);
    },
  };
}

const columnsOf = (c: CommandContext): Column[] => [...c.flags.string('format')].map((letter) => columnOf(letter));

interface Row {
  readonly c: CommandContext;
  readonly timeFormat: string;
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

function time(t: bigint, { precision, timeFormat: format }: Row): string {
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
