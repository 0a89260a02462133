import type { ByteRange, ByteSource, ObjectInfo, ReadOptions } from '../../core/backend.ts';
import { bytesSource, toHex } from '../../core/bytes.ts';
import { hasCode, TscloneError } from '../../core/errors.ts';
import { SourceReader } from '../../core/source-reader.ts';
import { callOnly } from '../layer.ts';
import type { ChunkerRoot } from './context.ts';
import { find, infoOf, knownLayout, refuseChunkName, sound, withMetadata, withModTime } from './find.ts';
import {
  canBeMetadata,
  checkMetadata,
  corrupted,
  findGroup,
  layoutOf,
  readMain,
  type Chunked,
  type Plain,
} from './layout.ts';
import { isWrittenByChunker, maxMetadataBytes, type Metadata } from './metadata.ts';

interface Started {
  readonly info: ObjectInfo;
  readonly body: ByteSource;
}

/**
 * Starts a read. An object too long to be metadata costs one request of the wrapped remote, as it would without this
 * layer; a chunked one one for the metadata and one for each chunk that the range touches, and the listing of the names
 * that begin as it does when `info` comes from elsewhere.
 */
export async function readObject(root: ChunkerRoot, path: string, o: ReadOptions): Promise<Started> {
  const { c, inner } = root;
  refuseChunkName(c, path);
  const known = knownLayout(root, path, o.info);
  if (known?.kind === 'chunked') return readChunked(root, path, await withMetadata(root, path, known, o), o);
  if (!c.useMeta && !known) {
    const layout = await find(root, path, o);
    return layout.kind === 'chunked' ? readChunked(root, path, layout, o) : readPlain(root, path, layout, o);
  }
  const etag = known?.main.etag ?? o.info?.etag;
  const expected: ObjectInfo | undefined =
    known?.main ?? (etag === undefined ? undefined : { kind: 'object', path, hashes: {}, etag });
  const { range } = o;
  const opened = await inner.read(path, { ...callOnly(o), range, ...(expected ? { info: expected } : {}) });
  if (!c.useMeta || !canBeMetadata(opened.info))
    return { info: infoOf(root, path, { kind: 'plain', main: opened.info }), body: opened.body };
  return readSmall(root, path, opened, known, o);
}

async function readPlain(root: ChunkerRoot, path: string, { main }: Plain, o: ReadOptions): Promise<Started> {
  const { info, body } = await root.inner.read(path, { ...callOnly(o), range: o.range, info: main });
  return { info: infoOf(root, path, { kind: 'plain', main: info }), body };
}

/** An object that is short, or whose size is not known: its bytes tell whether it is content or metadata. */
async function readSmall(
  root: ChunkerRoot,
  path: string,
  opened: Started,
  known: Plain | undefined,
  o: ReadOptions,
): Promise<Started> {
  const { c, inner } = root;
  const reader = new SourceReader(opened.body, o.signal);
  let bytes: Uint8Array;
  if (o.range) {
    await reader.close();
    ({ bytes } = await readMain(inner, opened.info, o));
  } else bytes = await reader.read(maxMetadataBytes + 1);
  if (bytes.length > maxMetadataBytes) {
    const info = infoOf(root, path, { kind: 'plain', main: opened.info });
    if (!o.range) return { info, body: startedBody(bytes, reader) };
    return { info, body: (await inner.read(path, { ...callOnly(o), range: o.range, info: opened.info })).body };
  }
  const written = isWrittenByChunker(bytes);
  const main = opened.info;
  if (known && known.main.size === main.size && !written) return plainBytes(root, path, main, bytes, o.range);
  const group = await findGroup(root, path, o);
  group.main = main;
  const layout = sound(c, path, await layoutOf(root, group, o, bytes));
  if (layout.kind === 'chunked')
    return readChunked(root, path, { ...layout, metadata: checkMetadata(path, bytes, layout) }, o);
  if (written) throw corrupted(path, 'its metadata is there, its chunks are missing');
  return plainBytes(root, path, main, bytes, o.range);
}

async function* startedBody(first: Uint8Array, rest: SourceReader): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield first;
    yield* rest.remaining();
  } finally {
    await rest.close();
  }
}

function plainBytes(
  root: ChunkerRoot,
  path: string,
  main: ObjectInfo,
  bytes: Uint8Array,
  range: ByteRange | undefined,
): Started {
  const [start, end] = resolveRange(bytes.length, range);
  return { info: infoOf(root, path, { kind: 'plain', main }), body: bytesSource(bytes.slice(start, end)) };
}

async function readChunked(root: ChunkerRoot, path: string, layout: Chunked, o: ReadOptions): Promise<Started> {
  const { main, metadata, size } = layout;
  const given = o.info?.etag;
  if (given !== undefined && main?.etag !== undefined && given !== main.etag)
    throw new TscloneError('precondition_failed', `${path}: the object was replaced since it was listed`, { path });
  const [start, end] = resolveRange(size, o.range);
  const [first, ...rest] = piecesOf(layout, start, end);
  const opened = first && (await openPiece(root, path, first, o));
  const [head, ...others] = layout.chunks as [ObjectInfo, ...ObjectInfo[]];
  // Without metadata the first chunk has the time of the object, and not every listing tells it.
  const isAsked = head.modTime === undefined && !main && o.range === undefined;
  const told = opened && first?.chunk === head ? opened.info : isAsked ? await withModTime(root, head, o) : head;
  const chunks = [told, ...others];
  const info = infoOf(root, path, { ...layout, chunks });
  const body = readPieces(root, path, opened, rest, o);
  return { info, body: start === 0 && end === size && metadata ? verified(root, path, body, metadata) : body };
}

/** The part of one chunk that is asked for; absent range = all of it. */
interface Piece {
  readonly chunk: ObjectInfo;
  readonly range: ByteRange | undefined;
}

/** From `start` to `end`; chunks outside are not asked for. */
function piecesOf({ chunks }: Chunked, start: number, end: number): Piece[] {
  const out: Piece[] = [];
  let at = 0;
  for (const chunk of chunks) {
    const size = chunk.size as number;
    const [from, to] = [Math.max(0, start - at), Math.min(size, end - at)];
    at += size;
    if (from < to) out.push({ chunk, range: to - from === size ? undefined : { start: from, end: to } });
  }
  return out;
}

async function openPiece(
  { inner }: ChunkerRoot,
  path: string,
  { chunk, range }: Piece,
  o: ReadOptions,
): Promise<Started> {
  const { info, body } = await inner.read(chunk.path, { ...callOnly(o), info: chunk, range }).catch((e: unknown) => {
    if (hasCode(e, 'object_not_found')) throw corrupted(path, 'a chunk of it went missing since it was listed');
    throw e;
  });
  if (info.size === undefined || info.size === chunk.size)
    return { info: { ...info, size: chunk.size as number }, body };
  await body[Symbol.asyncIterator]().return?.();
  throw corrupted(path, 'it was replaced while it was read');
}

async function* readPieces(
  root: ChunkerRoot,
  path: string,
  first: Started | undefined,
  rest: readonly Piece[],
  o: ReadOptions,
): AsyncGenerator<Uint8Array, void, void> {
  if (first) yield* first.body;
  for (const piece of rest) yield* (await openPiece(root, path, piece, o)).body;
}

/** The same bytes, and at their end an error when they are not those that the metadata tells of. */
async function* verified(
  { c }: ChunkerRoot,
  path: string,
  body: ByteSource,
  { md5, sha1 }: Metadata,
): AsyncGenerator<Uint8Array, void, void> {
  const type = md5 ? 'md5' : 'sha1';
  const expected = md5 ?? sha1;
  if (expected === undefined) {
    yield* body;
    return;
  }
  const hash = c.platform.createHash(type);
  for await (const chunk of body) {
    hash.update(chunk);
    yield chunk;
  }
  const got = toHex(hash.digest());
  if (got !== expected) throw corrupted(path, `its chunks have the ${type} ${got}, its metadata tells of ${expected}`);
}

/** First byte and the one behind the last of a range in an object of `size` bytes. */
function resolveRange(size: number, range: ByteRange | undefined): [start: number, end: number] {
  if (!range) return [0, size];
  const start = range.start < 0 ? Math.max(0, size + range.start) : Math.min(range.start, size);
  return [start, range.end === undefined ? size : Math.min(Math.max(range.end, start), size)];
}
