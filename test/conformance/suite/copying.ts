import { expect } from 'vitest';
import { expectCode, expectNothing, sampleBytes, type Case } from './trial.ts';

const odd = 'x/a b+c %41 ü\'"&?#.txt';

export const copyCases: readonly Case[] = [
  {
    title: 'copies an object with everything that belongs to it',
    needs: (b) => b.features.copy,
    async run(t) {
      const modTime = 1_500_000_000_123_456_789n;
      const metadata = t.backend.features.userMetadata ? { colour: 'blue' } : undefined;
      const mimeType = t.backend.features.writeMimeType ? 'application/x-odd' : undefined;
      await t.put('from.txt', 'content', { modTime, metadata, mimeType });
      const info = await t.backend.stat(t.at('from.txt'));
      const copied = await t.backend.copy?.(t.backend, info, t.at('to/copy.bin'));
      expect(copied).toMatchObject({ path: t.at('to/copy.bin'), size: 7 });
      expect((await t.get('to/copy.bin')).toString()).toBe('content');
      const stored = await t.backend.stat(t.at('to/copy.bin'), { want: ['modTime', 'mimeType', 'metadata'] });
      expect(stored.modTime).toBe(modTime);
      if (mimeType) expect(stored.mimeType).toBe(mimeType);
      if (metadata) expect(stored.metadata).toMatchObject(metadata);
      expect((await t.get('from.txt')).toString()).toBe('content');
    },
  },
  {
    title: 'copies from and to odd names',
    needs: (b) => b.features.copy,
    async run(t) {
      await t.put(odd, 'content');
      await t.backend.copy?.(t.backend, await t.backend.stat(t.at(odd)), t.at(`copied/${odd}`));
      expect((await t.get(`copied/${odd}`)).toString()).toBe('content');
    },
  },
  {
    title: 'copies over what is there',
    needs: (b) => b.features.copy,
    async run(t) {
      await t.put('from', 'new');
      await t.put('to', 'old content');
      await t.backend.copy?.(t.backend, await t.backend.stat(t.at('from')), t.at('to'));
      expect((await t.get('to')).toString()).toBe('new');
    },
  },
  {
    title: 'copies from another root of the same store',
    needs: (b) => b.features.copy,
    async run(t) {
      await t.put('sub/a', 'content');
      const from = t.backend.at(`${t.backend.root}/${t.at('sub')}`);
      await t.backend.copy?.(from, await from.stat('a'), t.at('copy'));
      expect((await t.get('copy')).toString()).toBe('content');
    },
  },
  {
    title: 'cannot copy what has gone',
    needs: (b) => b.features.copy,
    async run(t) {
      await t.put('kept');
      const info = await t.put('gone');
      await t.backend.remove(t.at('gone'));
      await expectCode(t.backend.copy?.(t.backend, info, t.at('new')) as Promise<unknown>, 'object_not_found');
      await expectNothing(t, 'new');
    },
  },
  {
    title: 'moves an object in one step',
    needs: (b) => b.features.move,
    async run(t) {
      const modTime = 1_500_000_000_123_456_789n;
      await t.put(odd, 'content', { modTime });
      const moved = await t.backend.move?.(t.backend, await t.backend.stat(t.at(odd)), t.at(`moved/${odd}`));
      expect(moved).toMatchObject({ path: t.at(`moved/${odd}`), size: 7, modTime });
      expect((await t.get(`moved/${odd}`)).toString()).toBe('content');
      await expectCode(t.backend.stat(t.at(odd)), 'object_not_found');
    },
  },
  {
    title: 'moves over what is there, and not what has gone',
    needs: (b) => b.features.move,
    async run(t) {
      const info = await t.put('from', 'new');
      await t.put('to', 'old content');
      await t.backend.move?.(t.backend, info, t.at('to'));
      expect((await t.get('to')).toString()).toBe('new');
      await expectCode(t.backend.move?.(t.backend, info, t.at('to')) as Promise<unknown>, 'object_not_found');
      expect((await t.get('to')).toString()).toBe('new');
    },
  },
  {
    title: 'moves a whole tree to a name that is free',
    needs: (b) => b.moveDir !== undefined,
    async run(t) {
      await t.put('tree/a', 'one');
      await t.put('tree/d/b', sampleBytes(1000));
      const below = (name: string): typeof t.backend => t.backend.at(`${t.backend.root}/${t.at(name)}`);
      await below('new/place').moveDir?.(below('tree'));
      expect((await t.names(true)).filter((n) => !n.endsWith('/'))).toEqual(['new/place/a', 'new/place/d/b']);
      await t.put('again/a');
      await expectCode(below('new/place').moveDir?.(below('again')) as Promise<unknown>, 'already_exists');
      expect((await t.get('again/a')).toString()).toBe('again/a');
    },
  },
];
