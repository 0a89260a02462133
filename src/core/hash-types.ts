import { TscloneError } from './errors.ts';
import { goQuote } from './quote.ts';
import type { HashType } from './entry.ts';

/** Hashes that can be worked out here, with the length of their digests in bytes; in the order that rclone names them. */
const digestBytes: Readonly<Record<HashType, number>> = {
  md5: 16,
  sha1: 20,
  crc32: 4,
  sha256: 32,
  sha512: 64,
  blake3: 32,
};

export const hashTypes = Object.keys(digestBytes) as readonly HashType[];

/** Characters of a digest in hex or in base64 with padding. */
export function hashWidth(type: HashType, base64 = false): number {
  return base64 ? 4 * Math.ceil(digestBytes[type] / 3) : 2 * digestBytes[type];
}

/** A hash by its name: `md5`, `MD5`, `SHA-1`. @throws usage */
export function parseHashType(name: string): HashType {
  const type = name.toLowerCase().replaceAll('-', '') as HashType;
  if (hashTypes.includes(type)) return type;
  throw new TscloneError('usage', `unknown hash type ${goQuote(name)}: known are ${hashTypes.join(', ')}`, {
    retry: 'no',
  });
}
