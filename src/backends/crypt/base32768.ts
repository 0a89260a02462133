import { NameError } from './name-error.ts';
import type { TextEncoding } from './text-encoding.ts';

/**
 * The "safe" alphabet of base32768: 1028 blocks of 32 code points, as `first code point:number of blocks` in hex, the
 * blocks of a run following one another. The first four blocks are for an end of 7 bits, the others for 15 bits.
 * Source: qntm, base32768.
 */
const runs =
  '180:1 240:3 4a0:1 500:1 680:2 760:2 7c0:1 1000:1 10a0:1 1100:3 1180:1 11e0:3 1260:1 12e0:1 1320:1 13a0:2 1420:12 ' +
  '16a0:2 1780:1 1820:2 18c0:1 1980:1 19e0:1 1a20:1 1bc0:1 1c00:1 1d00:1 21e0:1 22c0:1 2340:5 2400:1 2500:13 2780:2 ' +
  '2800:c 29a0:1 2a20:2 2a80:2 2ae0:4 2c00:1 2c80:3 2d00:1 2d40:1 2ea0:2 31c0:1 3400:cd 4dc0:290 a000:24 a4a0:1 ' +
  'a500:8 a640:1 a6a0:2 a700:3 a780:1 a840:1';

const blocks: readonly number[] = runs.split(' ').flatMap((run) => {
  const [start = 0, count = 0] = run.split(':').map((n) => Number.parseInt(n, 16));
  return Array.from({ length: count }, (_, i) => start + 32 * i);
});
const endBlocks = 4;
const blockIndex = new Map(blocks.map((start, i) => [start, i]));

/** 15 bits a character. */
export const base32768: TextEncoding = {
  encode(bytes) {
    let out = '';
    let bits = 0;
    let have = 0;
    const put = (value: number, firstBlock: number): void => {
      out += String.fromCharCode((blocks[firstBlock + (value >> 5)] as number) + (value & 31));
    };
    for (const b of bytes) {
      bits = (bits << 8) | b;
      have += 8;
      if (have >= 15) {
        have -= 15;
        put(bits >> have, endBlocks);
        bits &= (1 << have) - 1;
      }
    }
    const fill = (width: number): number => (bits << (width - have)) | ((1 << (width - have)) - 1);
    if (have > 7) put(fill(15), endBlocks);
    else if (have > 0) put(fill(7), 0);
    return out;
  },
  decode(text) {
    const out: number[] = [];
    let bits = 0;
    let have = 0;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      const block = blockIndex.get(code & ~31);
      if (block === undefined) throw new NameError(`illegal base32768 data at input byte ${2 * i}`);
      const isEnd = block < endBlocks;
      const value = ((isEnd ? block : block - endBlocks) << 5) | (code & 31);
      bits = (bits << (isEnd ? 7 : 15)) | value;
      have += isEnd ? 7 : 15;
      while (have >= 8) {
        have -= 8;
        out.push((bits >> have) & 255);
      }
      bits &= (1 << have) - 1;
      if (isEnd) break;
    }
    return Uint8Array.from(out);
  },
};
