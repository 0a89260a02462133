import { isSecret, readValue, type DescribedOption } from '../options/describe.ts';
import { nearest } from './parse.ts';

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
      const near = nearest(key, known.keys());
      lines.push(`option ${JSON.stringify(key)} is unknown to type ${type}, which ignores it${asQuestion(near)}`);
    } else if (key === 'provider' && value !== '') {
      if (!option.examples.some((e) => e.value === value)) lines.push(unknownProvider(option, value));
    } else if (value !== '') {
      const line = wrongKind(option, value);
      if (line !== undefined) lines.push(line);
    }
  }
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

function wrongKind(option: DescribedOption, value: string): string | undefined {
  try {
    readValue(option, value);
    return undefined;
  } catch (e) {
    const shown = isSecret(option) ? '***' : JSON.stringify(value);
    const near = nearestValue(option, value);
    return `option ${option.name}: ${shown} is no ${option.type} (${isSecret(option) ? 'not shown' : reasonOf(e)}): did you mean ${near}?`;
  }
}

const reasonOf = (e: unknown): string => (e as Error).message.replace(/^parsing .* failed: /, '');

function nearestValue(option: DescribedOption, value: string): string {
  switch (option.type) {
    case 'bool':
    case 'Tristate':
      return /^(y|yes|on|enabled?)$/i.test(value)
        ? 'true'
        : /^(n|no|off|disabled?|none)$/i.test(value)
          ? 'false'
          : option.default;
    case 'int':
      return /\d+/.exec(value)?.[0] ?? option.default;
    case 'SizeSuffix': {
      const [, number, unit] = /^\s*([\d.]+)\s*([kmgtp])/i.exec(value) ?? [];
      return number !== undefined && unit !== undefined ? number + unit.toUpperCase() : option.default;
    }
    default:
      return nearest(value, option.type.split('|')) ?? option.default;
  }
}
