import type { DirInfo, Entry, ListOptions, ObjectInfo } from '../../core/backend.ts';
import { compareUtf8 } from '../../core/bytes.ts';
import { hasCode, throwIfAborted } from '../../core/errors.ts';
import { callOnly } from '../layer.ts';
import { newest } from './choose.ts';
import { absent, inBranch, onEach, sumUp } from './each.ts';
import { dirNotFound, modTimeOf, searchOrder } from './find.ts';
import type { Branch, UnionRoot } from './upstreams.ts';

interface Listed {
  readonly branch: Branch;
  readonly entry: Entry;
}

/** Told from which branch each listed object was taken. */
export type Remember = (info: ObjectInfo, branch: Branch) => void;

/**
 * What all upstreams hold below `dir`, each path once. A directory that only some of them have is whole; an upstream
 * that does not answer is an error, for what it holds would seem to be deleted.
 * @throws dir_not_found when none of them has the directory
 */
export async function* listUnion(
  u: UnionRoot,
  dir: string,
  o: ListOptions,
  remember: Remember,
): AsyncGenerator<Entry, void, void> {
  const order = await searchOrder(u, o);
  const inOrder = u.c.search.preference !== 'newest' && order.every(({ inner }) => !inner.features.emptyDirs);
  if (o.recursive && inOrder) yield* oneAfterTheOther(order, dir, o, remember);
  else yield* merged(u, order, dir, o, remember);
}

/**
 * Streams the first upstream, then what the second has beside it, and so on: only paths are kept. Right where the order
 * alone decides and directories have no facts of their own.
 */
async function* oneAfterTheOther(
  order: readonly Branch[],
  dir: string,
  o: ListOptions,
  remember: Remember,
): AsyncGenerator<Entry, void, void> {
  const seen = new Set<string>();
  let exists = false;
  for (const [i, branch] of order.entries()) {
    try {
      for await (const entry of branch.inner.list(dir, { ...callOnly(o), recursive: true })) {
        if (seen.has(entry.path)) continue;
        if (i < order.length - 1) seen.add(entry.path);
        if (entry.kind === 'object') remember(entry, branch);
        yield entry;
      }
      exists = true;
    } catch (error) {
      if (!hasCode(error, ...absent)) throw sumUp([{ branch, error }]);
    }
  }
  if (!exists) throw dirNotFound(dir);
}

/** Reads all upstreams at once and keeps everything below `dir` until the last has answered. */
async function* merged(
  u: UnionRoot,
  order: readonly Branch[],
  dir: string,
  o: ListOptions,
  remember: Remember,
): AsyncGenerator<Entry, void, void> {
  const answers = await onEach(inBranch(order), ({ branch }) => readAll(branch, dir, o), absent);
  if (answers.length === 0) throw dirNotFound(dir);
  const byPath = new Map<string, Listed[]>();
  for (const { item, value } of answers) {
    for (const entry of value) {
      const listed = { branch: item.branch, entry };
      const same = byPath.get(entry.path);
      if (same) same.push(listed);
      else byPath.set(entry.path, [listed]);
    }
  }
  for (const path of [...byPath.keys()].sort(compareUtf8)) {
    throwIfAborted(o.signal);
    const shown = await choose(u, byPath.get(path) as Listed[], o);
    if (shown.entry.kind === 'object') remember(shown.entry, shown.branch);
    yield shown.entry;
  }
}

async function readAll(branch: Branch, dir: string, o: ListOptions): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of branch.inner.list(dir, { ...callOnly(o), recursive: o.recursive })) entries.push(entry);
  return entries;
}

/** What the union shows under one path; `listed` comes in the order of the search. */
async function choose(u: UnionRoot, listed: readonly Listed[], o: ListOptions): Promise<Listed> {
  const [first] = listed as [Listed];
  if (listed.length === 1) return first;
  const byAge = u.c.search.preference === 'newest' && listed.some(({ entry }) => entry.kind === 'object');
  const shown = byAge ? await newest(listed, (l) => ageOf(l, o)) : first;
  if (shown.entry.kind === 'object') return shown;
  return { ...shown, entry: mergeDirs(listed.flatMap(({ entry }) => (entry.kind === 'dir' ? [entry] : []))) };
}

async function ageOf({ branch, entry }: Listed, o: ListOptions): Promise<bigint | undefined> {
  return entry.kind === 'dir' ? entry.modTime : modTimeOf({ branch, info: entry }, o);
}

/** One directory for several: changed when the last of them was, as large as all together. */
export function mergeDirs(dirs: readonly DirInfo[]): DirInfo {
  const [first] = dirs as [DirInfo];
  const times = dirs.flatMap(({ modTime }) => (modTime === undefined ? [] : [modTime]));
  const sizes = dirs.flatMap(({ size }) => (size === undefined ? [] : [size]));
  return {
    ...first,
    ...(times.length > 0 ? { modTime: times.reduce((a, b) => (a > b ? a : b)) } : {}),
    ...(sizes.length > 0 ? { size: sizes.reduce((a, b) => a + b) } : {}),
  };
}
