import { toBase64 } from '../../core/bytes.ts';
import type { Hasher, Platform } from '../../core/platform.ts';

/** S3's checksum headers: `x-amz-checksum-` + one of these. */
export const checksumNames = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const;
export type ChecksumName = (typeof checksumNames)[number];

export function isChecksumName(name: string): name is ChecksumName {
  return (checksumNames as readonly string[]).includes(name);
}

export interface Checksum {
  update(bytes: Uint8Array): void;
  base64(): string;
}

export function createChecksum(name: ChecksumName, platform: Platform): Checksum {
  const hasher = name === 'crc32c' ? crc32c() : name === 'crc64nvme' ? crc64nvme() : platform.createHash(name);
  return { update: (bytes) => hasher.update(bytes), base64: () => toBase64(hasher.digest()) };
}

/** CRC-32C (Castagnoli), reflected polynomial 0x82F63B78; RFC 3720. */
function crc32c(): Hasher {
  const table = (castagnoli ??= Uint32Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
    return c >>> 0;
  }));
  let crc = 0xffffffff;
  return {
    update(bytes) {
      for (const b of bytes) crc = (table[(crc ^ b) & 255] as number) ^ (crc >>> 8);
    },
    digest() {
      const out = new Uint8Array(4);
      new DataView(out.buffer).setUint32(0, ~crc >>> 0);
      return out;
    },
  };
}

let castagnoli: Uint32Array | undefined;

/** CRC-64/NVME, reflected polynomial 0x9A6C9329AC4BC9B5, in two halves of 32 bits. */
function crc64nvme(): Hasher {
  const { high, low } = (nvme ??= nvmeTables());
  let h = 0xffffffff;
  let l = 0xffffffff;
  return {
    update(bytes) {
      for (const b of bytes) {
        const i = (l ^ b) & 255;
        l = (((l >>> 8) | (h << 24)) ^ (low[i] as number)) >>> 0;
        h = ((h >>> 8) ^ (high[i] as number)) >>> 0;
      }
    },
    digest() {
      const out = new Uint8Array(8);
      const view = new DataView(out.buffer);
      view.setUint32(0, ~h >>> 0);
      view.setUint32(4, ~l >>> 0);
      return out;
    },
  };
}

let nvme: { high: Uint32Array; low: Uint32Array } | undefined;

function nvmeTables(): { high: Uint32Array; low: Uint32Array } {
  const high = new Uint32Array(256);
  const low = new Uint32Array(256);
  for (let n = 0; n < 256; n++) {
    let c = BigInt(n);
    for (let k = 0; k < 8; k++) c = c & 1n ? (c >> 1n) ^ 0x9a6c9329ac4bc9b5n : c >> 1n;
    high[n] = Number(c >> 32n);
    low[n] = Number(c & 0xffffffffn);
  }
  return { high, low };
}
