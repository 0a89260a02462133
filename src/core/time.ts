import type { Nanos } from './entry.ts';

const second = 1_000_000_000n;

/** Calendar parts of a moment in a time zone. */
export interface CivilTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nano: number;
  /** 0 = Sunday. */
  readonly weekday: number;
  readonly offsetMinutes: number;
}

/** Seconds rounded down and the nanoseconds above them. */
export function splitNanos(t: Nanos): { seconds: bigint; nanos: number } {
  let seconds = t / second;
  let nanos = t % second;
  if (nanos < 0n) {
    seconds -= 1n;
    nanos += second;
  }
  return { seconds, nanos: Number(nanos) };
}

/** What the clock on the wall shows; `zone` is 'utc' or 'local' (the runtime's zone, from TZ where there is one). */
export function civil(t: Nanos, zone: 'utc' | 'local'): CivilTime {
  const { seconds, nanos } = splitNanos(t);
  const ms = Number(seconds) * 1000;
  const offsetMinutes = zone === 'utc' ? 0 : -new Date(ms).getTimezoneOffset();
  const d = new Date(ms + offsetMinutes * 60_000);
  return {
    year: d.getUTCFullYear(),
    month: d.getUTCMonth() + 1,
    day: d.getUTCDate(),
    hour: d.getUTCHours(),
    minute: d.getUTCMinutes(),
    second: d.getUTCSeconds(),
    nano: nanos,
    weekday: d.getUTCDay(),
    offsetMinutes,
  };
}

const pad = (n: number, width = 2): string => String(n).padStart(width, '0');
const zoneText = (minutes: number, z: boolean, colon = ':'): string => {
  if (minutes === 0 && z) return 'Z';
  const abs = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(abs / 60))}${colon}${pad(abs % 60)}`;
};

/** RFC 3339 with a fixed number of decimals (0 to 9), or with trailing zeros cut (`'trim'`). */
export function formatRfc3339(t: Nanos, zone: 'utc' | 'local' = 'utc', decimals: number | 'trim' = 'trim'): string {
  const c = civil(t, zone);
  const nine = pad(c.nano, 9);
  const digits = decimals === 'trim' ? nine.replace(/0+$/, '') : nine.slice(0, decimals);
  return `${pad(c.year, 4)}-${pad(c.month)}-${pad(c.day)}T${pad(c.hour)}:${pad(c.minute)}:${pad(c.second)}${digits ? `.${digits}` : ''}${zoneText(c.offsetMinutes, true)}`;
}

/** `2006-01-02 15:04:05`, with nine decimals for lsl. */
export function formatDateTime(t: Nanos, zone: 'utc' | 'local', decimals = 0): string {
  const c = civil(t, zone);
  const fraction = decimals > 0 ? `.${pad(c.nano, 9).slice(0, decimals)}` : '';
  return `${pad(c.year, 4)}-${pad(c.month)}-${pad(c.day)} ${pad(c.hour)}:${pad(c.minute)}:${pad(c.second)}${fraction}`;
}

const monthNames = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const dayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** Names that rclone accepts in place of a layout. */
export const layoutNames: Readonly<Record<string, string>> = {
  Layout: "01/02 03:04:05PM '06 -0700",
  ANSIC: 'Mon Jan _2 15:04:05 2006',
  UnixDate: 'Mon Jan _2 15:04:05 MST 2006',
  RubyDate: 'Mon Jan 02 15:04:05 -0700 2006',
  RFC822: '02 Jan 06 15:04 MST',
  RFC822Z: '02 Jan 06 15:04 -0700',
  RFC850: 'Monday, 02-Jan-06 15:04:05 MST',
  RFC1123: 'Mon, 02 Jan 2006 15:04:05 MST',
  RFC1123Z: 'Mon, 02 Jan 2006 15:04:05 -0700',
  RFC3339: '2006-01-02T15:04:05Z07:00',
  RFC3339Nano: '2006-01-02T15:04:05.999999999Z07:00',
  Kitchen: '3:04PM',
  Stamp: 'Jan _2 15:04:05',
  StampMilli: 'Jan _2 15:04:05.000',
  StampMicro: 'Jan _2 15:04:05.000000',
  StampNano: 'Jan _2 15:04:05.000000000',
  DateTime: '2006-01-02 15:04:05',
  DateOnly: '2006-01-02',
  TimeOnly: '15:04:05',
};

const layoutToken =
  /January|Jan|Monday|Mon|MST|2006|Z07:00|Z0700|Z07|-07:00|-0700|-07|002|01|02|03|04|05|06|15|__2|_2|PM|pm|[.,](?:0+|9+)(?![0-9])|1|2|3|4|5/g;

/** Formats by a layout in Go's manner: the reference moment `Mon Jan 2 15:04:05 MST 2006` written as wanted. */
export function formatLayout(t: Nanos, layout: string, zone: 'utc' | 'local'): string {
  const c = civil(t, zone);
  const month = monthNames[c.month - 1] as string;
  const day = dayNames[c.weekday] as string;
  const hour12 = c.hour % 12 === 0 ? 12 : c.hour % 12;
  const dayOfYear = Math.floor((Date.UTC(c.year, c.month - 1, c.day) - Date.UTC(c.year, 0, 1)) / 86_400_000) + 1;
  return layout.replace(layoutToken, (token) => {
    switch (token) {
      case 'January':
        return month;
      case 'Jan':
        return month.slice(0, 3);
      case 'Monday':
        return day;
      case 'Mon':
        return day.slice(0, 3);
      case 'MST':
        return zone === 'utc' || c.offsetMinutes === 0
          ? 'UTC'
          : zoneText(c.offsetMinutes, false, '').replace(/00$/, '');
      case '2006':
        return pad(c.year, 4);
      case '06':
        return pad(c.year % 100);
      case '01':
        return pad(c.month);
      case '1':
        return String(c.month);
      case '02':
        return pad(c.day);
      case '_2':
        return String(c.day).padStart(2, ' ');
      case '2':
        return String(c.day);
      case '002':
        return pad(dayOfYear, 3);
      case '__2':
        return String(dayOfYear).padStart(3, ' ');
      case '15':
        return pad(c.hour);
      case '03':
        return pad(hour12);
      case '3':
        return String(hour12);
      case '04':
        return pad(c.minute);
      case '4':
        return String(c.minute);
      case '05':
        return pad(c.second);
      case '5':
        return String(c.second);
      case 'PM':
        return c.hour < 12 ? 'AM' : 'PM';
      case 'pm':
        return c.hour < 12 ? 'am' : 'pm';
      case 'Z07:00':
        return zoneText(c.offsetMinutes, true);
      case 'Z0700':
        return zoneText(c.offsetMinutes, true, '');
      case 'Z07':
        return c.offsetMinutes === 0 ? 'Z' : zoneText(c.offsetMinutes, false).slice(0, 3);
      case '-07:00':
        return zoneText(c.offsetMinutes, false);
      case '-0700':
        return zoneText(c.offsetMinutes, false, '');
      case '-07':
        return zoneText(c.offsetMinutes, false).slice(0, 3);
      default: {
        const digits = pad(c.nano, 9).slice(0, token.length - 1);
        if (token[1] === '0') return token[0] + digits;
        const cut = digits.replace(/0+$/, '');
        return cut === '' ? '' : token[0] + cut;
      }
    }
  });
}

/** The time that metadata tells: RFC 3339 only. */
export function timestampOf(text: string): Nanos | undefined {
  return /^\d{4}-\d\d-\d\d[Tt]/.test(text) ? parseDateTime(text) : undefined;
}

/** Parses RFC 3339 and the date forms that rclone takes; a form without zone is local time (or UTC). Undefined = none of them. */
export function parseDateTime(text: string, zone: 'utc' | 'local' = 'local'): Nanos | undefined {
  const m = /^(\d{4})-(\d\d)-(\d\d)(?:([T ])(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)?)?$/.exec(text);
  if (!m) return undefined;
  const [, y, mo, d, sep, h = '0', mi = '0', s = '0', fraction = '', offset] = m;
  if (sep === ' ' && offset !== undefined) return undefined;
  const numbers = [Number(y), Number(mo), Number(d), Number(h), Number(mi), Number(s)] as const;
  const [year, month, day, hour, minute, sec] = numbers;
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || sec > 59) return undefined;
  const utc = new Date(0);
  utc.setUTCFullYear(year, month - 1, day);
  if (utc.getUTCDate() !== day) return undefined;
  utc.setUTCHours(hour, minute, sec);
  let ms = utc.getTime();
  if (offset !== undefined && offset !== 'Z') {
    const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6));
    ms -= (offset[0] === '-' ? -minutes : minutes) * 60_000;
  } else if (offset === undefined && zone === 'local') {
    const local = new Date(0);
    local.setFullYear(year, month - 1, day);
    local.setHours(hour, minute, sec, 0);
    ms = local.getTime();
  }
  return BigInt(ms) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0') || '0');
}

/** S3's `x-amz-meta-mtime`: seconds as a decimal with up to nine decimals, trailing zeros cut. */
export function formatMtimeSeconds(t: Nanos): string {
  const negative = t < 0n;
  const abs = negative ? -t : t;
  const fraction = (abs % second).toString().padStart(9, '0').replace(/0+$/, '');
  return `${negative ? '-' : ''}${abs / second}${fraction ? `.${fraction}` : ''}`;
}

/** Reads it back exactly; undefined when the text is no decimal number. */
export function parseMtimeSeconds(text: string): Nanos | undefined {
  const m = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text.trim());
  if (!m || (m[2] === '' && !m[3])) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = m;
  const digits = BigInt(`${whole}${fraction}` || '0');
  const shift = 9 - fraction.length + Number(exponent);
  if (shift > 40) return undefined;
  const value = shift >= 0 ? digits * 10n ** BigInt(shift) : digits / 10n ** BigInt(-shift);
  return sign === '-' ? -value : value;
}

/** Go's form of a duration: `1h2m3.5s`, `300ms`, `0s`. */
export function formatGoDuration(ns: bigint): string {
  if (ns === 0n) return '0s';
  const sign = ns < 0n ? '-' : '';
  const abs = ns < 0n ? -ns : ns;
  const decimal = (n: bigint, unit: bigint): string => {
    const width = unit.toString().length - 1;
    const fraction = width === 0 ? '' : (n % unit).toString().padStart(width, '0').replace(/0+$/, '');
    return `${n / unit}${fraction ? `.${fraction}` : ''}`;
  };
  if (abs < 1000n) return `${sign}${abs}ns`;
  if (abs < 1_000_000n) return `${sign}${decimal(abs, 1000n)}µs`;
  if (abs < second) return `${sign}${decimal(abs, 1_000_000n)}ms`;
  const hours = abs / (3600n * second);
  const minutes = (abs / (60n * second)) % 60n;
  const text = `${decimal(abs % (60n * second), second)}s`;
  return sign + (hours > 0n ? `${hours}h${minutes}m${text}` : minutes > 0n ? `${minutes}m${text}` : text);
}
