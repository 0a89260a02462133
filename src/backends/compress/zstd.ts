import { concatBytes, uint32 } from '../../core/bytes.ts';
import { TscloneError } from '../../core/errors.ts';
import { mapAhead } from '../../core/map-ahead.ts';
import type { Codecs } from '../../core/platform.ts';
import type { SourceReader } from '../../core/source-reader.ts';
import { xxh64Low } from '../../core/xxh64.ts';
import { damaged } from './damaged.ts';
import { ahead, type Encoder, type Piece } from './encoder.ts';
import { blockBytes, maxBlockBytes, type FileMetadata } from './metadata.ts';

/*
 * The seekable format of zstd (`contrib/seekable_format` there): frames that stand alone, then a skippable frame with
 * the sizes of all of them and a checksum of their texts, which is the one that a frame ends in (the low 32 bits of
 * XXH64).
 */
const frameMagic = 0xfd2fb528;
const tableMagic = 0x184d2a5e;
const footerMagic = 0x8f92eab1;
const footerBytes = 9;
const skippableHeader = 8;
/** Of a block's text (RFC 8878). */
const mostOfBlock = 128 * 1024;
/** A table for terabytes; more would not fit into memory. */
const mostOfTable = 256 * 1024 * 1024;

export const zstdLevels = { from: 1, to: 4, standard: 2 };

/** libzstd's levels for fastest, default, better, best. */
const libzstdLevels = [1, 3, 7, 11] as const;

export function createZstdEncoder(codecs: Codecs, level: number): Encoder {
  const offsets: number[] = [0];
  const entries: { readonly length: number; readonly plain: number; readonly checksum: number }[] = [];
  const { zstd } = codecs;
  if (!zstd) throw cannotWrite();
  const compressAt = (bytes: Uint8Array, l: number): Promise<Uint8Array> =>
    zstd(bytes, libzstdLevels[l - zstdLevels.from] as number);

  return {
    leastBytes: 1,
    index: { blockSize: blockBytes, blockData: offsets },
    async sample({ bytes }) {
      const compressed = await compressAt(bytes, zstdLevels.standard);
      return { compressed, total: compressed.length + tableBytes(1, 12), reusable: level === zstdLevels.standard };
    },
    async *encode(pieces) {
      const compress = async (piece: Piece) => ({
        plain: piece.bytes.length,
        bytes: piece.bytes.length === 0 ? undefined : (piece.compressed ?? (await compressAt(piece.bytes, level))),
      });
      let total = 0;
      for await (const { bytes, plain } of mapAhead(pieces, ahead, compress)) {
        if (!bytes) continue;
        total += plain;
        offsets.push(total);
        entries.push({ length: bytes.length, plain, checksum: uint32(bytes, bytes.length - 4) });
        yield { bytes, plain };
      }
      const table = new Uint8Array(tableBytes(entries.length, 12));
      const view = new DataView(table.buffer);
      view.setUint32(0, tableMagic, true);
      view.setUint32(4, table.length - skippableHeader, true);
      entries.forEach(({ length, plain, checksum }, i) => {
        view.setUint32(skippableHeader + 12 * i, length, true);
        view.setUint32(skippableHeader + 12 * i + 4, plain, true);
        view.setUint32(skippableHeader + 12 * i + 8, checksum, true);
      });
      const footer = table.length - footerBytes;
      view.setUint32(footer, entries.length, true);
      view.setUint8(footer + 4, 0x80);
      view.setUint32(footer + 5, footerMagic, true);
      yield { bytes: table, plain: 0 };
    },
  };
}

const cannotWrite = (): TscloneError =>
  new TscloneError(
    'unsupported',
    'mode = zstd can only be read here: this runtime has no zstd compressor. Use Node 22.15 or later, or mode = gzip',
    { retry: 'no' },
  );

const tableBytes = (frames: number, entryBytes: number): number => skippableHeader + frames * entryBytes + footerBytes;

/** Bytes at the end of the data object that hold the table, going by the metadata. */
export const guessTable = (frames: number): number => Math.min(tableBytes(frames, 12), mostOfTable);

export interface SeekTable {
  /** Sizes of frame `i`. */
  frame(i: number): { readonly length: number; readonly plain: number; readonly checksum?: number };
  readonly frames: number;
}

/** Reads the table out of the last bytes of a data object; a number says how many bytes are needed for that. */
export function readTable(tail: Uint8Array, path: string): SeekTable | number {
  const footer = tail.length - footerBytes;
  if (footer < 0 || uint32(tail, footer + 5) !== footerMagic) throw damaged(path, 'its seek table is missing');
  const descriptor = tail[footer + 4] as number;
  if ((descriptor & 0x7c) !== 0) throw damaged(path, 'its seek table is of an unknown kind');
  const entryBytes = descriptor & 0x80 ? 12 : 8;
  const frames = uint32(tail, footer);
  const length = tableBytes(frames, entryBytes);
  if (length > mostOfTable)
    throw new TscloneError('unsupported', `its seek table has ${length} bytes; read the whole file instead`, {
      path,
      retry: 'no',
    });
  if (length > tail.length) return length;
  const start = tail.length - length;
  if (uint32(tail, start) !== tableMagic || uint32(tail, start + 4) !== length - skippableHeader)
    throw damaged(path, 'its seek table is wrong');
  return {
    frames,
    frame(i) {
      const at = start + skippableHeader + i * entryBytes;
      const sizes = { length: uint32(tail, at), plain: uint32(tail, at + 4) };
      return entryBytes === 8 ? sizes : { ...sizes, checksum: uint32(tail, at + 8) };
    },
  };
}

/** Which bytes of the data object hold the text from `start` to `end`. */
export function zstdRange(
  table: SeekTable,
  { start, end }: { start: number; end: number },
  m: FileMetadata,
  path: string,
): { start: number; end: number; first: number; last: number; skip: number } {
  let [at, plain] = [0, 0];
  const found = { start: -1, end: 0, first: 0, last: 0, skip: 0 };
  for (let i = 0; i < table.frames; i++) {
    const frame = table.frame(i);
    if (found.start < 0 && plain + frame.plain > start)
      Object.assign(found, { start: at, first: i, skip: start - plain });
    if (plain < end) Object.assign(found, { end: at + frame.length, last: i + 1 });
    at += frame.length;
    plain += frame.plain;
  }
  if (plain !== m.size || found.start < 0) throw damaged(path, 'its seek table does not fit its size');
  return found;
}

/** The texts of the frames `first` to `last` of the table, which the source gives one after the other. */
export async function* unzstdFrames(
  reader: SourceReader,
  table: SeekTable,
  { first, last }: { first: number; last: number },
  codecs: Codecs,
  path: string,
): AsyncGenerator<Uint8Array, void, void> {
  async function* frames(): AsyncGenerator<{ frame: Frame; plain: number; checksum?: number }, void, void> {
    for (let i = first; i < last; i++) {
      const { length, ...rest } = table.frame(i);
      const frame = await readFrame(reader, path);
      if (frame?.bytes?.length !== length) throw damaged(path, 'its seek table does not fit its frames');
      yield { frame: frame as Frame, ...rest };
    }
  }
  const texts = mapAhead(frames(), ahead, async ({ frame, plain, checksum }) => {
    const text = await unzstd(frame, codecs, path);
    if (text.length !== plain) throw damaged(path, `a frame gives ${text.length} bytes where ${plain} belong`);
    // The one in the frame was compared by the decompressor.
    if (checksum !== undefined && checksum !== (frame.checksum ?? xxh64Low(text)))
      throw damaged(path, 'the checksum of a frame is wrong');
    return text;
  });
  for await (const text of texts) if (text.length > 0) yield text;
}

/** The whole text. */
export async function* unzstdWhole(
  reader: SourceReader,
  codecs: Codecs,
  path: string,
): AsyncGenerator<Uint8Array, void, void> {
  async function* frames(): AsyncGenerator<Frame, void, void> {
    for (let frame = await readFrame(reader, path); frame; frame = await readFrame(reader, path))
      if (frame.bytes) yield frame as Frame;
  }
  for await (const text of mapAhead(frames(), ahead, (f) => unzstd(f, codecs, path))) if (text.length > 0) yield text;
}

interface Frame {
  /** From its magic number to its last block or checksum, none missing. */
  readonly bytes: Uint8Array;
  /** Most bytes of its text. */
  readonly limit: number;
  readonly checksum?: number;
}

/** The next frame; without `bytes` it was a skippable one. undefined = the source has ended. */
async function readFrame(reader: SourceReader, path: string): Promise<Frame | { bytes?: undefined } | undefined> {
  const parts: Uint8Array[] = [];
  const take = async (length: number): Promise<Uint8Array> => {
    const bytes = await reader.read(length);
    if (bytes.length < length) throw damaged(path, 'it is cut off');
    parts.push(bytes);
    return bytes;
  };
  const start = await reader.read(4);
  if (start.length === 0) return undefined;
  if (start.length < 4) throw damaged(path, 'it is cut off');
  const magic = uint32(start, 0);
  if (magic >>> 4 === tableMagic >>> 4) {
    await skip(reader, uint32(await take(4), 0), path);
    return {};
  }
  if (magic !== frameMagic) throw damaged(path, 'a frame does not begin as one');
  parts.push(start);

  const descriptor = (await take(1))[0] as number;
  const single = (descriptor & 0x20) !== 0;
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
  const rest = await take((single ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] as number) + sizeBytes);
  const size = contentSize(rest.subarray(rest.length - sizeBytes));
  const window = single ? (size as number) : windowSize(rest[0] as number);
  if (window > maxBlockBytes || (size !== undefined && size > maxBlockBytes)) throw tooBig(path);

  let blocks = 0;
  for (let last = false; !last;) {
    const head = await take(3);
    const value = (head[0] as number) | ((head[1] as number) << 8) | ((head[2] as number) << 16);
    last = (value & 1) !== 0;
    const kind = (value >> 1) & 3;
    const length = value >> 3;
    if (kind === 3 || length > mostOfBlock) throw damaged(path, 'a frame has a block of a wrong kind');
    if (++blocks * mostOfBlock > maxBlockBytes + mostOfBlock) throw tooBig(path);
    await take(kind === 1 ? 1 : length);
  }
  const limit = size ?? blocks * mostOfBlock;
  if ((descriptor & 4) === 0) return { bytes: concatBytes(parts), limit };
  const checksum = uint32(await take(4), 0);
  return { bytes: concatBytes(parts), limit, checksum };
}

function contentSize(field: Uint8Array): number | undefined {
  const view = new DataView(field.buffer, field.byteOffset, field.length);
  switch (field.length) {
    case 1:
      return view.getUint8(0);
    case 2:
      return view.getUint16(0, true) + 256;
    case 4:
      return view.getUint32(0, true);
    case 8:
      return Number(view.getBigUint64(0, true));
    default:
      return undefined;
  }
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

const tooBig = (path: string): TscloneError =>
  new TscloneError(
    'unsupported',
    `a frame of its zstd data holds more than ${maxBlockBytes / 1024 / 1024} MiB. Use zstd itself to unpack it`,
    { path, retry: 'no' },
  );

async function skip(reader: SourceReader, length: number, path: string): Promise<void> {
  const buffer = new Uint8Array(Math.min(length, 65_536));
  for (let left = length; left > 0;) {
    const got = await reader.fill(buffer.subarray(0, Math.min(left, buffer.length)));
    if (got === 0) throw damaged(path, 'it is cut off');
    left -= got;
  }
}

async function unzstd(frame: Frame, codecs: Codecs, path: string): Promise<Uint8Array> {
  try {
    return await codecs.unzstd(frame.bytes, frame.limit);
  } catch (e) {
    throw damaged(path, 'a frame cannot be decompressed', e);
  }
}
