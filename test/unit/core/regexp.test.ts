import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compileRegexp } from '../../../src/core/regexp/regexp.ts';

interface RegexpCase {
  readonly regexp: string;
  readonly error?: string;
  readonly matches?: readonly number[];
}
// What Go's package regexp makes of written and of random expressions.
const { texts, cases } = JSON.parse(readFileSync(new URL('../../vectors/regexp.json', import.meta.url), 'utf8')) as {
  texts: readonly string[];
  cases: readonly RegexpCase[];
};

const outcome = (regexp: string): Omit<RegexpCase, 'regexp'> => {
  try {
    const compiled = compileRegexp(regexp);
    return { matches: texts.flatMap((text, i) => (compiled.test(text) ? [i] : [])) };
  } catch (e) {
    return { error: (e as Error).message };
  }
};

test('expressions match what they match in Go, or are refused with the same words', () => {
  const differing = cases.flatMap(({ regexp, ...expected }) => {
    const got = outcome(regexp);
    return JSON.stringify(got) === JSON.stringify({ ...(expected.error ? { error: expected.error } : expected) })
      ? []
      : [{ regexp, expected, got }];
  });
  expect(differing).toEqual([]);
});

describe('expressions that make a backtracking engine hang', () => {
  const long = 'a'.repeat(20_000);
  test.each(['^(a*)*$', '^(a|a)*$', '(a*a*a*a*a*a*)b', '(([^/]*a){12})b', '^(.*a){20}$', '(x+x+)+y'])(
    '%s',
    (source) => {
      const regexp = compileRegexp(source);
      // Each step costs at most the size of the program: this ends, where V8's engine would not.
      expect(regexp.test(`${long}!`)).toBe(false);
      expect(regexp.test(`${long}b/aay/xxy`)).toBe(!source.startsWith('^'));
    },
  );
});

test('an expression that would need a huge program is refused', () => {
  expect(() => compileRegexp('[^a]{900}'.repeat(60))).toThrow('expression too large');
  expect(() => compileRegexp('('.repeat(2000) + ')'.repeat(2000))).toThrow('nests too deeply');
});

test('many states: old ones are thrown away', () => {
  const regexp = compileRegexp('a[ab]{14}c');
  let text = '';
  for (let i = 0; i < 60_000; i++) text += (i * i * 7919) % 13 < 6 ? 'a' : 'b';
  expect(regexp.test(text)).toBe(false);
  expect(regexp.test(`${text}${'a'.repeat(15)}c`)).toBe(true);
});
