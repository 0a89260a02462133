import { expect } from 'vitest';
import { digestOf, inChunks, sampleBytes, type Case } from './trial.ts';

const MiB = 1024 * 1024;

const sizes: readonly (readonly [label: string, bytes: number])[] = [
  ['0 bytes', 0],
  ['1 byte', 1],
  ['5 MiB - 1', 5 * MiB - 1],
  ['5 MiB', 5 * MiB],
  ['5 MiB + 1', 5 * MiB + 1],
  ['11 MiB', 11 * MiB],
];

function streamCase(label: string, length: number, size: number | undefined): Case {
  return {
    title: `stores a stream of ${size === undefined ? 'unknown' : 'known'} size: ${label}`,
    async run(t) {
      const bytes = sampleBytes(length);
      const modTime = 1_500_000_000_123_456_789n;
      let told = 0;
      const onBytes = (n: number): void => void (told += n);
      const written = await t.backend.write(t.at('s.bin'), inChunks(bytes), { size, modTime, onBytes });
      expect(written.size).toBe(length);
      expect(told).toBe(length);
      const info = await t.backend.stat(t.at('s.bin'), { want: ['modTime'] });
      expect(info).toMatchObject({ size: length, modTime });
      const got = await t.get('s.bin');
      expect(got.length).toBe(length);
      expect(digestOf('md5', got)).toBe(digestOf('md5', bytes));
      const listed = [];
      for await (const e of t.backend.list(t.dir)) listed.push(e);
      expect(listed).toHaveLength(1);
      expect(listed[0]).toMatchObject({ path: t.at('s.bin'), size: length });
    },
  };
}

export const streamCases: readonly Case[] = [
  ...sizes.map(([label, length]) => streamCase(label, length, undefined)),
  ...sizes.map(([label, length]) => streamCase(label, length, length)),
  {
    title: 'stores a stream whose chunks are all longer than a part',
    async run(t) {
      const bytes = sampleBytes(13 * MiB + 5);
      const body = inChunks(bytes, 6 * MiB + 1);
      await t.backend.write(t.at('wide'), body, {});
      expect(digestOf('md5', await t.get('wide'))).toBe(digestOf('md5', bytes));
    },
  },
  {
    title: 'stores a stream with empty chunks in it',
    async run(t) {
      async function* gaps(): AsyncGenerator<Uint8Array, void, void> {
        yield new Uint8Array(0);
        yield Buffer.from('ab');
        yield new Uint8Array(0);
        yield Buffer.from('cd');
        yield new Uint8Array(0);
      }
      const info = await t.backend.write(t.at('gaps'), gaps(), {});
      expect(info.size).toBe(4);
      expect((await t.get('gaps')).toString()).toBe('abcd');
    },
  },
];
