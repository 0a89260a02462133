const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Base64 with the URL alphabet, without padding. */
export function encodeBase64Url(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const n = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const chars = Math.min(4, bytes.length - i + 1);
    for (let k = 0; k < chars; k++) out += alphabet[(n >> (18 - 6 * k)) & 63];
  }
  return out;
}

/**
 * Bytes of unpadded URL base64, or the place of the byte that is wrong, as Go's decoder tells it: line breaks inside
 * are skipped, left-over bits are not looked at.
 */
export function decodeBase64Url(text: string): Uint8Array | { readonly illegalAt: number } {
  const source = new TextEncoder().encode(text);
  const out: number[] = [];
  let bits = 0;
  let have = 0;
  let digits = 0;
  let lastDigit = 0;
  for (let i = 0; i < source.length; i++) {
    const c = source[i] as number;
    if (c === 0x0a || c === 0x0d) continue;
    const value = c < 0x80 ? alphabet.indexOf(String.fromCharCode(c)) : -1;
    if (value < 0) return { illegalAt: i };
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
  return digits % 4 === 1 ? { illegalAt: lastDigit } : Uint8Array.from(out);
}
