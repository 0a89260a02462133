import { withoutBucket } from '../backends/s3/endpoint-bucket.ts';
import { encodingWords } from '../core/encoding.ts';
import { isSecret, readValue, type DescribedOption } from '../options/describe.ts';
import { nearest } from '../core/nearest.ts';

/**
 * What is probably a mistake in the options of a remote: a provider or an option that nobody knows, a value of the wrong
 * kind. Each is written all the same; the line names the nearest right one.
 */
export function findMistakes(
  type: string,
  pairs: Iterable<readonly [string, string]>,
  options: readonly DescribedOption[],
): string[] {
  const known = new Map(options.map((option) => [option.name, option]));
  const lines: string[] = [];
  for (const [key, value] of pairs) {
    if (key === 'type' || /^(?:override|global)\./.test(key)) continue;
    const option = known.get(key);
    if (!option) {
      const near = nearestOption(key, [...known.keys()]);
      lines.push(`option ${JSON.stringify(key)} is unknown to type ${type}, which ignores it${asQuestion(near)}`);
    } else if (key === 'provider' && value !== '') {
      if (!option.examples.some((e) => e.value === value)) lines.push(unknownProvider(option, value));
    } else if (value !== '') {
      const line = wrongKind(option, value) ?? unknownWord(option, value) ?? pathInEndpoint(key, value);
      if (line !== undefined) lines.push(line);
    }
  }
  return lines;
}

/** Of the options that rclone calls required; others have a default here. */
const needed = new Set(['remote', 'upstreams', 'password']);

/** What a remote does not work without, and a remote below it that is misspelt. `names`: those of all remotes. */
export function findGaps(
  type: string,
  valueOf: (key: string) => string,
  options: readonly DescribedOption[],
  names: readonly string[],
): string[] {
  const missing = options.filter((o) => o.required === true && needed.has(o.name) && valueOf(o.name) === '');
  const lines = missing.map(({ name }) => `option ${name} is missing, and ${type} does not work without it`);
  const provider = valueOf('provider');
  const known = options.find((o) => o.name === 'provider')?.examples.some((e) => e.value === provider) ?? false;
  if (type === 's3' && known && !/^(AWS|Other)$/.test(provider) && valueOf('endpoint') === '')
    lines.push(`option endpoint is missing, and ${provider} has no address of its own`);
  const [, below] = /^([^:,/]+)[:,]/.exec(valueOf('remote')) ?? [];
  const near = below === undefined || names.includes(below) ? undefined : nearest(below, names);
  if (near !== undefined) lines.push(`option remote: there is no remote "${below}": did you mean ${near}?`);
  return lines;
}

const asQuestion = (near: string | undefined): string => (near === undefined ? '' : `: did you mean ${near}?`);

function unknownProvider(option: DescribedOption, value: string): string {
  return `provider ${JSON.stringify(value)} is unknown and treated as Other${asQuestion(nearestProvider(option, value))}`;
}

/** The provider that a word means: its name in another case, a word of its title that no other has, a typing mistake. */
export function nearestProvider({ examples }: DescribedOption, value: string): string | undefined {
  const word = value.toLowerCase();
  const same = examples.find((e) => e.value.toLowerCase() === word);
  if (same) return same.value;
  const named = examples.filter((e) => e.help.toLowerCase().split(/\W+/).includes(word));
  if (named.length === 1) return named[0]?.value;
  return nearest(
    value,
    examples.map((e) => e.value),
  );
}

/** A typing mistake, another way to write it (`accessKeyId`), a part of it (`secret_key`), or more than it (`aws_region`). */
function nearestOption(key: string, names: readonly string[]): string | undefined {
  const joined = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '');
  const same = names.find((name) => joined(name) === joined(key));
  const near = same ?? nearest(key, names) ?? names.find((name) => joined(name).startsWith(`${joined(key)}id`));
  if (near !== undefined) return near;
  const words = wordsOf(key);
  const wider = names.filter((name) => {
    const own = wordsOf(name);
    return own[0] === words[0] && words.every((word) => own.includes(word));
  });
  if (wider.length === 1) return wider[0];
  const narrower = names.filter((name) => wordsOf(name).every((word) => words.includes(word)));
  return narrower.sort((a, b) => b.length - a.length)[0];
}

const wordsOf = (name: string): string[] => name.toLowerCase().split(/[^a-z0-9]+/);

function wrongKind(option: DescribedOption, value: string): string | undefined {
  try {
    readValue(option, value);
    return undefined;
  } catch {
    const shown = isSecret(option) ? '*** (not shown)' : JSON.stringify(value);
    return `option ${option.name}: ${shown} is no ${option.type}: did you mean ${nearestValue(option, value)}?`;
  }
}

/** R2's dashboard shows the address of a bucket with the bucket in it, which a remote then counts twice. */
function pathInEndpoint(key: string, value: string): string | undefined {
  const without =
    key === 'endpoint' ? withoutBucket(/^https?:/i.test(value) ? value : `https://${value}`, '') : undefined;
  return without === undefined
    ? undefined
    : `option endpoint: the bucket does not belong into it: did you mean ${without}?`;
}

/** Regions and hosts come and go; other words are few and known. */
const open = new Set(['region', 'endpoint', 'location_constraint']);

function unknownWord(option: DescribedOption, value: string): string | undefined {
  const { name, type, examples } = option;
  if (isSecret(option) || type !== 'string' || open.has(name) || examples.some((e) => e.value === value))
    return undefined;
  const words = examples.map((e) => e.value).filter((word) => word !== '');
  const near = words.find((word) => word.toLowerCase() === value.toLowerCase()) ?? nearest(value, words);
  return near === undefined
    ? undefined
    : `option ${name}: ${JSON.stringify(value)} is none of its words${asQuestion(near)}`;
}

function nearestValue(option: DescribedOption, value: string): string {
  switch (option.type) {
    case 'bool':
    case 'Tristate':
      return /^(y|yes|on|enabled?)$/i.test(value)
        ? 'true'
        : /^(n|no|off|disabled?|none)$/i.test(value)
          ? 'false'
          : (nearest(value.toLowerCase(), ['true', 'false']) ?? 'true or false');
    case 'int':
      return /\d+/.exec(value)?.[0] ?? option.default;
    case 'SizeSuffix': {
      const [, number, unit] = /^\s*([\d.]+)\s*([kmgtp])/i.exec(value) ?? [];
      return number !== undefined && unit !== undefined ? number + unit.toUpperCase() : option.default;
    }
    case 'Encoding':
    case 'Bits':
      return nearestWords(value, option.type === 'Bits' ? (option.bits ?? []) : encodingWords) ?? option.default;
    default:
      return nearest(value, option.type.split('|')) ?? option.default;
  }
}

/** Each word of a list mended; undefined when one has nothing near it. */
function nearestWords(value: string, known: readonly string[]): string | undefined {
  const mended = value.split(',').map((text) => {
    const word = text.trim();
    return known.find((k) => k.toLowerCase() === word.toLowerCase()) ?? nearest(word, known);
  });
  return mended.includes(undefined) ? undefined : mended.join(',');
}
