import type { ByteSource, CallOptions, ObjectInfo, ReadOptions } from '../../core/backend.ts';
import { hasCode } from '../../core/errors.ts';
import { callOnly } from '../layer.ts';
import { absent } from './each.ts';
import { findShown, isDirectory, notFound, searchOrder, type Found } from './find.ts';
import type { Branch, UnionRoot } from './upstreams.ts';

/** The branch that a listing took an object from; undefined = not known here. */
export type Recall = (info: ObjectInfo | undefined) => Branch | undefined;

/** Reads the object that the union shows, from the upstream that a listing found it in if the caller has it from one. */
export async function readObject(
  u: UnionRoot,
  path: string,
  o: ReadOptions,
  recall: Recall,
): Promise<{ info: ObjectInfo; body: ByteSource }> {
  const writeback = u.branches.find(({ up }) => up.writeback);
  if (writeback) {
    const shown = await findShown(u, path, { ...callOnly(o), want: ['modTime'] });
    if (shown.branch === writeback) return writeback.inner.read(path, o);
    await bringBack(u, writeback, shown, o);
    return writeback.inner.read(path, { ...callOnly(o), range: o.range });
  }
  if (u.c.search.preference === 'newest') {
    const { branch } = await findShown(u, path, callOnly(o));
    return branch.inner.read(path, o);
  }
  const known = recall(o.info);
  const order = await searchOrder(u, o);
  let isDir = false;
  for (const branch of known ? [known, ...order.filter((b) => b !== known)] : order) {
    try {
      return await branch.inner.read(path, o);
    } catch (e) {
      if (hasCode(e, 'is_directory')) isDir = true;
      else if (!hasCode(e, ...absent)) throw e;
    }
  }
  throw isDir ? isDirectory(path) : notFound(path);
}

/** Copies a whole object into the upstream marked `:writeback`, unless the same one is there. */
async function bringBack(u: UnionRoot, { inner }: Branch, { branch, info }: Found, o: CallOptions): Promise<void> {
  const call = callOnly(o);
  const there = await inner.stat(info.path, { ...call, want: ['modTime'] }).catch((e: unknown) => {
    if (hasCode(e, ...absent)) return undefined;
    throw e;
  });
  if (there && there.size === info.size && there.modTime === info.modTime) return;
  const { info: seen, body } = await branch.inner.read(info.path, call);
  const modTime = info.modTime ?? seen.modTime;
  await inner.write(info.path, body, {
    ...call,
    ...(seen.size === undefined ? {} : { size: seen.size }),
    ...(modTime === undefined ? {} : { modTime }),
    ...(seen.mimeType === undefined ? {} : { mimeType: seen.mimeType }),
    ...(seen.metadata ? { metadata: seen.metadata } : {}),
  });
  const message = `Copied (${there ? 'replaced existing' : 'new'}) to ${inner.description}`;
  u.c.emit({ type: 'log', level: 'info', subject: info.path, message });
}
