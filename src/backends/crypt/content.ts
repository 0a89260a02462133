import type { ByteSource } from '../../core/backend.ts';
import { concatBytes, utf8 } from '../../core/bytes.ts';
import { sizeMismatch, TscloneError } from '../../core/errors.ts';
import type { Secretbox } from '../../core/platform.ts';
import { SourceReader } from '../../core/source-reader.ts';

/*
 * The file format: magic (8 bytes), nonce (24), then blocks: a tag of 16 bytes and up to 64 KiB of text, each under
 * the nonce of the one before plus 1. Source: rclone `backend/crypt/cipher.go` and its documentation.
 */
const magic = concatBytes([utf8('RCLONE'), new Uint8Array(2)]);
export const nonceBytes = 24;
export const headerBytes = magic.length + nonceBytes;
export const blockText = 65_536;
const tagBytes = 16;
export const blockBytes = tagBytes + blockText;

export const tooShort = 'file is too short to be encrypted';
export const truncated = 'file has truncated block header';
export const badBlock = 'failed to authenticate decrypted block - bad password?';

/** Bytes that a file of `size` bytes takes when it is encrypted. */
export function encryptedSize(size: number): number {
  const rest = size % blockText;
  return headerBytes + Math.floor(size / blockText) * blockBytes + (rest === 0 ? 0 : tagBytes + rest);
}

/** Bytes behind an encrypted file of `size` bytes; a text says why there cannot be such a file. */
export function decryptedSize(size: number): number | string {
  const body = size - headerBytes;
  if (body < 0) return tooShort;
  const rest = body % blockBytes;
  if (rest !== 0 && rest <= tagBytes) return truncated;
  return Math.floor(body / blockBytes) * blockText + (rest === 0 ? 0 : rest - tagBytes);
}

/** The nonce `blocks` further on: a little-endian number of 24 bytes that wraps. */
export function addToNonce(nonce: Uint8Array, blocks: number): Uint8Array {
  const out = nonce.slice();
  let carry = blocks;
  for (let i = 0; i < out.length && carry > 0; i++) {
    const sum = (out[i] as number) + (carry % 256);
    out[i] = sum & 255;
    carry = Math.floor(carry / 256) + (sum >> 8);
  }
  return out;
}

/** The nonce of an encrypted file out of its first bytes. @throws corrupted */
export function readHeader(bytes: Uint8Array, path: string): Uint8Array {
  if (bytes.length < headerBytes) throw bad(tooShort, path);
  if (magic.some((b, i) => bytes[i] !== b)) throw bad('not an encrypted file - bad magic string', path);
  return bytes.slice(magic.length, headerBytes);
}

export function bad(message: string, path: string): TscloneError {
  return new TscloneError('corrupted', message, { path, retry: 'no' });
}

export interface EncryptOptions {
  readonly path: string;
  readonly nonce: Uint8Array;
  /** Bytes that were announced; another number is an error. */
  readonly size?: number | undefined;
  /** Told the number of bytes read, at the end. */
  readonly onEnd?: ((bytes: number) => void) | undefined;
}

/** Header and blocks. The source is closed when the reader stops early. */
export async function* encrypt(
  source: ByteSource,
  box: Secretbox,
  { path, nonce: first, size, onEnd }: EncryptOptions,
): AsyncGenerator<Uint8Array, void, void> {
  const reader = new SourceReader(source);
  const buffer = new Uint8Array(blockText);
  let total = 0;
  try {
    yield concatBytes([magic, first]);
    for (let nonce = first; ; nonce = addToNonce(nonce, 1)) {
      const text = buffer.subarray(0, await reader.fill(buffer));
      total += text.length;
      if (size !== undefined && total > size) throw sizeMismatch(path, size, `more than ${size}`);
      if (text.length > 0) yield box.seal(nonce, text);
      if (text.length < blockText) break;
    }
    if (size !== undefined && total !== size) throw sizeMismatch(path, size, total);
    onEnd?.(total);
  } finally {
    await reader.close();
  }
}

export interface DecryptOptions {
  readonly path: string;
  /** Nonce of the first block that the source gives. */
  readonly nonce: Uint8Array;
  /** Bytes of text to leave out at the start, and to give at the most. */
  readonly skip: number;
  readonly limit: number;
  /** Told when a block has a wrong tag; zeros are given for it then. Absent = such a block is an error. */
  readonly onBadBlock?: (() => void) | undefined;
}

/** The text of blocks; `reader` stands at the first of them and is closed at the end. */
export async function* decrypt(
  reader: SourceReader,
  box: Secretbox,
  { path, nonce: first, skip, limit, onBadBlock }: DecryptOptions,
): AsyncGenerator<Uint8Array, void, void> {
  const buffer = new Uint8Array(blockBytes);
  let toSkip = skip;
  let left = limit;
  try {
    for (let nonce = first; left > 0; nonce = addToNonce(nonce, 1)) {
      const sealed = buffer.subarray(0, await reader.fill(buffer));
      if (sealed.length === 0) return;
      if (sealed.length <= tagBytes) throw bad(truncated, path);
      let text = box.open(nonce, sealed);
      if (!text) {
        if (!onBadBlock) throw bad(badBlock, path);
        onBadBlock();
        text = new Uint8Array(sealed.length - tagBytes);
      }
      const piece = text.subarray(toSkip, toSkip + left);
      toSkip = Math.max(0, toSkip - text.length);
      left -= piece.length;
      if (piece.length > 0) yield piece;
      if (sealed.length < blockBytes) return;
    }
  } finally {
    await reader.close();
  }
}

/** Turns counts of encrypted bytes into counts of plain ones, which add up to the plain size at the end. */
export function plainProgress(onBytes: (bytes: number) => void): (bytes: number) => void {
  let sent = 0;
  let told = 0;
  return (bytes) => {
    sent += bytes;
    const body = Math.max(0, sent - headerBytes);
    const rest = body % blockBytes;
    const plain = Math.floor(body / blockBytes) * blockText + Math.max(0, rest - tagBytes);
    if (plain > told) onBytes(plain - told);
    told = Math.max(told, plain);
  };
}
