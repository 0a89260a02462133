import type { Backend, Entry } from '../core/backend.ts';
import type { TscloneError } from '../core/errors.ts';
import { unreachableError } from './unreachable.ts';
import { parentOf } from '../core/path.ts';
import type { OperationContext } from './context.ts';
import { included } from './filter/apply.ts';
import { entriesOf, readDirectory, walk } from './walk.ts';

/** Gives the entries of one directory as they come. @throws dir_not_found */
export type DirectoryReader = (dir: string) => AsyncIterable<Entry>;

/**
 * Reads directory by directory; with --fast-list a store with recursive listings is read once, on the first call, and
 * kept in memory. `onOdd` is told, before the listing ends, of names that had to be left out.
 */
export function createDirectoryReader(
  c: OperationContext,
  backend: Backend,
  onOdd: (e: TscloneError) => void,
): DirectoryReader {
  const reachable = (dir: string, entries: AsyncIterable<Entry> | Iterable<Entry>): AsyncIterable<Entry> =>
    reachableOf(dir, entries, onOdd);
  if (c.filter?.excludeIfPresent.length)
    return async function* (dir) {
      yield* reachable(dir, await readDirectory(c, backend, dir, onOdd));
    };
  if (!c.settings.fastList || !backend.features.fastList)
    return (dir) => reachable(dir, included(c, backend, entriesOf(c, backend, dir, onOdd)));
  let tree: Promise<Map<string, Entry[]>> | undefined;
  return async function* (dir) {
    yield* reachable(dir, (await (tree ??= readTree(c, backend))).get(dir) ?? []);
  };
}

/** Without what no path leads to: `onOdd` is told of it at the end. */
async function* reachableOf(
  dir: string,
  entries: AsyncIterable<Entry> | Iterable<Entry>,
  onOdd: (e: TscloneError) => void,
): AsyncGenerator<Entry, void, void> {
  const odd: string[] = [];
  for await (const entry of entries) {
    if (entry.unreachable === undefined) yield entry;
    else odd.push(entry.unreachable);
  }
  if (odd.length > 0) onOdd(unreachableError(dir, odd));
}

async function readTree(c: OperationContext, backend: Backend): Promise<Map<string, Entry[]>> {
  const tree = new Map<string, Entry[]>();
  for await (const entry of walk(c, backend, '', { maxDepth: -1, dirs: true })) {
    const parent = parentOf(entry.path);
    const siblings = tree.get(parent);
    if (siblings) siblings.push(entry);
    else tree.set(parent, [entry]);
  }
  return tree;
}
