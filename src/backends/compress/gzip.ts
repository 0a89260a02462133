import { equalBytes, toHex, uint32 } from '../../core/bytes.ts';
import { mapAhead } from '../../core/map-ahead.ts';
import type { Codecs, Platform } from '../../core/platform.ts';
import type { SourceReader } from '../../core/source-reader.ts';
import { damaged } from './damaged.ts';
import { ahead, type Encoder, type Piece } from './encoder.ts';
import { blockBytes, type BlockIndex, type FileMetadata } from './metadata.ts';

/*
 * One gzip member (RFC 1952). Its deflate data is cut into pieces of 1 MiB of text, each compressed on its own and ended
 * by a sync flush, so that reading can begin at any of them. The last piece is shorter, empty when nothing is left.
 */

/** No name, no time (the low 32 bits of Go's zero time), unknown system: what Go writes. */
const header = (xfl: number): Uint8Array => Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 9, 0x6e, 0x88, xfl, 255);
const headerBytes = 10;
const trailerBytes = 8;

export const gzipLevels = { from: -2, to: 9, standard: -1 };

/**
 * zlib's level for one of rclone's, whose library makes bigger files at the same number. Measured with 1.75.2 on a
 * program, sources and a dump: sizes within 3 %.
 */
const zlibLevels = [0, 1, 1, 2, 3, 4, 5, 6, 7, 9] as const;

const zlibLevel = (level: number): number | 'huffman' =>
  level === -2 ? 'huffman' : (zlibLevels[level === -1 ? 5 : level] as number);

export function createGzipEncoder(codecs: Codecs, platform: Platform, level: number): Encoder {
  const blockData: number[] = [headerBytes];
  const crc = platform.createHash('crc32');
  let total = 0;
  const zlib = zlibLevel(level);
  const standard = zlibLevel(gzipLevels.standard);
  const deflate = (piece: Piece): Promise<Uint8Array> => codecs.deflate(piece.bytes, { level: zlib, last: piece.last });

  return {
    // rclone's library looks for repetitions from 128 bytes on.
    leastBytes: 128,
    index: { blockSize: blockBytes, blockData },
    async sample({ bytes, last }) {
      const compressed = await codecs.deflate(bytes, { level: standard, last });
      const emptyPiece = last ? 0 : 7;
      return {
        compressed,
        total: headerBytes + compressed.length + emptyPiece + trailerBytes,
        reusable: zlib === standard,
      };
    },
    async *encode(pieces) {
      yield { bytes: header(level === 9 ? 2 : level === 1 ? 4 : 0), plain: 0 };
      const compress = async (piece: Piece) => {
        const plain = piece.bytes.length;
        crc.update(piece.bytes);
        total += plain;
        return { bytes: piece.compressed ?? (await deflate(piece)), plain };
      };
      for await (const piece of mapAhead(pieces, ahead, compress)) {
        blockData.push(piece.bytes.length);
        yield piece;
      }
      const trailer = new Uint8Array(trailerBytes);
      trailer.set(crc.digest().reverse());
      new DataView(trailer.buffer).setUint32(4, total % 2 ** 32, true);
      yield { bytes: trailer, plain: 0 };
    },
  };
}

/** A piece of a data object: its bytes, and those of its text. */
interface Block {
  readonly length: number;
  readonly plain: number;
}

/** @throws corrupted when the index does not fit the size of the file */
function blocksOf(m: FileMetadata, index: BlockIndex, path: string): Block[] {
  const { blockSize, blockData } = index;
  const mostBytes = blockSize + (blockSize >> 3) + 65_536;
  const blocks = blockData.slice(1).map((length, i) => ({
    length,
    plain: Math.max(0, Math.min(blockSize, m.size - i * blockSize)),
  }));
  const wrong =
    blockData[0] !== headerBytes ||
    blocks.length > m.size / blockSize + 1 ||
    blocks.some((b) => b.length === 0 || b.length > mostBytes);
  if (wrong) throw damaged(path, 'its index is wrong');
  return blocks;
}

/** @throws corrupted when the data object has other bytes than its index says */
export function checkGzipSize({ blockData }: BlockIndex, stored: number | undefined, path: string): void {
  const total = blockData.reduce((a, b) => a + b, trailerBytes);
  if (stored !== undefined && stored !== total)
    throw damaged(path, `it has ${stored} bytes where its index says ${total}`);
}

/** Which bytes of the data object hold the text from `start` to `end`. */
export function gzipRange(
  m: FileMetadata,
  index: BlockIndex,
  { start, end }: { start: number; end: number },
  path: string,
): { start: number; end: number; blocks: readonly Block[]; skip: number } {
  const all = blocksOf(m, index, path);
  const first = Math.floor(start / index.blockSize);
  const last = Math.ceil(end / index.blockSize);
  const bytesBefore = (n: number): number => all.slice(0, n).reduce((a, b) => a + b.length, headerBytes);
  return {
    start: bytesBefore(first),
    end: bytesBefore(last),
    blocks: all.slice(first, last),
    skip: start - first * index.blockSize,
  };
}

/** The whole text; CRC and size at the end of the data object must be right. */
export async function* gunzip(
  reader: SourceReader,
  {
    codecs,
    platform,
    path,
    m,
    index,
  }: { codecs: Codecs; platform: Platform; path: string; m: FileMetadata; index: BlockIndex },
): AsyncGenerator<Uint8Array, void, void> {
  const blocks = blocksOf(m, index, path);
  const head = await reader.read(headerBytes);
  if (head.length < headerBytes || !equalBytes(head.subarray(0, 3), header(0).subarray(0, 3)))
    throw damaged(path, 'it does not begin as a gzip file');
  const crc = platform.createHash('crc32');
  for await (const text of inflateBlocks(reader, blocks, codecs, path)) {
    crc.update(text);
    yield text;
  }
  const trailer = await reader.read(trailerBytes);
  if (trailer.length < trailerBytes) throw damaged(path, 'it is cut off');
  if (toHex(trailer.slice(0, 4).reverse()) !== toHex(crc.digest()) || uint32(trailer, 4) !== m.size % 2 ** 32)
    throw damaged(path, 'CRC or size at its end is wrong');
  if (!(await reader.atEnd())) throw damaged(path, 'something follows its end');
}

/** The texts of blocks that the source gives one after the other. */
export async function* inflateBlocks(
  reader: SourceReader,
  blocks: readonly Block[],
  codecs: Codecs,
  path: string,
): AsyncGenerator<Uint8Array, void, void> {
  async function* pieces(): AsyncGenerator<{ bytes: Uint8Array; plain: number }, void, void> {
    for (const { length, plain } of blocks) {
      const bytes = await reader.read(length);
      if (bytes.length < length) throw damaged(path, 'it is cut off');
      yield { bytes, plain };
    }
  }
  const inflate = async ({ bytes, plain }: { bytes: Uint8Array; plain: number }): Promise<Uint8Array> => {
    let text: Uint8Array;
    try {
      text = await codecs.inflate(bytes, plain);
    } catch (e) {
      throw damaged(path, 'a block cannot be decompressed', e);
    }
    if (text.length !== plain) throw damaged(path, `a block gives ${text.length} bytes where ${plain} belong`);
    return text;
  };
  for await (const text of mapAhead(pieces(), ahead, inflate)) if (text.length > 0) yield text;
}
