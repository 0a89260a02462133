import { expect } from 'vitest';
import type { TscloneError } from '../../../src/core/errors.ts';
import { digestOf, expectCode, expectNothing, listAll, sampleBytes, type Case } from './trial.ts';

/** Another bucket name of the same store. */
const otherBucket = (root: string, suffix: string): string => `${root.split('/')[0]}-${suffix}`;

export const changeCases: readonly Case[] = [
  {
    title: 'removes one object and nothing else',
    async run(t) {
      await t.put('a');
      await t.put('a.b');
      await t.put('a-dir/c');
      await t.backend.remove(t.at('a'));
      await expectCode(t.backend.stat(t.at('a')), 'object_not_found');
      expect((await t.names()).sort()).toEqual(['a-dir/', 'a.b']);
    },
  },
  {
    title: 'tells or forgives the removal of what is missing',
    async run(t) {
      await t.put('there');
      const removal = t.backend.remove(t.at('missing'));
      const answer = await removal.then(
        () => 'removed',
        (e: TscloneError) => e.code,
      );
      // DeleteObject answers 204 for a missing key; layers over S3 cannot know better.
      const knows = t.backend.features.emptyDirs || t.backend.type === 'memory';
      expect(knows ? ['object_not_found'] : ['object_not_found', 'removed']).toContain(answer);
      expect(await t.names()).toEqual(['there']);
    },
  },
  {
    title: 'removes many objects at once',
    needs: (b) => b.removeMany !== undefined,
    async run(t) {
      const gone = ['a', 'b c', 'd+e', '100%', '<x>&', 'ü', 'new␊line', 'dir/deep'];
      for (const name of [...gone, 'kept']) await t.put(name);
      expect(await t.backend.removeMany?.(gone.map((n) => t.at(n)))).toEqual([]);
      expect(await t.names(true)).toEqual(['kept']);
    },
  },
  {
    title: 'makes directories with their parents, and again',
    needs: (b) => b.features.emptyDirs,
    async run(t) {
      await t.backend.mkdir(t.at('a/b/c'));
      await t.backend.mkdir(t.at('a/b/c'));
      expect(await t.names(true)).toEqual(['a/', 'a/b/', 'a/b/c/']);
    },
  },
  {
    title: 'removes an empty directory only',
    needs: (b) => b.features.emptyDirs,
    async run(t) {
      await t.backend.mkdir(t.at('empty'));
      await t.put('full/a');
      await t.backend.rmdir(t.at('empty'));
      await expectCode(t.backend.rmdir(t.at('full')), 'not_empty');
      await expectCode(t.backend.rmdir(t.at('empty')), 'dir_not_found');
      expect(await t.names(true)).toEqual(['full/', 'full/a']);
    },
  },
  {
    title: 'tells about a directory itself',
    needs: (b) => b.statDir !== undefined,
    async run(t) {
      await t.put('dir/a');
      expect(await t.backend.statDir?.(t.at('dir'))).toMatchObject({ kind: 'dir', path: t.at('dir') });
      await expectCode(t.backend.statDir?.(t.at('missing')) as Promise<unknown>, 'dir_not_found');
      await expectCode(t.backend.statDir?.(t.at('dir/a')) as Promise<unknown>, 'not_directory');
    },
  },
  {
    title: 'sets the modtime of a directory',
    needs: (b) => b.setDirModTime !== undefined,
    async run(t) {
      await t.put('dir/a');
      await t.backend.setDirModTime?.(t.at('dir'), 1_234_567_890_123_456_789n);
      const info = await t.backend.statDir?.(t.at('dir'));
      expect(info?.modTime).toBe(1_234_567_890_123_456_789n);
    },
  },
  {
    title: 'makes a bucket, and again',
    needs: (b) => b.features.bucketBased,
    async run(t) {
      const bucket = otherBucket(t.backend.root, 'made');
      const inside = t.backend.at(`${bucket}/prefix`);
      await inside.mkdir('');
      await inside.mkdir('deeper');
      expect(await listAll(t.backend.at(bucket), '', true)).toEqual([]);
      await t.backend.at(bucket).rmdir('');
      await expectCode(listAll(t.backend.at(bucket), ''), 'dir_not_found');
    },
  },
  {
    title: 'removes an empty bucket only',
    needs: (b) => b.features.bucketBased,
    async run(t) {
      const bucket = t.backend.at(otherBucket(t.backend.root, 'full'));
      await bucket.mkdir('');
      await bucket.write('a', (async function* () {})(), { size: 0 });
      await expectCode(bucket.rmdir(''), 'not_empty');
      expect((await listAll(bucket, '')).map((e) => e.path)).toEqual(['a']);
      await bucket.remove('a');
      await bucket.rmdir('');
      await expectCode(bucket.rmdir(''), 'dir_not_found', 'bucket_not_found');
    },
  },
  {
    title: 'makes the bucket that a first object needs',
    needs: (b) => b.features.bucketBased,
    async run(t) {
      for (const length of [5, 6 * 1024 * 1024]) {
        const bucket = t.backend.at(otherBucket(t.backend.root, `lazy${length}`));
        const bytes = sampleBytes(length);
        await bucket.write(
          'dir/a',
          (async function* () {
            yield bytes;
          })(),
          {},
        );
        expect((await bucket.stat('dir/a')).size).toBe(length);
        await bucket.remove('dir/a');
        await bucket.rmdir('');
      }
    },
  },
  {
    title: 'tells its space',
    needs: (b) => b.about !== undefined,
    async run(t) {
      const { total = 0, used = 0, free = 0 } = (await t.backend.about?.()) ?? {};
      expect(used).toBeGreaterThan(0);
      expect(free).toBeGreaterThan(0);
      expect(total).toBeGreaterThanOrEqual(used + free);
    },
  },
  {
    title: 'finds nothing below an object',
    needs: (b) => b.features.emptyDirs,
    async run(t) {
      await t.put('file');
      await expectCode(t.backend.stat(t.at('file/x')), 'object_not_found');
      await expectCode(t.backend.read(t.at('file/x')), 'object_not_found');
      await expectCode(t.backend.remove(t.at('file/x')), 'object_not_found');
      expect(await t.backend.probe(t.at('file/x'))).toBeUndefined();
    },
  },
  {
    title: 'keeps modtimes to the nanosecond',
    needs: (b) => b.precision === 1n,
    async run(t) {
      for (const modTime of [1_700_000_000_123_456_789n, 999_999_999n, 1n, 4_102_444_800_000_000_001n]) {
        await t.put('a', 'x', { modTime });
        expect((await t.backend.stat(t.at('a'), { want: ['modTime'] })).modTime).toBe(modTime);
      }
    },
  },
  {
    title: 'sets the modtime of an object and nothing else',
    needs: (b) => b.features.setModTime,
    async run(t) {
      const mimeType = t.backend.features.writeMimeType ? 'application/x-odd' : undefined;
      const metadata = t.backend.features.userMetadata ? { colour: 'blue' } : undefined;
      await t.put('a+b é', 'content', { modTime: 1n, mimeType, metadata });
      await t.backend.setModTime?.(t.at('a+b é'), 1_234_567_890_123_456_789n);
      const info = await t.backend.stat(t.at('a+b é'), { want: ['modTime', 'mimeType', 'metadata'] });
      expect(info).toMatchObject({ size: 7, modTime: 1_234_567_890_123_456_789n });
      if (mimeType) expect(info.mimeType).toBe(mimeType);
      if (metadata) expect(info.metadata).toMatchObject(metadata);
      expect((await t.get('a+b é')).toString()).toBe('content');
    },
  },
  {
    title: 'cannot set the modtime of what is missing',
    needs: (b) => b.features.setModTime,
    async run(t) {
      await t.put('there');
      await expectCode(t.backend.setModTime?.(t.at('missing'), 1n) as Promise<unknown>, 'object_not_found');
      await expectNothing(t, 'missing');
    },
  },
  {
    title: 'gives every hash that it promises',
    needs: (b) => b.hash !== undefined,
    async run(t) {
      const bytes = sampleBytes(123_456);
      await t.put('a', bytes);
      for (const type of t.backend.hashes) {
        const expected = digestOf(type, bytes);
        expect(await t.backend.hash?.(t.at('a'), type), type).toBe(expected);
        expect((await t.backend.stat(t.at('a'), { want: [type] })).hashes[type], type).toBe(expected);
      }
      await expectCode(
        t.backend.hash?.(t.at('missing'), t.backend.hashes[0] ?? 'md5') as Promise<unknown>,
        'object_not_found',
      );
    },
  },
  {
    title: 'gives no hash that it does not have',
    needs: (b) => b.hash !== undefined && !b.hashes.includes('sha1'),
    async run(t) {
      await t.put('a');
      expect(await t.backend.hash?.(t.at('a'), 'sha1')).toBeUndefined();
    },
  },
  {
    title: 'keeps the MIME type that was given, else takes it from the name',
    needs: (b) => b.features.writeMimeType,
    async run(t) {
      await t.put('a.txt', 'x', { mimeType: 'application/x-odd; charset=utf-8' });
      await t.put('b.html', 'x');
      const typeOf = async (name: string): Promise<string | undefined> =>
        (await t.backend.stat(t.at(name), { want: ['mimeType'] })).mimeType;
      expect(await typeOf('a.txt')).toBe('application/x-odd; charset=utf-8');
      expect(await typeOf('b.html')).toMatch(/^text\/html/);
    },
  },
  {
    title: 'tells a MIME type by the name',
    needs: (b) => b.features.readMimeType,
    async run(t) {
      await t.put('a.json', '{}');
      expect((await t.backend.stat(t.at('a.json'), { want: ['mimeType'] })).mimeType).toBe('application/json');
    },
  },
  {
    title: 'keeps user metadata, small objects and large',
    needs: (b) => b.features.userMetadata,
    async run(t) {
      const metadata = { colour: 'dark blue', 'x-y.z': 'a=b; "c"', n: '1' };
      await t.put('a', 'x', { metadata });
      await t.put('b', sampleBytes(6 * 1024 * 1024), { metadata, size: undefined });
      for (const name of ['a', 'b']) {
        expect((await t.backend.stat(t.at(name), { want: ['metadata'] })).metadata).toMatchObject(metadata);
      }
    },
  },
];
