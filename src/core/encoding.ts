/** rclone's character classes for names, as bits in their print order. */
const bitsByName: ReadonlyMap<string, number> = new Map(
  [
    'Raw',
    'Slash',
    'LtGt',
    'DoubleQuote',
    'SingleQuote',
    'BackQuote',
    'Dollar',
    'Colon',
    'Question',
    'Asterisk',
    'Pipe',
    'Hash',
    'Percent',
    'BackSlash',
    'CrLf',
    'Del',
    'Ctl',
    'LeftSpace',
    'LeftPeriod',
    'LeftTilde',
    'LeftCrLfHtVt',
    'RightSpace',
    'RightPeriod',
    'RightCrLfHtVt',
    'InvalidUtf8',
    'Dot',
    'SquareBracket',
    'Semicolon',
    'Exclamation',
  ].map((name, i) => [name, 2 ** i]),
);

/** Words of an encoding option. */
export const encodingWords: readonly string[] = [...bitsByName.keys(), 'None'];

const bit = (name: string): number => bitsByName.get(name) as number;
const raw = 1;

/** Names as rclone shows them are encoded with this mask. */
export const standardMask = bit('Slash') | bit('Ctl') | bit('Del') | bit('Dot');

const quote = '‛';

const asciiClasses: readonly [name: string, chars: string][] = [
  ['Slash', '/'],
  ['LtGt', '<>'],
  ['DoubleQuote', '"'],
  ['SingleQuote', "'"],
  ['BackQuote', '`'],
  ['Dollar', '$'],
  ['Colon', ':'],
  ['Question', '?'],
  ['Asterisk', '*'],
  ['Pipe', '|'],
  ['Hash', '#'],
  ['Percent', '%'],
  ['BackSlash', '\\'],
  ['SquareBracket', '[]'],
  ['Semicolon', ';'],
  ['Exclamation', '!'],
];

/** How one mask encodes and decodes single names. */
export interface NameEncoder {
  readonly mask: number;
  encode(name: string): string;
  decode(name: string): string;
}

const encoders = new Map<number, NameEncoder>();

export function nameEncoder(mask: number): NameEncoder {
  let e = encoders.get(mask);
  if (!e) encoders.set(mask, (e = buildEncoder(mask)));
  return e;
}

/** The name as the storage keeps it, from the name as rclone shows it. */
export function fromStandardName(mask: number, name: string): string {
  if (mask === standardMask) return name;
  return nameEncoder(mask).encode(nameEncoder(standardMask).decode(name));
}

/** The name as rclone shows it, from the name as the storage keeps it. */
export function toStandardName(mask: number, name: string): string {
  if (mask === standardMask) return name;
  return nameEncoder(standardMask).encode(nameEncoder(mask).decode(name));
}

/** `fromStandardName` per segment of a path. */
export function fromStandardPath(mask: number, path: string): string {
  return perSegment(path, (s) => fromStandardName(mask, s));
}

/** `toStandardName` per segment of a path. */
export function toStandardPath(mask: number, path: string): string {
  return perSegment(path, (s) => toStandardName(mask, s));
}

function perSegment(path: string, f: (segment: string) => string): string {
  if (/^[\w\-. ]*$/.test(path) && path !== '.' && path !== '..' && !/^ | $|\.$|^\./.test(path)) return path;
  return path.split('/').map(f).join('/');
}

/** Parses the value of an `encoding` option. Throws an Error with rclone's words. */
export function parseEncoding(text: string): number {
  let mask = 0n;
  for (const part of text.split(',')) {
    const name = part.trim();
    const known = name === 'None' ? 0 : (bitsByName.get(name) ?? parseNumber(name));
    if (known === undefined) {
      const values = [...bitsByName.keys(), 'None'].sort().join(', ');
      throw new Error(`bad encoding "${name}": possible values are: ${values}`);
    }
    mask |= BigInt(known);
  }
  return Number(mask);
}

function parseNumber(text: string): number | undefined {
  if (!/^(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|[1-9]\d*|0)$/.test(text)) return undefined;
  const n = /^0[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number(text);
  return n <= Number.MAX_SAFE_INTEGER ? n : undefined;
}

/** Prints a mask as rclone does: class names in bit order. */
export function formatEncoding(mask: number): string {
  if (mask === 0) return 'None';
  const names: string[] = [];
  let rest = BigInt(mask);
  for (const [name, b] of bitsByName) {
    if (rest & BigInt(b)) {
      names.push(name);
      rest &= ~BigInt(b);
    }
  }
  if (rest !== 0n) names.push(`0x${rest.toString(16).toUpperCase()}`);
  return names.join(',');
}

/** Invalid bytes are carried in strings as lone surrogates U+DC80 to U+DCFF. */
const isBadByte = (c: number): boolean => c >= 0xdc80 && c <= 0xdcff;
const hexByte = (c: number): string => (c - 0xdc00).toString(16).toUpperCase();

function buildEncoder(mask: number): NameEncoder {
  if (mask === raw) return { mask, encode: (s) => s, decode: (s) => s };
  const has = (name: string): boolean => (mask & bit(name)) !== 0;
  const invalid = has('InvalidUtf8');

  const substitutes = new Map<string, string>([['\0', '␀']]);
  for (const [name, chars] of asciiClasses) {
    if (has(name)) for (const c of chars) substitutes.set(c, fullWidth(c));
  }
  if (has('CrLf')) for (const c of '\r\n') substitutes.set(c, control(c));
  if (has('Ctl')) for (let i = 1; i < 32; i++) substitutes.set(String.fromCharCode(i), control(String.fromCharCode(i)));
  if (has('Del')) substitutes.set('\x7f', '␡');
  const originals = new Map([...substitutes].map(([c, s]) => [s, c]));

  const leftRules = edgeRules(mask, 'Left');
  const rightRules = edgeRules(mask, 'Right');

  const encodeMiddle = (s: string): string => {
    let out = '';
    for (let i = 0; i < s.length; i++) {
      const c = s[i] as string;
      const code = s.charCodeAt(i);
      const high = code >= 0xd800 && code <= 0xdbff && i + 1 < s.length && isLow(s.charCodeAt(i + 1));
      if (high) out += c + s[++i];
      else if (substitutes.has(c)) out += substitutes.get(c);
      else if (originals.has(c) || c === quote) out += quote + c;
      else if (invalid && isBadByte(code)) out += quote + hexByte(code);
      else out += c;
    }
    return out;
  };

  const decodeMiddle = (s: string): string => {
    let out = '';
    for (let i = 0; i < s.length; i++) {
      const c = s[i] as string;
      if (c === quote && i + 1 < s.length) {
        const next = s[i + 1] as string;
        if (originals.has(next) || next === quote) {
          out += next;
          i++;
          continue;
        }
        const hex = s.slice(i + 1, i + 3);
        if (invalid && /^[0-9a-fA-F]{2}$/.test(hex)) {
          out += byteChar(Number.parseInt(hex, 16));
          i += 2;
          continue;
        }
      }
      out += originals.get(c) ?? c;
    }
    return invalid ? joinBytes(out) : out;
  };

  return {
    mask,
    encode(s) {
      if (s === '') return s;
      if (has('Dot')) {
        if (s === '.' || s === '..') return '．'.repeat(s.length);
        if (s === '．' || s === '．．') return s.replaceAll('．', `${quote}．`);
      }
      let head = '';
      let tail = '';
      let rest = s;
      for (const [c, sub] of leftRules) {
        if (rest.startsWith(c)) {
          head = sub;
          rest = rest.slice(1);
          break;
        }
        if (rest.startsWith(sub)) {
          head = quote + sub;
          rest = rest.slice(1);
          break;
        }
      }
      for (const [c, sub] of rightRules) {
        if (rest.endsWith(c)) {
          tail = sub;
          rest = rest.slice(0, -1);
          break;
        }
        if (rest.endsWith(sub)) {
          tail = quote + sub;
          rest = rest.slice(0, -1);
          break;
        }
      }
      return head + encodeMiddle(rest) + tail;
    },
    decode(s) {
      if (s === '') return s;
      if (has('Dot')) {
        if (s === '．' || s === '．．') return '.'.repeat(s.length);
        if (s === `${quote}．` || s === `${quote}．${quote}．`) return s.replaceAll(quote, '');
      }
      let head = '';
      let tail = '';
      let rest = s;
      for (const [c, sub] of leftRules) {
        if (rest.startsWith(sub)) {
          head = c;
          rest = rest.slice(1);
          break;
        }
        if (rest.startsWith(quote + sub)) {
          head = sub;
          rest = rest.slice(2);
          break;
        }
      }
      for (const [c, sub] of rightRules) {
        if (!rest.endsWith(sub)) continue;
        const before = /‛*$/.exec(rest.slice(0, -1))?.[0].length ?? 0;
        if (before % 2 === 1) {
          tail = sub;
          rest = rest.slice(0, -2);
        } else {
          tail = c;
          rest = rest.slice(0, -1);
        }
        break;
      }
      return head + decodeMiddle(rest) + tail;
    },
  };
}

const isLow = (c: number): boolean => c >= 0xdc00 && c <= 0xdfff;
const fullWidth = (c: string): string => String.fromCharCode(c.charCodeAt(0) + 0xfee0);
const control = (c: string): string => String.fromCharCode(c.charCodeAt(0) + 0x2400);

/** Pairs of character and substitute for the first or last position, in the order in which they are tried. */
function edgeRules(mask: number, side: 'Left' | 'Right'): readonly (readonly [string, string])[] {
  const rules: [string, string][] = [];
  if (mask & bit(`${side}Space`)) rules.push([' ', '␠']);
  if (mask & bit(`${side}Period`)) rules.push(['.', '．']);
  if (side === 'Left' && mask & bit('LeftTilde')) rules.push(['~', '～']);
  if (mask & bit(`${side}CrLfHtVt`)) for (const c of '\t\n\v\r') rules.push([c, control(c)]);
  return rules;
}

const byteChar = (b: number): string => (b < 0x80 ? String.fromCharCode(b) : String.fromCharCode(0xdc00 + b));

/** Runs of byte characters that together are valid UTF-8 become the characters they spell. */
function joinBytes(s: string): string {
  if (!/[\udc80-\udcff]/.test(s)) return s;
  return bytesToName(nameToBytes(s));
}

/** A name's bytes; lone surrogates U+DC80 to U+DCFF stand for single bytes that are not UTF-8. */
export function nameToBytes(name: string): Uint8Array {
  const encoder = new TextEncoder();
  if (!/[\ud800-\udfff]/u.test(name)) return encoder.encode(name);
  const out: number[] = [];
  for (const c of name) {
    const code = c.codePointAt(0) as number;
    if (isBadByte(code)) out.push(code - 0xdc00);
    else out.push(...encoder.encode(c));
  }
  return Uint8Array.from(out);
}

/** The reverse: bytes that are not UTF-8 become lone surrogates, one by one as Go splits them. */
export function bytesToName(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return splitBadBytes(bytes);
  }
}

function splitBadBytes(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length;) {
    const n = sequenceLength(bytes, i);
    if (n === 0) {
      out += String.fromCharCode(0xdc00 + (bytes[i] as number));
      i += 1;
    } else {
      out += strict.decode(bytes.subarray(i, i + n));
      i += n;
    }
  }
  return out;
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Length of the valid UTF-8 sequence at `i`, 0 when there is none. */
function sequenceLength(b: Uint8Array, i: number): number {
  const first = b[i] as number;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || i + length > b.length) return 0;
  const second = b[i + 1] as number;
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let k = 2; k < length; k++) if (((b[i + k] as number) & 0xc0) !== 0x80) return 0;
  return length;
}
