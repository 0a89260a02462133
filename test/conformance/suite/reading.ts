import { expect } from 'vitest';
import type { ByteRange } from '../../../src/core/backend.ts';
import { collect } from '../../../src/core/bytes.ts';
import { expectCode, sampleBytes, type Case } from './trial.ts';

const length = 300_000;

const ranges: readonly (readonly [title: string, range: ByteRange, slice: readonly [number, number]])[] = [
  ['the first byte', { start: 0, end: 1 }, [0, 1]],
  ['the last byte', { start: length - 1 }, [length - 1, length]],
  ['bytes in the middle', { start: 100_000, end: 200_001 }, [100_000, 200_001]],
  ['everything behind an offset', { start: 250_000 }, [250_000, length]],
  ['everything from 0', { start: 0 }, [0, length]],
  ['the last bytes by a negative start', { start: -10 }, [length - 10, length]],
  ['everything by a negative start before the begin', { start: -length - 5 }, [0, length]],
  ['up to the end when the range ends behind it', { start: length - 3, end: length + 50 }, [length - 3, length]],
  ['nothing for an empty range', { start: 7, end: 7 }, [0, 0]],
  ['nothing for a range at the end', { start: length }, [0, 0]],
  ['nothing for a range behind the end', { start: length + 100, end: length + 200 }, [0, 0]],
];

export const readCases: readonly Case[] = [
  ...ranges.map(([title, range, [from, to]]): Case => ({
    title: `reads ${title}`,
    async run(t) {
      const bytes = sampleBytes(length);
      await t.put('r.bin', bytes);
      const { info, body } = await t.backend.read(t.at('r.bin'), { range });
      const got = Buffer.from(await collect(body));
      expect(got.equals(bytes.subarray(from, to)), `${got.length} bytes came`).toBe(true);
      expect(info).toMatchObject({ path: t.at('r.bin'), size: length });
    },
  })),
  {
    title: 'reads ranges of an empty object as nothing',
    async run(t) {
      await t.put('empty', '');
      for (const range of [{ start: 0 }, { start: 0, end: 10 }, { start: 5 }, { start: -5 }]) {
        expect(await t.get('empty', range)).toHaveLength(0);
      }
    },
  },
  {
    title: 'reads with what a listing or stat told',
    async run(t) {
      await t.put('a', 'content');
      const stat = await t.backend.stat(t.at('a'));
      const { info, body } = await t.backend.read(t.at('a'), { info: stat });
      expect(Buffer.from(await collect(body)).toString()).toBe('content');
      expect(info.size).toBe(7);
    },
  },
  {
    title: 'gives an object of its own to every reader',
    async run(t) {
      await t.put('a', 'content');
      const first = await collect((await t.backend.read(t.at('a'))).body);
      first.fill(0);
      expect((await t.get('a')).toString()).toBe('content');
    },
  },
  {
    title: 'survives a reader that stops early',
    async run(t) {
      await t.put('big', sampleBytes(3_000_000));
      const { body } = await t.backend.read(t.at('big'));
      for await (const chunk of body) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
      expect(await t.get('big')).toHaveLength(3_000_000);
    },
  },
  {
    title: 'cannot read, stat or hash what is missing',
    async run(t) {
      await t.put('there');
      await expectCode(t.backend.read(t.at('missing')), 'object_not_found');
      await expectCode(t.backend.read(t.at('missing'), { range: { start: 1, end: 2 } }), 'object_not_found');
      await expectCode(t.backend.stat(t.at('missing')), 'object_not_found');
      await expectCode(t.backend.stat(t.at('no/such/dir')), 'object_not_found');
    },
  },
  {
    title: 'cannot read or stat a directory',
    async run(t) {
      await t.put('dir/a');
      await expectCode(t.backend.read(t.at('dir')), 'is_directory', 'object_not_found');
      await expectCode(t.backend.stat(t.at('dir')), 'is_directory', 'object_not_found');
    },
  },
  {
    title: 'knows by probe what is one object',
    async run(t) {
      await t.put('dir/a', 'abc');
      expect(await t.backend.probe(t.at('dir/a'))).toMatchObject({ kind: 'object', path: t.at('dir/a'), size: 3 });
      expect(await t.backend.probe(t.at('dir'))).toBeUndefined();
      expect(await t.backend.probe(t.at('missing'))).toBeUndefined();
      expect(await t.backend.probe(t.at('missing/deeper'))).toBeUndefined();
      expect(await t.backend.probe('')).toBeUndefined();
    },
  },
  {
    title: 'is the same store under another root',
    async run(t) {
      await t.put('sub/a', 'content');
      const below = t.backend.at(`${t.backend.root}/${t.at('sub')}`);
      expect(below.storeId).toBe(t.backend.storeId);
      expect((await below.stat('a')).path).toBe('a');
      expect(Buffer.from(await collect((await below.read('a')).body)).toString()).toBe('content');
      const listed = [];
      for await (const e of below.list('')) listed.push(e.path);
      expect(listed).toEqual(['a']);
    },
  },
];
