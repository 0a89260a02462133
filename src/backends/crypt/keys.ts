import { fromHex } from '../../core/bytes.ts';
import type { Platform } from '../../core/platform.ts';

export interface CryptKeys {
  /** 32 bytes for the content. */
  readonly data: Uint8Array;
  /** 32 bytes for the names, and the 16 bytes of EME's tweak. */
  readonly name: Uint8Array;
  readonly nameTweak: Uint8Array;
}

/** Salt where there is no `password2`. Source: rclone `backend/crypt/cipher.go`. */
const defaultSalt = fromHex('a80df43a8fbd0308a7cab83e581f86b1');

/** The three keys out of the revealed passwords: scrypt, N = 16384, r = 8, p = 1, 80 bytes. */
export async function deriveKeys(platform: Platform, password: Uint8Array, password2: Uint8Array): Promise<CryptKeys> {
  const salt = password2.length === 0 ? defaultSalt : password2;
  const bytes =
    password.length === 0
      ? new Uint8Array(80)
      : await platform.scrypt(password, salt, { N: 16_384, r: 8, p: 1, length: 80 });
  return { data: bytes.slice(0, 32), name: bytes.slice(32, 64), nameTweak: bytes.slice(64, 80) };
}
