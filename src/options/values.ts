import * as z from 'zod';
import { parseDuration, parseTimeOrAge } from '../core/duration.ts';
import { parseEncoding } from '../core/encoding.ts';
import { parseSize } from '../core/size.ts';

/**
 * zod types that turn the text form of rclone's values (file, flag, variable, connection string) into typed ones.
 * A text that does not parse makes an issue with rclone's words.
 */
function fromText<T>(parse: (text: string) => T): z.ZodType<T, string> {
  return z.string().transform((text, context) => {
    try {
      return parse(text);
    } catch (e) {
      context.addIssue({ code: 'custom', message: (e as Error).message });
      return z.NEVER;
    }
  });
}

export const string = (): z.ZodType<string, string> => z.string();

/** Words that Go's ParseBool takes. */
export function parseBool(text: string): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(text)) return false;
  throw new Error(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

export const bool = (): z.ZodType<boolean, string> => fromText(parseBool);

export function parseInteger(text: string): number {
  if (!/^[+-]?(\d[\d_]*|0[xX][0-9a-fA-F]+)$/.test(text)) {
    throw new Error(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return Number(text.replaceAll('_', ''));
}

export const int = (): z.ZodType<number, string> => fromText(parseInteger);

/** undefined = empty. */
export const optionalInt = (): z.ZodType<number | undefined, string> =>
  fromText((t) => (t === '' ? undefined : parseInteger(t)));

/** Bytes as a number (safe up to 2^53); -1 = off. */
export const sizeSuffix = (): z.ZodType<number, string> => fromText((t) => Number(parseSize(t)));

/** ns; `durationOff` = off. */
export const duration = (): z.ZodType<bigint, string> =>
  fromText((t) => parseDuration(t, () => BigInt(Date.now()) * 1_000_000n));

/** ns; undefined = not given. */
export const optionalDuration = (): z.ZodType<bigint | undefined, string> =>
  fromText((t) => (t === '' ? undefined : parseDuration(t, () => BigInt(Date.now()) * 1_000_000n)));

/** ns since the epoch; undefined = off. */
export const time = (): z.ZodType<bigint | undefined, string> =>
  fromText((t) => (t === 'off' || t === '' ? undefined : parseTimeOrAge(t, () => BigInt(Date.now()) * 1_000_000n)));

/** undefined = unset: the provider decides. */
export const tristate = (): z.ZodType<boolean | undefined, string> =>
  fromText((t) => (t === '' || t.toLowerCase() === 'unset' ? undefined : parseBool(t)));

/** A mask for `core/encoding.ts`. */
export const encoding = (): z.ZodType<number, string> => fromText(parseEncoding);

export const commaSepList = (): z.ZodType<string[], string> => fromText((t) => (t === '' ? [] : parseCsv(t, ',')));

/** One of some words, whatever their case; answers the word as declared. */
export function oneOf<const T extends string>(...words: readonly T[]): z.ZodType<T, string> {
  return fromText((t) => {
    const found = words.find((w) => w.toLowerCase() === t.toLowerCase());
    if (found === undefined) throw new Error(`invalid choice ${JSON.stringify(t)} from: ${words.join(', ')}`);
    return found;
  });
}

/** Any of some words, separated by commas, whatever their case; `Off` and '' are none, `All` is every one. */
export function bits<const T extends string>(...words: readonly T[]): z.ZodType<ReadonlySet<T>, string> {
  return fromText((t) => {
    const chosen = new Set<T>();
    for (const given of t.split(',').map((word) => word.trim().toLowerCase())) {
      if (given === '' || given === 'off') continue;
      const found = given === 'all' ? words : words.filter((word) => word.toLowerCase() === given);
      if (found.length === 0)
        throw new Error(`invalid choice ${JSON.stringify(given)} from: Off, ${words.join(', ')}, All`);
      for (const word of found) chosen.add(word);
    }
    return chosen;
  });
}

/** One record of CSV: fields in double quotes may hold the separator and doubled quotes. */
export function parseCsv(text: string, separator: string): string[] {
  const out: string[] = [];
  let at = 0;
  for (;;) {
    if (text[at] === '"') {
      let field = '';
      at += 1;
      for (;;) {
        const end = text.indexOf('"', at);
        if (end < 0) throw new Error('parse error: extraneous or missing " in quoted-field');
        field += text.slice(at, end);
        at = end + 1;
        if (text[at] !== '"') break;
        field += '"';
        at += 1;
      }
      out.push(field);
      if (at >= text.length) return out;
      if (text[at] !== separator) throw new Error('parse error: extraneous or missing " in quoted-field');
      at += 1;
    } else {
      const end = text.indexOf(separator, at);
      out.push(end < 0 ? text.slice(at) : text.slice(at, end));
      if (end < 0) return out;
      at = end + 1;
    }
  }
}
