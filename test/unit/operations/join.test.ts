import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Entry } from '../../../src/core/backend.ts';
import { joinListings, type Meeting } from '../../../src/operations/join.ts';
import { defaultSettings, type OperationSettings } from '../../../src/operations/settings.ts';
import { contextFor } from '../../support/operations.ts';

const object = (path: string): Entry => ({ kind: 'object', path, hashes: {} });
const dir = (path: string): Entry => ({ kind: 'dir', path });
const pathOf = (e: Entry | undefined): string => (e ? e.path + (e.kind === 'dir' ? '/' : '') : '-');
const shown = ({ src, dst }: Meeting): string => `${pathOf(src)} ${pathOf(dst)}`;

async function* listing(entries: readonly Entry[], failure?: Error): AsyncGenerator<Entry> {
  yield* entries;
  if (failure) throw failure;
}

async function joined(
  src: AsyncIterable<Entry>,
  dst: AsyncIterable<Entry>,
  settings: Partial<OperationSettings> = {},
): Promise<{ met: string[]; logs: string[]; error: unknown }> {
  const { c, logs } = contextFor({ ...defaultSettings, ...settings });
  const met: string[] = [];
  let error: unknown;
  try {
    await joinListings(c, { src, dst }, async (meeting) => void met.push(shown(meeting)));
  } catch (e) {
    error = e;
  }
  return { met, logs: logs(), error };
}

describe('two listings of a directory', () => {
  test('names meet whatever the order of either side', async () => {
    const names = fc.uniqueArray(fc.constantFrom(...'abcdefgh'), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(names, names, async (a, b) => {
        const { met } = await joined(listing(a.map(object)), listing(b.map(object)));
        const all = [...new Set([...a, ...b])];
        expect(met.sort()).toEqual(all.map((n) => `${a.includes(n) ? n : '-'} ${b.includes(n) ? n : '-'}`).sort());
      }),
    );
  });

  test('an object and a directory of one name are two names', async () => {
    const { met } = await joined(listing([object('a'), dir('a')]), listing([dir('a')]));
    expect(met.sort()).toEqual(['a -', 'a/ a/']);
  });

  test('nothing that only the destination has is told when the source cannot be read to its end', async () => {
    const failure = new Error('cut');
    const { met, error } = await joined(listing([object('b')], failure), listing(['a', 'b', 'c'].map(object)));
    expect(error).toBe(failure);
    expect(met.filter((m) => m.startsWith('-'))).toEqual([]);
  });

  test('nothing that only one side has is told when the destination cannot be read to its end', async () => {
    const failure = new Error('cut');
    const { met, error } = await joined(listing(['a', 'b'].map(object)), listing([object('b'), object('x')], failure));
    expect(error).toBe(failure);
    expect(met).toEqual(['b b']);
  });

  test('against an ended destination each entry of the source is told before the next one is read', async () => {
    const steps: string[] = [];
    async function* source(): AsyncGenerator<Entry> {
      for (const name of ['a', 'b', 'c', 'd']) {
        steps.push(`read ${name}`);
        yield object(name);
      }
    }
    const { c } = contextFor();
    await joinListings(c, { src: source(), dst: listing([]) }, async ({ src }) => void steps.push(`met ${src?.path}`));
    // One entry is read ahead.
    expect(steps).toEqual(['read a', 'read b', 'met a', 'read c', 'met b', 'read d', 'met c', 'met d']);
  });

  test('composed and decomposed forms are one name unless the settings say otherwise', async () => {
    const [nfd, nfc] = [object('e\u0301'), object('\u00e9')];
    expect((await joined(listing([nfd]), listing([nfc]))).met).toEqual(['e\u0301 \u00e9']);
    const apart = await joined(listing([nfd]), listing([nfc]), { normalizeNames: false });
    expect(apart.met.sort()).toEqual(['- \u00e9', 'e\u0301 -']);
  });

  test('a second entry of one name is left out and said', async () => {
    const { met, logs } = await joined(
      listing([object('\u00e9'), object('e\u0301')]),
      listing([object('a'), object('a')]),
    );
    expect(met.sort()).toEqual(['- a', '\u00e9 -']);
    expect(logs).toEqual([
      'notice a: Duplicate object found in destination - ignoring',
      'notice e\u0301: Duplicate object found in source - ignoring',
    ]);
  });

  test('both listings are closed when the one who is told fails', async () => {
    const closed: string[] = [];
    async function* open(name: string): AsyncGenerator<Entry> {
      try {
        yield object('a');
        yield object('b');
      } finally {
        closed.push(name);
      }
    }
    const { c } = contextFor();
    const broken = joinListings(c, { src: open('src'), dst: open('dst') }, () => Promise.reject(new Error('full')));
    await expect(broken).rejects.toThrow('full');
    expect(closed.sort()).toEqual(['dst', 'src']);
  });
});
