import type { BlockCipher } from '../../core/platform.ts';

const size = 16;
/** L is made by doubling 128 times at the most. */
export const maxBytes = 128 * size;

/**
 * EME (ECB-mix-ECB), a wide-block mode: every bit of the result depends on every bit of the text. Source: Halevi and
 * Rogaway, "A Parallelizable Enciphering Mode", 2003. `text` has 1 to 128 blocks of 16 bytes.
 */
export function emeEncrypt(cipher: BlockCipher, tweak: Uint8Array, text: Uint8Array): Uint8Array {
  return transform(cipher, (blocks) => cipher.encrypt(blocks), tweak, text);
}

export function emeDecrypt(cipher: BlockCipher, tweak: Uint8Array, text: Uint8Array): Uint8Array {
  return transform(cipher, (blocks) => cipher.decrypt(blocks), tweak, text);
}

function transform(
  cipher: BlockCipher,
  pass: (blocks: Uint8Array) => Uint8Array,
  tweak: Uint8Array,
  text: Uint8Array,
): Uint8Array {
  const masks = doublings(cipher, text.length);
  const ppp = pass(xor(text, masks));

  const mp = tweak.slice();
  for (let at = 0; at < ppp.length; at += size) xorInto(mp, 0, ppp, at);
  const mc = pass(mp);
  const m = xor(mp, mc);

  const ccc = ppp.slice();
  const first = xor(mc, tweak);
  for (let at = size; at < ppp.length; at += size) {
    double(m);
    xorInto(ccc, at, m, 0);
    xorInto(first, 0, ccc, at);
  }
  ccc.set(first);
  return xor(pass(ccc), masks);
}

/** L, 2L, 4L … with L = 2·E(0). */
function doublings(cipher: BlockCipher, length: number): Uint8Array {
  const out = new Uint8Array(length);
  const block = cipher.encrypt(new Uint8Array(size)).slice();
  for (let at = 0; at < length; at += size) {
    double(block);
    out.set(block, at);
  }
  return out;
}

/** Times x in GF(2^128), bytes little-endian. */
function double(block: Uint8Array): void {
  let carry = 0;
  for (let i = 0; i < size; i++) {
    const b = block[i] as number;
    block[i] = (b << 1) | carry;
    carry = b >> 7;
  }
  if (carry) block[0] = (block[0] as number) ^ 0x87;
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length);
  for (let i = 0; i < a.length; i++) out[i] = (a[i] as number) ^ (b[i] as number);
  return out;
}

/** One block of `b` into one of `a`. */
function xorInto(a: Uint8Array, at: number, b: Uint8Array, from: number): void {
  for (let i = 0; i < size; i++) a[at + i] = (a[at + i] as number) ^ (b[from + i] as number);
}
