import type { Backend, CopyOptions, ObjectInfo } from '../../core/backend.ts';
import { leavesDoubt, TscloneError } from '../../core/errors.ts';
import { callOnly } from '../layer.ts';
import { commit, moveBack, ofName, type Upload } from './commit.ts';
import type { ChunkerRoot } from './context.ts';
import { find, hashesOf, infoOf, knownLayout, refuseToWriteChunkName, withMetadata } from './find.ts';
import { findGroup, readMain, type Chunked } from './layout.ts';
import { maxLookAlikeBytes } from './metadata.ts';
import { lookFor, removeQuietly, removeReplaced } from './remove.ts';
import { newTxn } from './txn.ts';
import { dropChunksBelow } from './write.ts';

/** Copies or moves one object with all its parts; the wrapped remote does it. */
export async function transfer(
  how: 'copy' | 'move',
  source: ChunkerRoot,
  info: ObjectInfo,
  root: ChunkerRoot,
  to: string,
  o: CopyOptions,
): Promise<ObjectInfo> {
  refuseToWriteChunkName(root.c, to);
  const layout = knownLayout(source, info.path, info) ?? (await find(source, info.path, callOnly(o)));
  if (layout.kind === 'chunked') return transferChunks(how, source, info, layout, root, to, o);
  const { chunks } = await lookFor(root, to, o);
  const main = await callOf(root.inner, how)(source.inner, layout.main, to, o).catch(async (e: unknown) => {
    const { size } = layout.main;
    if (how === 'copy' && leavesDoubt(e) && size !== undefined && size <= maxLookAlikeBytes) {
      const bytes = await readMain(source.inner, layout.main, {}).catch(() => undefined);
      if (bytes) await dropChunksBelow(root, to, bytes.bytes);
    }
    throw e;
  });
  await removeReplaced(root, chunks, o);
  return infoOf(root, to, { kind: 'plain', main });
}

/**
 * The chunks go to names of a transaction, as those of an upload do, or to their last ones where nothing is there. A move
 * takes them away one by one: when it fails those that were moved come back.
 */
async function transferChunks(
  how: 'copy' | 'move',
  source: ChunkerRoot,
  info: ObjectInfo,
  found: Chunked,
  root: ChunkerRoot,
  to: string,
  o: CopyOptions,
): Promise<ObjectInfo> {
  const { c, inner } = root;
  const layout = await withMetadata(source, info.path, found, o);
  const parts: ObjectInfo[] = [];
  const { chunks } = layout;
  let next: string | undefined;
  const takeBack = async (): Promise<void> => {
    if (how === 'move') return moveBack(root, parts, chunks, source.inner);
    const doubtful = next === undefined ? [] : [ofName(next)];
    // The first chunk is the last to be copied: while it may be there, none of the others may go.
    return removeQuietly(root, [...doubtful, ...Object.values(parts)]);
  };
  let upload: Upload;
  try {
    const modTime = o.modTime ?? (await modTimeOf(source, layout, o));
    const there = await findGroup(root, to, o);
    // Where the chunks alone are the object, a move must break the old one first and make the new one whole last.
    const free = !c.noRename && !there.main && !there.chunks.has('') && (c.useMeta || how === 'copy');
    const txn = free ? '' : newTxn(c.platform);
    const indices = [...chunks.keys()];
    for (const i of free ? indices.reverse() : indices) {
      const chunk = chunks[i] as ObjectInfo;
      next = c.names.nameOf(to, i, txn);
      const part = await callOf(inner, how)(source.inner, chunk, next, callOnly(o));
      parts[i] = { ...part, size: chunk.size as number };
    }
    next = undefined;
    const hashes = hashesOf(layout.metadata);
    upload = { path: to, parts, txn, size: layout.size, modTime, hashes, mayBePlain: false };
  } catch (e) {
    if (!leavesDoubt(e)) next = undefined;
    await takeBack();
    throw e;
  }
  const stored = await commit(root, upload, o, takeBack);
  if (how === 'move' && layout.main) await source.inner.remove(layout.main.path, callOnly(o));
  return infoOf(root, to, stored);
}

type Transfer = NonNullable<Backend['copy']>;

function callOf(inner: Backend, how: 'copy' | 'move'): Transfer {
  const call = inner[how];
  if (!call) throw new TscloneError('unsupported', `${inner.description} cannot ${how} objects`, { retry: 'no' });
  return call.bind(inner);
}

async function modTimeOf({ c, inner }: ChunkerRoot, layout: Chunked, o: CopyOptions): Promise<bigint> {
  const { modTime, path } = layout.main ?? (layout.chunks[0] as ObjectInfo);
  return modTime ?? (await inner.stat(path, { ...callOnly(o), want: ['modTime'] })).modTime ?? c.platform.now();
}
