import type { Nanos } from '../core/entry.ts';
import { formatSize, parseSize } from '../core/size.ts';
import { formatLayout } from '../core/time.ts';

/** Bytes per second; 0 and less = as fast as it goes. */
export interface Rates {
  readonly up: number;
  readonly down: number;
}

/** Rates through the week; empty = none. */
export type Timetable = readonly Slot[];

interface Slot {
  /** Minutes since Sunday, 00:00. */
  readonly minute: number;
  readonly rates: Rates;
}

export const noRates: Rates = { up: -1, down: -1 };

const days = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const minutesOfDay = 24 * 60;

/**
 * `10M`, `10M:100k` (up:down), `off`, or a table of times, `08:00,512k Mon-12:00,10M:1M`, each of which holds until the
 * next. Throws an Error with rclone's reason.
 */
export function parseTimetable(text: string): Timetable {
  if (text === '') throw new Error('empty string');
  if (!/[, ]/.test(text)) return [{ minute: 0, rates: parseRates(text) }];
  return text
    .split(' ')
    .filter((word) => word !== '')
    .flatMap(parseSlots)
    .map((slot, i) => ({ slot, i }))
    .sort((a, b) => a.slot.minute - b.slot.minute || a.i - b.i)
    .map(({ slot }) => slot);
}

function parseSlots(word: string): Slot[] {
  const [when = '', rate, ...more] = word.split(',');
  if (rate === undefined || more.length > 0)
    throw new Error(`invalid time/bandwidth specification: ${JSON.stringify(word)}`);
  const parts = when.split('-');
  if (parts.length > 2) throw new Error(`invalid time specification: ${JSON.stringify(when)}`);
  const time = parts.at(-1) as string;
  const minute = parseClock(time);
  const rates = parseRates(rate);
  const which = parts.length === 2 ? [parseDay(parts[0] as string)] : days.keys();
  return [...which].map((day) => ({ minute: day * minutesOfDay + minute, rates }));
}

function parseDay(text: string): number {
  const name = text.toLowerCase();
  const day = days.findIndex((d) => d === name || d.slice(0, 3) === name);
  if (day < 0) throw new Error(`invalid weekday: ${JSON.stringify(name)}`);
  return day;
}

function parseClock(text: string): number {
  const [, hour, minute] = /^(.{2}):(.{2})$/.exec(text) ?? [];
  if (hour === undefined || minute === undefined)
    throw new Error(`invalid time specification (hh:mm): ${JSON.stringify(text)}`);
  return within(hour, 'hour', 23) * 60 + within(minute, 'minute', 59);
}

function within(text: string, unit: string, most: number): number {
  if (/^\d\d$/.test(text) && Number(text) <= most) return Number(text);
  throw new Error(`invalid ${unit} (must be between 00 and ${most}): ${text}`);
}

function parseRates(text: string): Rates {
  const colon = text.indexOf(':');
  const [up, down] = colon < 0 ? [text, text] : [text.slice(0, colon), text.slice(colon + 1)];
  return { up: Number(parseSize(up)), down: Number(parseSize(down)) };
}

/** The rates that hold at a time, by the clock of the place. */
export function ratesAt(table: Timetable, now: Nanos): Rates {
  if (table.length === 0) return noRates;
  const [day = '', hour, minute] = formatLayout(now, 'Monday 15 04', 'local').split(' ');
  const at = days.indexOf(day.toLowerCase()) * minutesOfDay + Number(hour) * 60 + Number(minute);
  // Before the first time of the week the last one of the week before holds.
  return (table.findLast((slot) => slot.minute <= at) ?? (table.at(-1) as Slot)).rates;
}

export const isLimited = ({ up, down }: Rates): boolean => up > 0 || down > 0;

/** As rclone shows them: `10Mi`, `10Mi:off`. */
export function formatRates({ up, down }: Rates): string {
  const show = (n: number): string => (n > 0 && n < 1024 ? `${n}B` : formatSize(n));
  return up === down ? show(up) : `${show(up)}:${show(down)}`;
}
