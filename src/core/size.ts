/** Powers of 1024 (sizes) and of 1000 (counts) behind the letters of rclone's suffixes. */
const letters = 'KMGTPE';
const maxInt64 = 9_223_372_036_854_775_807n;

/** -1 = off. */
export type Size = bigint;

/** Parses rclone's SizeSuffix: powers of 1024, a bare number is KiB, `off` is -1. Throws an Error with rclone's words. */
export function parseSize(text: string): Size {
  return parseSuffixed(text, 1024n, (last, s) => {
    if (last === 'i' || last === 'I') return { letter: s.at(-2) ?? last, length: 2 };
    if (last !== 'b' && last !== 'B') return { letter: last, length: 1 };
    return s.length > 2 && s.at(-2) === 'i' ? { letter: s.at(-3) as string, length: 3 } : { letter: 'b', length: 1 };
  });
}

/** Parses rclone's CountSuffix: powers of 1000, a bare number is thousands. */
export function parseCount(text: string): bigint {
  return parseSuffixed(text, 1000n, (last, s) => {
    if (last !== 'b' && last !== 'B') return { letter: last, length: 1 };
    const before = s.at(-2) ?? '';
    return before !== '' && letters.includes(before.toUpperCase())
      ? { letter: before, length: 2 }
      : { letter: 'b', length: 1 };
  });
}

function parseSuffixed(
  text: string,
  base: bigint,
  unitOf: (last: string, text: string) => { letter: string; length: number },
): bigint {
  if (text === '') throw new Error('empty string');
  if (text.toLowerCase() === 'off') return -1n;
  const last = text.at(-1) as string;
  const { letter, length } = /[0-9.]/.test(last) ? { letter: 'k', length: 0 } : unitOf(last, text);
  const power = letter === 'b' ? 0 : letters.indexOf(letter.toUpperCase()) + 1;
  if (letter !== 'b' && power === 0) throw new Error(`bad suffix '${lastByte(letter)}'`);
  const number = text.slice(0, text.length - length);
  const value = parseGoFloat(number);
  if (value === undefined) throw new Error(`strconv.ParseFloat: parsing ${JSON.stringify(number)}: invalid syntax`);
  if (!Number.isFinite(value)) {
    throw new Error(`strconv.ParseFloat: parsing ${JSON.stringify(number)}: value out of range`);
  }
  if (value < 0) throw new Error(`size can't be negative "${number}"`);
  const result = value * Number(base) ** power;
  if (!(result < 2 ** 63)) throw new Error(`value can't be greater than ${maxInt64}`);
  return BigInt(Math.trunc(result));
}

/** rclone looks at single bytes: of a character above ASCII the last one is shown. */
function lastByte(letter: string): string {
  return String.fromCharCode(new TextEncoder().encode(letter).at(-1) as number);
}

/** A float in Go's syntax: `1.5 .5 1. 1e3 +1 1_000 0x1p4`, no inf; undefined when it is none. */
export function parseGoFloat(text: string): number | undefined {
  const hex = /^([+-]?)0[xX]([0-9a-fA-F_]*)(?:\.([0-9a-fA-F]*))?[pP]([+-]?\d+)$/.exec(text);
  if (hex) {
    const [, sign, whole = '', fraction = '', exponent = '0'] = hex;
    if (whole === '' && fraction === '') return undefined;
    const mantissa = Number.parseInt(`0${whole.replaceAll('_', '')}${fraction}`, 16) / 16 ** fraction.length;
    return (sign === '-' ? -1 : 1) * mantissa * 2 ** Number(exponent);
  }
  if (!/^[+-]?(\d+(_\d+)*\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return undefined;
  return Number(text.replaceAll('_', ''));
}

/** `0`, `1023`, `1Ki`, `4.768Mi`, `off`: as rclone prints a SizeSuffix. */
export function formatSize(n: bigint | number): string {
  const { value, unit } = scaled(BigInt(n), 1024n);
  return value === 'off' ? value : value + (unit === '' ? '' : `${unit}i`);
}

/** `1.200k`, `2M`: as rclone prints a CountSuffix. */
export function formatCount(n: bigint | number): string {
  const { value, unit } = scaled(BigInt(n), 1000n);
  return value + (unit === 'K' ? 'k' : unit);
}

/** `0 B`, `1.500 KiB`; `word` replaces the `B` (`bit`, `B/s`). */
export function formatSizeUnit(n: bigint | number, word = 'B'): string {
  const { value, unit } = scaled(BigInt(n), 1024n);
  return value === 'off' ? value : `${value} ${unit === '' ? '' : `${unit}i`}${word}`;
}

/** `0 B`, `1.024 kB`. */
export function formatCountUnit(n: bigint | number, word = 'B'): string {
  const { value, unit } = scaled(BigInt(n), 1000n);
  return value === 'off' ? value : `${value} ${unit === 'K' ? 'k' : unit}${word}`;
}

function scaled(n: bigint, base: bigint): { value: string; unit: string } {
  if (n < 0n) return { value: 'off', unit: '' };
  let unit = '';
  let divisor = 1n;
  for (const letter of letters) {
    if (n < divisor * base) break;
    divisor *= base;
    unit = letter;
  }
  return { value: divisor === 1n ? String(n) : ratio(n, divisor), unit };
}

/**
 * n/divisor without decimals when exact, else three. Go prints the nearest double with ties to even, which JavaScript's
 * toFixed does not: 976.5625 is 976.562 there.
 */
function ratio(n: bigint, divisor: bigint): string {
  const exact = Number(n) / Number(divisor);
  if (Number.isInteger(exact)) return String(exact);
  return roundHalfEven(exact, 3);
}

/** Decimal text with `digits` decimals of the exact binary value, ties to even, as Go's %.3f. */
export function roundHalfEven(x: number, digits: number): string {
  const sign = x < 0 ? '-' : '';
  const [mantissa, exponent] = decompose(Math.abs(x));
  const numerator = mantissa * 10n ** BigInt(digits) * (exponent > 0 ? 1n << BigInt(exponent) : 1n);
  const denominator = exponent < 0 ? 1n << BigInt(-exponent) : 1n;
  let q = numerator / denominator;
  const twice = (numerator % denominator) * 2n;
  if (twice > denominator || (twice === denominator && q % 2n === 1n)) q += 1n;
  const text = q.toString().padStart(digits + 1, '0');
  return digits === 0 ? sign + text : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

function decompose(x: number): [mantissa: bigint, exponent: number] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  return exponent === 0 ? [fraction, -1074] : [fraction | (1n << 52n), exponent - 1075];
}
