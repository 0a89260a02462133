import { describe, expect, test } from 'vitest';
import { policyNames } from '../../../../src/backends/union/policies.ts';
import type { Platform } from '../../../../src/core/platform.ts';
import { openUnion, platform, read, write, type UpstreamSpec } from './support.ts';

const GiB = 2 ** 30;

/** `first` is full, `second` has most room, `third` the fewest objects; all hold `dir`, only the last two hold `deep`. */
const specs: Readonly<Record<string, UpstreamSpec>> = {
  first: {
    files: { 'dir/x': { text: '1', modTime: 10n } },
    usage: { free: 2 * GiB, used: 5 * GiB, objects: 70 },
  },
  second: {
    files: { 'dir/x': { text: '2', modTime: 30n }, 'deep/er/y': '2' },
    usage: { free: 9 * GiB, used: 7 * GiB, objects: 50 },
  },
  third: {
    files: { 'dir/x': { text: '3', modTime: 20n }, 'deep/er/y': '3' },
    usage: { free: 3 * GiB, used: 1 * GiB, objects: 20 },
  },
};

/** Always the same "random" number: the first two of three change places. */
const rigged: Platform = { ...platform, randomBytes: (n) => new Uint8Array(n) };

const all = ['first', 'second', 'third'];

/** Who gets a new file in `dir`, in `deep/er` and in a directory that nobody has; who is changed; who is read. */
const expected: Readonly<
  Record<string, { dir: string[]; deep: string[]; none: string[]; one: string[]; shown: string }>
> = {
  all: { dir: all, deep: all, none: all, one: all, shown: '1' },
  epall: { dir: all, deep: ['second', 'third'], none: all, one: all, shown: '1' },
  epff: { dir: ['first'], deep: ['second'], none: ['first'], one: ['first'], shown: '1' },
  ff: { dir: ['first'], deep: ['first'], none: ['first'], one: ['first'], shown: '1' },
  eplfs: { dir: ['first'], deep: ['third'], none: ['first'], one: ['first'], shown: '1' },
  lfs: { dir: ['first'], deep: ['first'], none: ['first'], one: ['first'], shown: '1' },
  epmfs: { dir: ['second'], deep: ['second'], none: ['second'], one: ['second'], shown: '2' },
  mfs: { dir: ['second'], deep: ['second'], none: ['second'], one: ['second'], shown: '2' },
  eplus: { dir: ['third'], deep: ['third'], none: ['third'], one: ['third'], shown: '3' },
  lus: { dir: ['third'], deep: ['third'], none: ['third'], one: ['third'], shown: '3' },
  eplno: { dir: ['third'], deep: ['third'], none: ['third'], one: ['third'], shown: '3' },
  lno: { dir: ['third'], deep: ['third'], none: ['third'], one: ['third'], shown: '3' },
  newest: { dir: ['first'], deep: ['second'], none: ['first'], one: ['second'], shown: '2' },
  eprand: { dir: ['second'], deep: ['third'], none: ['second'], one: ['second'], shown: '2' },
  rand: { dir: ['second'], deep: ['second'], none: ['second'], one: ['second'], shown: '2' },
};

describe('the policies of a union', () => {
  test('are rclone’s, each with its expectation here', () => {
    expect([...policyNames].sort()).toEqual(Object.keys(expected).sort());
  });

  describe.each(Object.entries(expected))('%s', (name, { dir, deep, none, one, shown }) => {
    const holders = (contents: readonly string[], path: string, text: string): string[] =>
      contents.filter((line) => line.endsWith(`/${path}=${text}`)).map((line) => line.split('/')[0] as string);

    test('as create policy', async () => {
      const { u, contents } = await openUnion(specs, { create_policy: name }, rigged);
      await write(u, 'dir/new', 'n');
      await write(u, 'deep/er/new', 'n');
      await write(u, 'no/where/new', 'n');
      const after = await contents();
      expect(holders(after, 'dir/new', 'n')).toEqual(dir);
      expect(holders(after, 'deep/er/new', 'n')).toEqual(deep);
      expect(holders(after, 'no/where/new', 'n')).toEqual(none);
    });

    test('as action policy', async () => {
      // Under the same search policy the changed copy is the one that is read.
      const { u, contents } = await openUnion(specs, { action_policy: name, search_policy: name }, rigged);
      const isRandom = name.endsWith('rand');
      if (!isRandom) {
        await write(u, 'dir/x', 'new', 99n);
        expect(holders(await contents(), 'dir/x', 'new')).toEqual(one);
        expect(await read(u, 'dir/x')).toBe('new');
      }
      await u.remove('dir/x');
      const left = (await contents()).filter((line) => line.includes('/dir/x=')).map((line) => line.split('/')[0]);
      expect(left).toEqual(all.filter((store) => !one.includes(store)));
    });

    test('as search policy', async () => {
      const { u } = await openUnion(specs, { search_policy: name }, rigged);
      expect(await read(u, 'dir/x')).toBe(shown);
      expect((await u.stat('dir/x')).modTime).toBe({ 1: 10n, 2: 30n, 3: 20n }[shown]);
      for (const recursive of [false, true]) {
        for await (const entry of u.list('dir', { recursive }))
          expect(entry).toMatchObject({ path: 'dir/x', modTime: { 1: 10n, 2: 30n, 3: 20n }[shown] });
      }
    });
  });

  test('lfs leaves min_free_space alone', async () => {
    for (const policy of ['lfs', 'eplfs']) {
      const { u, contents } = await openUnion(specs, { create_policy: policy, min_free_space: '2Gi' });
      await write(u, 'dir/new', 'n');
      expect(await contents()).toContain('third/dir/new=n');
      const full = await openUnion(specs, { create_policy: policy, min_free_space: '9Gi' });
      await expect(write(full.u, 'dir/new', 'n')).rejects.toThrow('min_free_space');
      expect((await full.contents()).filter((line) => line.includes('new'))).toEqual([]);
    }
  });

  test('read also from upstreams without min_free_space', async () => {
    const { u } = await openUnion(specs, { search_policy: 'lfs', min_free_space: '1P' });
    expect(await read(u, 'dir/x')).toBe('1');
  });

  test('what a store does not tell counts as endless room and nothing used, and is told once', async () => {
    const { first, second } = specs;
    const silent = { files: first?.files as never };
    for (const [policy, holder] of [
      ['mfs', 'silent'],
      ['lfs', 'second'],
      ['lus', 'silent'],
      ['lno', 'silent'],
    ] as const) {
      const { u, contents, events } = await openUnion(
        { silent, second: second as UpstreamSpec },
        { create_policy: policy },
      );
      await write(u, 'new', 'n');
      await write(u, 'newer', 'n');
      expect(await contents(), policy).toContain(`${holder}/new=n`);
      const notices = events.filter((e) => e.type === 'log' && e.level === 'notice');
      expect(notices).toHaveLength(1);
      expect(JSON.stringify(notices)).toContain('silent');
    }
  });

  test('space is asked for once per cache_time, and what is written counts at once', async () => {
    let now = 0n;
    let asked = 0;
    const clock: Platform = { ...platform, now: () => now };
    const about = (free: number): UpstreamSpec => ({
      wrap: (b) => ({
        ...b,
        about: async () => {
          asked += 1;
          return { free };
        },
      }),
    });
    const options = { create_policy: 'mfs', cache_time: '60' };
    const { u, contents } = await openUnion({ a: about(100), b: about(95) }, options, clock);
    await write(u, '1', 'x'.repeat(10));
    await write(u, '2', 'x');
    await write(u, '3', 'x');
    // b fell behind with what the second took.
    expect((await contents()).map((line) => line.slice(0, 3))).toEqual(['a/1', 'b/2', 'b/3']);
    expect(asked).toBe(2);
    now += 59_000_000_000n;
    await write(u, '4', 'x');
    expect(asked).toBe(2);
    now += 1_000_000_000n;
    await write(u, '5', 'x');
    expect(asked).toBe(4);
    expect(await contents()).toContain('a/5=x');
  });
});
