import { parseDuration, parseGoDuration, parseTimeOrAge } from '../core/duration.ts';
import { parseEncoding } from '../core/encoding.ts';
import { parseGoFloat, parseSize } from '../core/size.ts';
import type { FlagSpec, FlagValues } from '../options/flags.ts';
import { parseTimetable } from '../options/bandwidth.ts';
import { parseBool, parseCsv, parseInteger } from '../options/values.ts';

export type FlagValue = string | number | boolean | bigint | readonly string[] | undefined;

const now = (): bigint => BigInt(Date.now()) * 1_000_000n;

/** The typed value of a flag's text. Throws an Error with the reason. */
export function parseFlagValue(flag: FlagSpec, text: string): FlagValue {
  switch (flag.type) {
    case 'bool':
      return parseBool(text);
    case 'int':
    case 'count':
      return parseInteger(text);
    case 'float': {
      const n = parseGoFloat(text);
      if (n === undefined) throw new Error(`strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax`);
      return n;
    }
    case 'SizeSuffix':
      return Number(parseSize(text));
    case 'Duration':
      return parseDuration(text, now);
    case 'GoDuration':
      return goDuration(text);
    case 'Time':
      return parseTimeOrAge(text, now);
    case 'Tristate':
      return /^(unset)?$/i.test(text) ? undefined : parseBool(text);
    case 'enum': {
      const word = flag.values?.find((w) => w.toLowerCase() === text.toLowerCase());
      if (word === undefined) throw new Error(`invalid choice "${text}" from: ${flag.values?.join(', ')}`);
      return word;
    }
    case 'SpaceSepList':
      return text === '' ? [] : parseCsv(text, ' ');
    case 'Encoding':
      return parseEncoding(text);
    case 'BwTimetable':
      // Only its syntax is of interest here; `--bwlimit ''` is an error, the default is not.
      parseTimetable(text);
      return text;
    case 'string':
    case 'stringArray':
      return text;
  }
}

function goDuration(text: string): bigint {
  const ns = parseGoDuration(text);
  if (ns !== undefined) return ns;
  const reason = /^[-+]?[\d.]+$/.test(text) ? 'missing unit in duration' : 'invalid duration';
  throw new Error(`time: ${reason} ${JSON.stringify(text)}`);
}

/** The flags of one run: what was given, over the defaults. */
export class ParsedFlags implements FlagValues {
  readonly #specs: ReadonlyMap<string, FlagSpec>;
  readonly #given = new Map<string, FlagValue>();
  readonly #texts = new Map<string, string>();

  constructor(specs: ReadonlyMap<string, FlagSpec>) {
    this.#specs = specs;
  }

  /** Takes one more text for a flag. Throws an Error with the reason. */
  give(flag: FlagSpec, text: string): void {
    const before = this.#given.get(flag.name);
    if (flag.type === 'stringArray') this.#given.set(flag.name, [...((before as readonly string[]) ?? []), text]);
    else if (flag.type === 'count' && text === '+1') this.#given.set(flag.name, ((before as number) ?? 0) + 1);
    else this.#given.set(flag.name, parseFlagValue(flag, text));
    this.#texts.set(flag.name, text);
  }

  isSet(name: string): boolean {
    return this.#given.has(name);
  }
  /** Flags that were given, with the last text of each. */
  given(): ReadonlyMap<string, string> {
    return this.#texts;
  }
  spec(name: string): FlagSpec {
    const spec = this.#specs.get(name);
    if (!spec) throw new Error(`flag --${name} is not declared for this command`);
    return spec;
  }
  #value(name: string): FlagValue {
    if (this.#given.has(name)) return this.#given.get(name);
    const spec = this.spec(name);
    return spec.type === 'stringArray' ? [] : parseFlagValue(spec, spec.default);
  }
  bool(name: string): boolean {
    return this.#value(name) as boolean;
  }
  int(name: string): number {
    return this.#value(name) as number;
  }
  float(name: string): number {
    return this.#value(name) as number;
  }
  string(name: string): string {
    return this.#value(name) as string;
  }
  list(name: string): readonly string[] {
    return this.#value(name) as readonly string[];
  }
  size(name: string): number {
    return this.#value(name) as number;
  }
  duration(name: string): bigint {
    return this.#value(name) as bigint;
  }
  text(name: string): string {
    return this.#texts.get(name) ?? this.spec(name).default;
  }
}

/** True when the flag is set to what is done anyway. */
export function isHarmless(flag: FlagSpec, text: string): boolean {
  if (text === flag.default || flag.alsoDone?.includes(text)) return true;
  try {
    return parseFlagValue(flag, text) === parseFlagValue(flag, flag.default);
  } catch {
    return false;
  }
}
