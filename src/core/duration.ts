import { parseGoFloat } from './size.ts';
import { formatGoDuration, parseDateTime } from './time.ts';
import type { Nanos } from './entry.ts';

/** The value of `off`: the largest int64. */
export const durationOff = 9_223_372_036_854_775_807n;

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
  w: 604_800_000_000_000n,
  M: 2_592_000_000_000_000n,
  y: 31_536_000_000_000_000n,
};

/** Go's form only: `1h30m`, `300ms`, `-1.5h`, `0`. Undefined = not such a text. */
export function parseGoDuration(text: string): bigint | undefined {
  return parseSequence(text, 'ns|us|µs|μs|ms|s|m|h');
}

/**
 * rclone's full Duration: Go's form, one or several numbers with `d w M y`, a bare number of seconds, a date (its age),
 * or `off`. Throws an Error with rclone's words.
 */
export function parseDuration(text: string, now: () => Nanos): bigint {
  if (text === 'off') return durationOff;
  const ns = parseRelative(text);
  if (ns !== undefined) return ns;
  const date = parseDateTime(text, 'local');
  if (date !== undefined) return now() - date;
  throw new Error(dateError(text));
}

/** A Time option: a date, or a duration before now. */
export function parseTimeOrAge(text: string, now: () => Nanos): Nanos {
  const date = parseDateTime(text, 'local');
  if (date !== undefined) return date;
  const ns = text === 'off' ? durationOff : parseRelative(text);
  if (ns === undefined) throw new Error(dateError(text));
  return now() - ns;
}

function parseRelative(text: string): bigint | undefined {
  return parseGoDuration(text) ?? parseSingle(text) ?? parseSequence(text, 'ns|us|µs|μs|ms|s|m|h|d|w|M|y');
}

/** One float with one of `d w M y`, or seconds without a unit. */
function parseSingle(text: string): bigint | undefined {
  const suffix = /[dwMy]$/.exec(text)?.[0] ?? '';
  const number = parseGoFloat(text.slice(0, text.length - suffix.length));
  if (number === undefined) return undefined;
  return inRange(BigInt(Math.trunc(number * Number(units[suffix === '' ? 's' : suffix]))));
}

function parseSequence(text: string, names: string): bigint | undefined {
  const m = /^([+-]?)(.+)$/s.exec(text);
  if (!m) return undefined;
  const [, sign, rest = ''] = m;
  if (rest === '0') return 0n;
  const step = new RegExp(`(\\d*)(?:\\.(\\d*))?(${names})`, 'y');
  let total = 0n;
  while (step.lastIndex < rest.length) {
    const part = step.exec(rest);
    if (!part || ((part[1] ?? '') === '' && (part[2] ?? '') === '')) return undefined;
    const unit = units[part[3] as string] as bigint;
    const fraction = (part[2] ?? '').slice(0, 18);
    total += BigInt(part[1] || '0') * unit;
    if (fraction !== '') total += (BigInt(fraction) * unit) / 10n ** BigInt(fraction.length);
  }
  return inRange(sign === '-' ? -total : total);
}

function inRange(ns: bigint): bigint | undefined {
  return ns <= durationOff && ns >= -durationOff - 1n ? ns : undefined;
}

/** Go's complaint about the last layout that was tried, `2006-01-02`. */
function dateError(text: string): string {
  const shown = goQuote(text);
  const layout: readonly [RegExp, string][] = [
    [/^\d{4}/, '2006'],
    [/^-/, '-'],
    [/^\d\d/, '01'],
    [/^-/, '-'],
    [/^\d\d/, '02'],
  ];
  let rest = text;
  for (const [pattern, word] of layout) {
    const m = pattern.exec(rest);
    if (!m) return `parsing time ${shown} as "2006-01-02": cannot parse ${goQuote(rest)} as "${word}"`;
    rest = rest.slice(m[0].length);
  }
  if (rest !== '') return `parsing time ${shown}: extra text: ${goQuote(rest)}`;
  const month = Number(text.slice(5, 7));
  return `parsing time ${shown}: ${month < 1 || month > 12 ? 'month' : 'day'} out of range`;
}

/** A string as Go's time package quotes it: bytes above ASCII as \x escapes. */
function goQuote(text: string): string {
  let out = '"';
  for (const b of new TextEncoder().encode(text)) {
    if (b === 0x22 || b === 0x5c) out += `\\${String.fromCharCode(b)}`;
    else if (b < 0x20 || b >= 0x80) out += `\\x${b.toString(16).padStart(2, '0')}`;
    else out += String.fromCharCode(b);
  }
  return `${out}"`;
}

/** As rclone prints a Duration: `off`, the biggest of `y M w d` that fits, else Go's form. */
export function formatDuration(ns: bigint): string {
  if (ns === durationOff) return 'off';
  const abs = ns < 0n ? -ns : ns;
  for (const unit of ['y', 'M', 'w', 'd']) {
    const size = units[unit] as bigint;
    if (abs >= size) return `${Number(ns) / Number(size)}${unit}`;
  }
  return formatGoDuration(ns);
}

/** `1y2w3d4h5m6s7ms`; `units` limits how many of the biggest are kept. '' when it is below a millisecond. */
export function formatReadableDuration(ns: bigint, maxUnits = Number.POSITIVE_INFINITY): string {
  if (ns === durationOff) return 'off';
  if (ns === 0n) return '0s';
  let rest = ns < 0n ? -ns : ns;
  const parts: string[] = [];
  for (const unit of ['y', 'w', 'd', 'h', 'm', 's', 'ms']) {
    const size = units[unit] as bigint;
    const n = rest / size;
    if (n > 0n) {
      parts.push(`${n}${unit}`);
      rest -= n * size;
    }
  }
  const text = parts.slice(0, maxUnits).join('');
  return text === '' ? '' : (ns < 0n ? '-' : '') + text;
}
