import { Deflate, Inflate } from 'fflate';
import { Decompress } from 'fzstd';
import { concatBytes, uint32 } from './bytes.ts';
import type { Codecs } from './platform.ts';
import { xxh64Low } from './xxh64.ts';

/** Compression in pure JavaScript. There is no zstd compressor of that kind. */
export const pureCodecs: Codecs = {
  async deflate(piece, { level, last }) {
    if (level === 'huffman') throw new Error('this runtime cannot compress with Huffman codes alone');
    if (level === 0) return store(piece, last);
    const out: Uint8Array[] = [];
    const stream = new Deflate({ level: level as 1 }, (bytes) => void out.push(bytes));
    stream.push(piece, false);
    stream.flush();
    stream.push(new Uint8Array(0), true);
    const bytes = concatBytes(out);
    return last ? bytes : endInFlush(bytes);
  },

  async inflate(piece, limit) {
    const out: Uint8Array[] = [];
    let length = 0;
    const stream = new Inflate((bytes) => {
      length += bytes.length;
      if (length > limit) throw new Error(tooMuch);
      out.push(bytes);
    });
    // In small steps: a step gives up to a thousand times its length before the limit is seen.
    for (let at = 0; at < piece.length; at += step) stream.push(piece.subarray(at, at + step));
    return concatBytes(out);
  },

  async unzstd(frame, limit) {
    const out: Uint8Array[] = [];
    let length = 0;
    const stream = new Decompress((bytes) => {
      length += bytes.length;
      if (length > limit) throw new Error(tooMuch);
      out.push(bytes);
    });
    stream.push(frame, true);
    const text = concatBytes(out);
    const hasChecksum = ((frame[4] as number) & 4) !== 0;
    if (hasChecksum && uint32(frame, frame.length - 4) !== xxh64Low(text)) throw new Error('wrong checksum');
    return text;
  },
};

/** Stored blocks. */
function store(piece: Uint8Array, last: boolean): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < piece.length; at += 65_535) {
    const part = piece.subarray(at, at + 65_535);
    parts.push(storedHeader(part.length, last && at + part.length === piece.length), part);
  }
  if (!last || piece.length === 0) parts.push(storedHeader(0, last));
  return concatBytes(parts);
}

const storedHeader = (length: number, last: boolean): Uint8Array =>
  Uint8Array.of(last ? 1 : 0, length & 255, length >> 8, ~length & 255, (~length >> 8) & 255);

/**
 * Puts an empty stored block, which ends at a byte border, in place of the empty block with fixed codes (the bits 1, 1, 0
 * and seven zeros) that ends a stream. fflate's own sync flush gives wrong bits behind some data (0.8.3).
 */
function endInFlush(stream: Uint8Array): Uint8Array {
  let at = stream.length - 1;
  while (stream[at] === 0) at -= 1;
  const second = 8 * at + 31 - Math.clz32(stream[at] as number);
  const start = second - 1;
  const out = new Uint8Array(Math.ceil((start + 3) / 8) + 4);
  out.set(stream.subarray(0, Math.ceil(start / 8)));
  out[start >> 3] = (out[start >> 3] as number) & ((1 << (start & 7)) - 1);
  out.set([0, 0, 255, 255], out.length - 4);
  return out;
}

const step = 16_384;
const tooMuch = 'more bytes than there can be';
