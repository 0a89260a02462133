import { NameError } from './name-error.ts';

const mismatch = 'not an encrypted file - does not match suffix';

/**
 * Mode `obfuscate`: every character is rotated by a distance made of the name itself and the key. It hides names from
 * a glance and is no encryption.
 */
export function obfuscate(segment: string, nameKey: Uint8Array): string {
  const points = [...segment].map((ch) => ch.codePointAt(0) as number);
  const start = points.reduce((sum, c) => sum + c, 0) % 256;
  const distance = start + keySum(nameKey);
  return `${start}.${points.map((c) => rotateOut(c, distance)).join('')}`;
}

/** @throws NameError */
export function deobfuscate(segment: string, nameKey: Uint8Array): string {
  const dot = segment.indexOf('.');
  if (dot < 0) throw new NameError(mismatch);
  const number = segment.slice(0, dot);
  const rest = segment.slice(dot + 1);
  if (number === '!') return rest;
  if (!/^[+-]?\d+$/.test(number)) throw new NameError(mismatch);
  const start = BigInt(number.replace('+', ''));
  if (start > 2n ** 63n - 1n || start < -(2n ** 63n)) throw new NameError(mismatch);
  // A distance far from a real one wraps as Go's int does.
  const distance = BigInt.asIntN(64, start + BigInt(keySum(nameKey)));

  let out = '';
  let quoted = false;
  for (const ch of rest) {
    if (quoted) {
      out += ch;
      quoted = false;
    } else if (ch === '!') quoted = true;
    else out += rotateBack(ch.codePointAt(0) as number, distance);
  }
  return out;
}

const keySum = (key: Uint8Array): number => key.reduce((sum, b) => sum + b, 0);

function rotateOut(c: number, distance: number): string {
  if (c === 0x21) return '!!';
  if (c >= 0x30 && c <= 0x39) return String.fromCharCode(0x30 + ((c - 0x30 + (distance % 9) + 1) % 10));
  const letter = letterIndex(c);
  if (letter >= 0) return letterAt((letter + (distance % 25) + 1) % 52);
  if (c >= 0xa0 && c <= 0xff) return String.fromCharCode(0xa0 + ((c - 0xa0 + (distance % 95) + 1) % 96));
  if (c < 0x100) return String.fromCodePoint(c);
  const base = c - (c % 256);
  const rotated = base + ((c - base + (distance % 127) + 1) % 256);
  return isCharacter(rotated) ? String.fromCodePoint(rotated) : `!${String.fromCodePoint(c)}`;
}

function rotateBack(c: number, distance: bigint): string {
  const by = (modulus: bigint): number => Number(distance % modulus) + 1;
  // A negative distance leaves the remainder negative, and what then lies outside of the ring as it comes.
  if (c >= 0x30 && c <= 0x39) {
    const at = c - 0x30 - by(9n);
    return String.fromCharCode(0x30 + (at < 0 ? at + 10 : at));
  }
  const letter = letterIndex(c);
  if (letter >= 0) {
    const at = letter - by(25n);
    return letterAt(at < 0 ? at + 52 : at);
  }
  if (c >= 0xa0 && c <= 0xff) {
    const at = c - 0xa0 - by(95n);
    return String.fromCharCode(0xa0 + (at < 0 ? at + 96 : at));
  }
  if (c < 0x100) return String.fromCodePoint(c);
  const base = c - (c % 256);
  const at = c - base - by(127n);
  const back = base + (at < 0 ? at + 256 : at);
  return isCharacter(back) ? String.fromCodePoint(back) : '�';
}

const letterIndex = (c: number): number =>
  c >= 0x41 && c <= 0x5a ? c - 0x41 : c >= 0x61 && c <= 0x7a ? c - 0x61 + 26 : -1;

const letterAt = (i: number): string => String.fromCharCode(i < 26 ? 0x41 + i : 0x61 + i - 26);

const isCharacter = (c: number): boolean => c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
