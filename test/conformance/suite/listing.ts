import { expect } from 'vitest';
import type { Backend } from '../../../src/core/backend.ts';
import { compareUtf8 } from '../../../src/core/bytes.ts';
import { expectCode, listAll, type Case } from './trial.ts';

/** A layer gives a recursive listing in the order of the names below it. */
const keepsOrder = (b: Backend): boolean => ['s3', 'memory', 'local'].includes(b.type);

export const listCases: readonly Case[] = [
  {
    title: 'lists one level, directories once',
    async run(t) {
      for (const name of ['b.txt', 'a.txt', 'dir/one', 'dir/two', 'dir/deep/three', 'other/x']) await t.put(name);
      expect(await t.names()).toEqual(['a.txt', 'b.txt', 'dir/', 'other/']);
    },
  },
  {
    title: 'lists a directory below the root',
    async run(t) {
      for (const name of ['top', 'dir/one', 'dir/deep/three', 'dirty/not-in-dir']) await t.put(name);
      const entries = await listAll(t.backend, t.at('dir'));
      expect(entries.map((e) => [e.kind, e.path])).toEqual([
        ['dir', t.at('dir/deep')],
        ['object', t.at('dir/one')],
      ]);
    },
  },
  {
    title: 'lists every object below a directory',
    async run(t) {
      const all = ['a', 'd/b', 'd/e/c', 'd/e/f/g', 'z'];
      for (const name of all) await t.put(name);
      const objects = (await t.names(true)).filter((n) => !n.endsWith('/'));
      expect(keepsOrder(t.backend) ? objects : objects.sort()).toEqual(all);
    },
  },
  {
    title: 'lists directories recursively where they are real',
    needs: (b) => b.features.emptyDirs,
    async run(t) {
      await t.put('d/e/c');
      await t.backend.mkdir(t.at('empty/inner'));
      const names = await t.names(true);
      expect(keepsOrder(t.backend) ? names : names.sort()).toEqual(['d/', 'd/e/', 'd/e/c', 'empty/', 'empty/inner/']);
    },
  },
  {
    title: 'gives size and the modtime or the server time of every object',
    async run(t) {
      await t.put('a', 'abc', { modTime: 1_600_000_000_000_000_000n });
      const [entry] = await listAll(t.backend, t.dir);
      expect(entry).toMatchObject({ kind: 'object', path: t.at('a'), size: 3 });
      if (t.backend.features.slowModTime) expect(entry).toHaveProperty('serverTime');
      else expect(entry?.modTime).toBe(1_600_000_000_000_000_000n);
    },
  },
  {
    title: 'sorts by the bytes of the names',
    async run(t) {
      const names = ['a', 'a-', 'a.b', 'a0', 'B', 'b', 'ä', 'Z', '中', '\u{fb01}', '\u{1f600}'];
      for (const name of names) await t.put(name, 'x');
      const listed = await t.names();
      expect(listed).toEqual([...names].sort(compareUtf8));
      expect(listed.slice(-2)).toEqual(['\u{fb01}', '\u{1f600}']);
    },
  },
  {
    title: 'keeps a directory and an object apart that start alike',
    async run(t) {
      for (const name of ['a/x', 'a.txt', 'a-b', 'ab/x']) await t.put(name);
      expect((await t.names()).sort(compareUtf8)).toEqual(['a-b', 'a.txt', 'a/', 'ab/']);
    },
  },
  {
    title: 'says that a directory is missing, where the store knows',
    async run(t) {
      const listing = listAll(t.backend, t.at('missing'));
      if (t.backend.features.emptyDirs) await expectCode(listing, 'dir_not_found');
      else expect(await listing).toEqual([]);
    },
  },
  {
    title: 'says that a bucket is missing',
    needs: (b) => b.features.bucketBased,
    async run(t) {
      await expectCode(listAll(t.backend.at('no-such-bucket-here'), ''), 'dir_not_found');
      await expectCode(listAll(t.backend.at('no-such-bucket-here/prefix'), '', true), 'dir_not_found');
    },
  },
  {
    title: 'lists the buckets at the root of the remote',
    needs: (b) => b.features.bucketBased,
    async run(t) {
      await t.put('a');
      const [bucket] = t.backend.root.split('/');
      const entries = await listAll(t.backend.at(''), '');
      expect(entries).toContainEqual(expect.objectContaining({ kind: 'dir', path: bucket, isBucket: true }));
    },
  },
  {
    title: 'lists nothing in an empty directory',
    needs: (b) => b.features.emptyDirs,
    async run(t) {
      await t.backend.mkdir(t.at('empty'));
      expect(await listAll(t.backend, t.at('empty'))).toEqual([]);
      expect(await t.names()).toEqual(['empty/']);
    },
  },
  {
    title: 'lists what was there before and after a reader that stops early',
    async run(t) {
      for (const name of ['a', 'b', 'c']) await t.put(name);
      for await (const entry of t.backend.list(t.dir)) {
        expect(entry.path).toBe(t.at('a'));
        break;
      }
      expect(await t.names()).toEqual(['a', 'b', 'c']);
    },
  },
];
