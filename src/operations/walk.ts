import type { Backend, DirInfo, Entry } from '../core/backend.ts';
import { compareUtf8 } from '../core/bytes.ts';
import { messageOf, TscloneError } from '../core/errors.ts';
import { parentsOf } from '../core/path.ts';
import { callOptions, log, type OperationContext } from './context.ts';
import { createParentCheck, included, includedOf, readsByDirectory } from './filter/apply.ts';

export interface WalkOptions {
  /** Levels below `dir`; 1 = only its own entries; -1 or 0 = all. */
  readonly maxDepth: number;
  /** Directories are wanted too, also those that the store knows only as prefixes. */
  readonly dirs: boolean;
}

/**
 * Entries that the filter lets through below a directory. One level comes sorted by name. Deeper, a store with recursive listings is asked for one;
 * others are read directory by directory, and a directory that cannot be read is logged and counted while the walk
 * goes on. The error is thrown at the end. Rules that leave out directories are followed directory by directory, so that
 * nothing is read in vain; with --fast-list one listing is sifted instead.
 */
export async function* walk(
  c: OperationContext,
  backend: Backend,
  dir: string,
  o: WalkOptions,
): AsyncGenerator<Entry, void, void> {
  if (o.maxDepth === 1) yield* await readSorted(c, backend, dir);
  else {
    const depth = o.maxDepth <= 0 ? Number.POSITIVE_INFINITY : o.maxDepth;
    if (readsAtOnce(c, backend, o.maxDepth)) yield* walkRecursive(c, backend, dir, depth, o.dirs);
    else yield* walkByDirectory(c, backend, dir, depth, o.dirs);
  }
}

/** Is a tree read by one recursive listing? Then directories show only in the names of what lies in them. */
export function readsAtOnce({ filter, settings }: OperationContext, backend: Backend, maxDepth: number): boolean {
  if (!backend.features.fastList || (maxDepth > 0 && !settings.fastList)) return false;
  return !readsByDirectory(filter) || (settings.fastList && filter?.excludeIfPresent.length === 0);
}

/** All entries of one directory, sorted by name. An error is logged, counted and thrown. */
async function readSorted(c: OperationContext, backend: Backend, dir: string): Promise<Entry[]> {
  try {
    return await readDirectory(c, backend, dir);
  } catch (e) {
    log(c, 'error', dir, `error listing: ${messageOf(e)}`);
    throw c.accounting.error(e);
  }
}

/**
 * The entries of one directory as they come. Keys like `a//b` show as a directory without a name: to read it would be to
 * read the same directory again, for ever. They are left out, and `onOdd` is told at the end that the listing is not whole.
 */
export async function* entriesOf(
  c: OperationContext,
  backend: Backend,
  dir: string,
  onOdd: (e: TscloneError) => void,
): AsyncGenerator<Entry, void, void> {
  let odd = false;
  const onUnreadable = ({ code, message, retry, cause }: TscloneError): void =>
    onOdd(new TscloneError(code, message, { path: dir, retry, cause }));
  for await (const entry of backend.list(dir, { ...callOptions(c), onUnreadable })) {
    c.accounting.listed += 1;
    if (entry.kind === 'dir' && entry.path === dir) odd = true;
    else yield entry;
  }
  if (!odd) return;
  const shown = JSON.stringify(`${dir}//`);
  const message = `names that begin with ${shown} have an empty part and are left out. Give them other names`;
  onOdd(new TscloneError('bad_path', message, { path: dir, retry: 'no' }));
}

/** The entries of one directory that the filter lets through, sorted by name. */
export async function readDirectory(
  c: OperationContext,
  backend: Backend,
  dir: string,
  onOdd: (e: TscloneError) => void = (e) => {
    log(c, 'error', dir, e.message);
    c.accounting.settle(e);
  },
): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of entriesOf(c, backend, dir, onOdd)) entries.push(entry);
  entries.sort((a, b) => compareUtf8(a.path, b.path));
  return includedOf(c, backend, dir, entries);
}

async function* walkRecursive(
  c: OperationContext,
  backend: Backend,
  dir: string,
  depth: number,
  dirs: boolean,
): AsyncGenerator<Entry, void, void> {
  const { filter } = c;
  const entries = included(c, backend, listRecursive(c, backend, dir, depth, dirs));
  if (!readsByDirectory(filter) || !filter) return yield* entries;
  const reachable = createParentCheck(filter);
  for await (const entry of entries) if (reachable(entry.path)) yield entry;
}

async function* listRecursive(
  c: OperationContext,
  backend: Backend,
  dir: string,
  depth: number,
  dirs: boolean,
): AsyncGenerator<Entry, void, void> {
  const seen = new Set<string>();
  const above = dir === '' ? 0 : dir.split('/').length;
  const isTooDeep = (path: string): boolean =>
    depth !== Number.POSITIVE_INFINITY && path.split('/').length - above > depth;
  for await (const entry of backend.list(dir, { ...callOptions(c), recursive: true })) {
    c.accounting.listed += 1;
    if (dirs) for (const parent of newParents(entry.path, dir, seen)) if (!isTooDeep(parent.path)) yield parent;
    if (isTooDeep(entry.path)) continue;
    if (dirs) {
      if (entry.kind === 'dir') {
        if (seen.has(entry.path)) continue;
        seen.add(entry.path);
      }
    }
    if (dirs || entry.kind === 'object') yield entry;
  }
}

/** Directories that show only in the names of what lies in them, each once. */
function* newParents(path: string, dir: string, seen: Set<string>): Generator<DirInfo, void, void> {
  for (const parent of parentsOf(path)) {
    if (parent.length <= dir.length || seen.has(parent)) continue;
    seen.add(parent);
    yield { kind: 'dir', path: parent };
  }
}

async function* walkByDirectory(
  c: OperationContext,
  backend: Backend,
  dir: string,
  depth: number,
  dirs: boolean,
): AsyncGenerator<Entry, void, void> {
  const below: { dir: string; depth: number }[] = [{ dir, depth }];
  let failure: unknown;
  for (let next = below.shift(); next; next = below.shift()) {
    let entries: Entry[];
    try {
      entries = await readSorted(c, backend, next.dir);
    } catch (e) {
      if (c.signal?.aborted) throw e;
      failure ??= e;
      continue;
    }
    const inner: { dir: string; depth: number }[] = [];
    for (const entry of entries) {
      if (entry.kind === 'dir' && next.depth > 1) inner.push({ dir: entry.path, depth: next.depth - 1 });
      if (dirs || entry.kind === 'object') yield entry;
    }
    below.unshift(...inner);
  }
  if (failure !== undefined) throw failure;
}
