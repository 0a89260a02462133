import type { DirInfo, Entry, ListOptions } from '../../core/backend.ts';
import { compareUtf8 } from '../../core/bytes.ts';
import { throwIfAborted } from '../../core/errors.ts';
import { callOnly } from '../layer.ts';
import type { ChunkerRoot } from './context.ts';
import { infoOf } from './find.ts';
import { addToGroups, corrupted, layoutOf, type Group, type Layout } from './layout.ts';

/**
 * The entries below `dir`, chunks gathered into objects. One directory at a time is kept in memory, also when the
 * listing is recursive.
 */
export async function* listObjects(root: ChunkerRoot, dir: string, o: ListOptions): AsyncGenerator<Entry, void, void> {
  const { c, inner } = root;
  const groups = new Map<string, Group>();
  const items: (DirInfo | Group)[] = [];
  for await (const entry of inner.list(dir, { ...callOnly(o), startsWith: o.startsWith })) {
    if (entry.kind === 'dir') items.push(entry);
    else addToGroups(c, groups, entry);
  }
  items.push(...groups.values());
  items.sort((a, b) => compareUtf8(a.path, b.path));
  for (let at = 0; at < items.length; at += c.atOnce) {
    const some = items.slice(at, at + c.atOnce);
    const layouts = await Promise.all(some.map(async (item) => (isDir(item) ? undefined : layoutOf(root, item, o))));
    for (const [i, item] of some.entries()) {
      throwIfAborted(o.signal);
      if (isDir(item)) {
        yield item;
        if (o.recursive) yield* listObjects(root, item.path, { ...o, startsWith: undefined });
      } else if (isShown(root, item.path, layouts[i])) yield infoOf(root, item.path, layouts[i]);
    }
  }
}

const isDir = (item: DirInfo | Group): item is DirInfo => 'kind' in item;

/** Chunks without metadata are not told of: an upload that is under way looks so. */
function isShown(
  { c }: ChunkerRoot,
  path: string,
  layout: Layout | undefined,
): layout is Exclude<Layout, { kind: 'broken' }> {
  if (layout?.kind === 'chunked' && layout.txn !== '' && !c.noRename) {
    const message =
      'Its chunks have the names of their upload: rclone cannot read it like this. Store it again (--ignore-times), or set transactions = norename';
    c.emit({ type: 'log', level: 'notice', subject: path, message });
  }
  if (layout?.kind !== 'broken') return layout !== undefined;
  if (c.failHard) throw corrupted(path, layout.why);
  c.emit({ type: 'log', level: 'notice', subject: path, message: `Skipping incomplete object: it ${layout.why}` });
  return false;
}
