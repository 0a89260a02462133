import type { Backend, ByteRange, ByteSource, ObjectInfo, ReadOptions } from '../../core/backend.ts';
import { collect, toHex } from '../../core/bytes.ts';
import type { Codecs, Platform } from '../../core/platform.ts';
import { SourceReader } from '../../core/source-reader.ts';
import { callOnly } from '../layer.ts';
import { damaged } from './damaged.ts';
import { checkGzipSize, gunzip, gzipRange, inflateBlocks } from './gzip.ts';
import type { BlockIndex, FileMetadata } from './metadata.ts';
import { modes } from './names.ts';
import { guessTable, readTable, unzstdFrames, unzstdWhole, zstdRange, type SeekTable } from './zstd.ts';

export interface DataPlace {
  readonly inner: Backend;
  /** Of the data object. */
  readonly name: string;
  /** Of the file. */
  readonly path: string;
  readonly m: FileMetadata;
  readonly platform: Platform;
}

interface Opened {
  /** Of the data object. */
  readonly info: ObjectInfo;
  readonly body: ByteSource;
}

/** Starts a read of the plain data. A range fetches the blocks that it touches; a whole read is checked by its hash. */
export async function readPlain(place: DataPlace, o: ReadOptions): Promise<Opened> {
  const { m, path, platform } = place;
  const range = absolute(o.range, m.size);
  const call = { ...callOnly(o), ...known(place, o.info) };
  if (range && range.end <= range.start) {
    const info = await place.inner.stat(place.name, callOnly(o));
    return { info, body: (async function* () {})() };
  }
  if (m.mode === modes.stored) {
    const { info, reader } = await openData(place, { ...call, ...(range ? { range } : {}) });
    const bytes = closeAfter(reader.remaining(), reader);
    return { info, body: range ? bytes : verified(bytes, m, platform, path) };
  }
  const codecs = await platform.codecs();
  if (range) return m.mode === modes.gzip ? gzipPart(place, range, codecs, call) : zstdPart(place, range, codecs, call);

  const index = m.index as BlockIndex;
  const { info, reader } = await openData(place, call);
  const text =
    m.mode === modes.gzip ? gunzip(reader, { codecs, platform, path, m, index }) : unzstdWhole(reader, codecs, path);
  return { info, body: verified(closeAfter(text, reader), m, platform, path) };
}

/** Undefined for the whole. */
function absolute(range: ByteRange | undefined, size: number): { start: number; end: number } | undefined {
  if (!range) return undefined;
  const start = range.start < 0 ? Math.max(0, size + range.start) : range.start;
  const end = Math.min(range.end ?? size, size);
  return start === 0 && end === size && size > 0 ? undefined : { start, end };
}

/** What the caller knows, in terms of the data object. */
function known({ name }: DataPlace, info: ObjectInfo | undefined): { info?: ObjectInfo } {
  return info?.etag === undefined ? {} : { info: { kind: 'object', path: name, hashes: {}, etag: info.etag } };
}

/** Starts a read of the data object, which must be as long as its metadata says. */
async function openData(
  { inner, name, path, m }: DataPlace,
  o: ReadOptions,
): Promise<{ info: ObjectInfo; reader: SourceReader }> {
  const { info, body } = await inner.read(name, o);
  const reader = new SourceReader(body, o.signal);
  try {
    if (m.mode === modes.gzip) checkGzipSize(m.index as BlockIndex, info.size, path);
    if (m.mode === modes.stored && info.size !== undefined && info.size !== m.size)
      throw damaged(path, `it has ${info.size} bytes where its metadata says ${m.size}`);
  } catch (e) {
    await reader.close();
    throw e;
  }
  return { info, reader };
}

async function gzipPart(
  place: DataPlace,
  range: { start: number; end: number },
  codecs: Codecs,
  call: ReadOptions,
): Promise<Opened> {
  const { m, path } = place;
  const { start, end, blocks, skip } = gzipRange(m, m.index as BlockIndex, range, path);
  const { info, reader } = await openData(place, { ...call, range: { start, end } });
  return { info, body: part(inflateBlocks(reader, blocks, codecs, path), reader, skip, range) };
}

async function zstdPart(
  place: DataPlace,
  range: { start: number; end: number },
  codecs: Codecs,
  call: ReadOptions,
): Promise<Opened> {
  const { inner, name, path, m } = place;
  const { info, table } = await fetchTable(place, call);
  const { start, end, first, last, skip } = zstdRange(table, range, m, path);
  // With the etag of the first answer: table and frames come from the same object.
  const { body } = await inner.read(name, { ...call, info, range: { start, end } });
  const reader = new SourceReader(body, call.signal);
  return { info, body: part(unzstdFrames(reader, table, { first, last }, codecs, path), reader, skip, range) };
}

async function fetchTable(
  { inner, name, path, m }: DataPlace,
  call: ReadOptions,
): Promise<{ info: ObjectInfo; table: SeekTable }> {
  let length = guessTable(Math.max(1, (m.index?.blockData.length ?? 0) - 1));
  for (let tries = 0; ; tries++) {
    const { info, body } = await inner.read(name, { ...call, range: { start: -length } });
    const table = readTable(await collect(body), path);
    if (typeof table !== 'number') return { info, table };
    if (tries > 0) throw damaged(path, 'its seek table is longer than the file');
    length = table;
  }
}

/** The bytes of a range out of the texts of the blocks that hold it. */
async function* part(
  texts: AsyncIterable<Uint8Array>,
  reader: SourceReader,
  skip: number,
  { start, end }: { start: number; end: number },
): AsyncGenerator<Uint8Array, void, void> {
  let toSkip = skip;
  let left = end - start;
  for await (const text of closeAfter(texts, reader)) {
    const piece = text.subarray(toSkip, toSkip + left);
    toSkip = Math.max(0, toSkip - text.length);
    left -= piece.length;
    if (piece.length > 0) yield piece;
  }
}

async function* closeAfter(
  texts: AsyncIterable<Uint8Array>,
  reader: SourceReader,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* texts;
  } finally {
    await reader.close();
  }
}

/** Ends only after as many bytes as the metadata says, with their MD5. */
async function* verified(
  body: ByteSource,
  m: FileMetadata,
  platform: Platform,
  path: string,
): AsyncGenerator<Uint8Array, void, void> {
  const md5 = m.md5 === '' ? undefined : platform.createHash('md5');
  let total = 0;
  for await (const chunk of body) {
    total += chunk.length;
    if (total > m.size) throw damaged(path, `it gives more than the ${m.size} bytes that its metadata says`);
    md5?.update(chunk);
    yield chunk;
  }
  if (total !== m.size) throw damaged(path, `it gives ${total} bytes where its metadata says ${m.size}`);
  if (md5 && toHex(md5.digest()) !== m.md5) throw damaged(path, 'its MD5 is not the one in its metadata');
}
