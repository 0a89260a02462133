import type { Hasher } from './platform.ts';

const table = /* @__PURE__ */ (() =>
  Uint32Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c;
  }))();

/** CRC-32 (IEEE 802.3), digest as four big-endian bytes. */
export function crc32(): Hasher {
  let crc = 0xffffffff;
  return {
    update(bytes) {
      for (const b of bytes) crc = (table[(crc ^ b) & 0xff] as number) ^ (crc >>> 8);
    },
    digest() {
      const out = new Uint8Array(4);
      new DataView(out.buffer).setUint32(0, ~crc >>> 0);
      return out;
    },
  };
}
