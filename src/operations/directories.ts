import type { Backend, Entry } from '../core/backend.ts';
import { parentOf } from '../core/path.ts';
import { callOptions, type OperationContext } from './context.ts';
import { included } from './filter/apply.ts';
import { readDirectory, walk } from './walk.ts';

/** Gives the entries of one directory as they come. @throws dir_not_found */
export type DirectoryReader = (dir: string) => AsyncIterable<Entry>;

/**
 * Reads directory by directory; with --fast-list a store with recursive listings is read once, on the first call, and
 * kept in memory.
 */
export function createDirectoryReader(c: OperationContext, backend: Backend): DirectoryReader {
  if (c.filter?.excludeIfPresent.length)
    return async function* (dir) {
      yield* await readDirectory(c, backend, dir);
    };
  if (!c.settings.fastList || !backend.features.fastList)
    return (dir) => included(c, backend, counted(c, backend.list(dir, callOptions(c))));
  let tree: Promise<Map<string, Entry[]>> | undefined;
  return async function* (dir) {
    yield* (await (tree ??= readTree(c, backend))).get(dir) ?? [];
  };
}

async function* counted(c: OperationContext, entries: AsyncIterable<Entry>): AsyncGenerator<Entry, void, void> {
  for await (const entry of entries) {
    c.accounting.listed += 1;
    yield entry;
  }
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
