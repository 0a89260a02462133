/*
 * XXH64 with seed 0, of which zstd keeps the low 32 bits. Source: xxHash's `doc/xxhash_spec.md`. 64 bits are two halves
 * here: BigInt would be fifty times slower.
 */

/** Low and high half of a 64-bit number; written by the functions below. */
let lo = 0;
let hi = 0;

const p1 = [0x85ebca87, 0x9e3779b1] as const;
const p2 = [0x27d4eb4f, 0xc2b2ae3d] as const;
const p3 = [0x9e3779f9, 0x165667b1] as const;
const p4 = [0xc2b2ae63, 0x85ebca77] as const;
const p5 = [0x165667c5, 0x27d4eb2f] as const;

/** The low 32 bits of the digest. */
export function xxh64Low(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const n = bytes.length;
  let at = 0;
  if (n >= 32) {
    const lanes = new Int32Array(8);
    const seeds = [sum(p1, p2), p2, [0, 0], sum([0, 0], negative(p1))] as const;
    seeds.forEach((seed, i) => lanes.set(seed, 2 * i));
    for (; at + 32 <= n; at += 32)
      for (let i = 0; i < 8; i += 2) {
        round(
          lanes[i] as number,
          lanes[i + 1] as number,
          view.getUint32(at + 4 * i, true),
          view.getUint32(at + 4 * i + 4, true),
        );
        lanes[i] = lo;
        lanes[i + 1] = hi;
      }
    let total: readonly [number, number] = [0, 0];
    [1, 7, 12, 18].forEach((bits, i) => {
      rotate(lanes[2 * i] as number, lanes[2 * i + 1] as number, bits);
      total = sum(total, [lo, hi]);
    });
    lo = total[0];
    hi = total[1];
    for (let i = 0; i < 8; i += 2) {
      const [l, h] = [lo, hi];
      round(0, 0, lanes[i] as number, lanes[i + 1] as number);
      multiply(l ^ lo, h ^ hi, p1[0], p1[1]);
      add(lo, hi, p4[0], p4[1]);
    }
  } else {
    lo = p5[0];
    hi = p5[1];
  }
  add(lo, hi, n >>> 0, Math.floor(n / 2 ** 32));
  for (; at + 8 <= n; at += 8) {
    const [l, h] = [lo, hi];
    round(0, 0, view.getUint32(at, true), view.getUint32(at + 4, true));
    rotate(l ^ lo, h ^ hi, 27);
    multiply(lo, hi, p1[0], p1[1]);
    add(lo, hi, p4[0], p4[1]);
  }
  if (at + 4 <= n) {
    const [l, h] = [lo, hi];
    multiply(view.getUint32(at, true), 0, p1[0], p1[1]);
    rotate(l ^ lo, h ^ hi, 23);
    multiply(lo, hi, p2[0], p2[1]);
    add(lo, hi, p3[0], p3[1]);
    at += 4;
  }
  for (; at < n; at++) {
    const [l, h] = [lo, hi];
    multiply(bytes[at] as number, 0, p5[0], p5[1]);
    rotate(l ^ lo, h ^ hi, 11);
    multiply(lo, hi, p1[0], p1[1]);
  }
  lo ^= hi >>> 1;
  multiply(lo, hi, p2[0], p2[1]);
  lo ^= (hi << 3) | (lo >>> 29);
  hi ^= hi >>> 29;
  multiply(lo, hi, p3[0], p3[1]);
  return (lo ^ hi) >>> 0;
}

/** `rotl(acc + input * p2, 31) * p1` */
function round(accLo: number, accHi: number, inputLo: number, inputHi: number): void {
  multiply(inputLo, inputHi, p2[0], p2[1]);
  add(lo, hi, accLo, accHi);
  rotate(lo, hi, 31);
  multiply(lo, hi, p1[0], p1[1]);
}

function add(aLo: number, aHi: number, bLo: number, bHi: number): void {
  const low = (aLo >>> 0) + (bLo >>> 0);
  lo = low | 0;
  hi = (aHi + bHi + (low > 0xffffffff ? 1 : 0)) | 0;
}

function sum(a: readonly [number, number], b: readonly [number, number]): readonly [number, number] {
  add(a[0], a[1], b[0], b[1]);
  return [lo, hi];
}

const negative = ([l, h]: readonly [number, number]): readonly [number, number] => sum([~l, ~h], [1, 0]);

/** By 1 to 31 bits to the left. */
function rotate(aLo: number, aHi: number, bits: number): void {
  lo = (aLo << bits) | (aHi >>> (32 - bits));
  hi = (aHi << bits) | (aLo >>> (32 - bits));
}

function multiply(aLo: number, aHi: number, bLo: number, bHi: number): void {
  const a0 = aLo & 0xffff;
  const a1 = aLo >>> 16;
  const b0 = bLo & 0xffff;
  const b1 = bLo >>> 16;
  const u = a1 * b0 + ((a0 * b0) >>> 16);
  const v = a0 * b1 + (u & 0xffff);
  lo = Math.imul(aLo, bLo);
  hi = (a1 * b1 + (u >>> 16) + (v >>> 16) + Math.imul(aHi, bLo) + Math.imul(aLo, bHi)) | 0;
}
