import type { Platform } from '../../core/platform.ts';

/** S3's checksum headers: `x-amz-checksum-` + one of these. */
export const checksumNames = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const;
export type ChecksumName = (typeof checksumNames)[number];

export function isChecksumName(name: string): name is ChecksumName {
  return (checksumNames as readonly string[]).includes(name);
}

/** Over the whole object, or of the checksums of its parts. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

/** A checksum that S3 keeps with an object and gives back. */
export interface KeptChecksum {
  readonly name: ChecksumName;
  /** Base64; a composite one ends with `-` and the number of parts. */
  readonly value: string;
  readonly type: ChecksumType;
}

/** Its header's name. */
export const checksumHeader = (name: ChecksumName): string => `x-amz-checksum-${name}`;

/** Its element in XML: `ChecksumCRC32`. */
export const checksumElement = (name: ChecksumName): string => `Checksum${name.toUpperCase()}`;

/** Headers that tell a checksum. */
export function checksumHeaders(c: KeptChecksum | undefined): Record<string, string> {
  return c ? { [checksumHeader(c.name)]: c.value, 'x-amz-checksum-type': c.type } : {};
}

/** Elements that tell a checksum. */
export function checksumElements(c: KeptChecksum | undefined): Record<string, string> {
  return c ? { [checksumElement(c.name)]: c.value, ChecksumType: c.type } : {};
}

export interface Checksum {
  update(bytes: Uint8Array): void;
  /** May be called once. */
  digest(): Uint8Array;
}

export function createChecksum(name: ChecksumName, platform: Platform): Checksum {
  return name === 'crc32c' ? crc32c() : name === 'crc64nvme' ? crc64nvme() : platform.createHash(name);
}

/** CRC-32C (Castagnoli), reflected polynomial 0x82F63B78; RFC 3720. */
function crc32c(): Checksum {
  const table = (castagnoli ??= Uint32Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
    return c >>> 0;
  }));
  let crc = 0xffffffff;
  return {
    update(bytes) {
      for (let i = 0; i < bytes.length; i++) crc = (table[(crc ^ (bytes[i] as number)) & 255] as number) ^ (crc >>> 8);
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
function crc64nvme(): Checksum {
  const { high, low } = (nvme ??= nvmeTables());
  let h = -1;
  let l = -1;
  return {
    update(bytes) {
      let [hi, lo] = [h, l];
      for (let k = 0; k < bytes.length; k++) {
        const i = (lo ^ (bytes[k] as number)) & 255;
        lo = ((lo >>> 8) | (hi << 24)) ^ (low[i] as number);
        hi = (hi >>> 8) ^ (high[i] as number);
      }
      [h, l] = [hi, lo];
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

let nvme: { high: Int32Array; low: Int32Array } | undefined;

function nvmeTables(): { high: Int32Array; low: Int32Array } {
  const high = new Int32Array(256);
  const low = new Int32Array(256);
  for (let n = 0; n < 256; n++) {
    let c = BigInt(n);
    for (let k = 0; k < 8; k++) c = c & 1n ? (c >> 1n) ^ 0x9a6c9329ac4bc9b5n : c >> 1n;
    high[n] = Number(c >> 32n) | 0;
    low[n] = Number(c & 0xffffffffn) | 0;
  }
  return { high, low };
}
