import { splitLeaf, joinPath } from '../../core/path.ts';

/** What the name of a stored object says. */
export interface ChunkName {
  /** Path of the object that the chunk belongs to. */
  readonly main: string;
  /** Counted from 0; absent = a control chunk, which carries no data. */
  readonly index?: number;
  /** Identifies one upload while it lasts, or for good without renaming; '' = none. */
  readonly txn: string;
}

export interface ChunkNames {
  nameOf(main: string, index: number, txn: string): string;
  /** Undefined for what is no chunk. */
  parse(path: string): ChunkName | undefined;
}

/** No object has more chunks (rclone 1.75 does not list more). */
export const maxChunks = 10_000_000;

/** Names by `name_format`. @throws Error in rclone's words for a format that is none. */
export function chunkNames(format: string, startFrom: number): ChunkNames {
  const { before, width, behind } = parseFormat(format);
  const control = '[a-z][a-z0-9]{2,6}';
  // The last form is that of rclone before 1.55.
  const temporary = String.raw`_([0-9a-z]{4,9})|\.\.tmp_(\d{10,13})`;
  const pattern = new RegExp(
    `^(.+?)${quote(before)}(?:(\\d{${width},})|_${control})${quote(behind)}(?:${temporary})?$`,
    's',
  );
  return {
    nameOf: (main, index, txn) =>
      `${main}${before}${String(index + startFrom).padStart(width, '0')}${behind}${txn === '' ? '' : `_${txn}`}`,
    parse(path) {
      const [dir, leaf] = splitLeaf(path);
      const found = pattern.exec(leaf);
      if (!found) return undefined;
      const [, name = '', digits, txn = '', old] = found;
      const main = joinPath(dir, name);
      // No transaction of today can have the name of an old one: such a chunk belongs to nothing.
      const suffix = old === undefined ? txn : `..tmp_${old}`;
      if (digits === undefined) return { main, txn: suffix };
      const index = Number(digits) - startFrom;
      return index < 0 || !Number.isSafeInteger(Number(digits)) ? undefined : { main, index, txn: suffix };
    },
  };
}

function parseFormat(format: string): { before: string; width: number; behind: string } {
  const fail = (why: string): Error => new Error(`invalid name format '${format}': ${why}`);
  if (format.split('*').length !== 2) throw fail('pattern must have exactly one asterisk (*)');
  const hashes = format.match(/#+/g) ?? [];
  if (hashes.length === 0) throw fail('pattern must have a hash character (#)');
  if (hashes.length > 1) throw fail('hashes (#) in pattern must be consecutive');
  const run = hashes[0] as string;
  const at = format.indexOf(run);
  if (at < format.indexOf('*')) throw fail('asterisk (*) in pattern must come before hashes (#)');
  if (format.includes('/')) throw fail('directory separator prohibited');
  if (!format.startsWith('*')) throw fail('pattern must start with asterisk');
  return { before: format.slice(1, at), width: run.length, behind: format.slice(at + run.length) };
}

const quote = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`);
