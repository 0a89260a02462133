import type { CallOptions, Hashes, ObjectInfo } from '../../core/backend.ts';
import { bytesSource, collect, equalBytes } from '../../core/bytes.ts';
import { hasCode, leavesDoubt, TscloneError } from '../../core/errors.ts';
import { callOnly } from '../layer.ts';
import type { ChunkerRoot } from './context.ts';
import { findGroup, type Chunked, type Sound } from './layout.ts';
import { formatMetadata, type Metadata } from './metadata.ts';
import { ownChunks, removeParts, removeQuietly, removeReplaced } from './remove.ts';

/** All chunks of one object, stored under the names of a transaction of their own. */
export interface Upload {
  readonly path: string;
  /** In their order, with sizes. */
  readonly parts: readonly ObjectInfo[];
  /** '' = the chunks have their last names already: nothing was there. */
  readonly txn: string;
  readonly size: number;
  readonly modTime: bigint;
  readonly hashes: Hashes;
  /** A single chunk becomes an object without metadata. */
  readonly mayBePlain: boolean;
  readonly tier?: string | undefined;
}

/** A failure after which the upload is the object, or may be: nothing of it may be taken back. */
class Standing extends Error {
  readonly reason: unknown;
  /** Its metadata are known to be in place. */
  readonly isCertain: boolean;

  constructor(reason: unknown, isCertain: boolean) {
    super();
    this.reason = reason;
    this.isCertain = isCertain;
  }
}

/**
 * Lets an upload take the place of what stands under its path. What is there stays whole until the upload is: then
 * metadata that names the transaction is put in its place (one step of the wrapped remote), and only after that its
 * chunks are removed and their names taken. On an error the upload is taken back, unless it is the object already, or
 * nobody can tell.
 */
export async function commit(
  root: ChunkerRoot,
  u: Upload,
  o: CallOptions,
  takeBack = () => removeQuietly(root, u.parts),
): Promise<Sound> {
  try {
    return await putInPlace(root, u, o, takeBack);
  } catch (e) {
    throw e instanceof Standing ? e.reason : e;
  }
}

async function putInPlace(root: ChunkerRoot, u: Upload, o: CallOptions, takeBack: () => Promise<void>): Promise<Sound> {
  const { c } = root;
  let stale: readonly ObjectInfo[] = [];
  try {
    if (u.txn === '') return chunkedOf(u, c.useMeta ? await putMetadata(root, u, '', o) : undefined, u.parts, '');
    const group = await findGroup(root, u.path, o);
    stale = await ownChunks(root, group, o);
    if (u.mayBePlain && u.parts.length === 1) return await becomePlain(root, u, stale, o);
    if (!c.useMeta) return await becomeBare(root, u, stale, group.main, o);
    if (!c.noRename && !group.main) {
      await removeParts(root, stale, o);
      return await becomeChunked(root, u, o);
    }
    const main = await putMetadata(root, u, u.txn, o);
    // From here on the upload is the object, and nothing may take it away.
    await removeReplaced(root, stale, o).catch((e: unknown) => {
      throw new Standing(e, true);
    });
    if (c.noRename) return chunkedOf(u, main, u.parts, u.txn);
  } catch (e) {
    if (!(e instanceof Standing)) await takeBack();
    else if (e.isCertain && u.txn !== '' && !c.noRename) await finishStopped(root, u, stale);
    throw e;
  }
  return finish(root, u, o);
}

/** Milliseconds that a program that was stopped gives to the last names. */
const lastNamesMs = 10_000;

/** The program was stopped when only the last names were missing: they are given all the same if it does not take long. */
async function finishStopped(root: ChunkerRoot, u: Upload, stale: readonly ObjectInfo[]): Promise<void> {
  const o = { signal: AbortSignal.timeout(lastNamesMs) };
  try {
    await removeParts(root, stale, o);
    await becomeChunked(root, u, o);
  } catch {
    // It stays under the names of the upload.
  }
}

/**
 * The upload is the object already, but rclone finds the chunks only under their last names: when an answer was lost while
 * they got them, it is done once more.
 */
async function finish(root: ChunkerRoot, u: Upload, o: CallOptions): Promise<Sound> {
  try {
    return await becomeChunked(root, u, o);
  } catch (e) {
    const reason = e instanceof Standing ? e.reason : e;
    if (!leavesDoubt(reason)) throw e;
    if (hasCode(reason, 'aborted')) {
      await finishStopped(root, u, []);
      throw e;
    }
    return becomeChunked(root, u, o).catch(() => {
      throw e;
    });
  }
}

async function becomePlain(root: ChunkerRoot, u: Upload, stale: readonly ObjectInfo[], o: CallOptions): Promise<Sound> {
  const main = await relocate(root, u.parts[0] as ObjectInfo, u.path, o);
  await removeParts(root, stale, o);
  return { kind: 'plain', main };
}

/** Without metadata the chunks alone are the object: it is whole again with the first one, which is named last. */
async function becomeBare(
  root: ChunkerRoot,
  u: Upload,
  stale: readonly ObjectInfo[],
  main: ObjectInfo | undefined,
  o: CallOptions,
): Promise<Sound> {
  await removeParts(root, stale, o);
  const parts: ObjectInfo[] = [];
  try {
    for (let i = u.parts.length - 1; i >= 0; i--)
      parts.unshift(await relocate(root, u.parts[i] as ObjectInfo, root.c.names.nameOf(u.path, i, ''), o));
    if (main) await removeParts(root, [main], o);
  } catch (e) {
    await unseen(root, u, e);
    await takeNamesBack(root, parts, u);
    throw e;
  }
  return chunkedOf(u, undefined, parts, '');
}

/** With a first chunk that may have got its name, what is left of the others would be taken for a whole object. */
async function unseen(root: ChunkerRoot, { path }: Upload, e: unknown): Promise<void> {
  if (!leavesDoubt(e) || root.inner.move) return;
  try {
    await root.inner.remove(root.c.names.nameOf(path, 0, ''), {});
  } catch (second) {
    if (!hasCode(second, 'object_not_found')) throw new Standing(e, false);
  }
}

/** The parts that have their last names, which are the last ones of the upload, under those of the transaction again. */
async function takeNamesBack(root: ChunkerRoot, named: readonly ObjectInfo[], u: Upload): Promise<void> {
  const origins = u.parts.slice(u.parts.length - named.length);
  if (root.inner.move) return moveBack(root, named, origins);
  for (const [i, part] of named.entries())
    await relocate(root, part, (origins[i] as ObjectInfo).path, {}).catch(() => {});
}

/** Gives the chunks their last names. On an error they have those of the transaction again. */
async function becomeChunked(root: ChunkerRoot, u: Upload, o: CallOptions): Promise<Sound> {
  const { c, inner } = root;
  const named: ObjectInfo[] = [];
  // Copies leave an object that is to be seen already whole all the time; moves do not, but cost nothing.
  const how = inner.move ? 'move' : 'copy';
  try {
    for (const [i, part] of u.parts.entries()) {
      const done = await inner[how]?.(inner, part, c.names.nameOf(u.path, i, ''), callOnly(o));
      named.push({ ...(done as ObjectInfo), size: part.size as number });
    }
    const main = await putMetadata(root, u, '', o);
    if (how === 'copy') await removeQuietly(root, u.parts);
    return chunkedOf(u, main, named, '');
  } catch (e) {
    if (e instanceof Standing) throw e;
    const next = named.length < u.parts.length && leavesDoubt(e);
    if (how === 'move') await moveBack(root, named, u.parts);
    else await removeQuietly(root, next ? [...named, ofName(c.names.nameOf(u.path, named.length, ''))] : named);
    throw e;
  }
}

/** An object of which no more is known. */
export const ofName = (path: string): ObjectInfo => ({ kind: 'object', path, hashes: {} });

/** The first one last, as without metadata it makes the object whole. The error that made it necessary is the one to tell. */
export async function moveBack(
  { inner }: ChunkerRoot,
  moved: readonly (ObjectInfo | undefined)[],
  origins: readonly ObjectInfo[],
  to = inner,
): Promise<void> {
  for (let i = moved.length - 1; i >= 0; i--) {
    const part = moved[i];
    if (part) await to.move?.(inner, part, (origins[i] as ObjectInfo).path, {}).catch(() => {});
  }
}

function chunkedOf(u: Upload, main: ObjectInfo | undefined, parts: readonly ObjectInfo[], txn: string): Chunked {
  const metadata = metadataOf(u, txn);
  return { kind: 'chunked', chunks: parts, size: u.size, txn, ...(main ? { main, metadata } : {}) };
}

function metadataOf({ size, parts, hashes: { md5, sha1 } }: Upload, txn: string): Metadata {
  return { size, chunks: parts.length, txn, ...(md5 ? { md5 } : {}), ...(sha1 ? { sha1 } : {}) };
}

/** @throws Standing when the metadata may be in place although the answer was lost */
async function putMetadata(root: ChunkerRoot, u: Upload, txn: string, o: CallOptions): Promise<ObjectInfo> {
  const bytes = formatMetadata(metadataOf(u, txn));
  const { modTime, tier } = u;
  try {
    return await root.inner.write(u.path, bytesSource(bytes), {
      ...callOnly(o),
      size: bytes.length,
      modTime,
      ...(tier === undefined ? {} : { tier }),
    });
  } catch (e) {
    if (!leavesDoubt(e)) throw e;
    const found = await holding(root, u.path, bytes).catch(() => {
      throw new Standing(e, false);
    });
    if (!found) throw e;
    if (hasCode(e, 'aborted')) throw new Standing(e, true);
    return { ...found, size: bytes.length, modTime };
  }
}

/** The object under a path if it holds just these bytes. */
export async function holding(
  { inner }: ChunkerRoot,
  path: string,
  bytes: Uint8Array,
): Promise<ObjectInfo | undefined> {
  try {
    const { info, body } = await inner.read(path, { range: { start: 0, end: bytes.length + 1 } });
    return equalBytes(await collect(body), bytes) ? info : undefined;
  } catch (e) {
    if (hasCode(e, 'object_not_found', 'bucket_not_found', 'dir_not_found')) return undefined;
    throw e;
  }
}

/** Gives one object another name. */
async function relocate({ inner }: ChunkerRoot, from: ObjectInfo, to: string, o: CallOptions): Promise<ObjectInfo> {
  const size = from.size as number;
  if (inner.move) return { ...(await inner.move(inner, from, to, callOnly(o))), size };
  if (!inner.copy) throw new TscloneError('unsupported', `${inner.description} can neither move nor copy objects`);
  const copied = await inner.copy(inner, from, to, callOnly(o));
  await inner.remove(from.path, callOnly(o));
  return { ...copied, size };
}
