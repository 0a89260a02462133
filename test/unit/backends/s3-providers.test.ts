import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { s3Options } from '../../../src/backends/s3/options.ts';
import { resolveQuirks } from '../../../src/backends/s3/quirks.ts';
import { s3 } from '../../../src/backends/s3/definition.ts';
import { parseOptions } from '../../../src/options/derive.ts';
import type { Event } from '../../../src/core/events.ts';

interface Provider {
  readonly id: string;
  readonly effective: Record<string, unknown>;
}
const vectors = JSON.parse(readFileSync(new URL('../../vectors/s3-providers.json', import.meta.url), 'utf8')) as {
  count: number;
  providers: Provider[];
};
const optionsFor = (provider: string) =>
  parseOptions(s3, 'x', (name) => (name === 'provider' ? provider : undefined)) as Parameters<typeof resolveQuirks>[0];

describe('quirks of the providers', () => {
  test('all are there', () => {
    expect(vectors.providers).toHaveLength(vectors.count);
    expect(s3Options.meta.size).toBe(78);
  });

  test.each(vectors.providers)('$id', ({ id, effective }) => {
    const events: Event[] = [];
    const quirks = resolveQuirks(optionsFor(id), (e) => events.push(e)) as unknown as Record<string, unknown>;
    const shared = Object.keys(effective).filter((name) => name in quirks);
    expect(shared.length).toBeGreaterThan(14);
    expect(Object.fromEntries(shared.map((k) => [k, quirks[k]]))).toEqual(
      Object.fromEntries(shared.map((k) => [k, effective[k] ?? Number.POSITIVE_INFINITY])),
    );
    expect(events).toEqual([]);
  });

  test('a name that nobody knows is treated as Other, with a notice', () => {
    const events: Event[] = [];
    expect(resolveQuirks(optionsFor('Nobody'), (e) => events.push(e)).provider).toBe('Other');
    expect(events).toMatchObject([{ level: 'notice', message: expect.stringContaining('"Nobody"') }]);
  });
});
