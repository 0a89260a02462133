import { ctr } from '@noble/ciphers/aes.js';
import { decodeBase64Url, encodeBase64Url } from './base64url.ts';
import { concatBytes, fromHex, utf8 } from './bytes.ts';
import { TscloneError } from './errors.ts';

/** rclone's fixed key: obscuring hides from eyes over a shoulder, it is no encryption. Source: rclone `fs/core/obscure`. */
const key = fromHex('9c935b48730a554d6bfd7c63c886a92bd390198eb8128afbf4de162b8b95f638');
const ivBytes = 16;

/** AES-256-CTR under the fixed key, random IV in front, base64 URL alphabet without padding. */
export function obscure(plain: string, randomBytes: (n: number) => Uint8Array): string {
  const iv = randomBytes(ivBytes);
  return encodeBase64Url(concatBytes([iv, ctr(key, iv).encrypt(utf8(plain))]));
}

/** @throws bad_config when the text was never obscured. */
export function reveal(text: string): Uint8Array {
  const bytes = decodeBase64Url(text);
  if ('illegalAt' in bytes) throw illegal(bytes.illegalAt);
  if (bytes.length < ivBytes) {
    throw new TscloneError('bad_config', 'input too short when revealing password - is it obscured?', { retry: 'no' });
  }
  return ctr(key, bytes.subarray(0, ivBytes)).decrypt(bytes.subarray(ivBytes));
}

function illegal(at: number): TscloneError {
  return new TscloneError(
    'bad_config',
    `base64 decode failed when revealing password - is it obscured?: illegal base64 data at input byte ${at}`,
    { retry: 'no' },
  );
}
