import type { ByteSource, HashType, ObjectInfo, WriteOptions } from '../../core/backend.ts';
import { bytesSource, toHex } from '../../core/bytes.ts';
import { leavesDoubt, sizeMismatch, throwIfAborted, TscloneError } from '../../core/errors.ts';
import type { Hasher } from '../../core/platform.ts';
import { SourceReader } from '../../core/source-reader.ts';
import { callOnly } from '../layer.ts';
import type { ChunkerRoot } from './context.ts';
import { commit, holding, ofName, type Upload } from './commit.ts';
import { infoOf, refuseToWriteChunkName } from './find.ts';
import { maxLookAlikeBytes, parseMetadata } from './metadata.ts';
import { lookFor, removeQuietly, removeReplaced } from './remove.ts';
import { maxChunks } from './names.ts';
import { newTxn } from './txn.ts';

/** Stores an object: under its name when it fits into one chunk, else in chunks. Closes the source. */
export async function writeObject(
  root: ChunkerRoot,
  path: string,
  body: ByteSource,
  o: WriteOptions,
): Promise<ObjectInfo> {
  const { c } = root;
  const reader = new SourceReader(body, o.signal);
  try {
    throwIfAborted(o.signal);
    refuseToWriteChunkName(c, path);
    const plain = c.useMeta && !c.hash.all;
    if (plain && o.size !== undefined && o.size > maxLookAlikeBytes && o.size <= c.chunkBytes)
      return await writePlain(root, path, reader.remaining(), o);
    const head = await reader.read(Math.min(c.streamBytes, c.chunkBytes));
    const looksPlain = head.length > maxLookAlikeBytes || parseMetadata(head).kind === 'other';
    if (plain && looksPlain && (await reader.atEnd()))
      return await writeShort(root, path, head, { ...o, size: exactSize(path, head.length, o.size) });
    return await writeChunks(root, path, head, reader, o);
  } finally {
    await reader.close();
  }
}

function exactSize(path: string, got: number, announced: number | undefined): number {
  if (announced !== undefined && announced !== got) throw sizeMismatch(path, announced, got);
  return got;
}

/** One write of the wrapped remote, then what is left of an object in chunks is removed. */
async function writePlain(
  root: ChunkerRoot,
  path: string,
  body: ByteSource,
  { metadata: _metadata, ...o }: WriteOptions,
): Promise<ObjectInfo> {
  const { chunks } = await lookFor(root, path, o);
  const main = await root.inner.write(path, body, o);
  await removeReplaced(root, chunks, o);
  return infoOf(root, path, { kind: 'plain', main });
}

/**
 * The same for what is in memory. A short object beside the chunks of the one before would be taken for damaged metadata:
 * when the answer to its write was lost and it is there, the chunks go all the same.
 */
async function writeShort(root: ChunkerRoot, path: string, bytes: Uint8Array, o: WriteOptions): Promise<ObjectInfo> {
  try {
    return await writePlain(root, path, bytesSource(bytes), o);
  } catch (e) {
    if (!leavesDoubt(e) || bytes.length > maxLookAlikeBytes) throw e;
    await dropChunksBelow(root, path, bytes);
    throw e;
  }
}

/** Removes the chunks of an object whose place these bytes have taken. */
export async function dropChunksBelow(root: ChunkerRoot, path: string, bytes: Uint8Array): Promise<void> {
  try {
    if (await holding(root, path, bytes)) await removeReplaced(root, (await lookFor(root, path, {})).chunks, {});
  } catch {
    // The error that led here is the one to tell.
  }
}

/** Sends the chunks under names of their own, then lets them take the place of what is there. */
async function writeChunks(
  root: ChunkerRoot,
  path: string,
  head: Uint8Array,
  reader: SourceReader,
  o: WriteOptions,
): Promise<ObjectInfo> {
  const { c } = root;
  const txn = newTxn(c.platform);
  const modTime = o.modTime ?? c.platform.now();
  const hash = c.hash.type && !c.hash.quick ? c.platform.createHash(c.hash.type) : undefined;
  const sent: ObjectInfo[] = [];
  const state = { ended: false };
  const source = new SourceReader(watched(head, reader, hash, state), o.signal);
  let hashes: Upload['hashes'];
  try {
    await sendChunks(root, path, txn, source, sent, { ...o, modTime });
    hashes = await digests(root, hash, o);
  } catch (e) {
    // The one that failed may be there all the same.
    const name = c.names.nameOf(path, sent.length, txn);
    await removeQuietly(root, leavesDoubt(e) ? [...sent, ofName(name)] : sent);
    // The wrapped remote would tell of the chunk.
    throw state.ended && o.size !== undefined && source.total < o.size ? sizeMismatch(path, o.size, source.total) : e;
  } finally {
    await source.close();
  }
  const mayBePlain = c.useMeta && !c.hash.all && source.total > maxLookAlikeBytes;
  const upload: Upload = { path, parts: sent, txn, size: source.total, modTime, hashes, mayBePlain, tier: o.tier };
  return infoOf(root, path, await commit(root, upload, o));
}

async function sendChunks(
  { c, inner }: ChunkerRoot,
  path: string,
  txn: string,
  source: SourceReader,
  sent: ObjectInfo[],
  o: WriteOptions,
): Promise<void> {
  do {
    const before = source.total;
    const length = o.size === undefined ? c.chunkBytes : Math.min(c.chunkBytes, o.size - before);
    const part = await inner.write(c.names.nameOf(path, sent.length, txn), source.remaining(length), {
      ...callOnly(o),
      modTime: o.modTime,
      ...(o.size === undefined ? {} : { size: length }),
      ...(o.onBytes ? { onBytes: o.onBytes } : {}),
      ...(o.tier === undefined ? {} : { tier: o.tier }),
    });
    sent.push({ ...part, size: source.total - before });
    if (sent.length > maxChunks) throw tooMany(path);
  } while (o.size === undefined ? !(await source.atEnd()) : source.total < o.size);
  if (!(await source.atEnd())) throw sizeMismatch(path, o.size as number, `more than ${o.size}`);
}

function tooMany(path: string): TscloneError {
  const message = `${path}: more than ${maxChunks} chunks would be needed. Choose a larger chunk_size`;
  return new TscloneError('bad_config', message, { path, retry: 'no' });
}

/** The whole source again, worked into the hash; tells when it has given all it has. */
async function* watched(
  head: Uint8Array,
  rest: SourceReader,
  hash: Hasher | undefined,
  state: { ended: boolean },
): AsyncGenerator<Uint8Array, void, void> {
  if (head.length > 0) {
    hash?.update(head);
    yield head;
  }
  for await (const chunk of rest.remaining()) {
    hash?.update(chunk);
    yield chunk;
  }
  state.ended = true;
}

async function digests({ c }: ChunkerRoot, hash: Hasher | undefined, o: WriteOptions): Promise<Upload['hashes']> {
  const { type } = c.hash;
  if (type === undefined) return {};
  if (hash) return { [type]: toHex(hash.digest()) };
  const kinds: readonly HashType[] = type === 'md5' ? ['md5', 'sha1'] : ['sha1', 'md5'];
  for (const kind of kinds) {
    const digest = await o.sourceHash?.(kind);
    if (digest) return { [kind]: digest };
  }
  return {};
}
