import { durationOff, parseDuration, parseTimeOrAge } from '../core/duration.ts';
import { formatEncoding, parseEncoding } from '../core/encoding.ts';
import { formatSize, parseSize } from '../core/size.ts';
import { formatRfc3339, formatGoDuration } from '../core/time.ts';
import type { BackendCatalog, OptionExample } from './catalog.ts';
import type { BackendOptions, OptionMeta, OptionType } from './define.ts';
import { parseBool, parseCsv, parseInteger } from './values.ts';

/** Everything about an option that rclone's `config providers` tells: what questions and other programs work with. */
export interface DescribedOption extends Omit<OptionMeta, 'examples'> {
  readonly name: string;
  readonly provider?: string;
  readonly examples: readonly OptionExample[];
  readonly hide: 'nowhere' | 'flags' | 'questions' | 'both';
  /** Words of a `Bits` option, highest bit first. */
  readonly bits?: readonly string[];
}

/** Whether the value must not be seen by who looks on; ids are sensitive to post, but a person has to see them. */
export function isSecret(option: Pick<OptionMeta, 'isPassword' | 'sensitive'> & { readonly name: string }): boolean {
  return (option.isPassword ?? false) || ((option.sensitive ?? false) && !option.name.endsWith('_id'));
}

/** A value as JSON shows it, and its text in the form that rclone prints. */
export interface ReadValue {
  readonly value: JsonValue;
  readonly text: string;
}

export type JsonValue =
  string | number | bigint | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** The options of a backend in their order, with what its catalog adds. */
export function describeOptions(options: BackendOptions<unknown>, catalog: BackendCatalog): DescribedOption[] {
  return [...options.meta].map(([name, meta]) => {
    const { hide = 'nowhere', ...more } = catalog.options[name] ?? {};
    const examples = more.examples ?? (meta.examples ?? []).map((value) => ({ value, help: '' }));
    return { ...meta, ...more, name, examples, hide };
  });
}

/** Reads the text of an option as its kind wants it. Throws an Error with the reason. */
export function readValue(option: Pick<DescribedOption, 'type' | 'bits'>, text: string): ReadValue {
  try {
    return read(option, text);
  } catch (e) {
    throw new Error(`parsing ${JSON.stringify(text)} as ${goTypes[option.type] ?? option.type} failed: ${message(e)}`);
  }
}

const message = (e: unknown): string => (e instanceof Error ? e.message : String(e));

/** Names that rclone's messages use. */
const goTypes: Partial<Record<OptionType, string>> = {
  SizeSuffix: 'fs.SizeSuffix',
  Duration: 'fs.Duration',
  Time: 'fs.Time',
  Tristate: 'fs.Tristate',
  Encoding: 'encoder.MultiEncoder',
  CommaSepList: 'fs.CommaSepList',
  SpaceSepList: 'fs.SpaceSepList',
};

function read({ type, bits = [] }: Pick<DescribedOption, 'type' | 'bits'>, text: string): ReadValue {
  switch (type) {
    case 'string':
      return { value: text, text };
    case 'bool': {
      const value = parseBool(text);
      return { value, text: String(value) };
    }
    case 'int': {
      const value = parseInteger(text);
      return { value, text: String(value) };
    }
    case 'SizeSuffix': {
      const value = parseSize(text);
      return { value, text: formatSize(value) };
    }
    case 'Duration': {
      const value = parseDuration(text, now);
      return { value, text: value === durationOff ? 'off' : formatGoDuration(value) };
    }
    case 'Time': {
      if (text === 'off' || text === '') return { value: '0001-01-01T00:00:00Z', text: 'off' };
      const value = formatRfc3339(parseTimeOrAge(text, now), 'local');
      return { value, text: value };
    }
    case 'Tristate': {
      const valid = !/^(unset)?$/i.test(text);
      const value = valid && parseBool(text);
      return { value: { Value: value, Valid: valid }, text: valid ? String(value) : 'unset' };
    }
    case 'Encoding': {
      const value = parseEncoding(text);
      return { value, text: formatEncoding(value) };
    }
    case 'Bits':
      return readBits(bits, text);
    case 'CommaSepList':
    case 'SpaceSepList': {
      if (text === '') return { value: null, text };
      return { value: parseCsv(text, type === 'CommaSepList' ? ',' : ' '), text };
    }
    default: {
      const words = type.split('|');
      const at = words.findIndex((w) => w.toLowerCase() === text.toLowerCase());
      if (at < 0) throw new Error(`invalid choice ${JSON.stringify(text)} from: ${words.join(', ')}`);
      return { value: at, text: words[at] as string };
    }
  }
}

/** The AWS SDK for Go counts its log bits from the top. */
function readBits(bits: readonly string[], text: string): ReadValue {
  const all = (1n << 64n) - 1n;
  let value = 0n;
  for (const word of text.split(',')) {
    const name = word.trim().toLowerCase();
    if (name === '' || name === 'off') continue;
    const at = bits.findIndex((b) => b.toLowerCase() === name);
    if (at < 0 && name !== 'all') {
      throw new Error(`invalid choice ${JSON.stringify(word.trim())} from: Off, ${bits.join(', ')}, All`);
    }
    value |= at < 0 ? all : 1n << BigInt(63 - at);
  }
  const words = bits.filter((_, at) => value & (1n << BigInt(63 - at)));
  if (value === all) words.push('All');
  return { value, text: words.length === 0 ? 'Off' : words.join(',') };
}

const now = (): bigint => BigInt(Date.now()) * 1_000_000n;

const hideNumbers = { nowhere: 0, flags: 1, questions: 2, both: 3 } as const;

/** The form in which `config providers` and the questions of `config create` give an option. */
export function toRcloneOption(option: DescribedOption, given?: ReadValue): Record<string, JsonValue> {
  const { value, text } = given ?? defaultValue(option);
  const { name, help, provider, examples, shortFlag } = option;
  return {
    Name: name,
    FieldName: '',
    Help: help,
    ...(provider === undefined ? {} : { Provider: provider }),
    Default: value,
    Value: null,
    ...(examples.length === 0 ? {} : { Examples: examples.map(toRcloneExample) }),
    ...(shortFlag === undefined ? {} : { ShortOpt: shortFlag }),
    Hide: hideNumbers[option.hide],
    Required: option.required ?? false,
    IsPassword: option.isPassword ?? false,
    NoPrefix: option.noPrefix ?? false,
    Advanced: option.advanced ?? false,
    Exclusive: option.exclusive ?? false,
    Sensitive: option.sensitive ?? false,
    DefaultStr: text,
    ValueStr: text,
    Type: option.type,
  };
}

/** An empty list that nobody set is `[]` for one kind of lists only. */
function defaultValue(option: DescribedOption): ReadValue {
  if (option.type === 'CommaSepList' && option.default === '') return { value: [], text: '' };
  return readValue(option, option.default);
}

function toRcloneExample({ value, help, provider }: OptionExample): Record<string, JsonValue> {
  return { Value: value, Help: help, ...(provider === undefined ? {} : { Provider: provider }) };
}

/** JSON as Go writes it: `<`, `>`, `&` and two line separators escaped, integers of any size. */
export function goJson(value: JsonValue, indent: string): string {
  return write(value, '', indent);
}

function write(value: JsonValue, margin: string, indent: string): string {
  if (typeof value === 'bigint') return String(value);
  if (value === null || typeof value !== 'object') return goText(value);
  const inner = margin + indent;
  const [open, close, items] = Array.isArray(value)
    ? ['[', ']', (value as readonly JsonValue[]).map((v) => write(v, inner, indent))]
    : ['{', '}', Object.entries(value).map(([k, v]) => `${goText(k)}: ${write(v, inner, indent)}`)];
  return items.length === 0 ? open + close : `${open}\n${items.map((i) => inner + i).join(',\n')}\n${margin}${close}`;
}

function goText(value: string | number | boolean | null): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
