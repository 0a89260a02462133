import type { Entry, Want } from '../core/backend.ts';
import { compareUtf8 } from '../core/bytes.ts';
import { parentOf } from '../core/path.ts';
import type { OperationContext } from './context.ts';
import { listEntries } from './list.ts';
import type { Located } from './locate.ts';

/** An entry with what lies in it. */
export interface TreeNode {
  /** The root has the path ''. */
  readonly path: string;
  /** Absent for the root. */
  readonly entry?: Entry;
  /** In the order of their names; undefined for objects and for directories that were not read. */
  readonly children: TreeNode[] | undefined;
}

/** Everything below a directory, down to a depth (-1 = all), in memory; or the one object. */
export async function readTree(
  c: OperationContext,
  located: Located,
  o: { depth: number; want: readonly Want[] },
): Promise<TreeNode> {
  const { depth, want } = o;
  // As rclone: the whole tree in one listing, whatever the filters leave out.
  const fastList = depth <= 0 || c.settings.fastList;
  const limited = { ...c, settings: { ...c.settings, maxDepth: depth, fastList } };
  const root: TreeNode = { path: '', children: [] };
  const dirs = new Map<string, TreeNode>([['', root]]);
  for await (const entry of listEntries(limited, located, { recursive: true, dirs: true, files: true, want })) {
    const read = entry.kind === 'dir' && (depth <= 0 || levelOf(entry.path) < depth);
    const node: TreeNode = { path: entry.path, entry, children: read ? [] : undefined };
    if (read) dirs.set(entry.path, node);
    // A directory comes before what lies in it.
    dirs.get(parentOf(entry.path))?.children?.push(node);
  }
  for (const dir of dirs.values()) dir.children?.sort((a, b) => compareUtf8(a.path, b.path));
  return root;
}

const levelOf = (path: string): number => path.split('/').length;
