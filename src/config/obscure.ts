import { ctr } from '@noble/ciphers/aes.js';
import { concatBytes, fromHex, utf8 } from '../core/bytes.ts';
import { TscloneError } from '../core/errors.ts';

/** rclone's fixed key: obscuring hides from eyes over a shoulder, it is no encryption. Source: rclone `fs/config/obscure`. */
const key = fromHex('9c935b48730a554d6bfd7c63c886a92bd390198eb8128afbf4de162b8b95f638');
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const ivBytes = 16;

/** AES-256-CTR under the fixed key, random IV in front, base64 URL alphabet without padding. */
export function obscure(plain: string, randomBytes: (n: number) => Uint8Array): string {
  const iv = randomBytes(ivBytes);
  return encode(concatBytes([iv, ctr(key, iv).encrypt(utf8(plain))]));
}

/** @throws bad_config when the text was never obscured. */
export function reveal(text: string): Uint8Array {
  const bytes = decode(text);
  if (bytes.length < ivBytes) {
    throw new TscloneError('bad_config', 'input too short when revealing password - is it obscured?', { retry: 'no' });
  }
  return ctr(key, bytes.subarray(0, ivBytes)).decrypt(bytes.subarray(ivBytes));
}

function encode(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const n = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const chars = Math.min(4, bytes.length - i + 1);
    for (let k = 0; k < chars; k++) out += alphabet[(n >> (18 - 6 * k)) & 63];
  }
  return out;
}

/** Line breaks inside are skipped, anything else is an error with the place where Go finds it. */
function decode(text: string): Uint8Array {
  const source = utf8(text);
  const out: number[] = [];
  let bits = 0;
  let have = 0;
  let digits = 0;
  let lastDigit = 0;
  for (let i = 0; i < source.length; i++) {
    const c = source[i] as number;
    if (c === 0x0a || c === 0x0d) continue;
    const value = c < 0x80 ? alphabet.indexOf(String.fromCharCode(c)) : -1;
    if (value < 0) throw illegal(i);
    digits += 1;
    lastDigit = i;
    bits = (bits << 6) | value;
    have += 6;
    if (have >= 8) {
      have -= 8;
      out.push((bits >> have) & 255);
      bits &= (1 << have) - 1;
    }
  }
  if (digits % 4 === 1) throw illegal(lastDigit);
  return Uint8Array.from(out);
}

function illegal(at: number): TscloneError {
  return new TscloneError(
    'bad_config',
    `base64 decode failed when revealing password - is it obscured?: illegal base64 data at input byte ${at}`,
    { retry: 'no' },
  );
}
