import type { Backend, Entry } from '../core/backend.ts';
import { parentOf } from '../core/path.ts';
import type { OperationContext } from './context.ts';
import { readDirectory, walk } from './walk.ts';

/** Gives the entries of one directory. @throws dir_not_found */
export type DirectoryReader = (dir: string) => Promise<Entry[]>;

/**
 * Reads directory by directory; with --fast-list a store with recursive listings is read once, on the first call, and
 * kept in memory.
 */
export function createDirectoryReader(c: OperationContext, backend: Backend): DirectoryReader {
  if (!c.settings.fastList || !backend.features.fastList || c.filter?.excludeIfPresent.length)
    return (dir) => readDirectory(c, backend, dir);
  let tree: Promise<Map<string, Entry[]>> | undefined;
  return async (dir) => (await (tree ??= readTree(c, backend))).get(dir) ?? [];
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
