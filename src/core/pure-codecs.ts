import { Deflate, Inflate } from 'fflate';
import { Decompress } from 'fzstd';
import { concatBytes, uint32 } from './bytes.ts';
import type { Codecs } from './platform.ts';
import { xxh64Low } from './xxh64.ts';

/** Compression in pure JavaScript. There is no zstd compressor of that kind. */
export const pureCodecs: Codecs = {
  async deflate(piece, { level, last }) {
    if (level === 'huffman') throw new Error('this runtime cannot compress with Huffman codes alone');
    const out: Uint8Array[] = [];
    const stream = new Deflate({ level: level as 0 }, (bytes) => void out.push(bytes));
    stream.push(piece, last);
    if (!last) stream.flush(true);
    return concatBytes(out);
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

const step = 16_384;
const tooMuch = 'more bytes than there can be';
