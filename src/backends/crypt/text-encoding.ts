import { decodeBase64Url, encodeBase64Url } from '../../core/base64url.ts';
import { utf8 } from '../../core/bytes.ts';
import { base32768 } from './base32768.ts';
import { NameError } from './name-error.ts';

/** Turns encrypted names into text that a storage takes. `decode` throws a NameError. */
export interface TextEncoding {
  encode(bytes: Uint8Array): string;
  decode(text: string): Uint8Array;
}

const digits = '0123456789abcdefghijklmnopqrstuv';

/** RFC 4648 "extended hex", lower case, without padding; reading ignores case. */
const base32: TextEncoding = {
  encode(bytes) {
    let out = '';
    let bits = 0;
    let have = 0;
    for (const b of bytes) {
      bits = (bits << 8) | b;
      have += 8;
      while (have >= 5) {
        have -= 5;
        out += digits[(bits >> have) & 31];
      }
      bits &= (1 << have) - 1;
    }
    return have > 0 ? out + digits[(bits << (5 - have)) & 31] : out;
  },
  decode(text) {
    if (text.endsWith('=')) throw new NameError('bad base32 filename encoding');
    return decodeBase32(text);
  },
};

/**
 * As rclone does it: the text is padded to a multiple of 8 first, and line breaks are dropped after that, so that the
 * place of an error counts without them and a text with breaks in it ends too early.
 */
function decodeBase32(text: string): Uint8Array {
  const bytes = utf8(text.toLowerCase());
  const missing = (8 - (bytes.length % 8)) % 8;
  const source = bytes.filter((b) => b !== 0x0a && b !== 0x0d);
  const length = source.length + missing;
  const illegal = (at: number): NameError => new NameError(`illegal base32 data at input byte ${at}`);
  const out: number[] = [];
  let bits = 0;
  let have = 0;
  for (const [i, b] of source.entries()) {
    const value = digits.indexOf(String.fromCharCode(b));
    if (value < 0) throw illegal(i);
    bits = (bits << 5) | value;
    have += 5;
    if (have >= 8) {
      have -= 8;
      out.push((bits >> have) & 255);
      bits &= (1 << have) - 1;
    }
  }
  const rest = source.length % 8;
  if (length % 8 !== 0) throw illegal(rest < 2 && missing > 0 ? source.length : length);
  if (rest === 1) throw illegal(source.length);
  if (rest === 3 || rest === 6) throw illegal(source.length);
  return Uint8Array.from(out);
}

const base64: TextEncoding = {
  encode: encodeBase64Url,
  decode(text) {
    const bytes = decodeBase64Url(text);
    if ('illegalAt' in bytes) throw new NameError(`illegal base64 data at input byte ${bytes.illegalAt}`);
    return bytes;
  },
};

export const textEncodings: Readonly<Record<string, TextEncoding>> = { base32, base64, base32768 };
