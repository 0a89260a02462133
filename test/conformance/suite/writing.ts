import { expect } from 'vitest';
import {
  digestOf,
  expectCode,
  expectNothing,
  inChunks,
  sampleBytes,
  watchedSource,
  type Case,
  type Trial,
} from './trial.ts';

const MiB = 1024 * 1024;

/** `given` bytes for an announced size of `size`: an error, nothing new stored, the source closed. */
async function refusesSize(t: Trial, given: number, size: number, chunk?: number): Promise<void> {
  const bytes = sampleBytes(given);
  const { body, state } = watchedSource(bytes, { chunk });
  const e = await expectCode(t.backend.write(t.at('new'), body, { size }), 'corrupted');
  expect(e.message).toContain(String(size));
  expect(state.closed).toBe(true);
  await expectNothing(t, 'new');

  await t.put('old', 'old content');
  await expectCode(t.backend.write(t.at('old'), inChunks(bytes, chunk), { size }), 'corrupted');
  expect((await t.get('old')).toString()).toBe('old content');
  expect(await t.names()).toEqual(['old']);
}

/** A source that breaks off at `at` bytes: its error comes out, nothing new is stored. */
async function survivesBrokenSource(t: Trial, length: number, at: number, size: number | undefined): Promise<void> {
  const broken = (): ReturnType<typeof watchedSource> =>
    watchedSource(sampleBytes(length), {
      oddAfter: at,
      odd: () => {
        throw new Error('the source broke');
      },
    });
  const e: unknown = await t.backend.write(t.at('new'), broken().body, { size }).catch((error: unknown) => error);
  expect(String(e)).toContain('the source broke');
  await expectNothing(t, 'new');

  await t.put('old', 'old content');
  await expect(t.backend.write(t.at('old'), broken().body, { size })).rejects.toThrow('the source broke');
  expect((await t.get('old')).toString()).toBe('old content');
  expect(await t.names()).toEqual(['old']);
}

export const writeCases: readonly Case[] = [
  {
    title: 'takes pieces in any order and gives the object its name at the end',
    needs: (b) => b.writePieces !== undefined,
    async run(t) {
      const bytes = sampleBytes(300_001);
      const open = (size: number) =>
        (t.backend.writePieces as NonNullable<typeof t.backend.writePieces>)(t.at('new'), {
          size,
          modTime: 1_000_000_000n,
        });
      const fill = async (size: number) => {
        const writer = await open(size);
        await Promise.all([200_000, 0, 100_000].map((at) => writer.write(at, bytes.subarray(at, at + 100_001))));
        return writer;
      };

      await (await fill(bytes.length)).abandon();
      await expectNothing(t, 'new');
      const short = await fill(bytes.length + 1);
      await expectCode(short.finish(), 'corrupted');
      await short.abandon();
      await expectNothing(t, 'new');

      const writer = await fill(bytes.length);
      await expectCode(t.backend.stat(t.at('new')), 'object_not_found');
      const middle: Uint8Array[] = [];
      for await (const chunk of writer.read(150_000, 250_000)) middle.push(chunk);
      expect(Buffer.concat(middle).equals(Buffer.from(bytes.subarray(150_000, 250_000)))).toBe(true);
      const info = await writer.finish();
      await writer.abandon();
      expect(info).toMatchObject({ size: bytes.length, modTime: 1_000_000_000n });
      expect((await t.get('new')).equals(Buffer.from(bytes))).toBe(true);
    },
  },
  {
    title: 'stores bytes and gives them back',
    async run(t) {
      await t.put('a.txt', 'hello');
      expect((await t.get('a.txt')).toString()).toBe('hello');
    },
  },
  {
    title: 'answers a write with path, size, modtime and only right hashes',
    async run(t) {
      const bytes = sampleBytes(100_000);
      const info = await t.put('a.bin', bytes, { modTime: 1_600_000_000_000_000_000n });
      expect(info).toMatchObject({ kind: 'object', path: t.at('a.bin'), size: 100_000 });
      expect(info.modTime).toBe(1_600_000_000_000_000_000n);
      if (info.hashes.md5 !== undefined) expect(info.hashes.md5).toBe(digestOf('md5', bytes));
    },
  },
  {
    title: 'tells the same by stat as by write',
    async run(t) {
      const written = await t.put('a.bin', sampleBytes(1000), { modTime: 1_600_000_000_000_000_000n });
      const info = await t.backend.stat(t.at('a.bin'), { want: ['modTime'] });
      expect(info).toMatchObject({ kind: 'object', path: t.at('a.bin'), size: 1000, modTime: written.modTime });
    },
  },
  {
    title: 'replaces what is there',
    async run(t) {
      await t.put('a', 'a long first content');
      await t.put('a', 'second');
      expect((await t.get('a')).toString()).toBe('second');
      expect((await t.backend.stat(t.at('a'))).size).toBe(6);
      expect(await t.names()).toEqual(['a']);
    },
  },
  {
    title: 'stores objects without bytes',
    async run(t) {
      const info = await t.put('empty', '');
      expect(info.size).toBe(0);
      expect(await t.get('empty')).toHaveLength(0);
      expect((await t.backend.stat(t.at('empty'))).size).toBe(0);
    },
  },
  {
    title: 'makes the directories above an object',
    async run(t) {
      await t.put('a/b/c/deep.txt', 'deep');
      expect((await t.get('a/b/c/deep.txt')).toString()).toBe('deep');
      expect(await t.names()).toEqual(['a/']);
    },
  },
  {
    title: 'takes the time of the clock when no modtime is given',
    async run(t) {
      const before = BigInt(Date.now() - 2000) * 1_000_000n;
      await t.put('a');
      const { modTime } = await t.backend.stat(t.at('a'), { want: ['modTime'] });
      expect(modTime).toBeGreaterThanOrEqual(before);
      expect(modTime).toBeLessThanOrEqual(BigInt(Date.now() + 2000) * 1_000_000n);
    },
  },
  {
    title: 'tells of every byte that it took, once',
    async run(t) {
      let told = 0;
      await t.put('a', sampleBytes(200_000), { onBytes: (n) => (told += n) });
      expect(told).toBe(200_000);
    },
  },
  {
    title: 'keeps eight objects apart that are written at once',
    async run(t) {
      const all = Array.from({ length: 8 }, (_, i) => ({ name: `n${i}`, bytes: sampleBytes(70_000 + i).reverse() }));
      await Promise.all(all.map(({ name, bytes }) => t.put(name, bytes)));
      for (const { name, bytes } of all) expect(digestOf('md5', await t.get(name))).toBe(digestOf('md5', bytes));
    },
  },
  { title: 'refuses fewer bytes than announced', run: (t) => refusesSize(t, 90_000, 100_000) },
  { title: 'refuses more bytes than announced', run: (t) => refusesSize(t, 110_000, 100_000) },
  { title: 'refuses fewer bytes than announced, above 5 MiB', run: (t) => refusesSize(t, 6 * MiB, 7 * MiB) },
  { title: 'refuses more bytes than announced, above 5 MiB', run: (t) => refusesSize(t, 8 * MiB, 7 * MiB) },
  {
    title: 'refuses a further chunk behind the announced size, above 5 MiB',
    run: (t) => refusesSize(t, 8 * MiB, 7 * MiB, MiB),
  },
  {
    title: 'refuses a further chunk behind the announced size',
    run: (t) => refusesSize(t, 4096, 2048, 1024),
  },
  { title: 'refuses bytes where none were announced', run: (t) => refusesSize(t, 10, 0) },
  { title: 'refuses no bytes where some were announced', run: (t) => refusesSize(t, 0, 10) },
  {
    title: 'leaves nothing when the source breaks',
    run: (t) => survivesBrokenSource(t, 200_000, 100_000, 200_000),
  },
  {
    title: 'leaves nothing when the source breaks at once',
    run: (t) => survivesBrokenSource(t, 200_000, 0, undefined),
  },
  {
    title: 'leaves nothing when a source of known size breaks behind 5 MiB',
    run: (t) => survivesBrokenSource(t, 8 * MiB, 6 * MiB, 8 * MiB),
  },
  {
    title: 'leaves nothing when a source of unknown size breaks behind 5 MiB',
    run: (t) => survivesBrokenSource(t, 13 * MiB, 11 * MiB, undefined),
  },
  {
    title: 'refuses a name that would leave the root or names nothing',
    async run(t) {
      const { body, state } = watchedSource(sampleBytes(10));
      await expectCode(t.backend.at('').write('', body, { size: 10 }), 'bad_path', 'is_directory');
      expect(state.closed).toBe(true);
    },
  },
];
