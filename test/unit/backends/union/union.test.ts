import { describe, expect, test } from 'vitest';
import { union } from '../../../../src/backends/union/definition.ts';
import type { Backend } from '../../../../src/core/backend.ts';
import { chunks } from '../../../support/layered.ts';
import { TscloneError } from '../../../../src/core/errors.ts';
import { defaultLimits, ignoreEvents, openWith } from './definitions.ts';
import { names, openUnion, platform, read, write, type UpstreamSpec } from './support.ts';

const two: Readonly<Record<string, UpstreamSpec>> = {
  a: { files: { both: { text: 'A', modTime: 1n }, 'd/a': 'a' } },
  b: { files: { both: { text: 'B', modTime: 2n }, 'd/b': 'b' } },
};

describe('a union', () => {
  test('shows each path once', async () => {
    const { u } = await openUnion(two);
    expect(await names(u)).toEqual(['both', 'd/']);
    expect(await names(u, 'd')).toEqual(['d/a', 'd/b']);
    expect((await names(u, '', true)).sort()).toEqual(['both', 'd/a', 'd/b']);
    expect(await read(u.at('d'), 'b')).toBe('b');
    await expect(names(u, 'none')).resolves.toEqual([]);
  });

  test('has only what all upstreams can do, and is as slow as the slowest', async () => {
    const weak: UpstreamSpec = {
      wrap: (b) => ({
        ...b,
        hashes: ['sha1', 'md5'],
        features: { ...b.features, userMetadata: false, slowHash: true },
      }),
    };
    const { u } = await openUnion({ a: {}, b: weak });
    expect(u.hashes).toEqual(['md5']);
    expect(u.features).toMatchObject({ userMetadata: false, writeMimeType: true, slowHash: true, copy: true });
    const coarse: UpstreamSpec = { wrap: (b) => ({ ...b, precision: 1_000_000_000n, hashes: [] }) };
    const other = (await openUnion({ a: {}, b: coarse })).u;
    expect([other.precision, other.hashes]).toEqual([1_000_000_000n, []]);
  });

  test('sums up the space of its upstreams', async () => {
    const { u } = await openUnion({
      a: { usage: { total: 10, used: 1, free: 9 } },
      b: { usage: { total: 5, free: 2 } },
    });
    expect(await u.about?.()).toEqual({ total: 15, free: 11 });
    expect((await openUnion({ a: { usage: {} }, b: {} })).u.about).toBeUndefined();
  });

  test('gives all copies the same time', async () => {
    const { u, stores } = await openUnion({ a: {}, b: {} }, { create_policy: 'all' });
    await write(u, 'x', 'x');
    const times = await Promise.all(
      ['a', 'b'].map(async (name) => (await (stores[name] as Backend).stat('x')).modTime),
    );
    expect(times[0]).toBe(times[1]);
  });

  test('takes the bytes of a large object once, in step, for all upstreams', async () => {
    let given = 0;
    const taken: Record<string, number> = {};
    let ahead = 0;
    const watch = (name: string): UpstreamSpec => ({
      wrap: (b) => ({
        ...b,
        async write(path, body, o) {
          taken[name] = 0;
          const passed = async function* (): AsyncGenerator<Uint8Array, void, void> {
            for await (const chunk of body) {
              taken[name] = (taken[name] ?? 0) + chunk.length;
              ahead = Math.max(ahead, given - Math.min(...Object.values(taken)));
              // What one does with its chunk must not show in that of another.
              yield chunk.fill(chunk[0] as number);
            }
          };
          return b.write(path, passed(), o);
        },
      }),
    });
    const { u, stores } = await openUnion({ a: watch('a'), b: watch('b'), c: watch('c') }, { create_policy: 'all' });
    const chunk = 65_536;
    const progress: number[] = [];
    const source = async function* (): AsyncGenerator<Uint8Array, void, void> {
      for (let i = 0; i < 300; i++) {
        given += chunk;
        yield new Uint8Array(chunk).fill(i);
      }
    };
    await u.write('big', source(), { onBytes: (n) => progress.push(n) });
    expect(ahead).toBeLessThanOrEqual(2 * chunk);
    expect(progress.reduce((a, b) => a + b)).toBe(300 * chunk);
    for (const name of ['a', 'b', 'c']) expect((await (stores[name] as Backend).stat('big')).size).toBe(300 * chunk);
    const hashes = await Promise.all(
      ['a', 'b', 'c'].map(async (n) => (await (stores[n] as Backend).stat('big')).hashes.md5),
    );
    expect(new Set(hashes).size).toBe(1);
  });

  test('stores nothing anywhere when one of several upstreams fails on the way', async () => {
    const failing: UpstreamSpec = {
      wrap: (b) => ({
        ...b,
        async write(path, body) {
          let n = 0;
          for await (const _ of body) if (++n === 3) throw new TscloneError('io', 'disk full', { path });
          return b.stat(path);
        },
      }),
    };
    const { u, contents } = await openUnion({ a: {}, b: failing, c: {} }, { create_policy: 'all' });
    let closed = false;
    const source = async function* (): AsyncGenerator<Uint8Array, void, void> {
      try {
        for (let i = 0; i < 1000; i++) yield new Uint8Array(1000);
      } finally {
        closed = true;
      }
    };
    await expect(u.write('x', source(), {})).rejects.toMatchObject({ code: 'io', message: '1 error: b: disk full' });
    expect(closed).toBe(true);
    expect(await contents()).toEqual([]);
  });

  test('takes back what others stored when one fails at the very end, and says so where it cannot', async () => {
    const failing: UpstreamSpec = {
      files: { old: 'old' },
      wrap: (b) => ({
        ...b,
        async write(path, body) {
          for await (const _ of body);
          throw new TscloneError('io', 'quota', { path });
        },
      }),
    };
    const { u, contents } = await openUnion({ a: { files: { old: 'old' } }, b: failing }, { create_policy: 'all' });
    await expect(write(u, 'new', 'n')).rejects.toThrow('1 error: b: quota');
    expect(await contents()).toEqual(['a/old=old', 'b/old=old']);
    await expect(write(u, 'old', 'n')).rejects.toThrow('1 error: b: quota (a has the new content)');
  });

  test('takes back only its own: what another writer stored since stays', async () => {
    const overtaken: UpstreamSpec = {
      wrap: (b) => ({
        ...b,
        async write(path, body, o) {
          const info = await b.write(path, body, o);
          await b.write(path, chunks(new TextEncoder().encode('theirs')), {});
          return info;
        },
      }),
    };
    const failing: UpstreamSpec = {
      wrap: (b) => ({
        ...b,
        async write(path, body) {
          for await (const _ of body);
          throw new TscloneError('io', 'quota', { path });
        },
      }),
    };
    const { u, contents } = await openUnion({ a: overtaken, b: failing }, { create_policy: 'all' });
    await expect(write(u, 'new', 'n')).rejects.toThrow('1 error: b: quota');
    expect(await contents()).toEqual(['a/new=theirs']);
  });

  test('throws the error of the source itself', async () => {
    const { u, contents } = await openUnion({ a: {}, b: {} }, { create_policy: 'all' });
    const source = async function* (): AsyncGenerator<Uint8Array, void, void> {
      yield new Uint8Array(10);
      throw new TscloneError('network', 'source broke');
    };
    await expect(u.write('x', source(), {})).rejects.toThrow(/^source broke$/);
    expect(await contents()).toEqual([]);
  });

  test('has errors that name every upstream', async () => {
    const { u } = await openUnion({ a: { dead: true }, b: { dead: true }, c: {} });
    await expect(names(u)).rejects.toMatchObject({
      code: 'network',
      retry: 'low',
      message: '2 errors: a: no answer; b: no answer',
    });
  });
});

describe('an upstream that does not answer', () => {
  const specs = { a: { files: { x: 'a', only: 'a' } }, broken: { dead: true, files: { y: 'hidden' } } };

  test('is no empty upstream: listings fail', async () => {
    for (const options of [{}, { search_policy: 'newest' }]) {
      const { u } = await openUnion(specs, options);
      await expect(names(u)).rejects.toThrow('broken: no answer');
      await expect(names(u, '', true)).rejects.toThrow('broken: no answer');
    }
  });

  test('is not passed over by what must know all copies', async () => {
    const { u, contents } = await openUnion(specs, { action_policy: 'epall' });
    await expect(write(u, 'x', 'new')).rejects.toThrow('1 error: broken: no answer');
    await expect(write(u, 'new', 'new')).rejects.toThrow('1 error: broken: no answer');
    await expect(u.remove('x')).rejects.toThrow('1 error: broken: no answer');
    await expect(u.removeMany?.(['x'])).rejects.toThrow('1 error: broken: no answer');
    await expect(u.mkdir('d')).rejects.toThrow('1 error: broken: no answer');
    expect(await contents()).toEqual(['a/only=a', 'a/x=a']);
  });

  test('behind one that has the object does not stop a read', async () => {
    expect(await read((await openUnion(specs)).u, 'x')).toBe('a');
    const { u } = await openUnion({ broken: specs.broken, a: specs.a });
    await expect(read(u, 'x')).rejects.toThrow('no answer');
  });
});

describe('the marks of upstreams', () => {
  test(':ro is never changed', async () => {
    const { u, contents } = await openUnion(
      { a: { ...two['a'] }, b: { ...two['b'], suffix: ':ro' } },
      { create_policy: 'all' },
    );
    await write(u, 'both', 'new');
    await write(u, 'fresh', 'f');
    await u.remove('d/a');
    for (const change of [u.remove('d/b'), u.setModTime?.('d/b', 5n), u.move?.(u, await u.stat('d/b'), 'moved')])
      await expect(change).rejects.toMatchObject({ code: 'permission_denied', message: 'permission denied' });
    expect(await u.removeMany?.(['d/b'])).toMatchObject([{ path: 'd/b', error: { code: 'permission_denied' } }]);
    expect(await contents()).toEqual(['a/both=new', 'a/fresh=f', 'b/both=B', 'b/d/b=b']);
  });

  test('all :ro takes nothing', async () => {
    const { u } = await openUnion({ a: { ...two['a'], suffix: ':ro' }, b: { suffix: ':ro' } });
    for (const change of [write(u, 'both', 'n'), write(u, 'n', 'n'), u.mkdir('n'), u.remove('both')])
      await expect(change).rejects.toMatchObject({ code: 'permission_denied' });
  });

  test(':nc gets nothing new, and what it has is replaced', async () => {
    const { u, contents } = await openUnion(
      { a: { ...two['a'], suffix: ':nc' }, b: { ...two['b'] } },
      { create_policy: 'all' },
    );
    await write(u, 'both', 'new');
    await write(u, 'd/a', 'new');
    await write(u, 'fresh', 'f');
    expect(await contents()).toEqual(['a/both=new', 'a/d/a=new', 'b/both=new', 'b/d/b=b', 'b/fresh=f']);
  });

  test('a read-only copy that would go on hiding the new one stops the write', async () => {
    const specs = { a: { ...two['a'], suffix: ':ro' }, b: { ...two['b'] } };
    const { u, contents } = await openUnion(specs);
    const before = await contents();
    await expect(write(u, 'both', 'new')).rejects.toMatchObject({ code: 'permission_denied' });
    await expect(write(u, 'd/a', 'new')).rejects.toThrow(/upstream a holds d\/a too, it is read-only/);
    expect(await contents()).toEqual(before);
    const newest = await openUnion(specs, { search_policy: 'newest' });
    await write(newest.u, 'both', 'new', 3n);
    expect(await read(newest.u, 'both')).toBe('new');
    await expect(write(newest.u, 'd/a', 'old', 0n)).rejects.toMatchObject({ code: 'permission_denied' });
  });

  test('a copy that the action policy leaves alone and that would be shown stops the write', async () => {
    const { u, contents } = await openUnion(two, { action_policy: 'newest' });
    await expect(write(u, 'both', 'new')).rejects.toThrow('action_policy leaves it alone');
    expect(await contents()).toContain('b/both=B');
  });

  test(':writeback gets what is read from the others', async () => {
    const { u, contents, events, stores } = await openUnion({ a: { suffix: ':writeback' }, b: { ...two['b'] } });
    const { body } = await u.read('d/b', { range: { start: 0, end: 0 } });
    for await (const _ of body);
    expect(await contents()).toEqual(['a/d/b=b', 'b/both=B', 'b/d/b=b']);
    expect((await stores['a']?.stat('d/b'))?.modTime).toBe(1n);
    expect(events).toMatchObject([{ level: 'info', subject: 'd/b' }]);
    expect(await read(u, 'd/b')).toBe('b');
    expect(events).toHaveLength(1);
    await expect(read(u, 'none')).rejects.toMatchObject({ code: 'object_not_found' });
  });

  test(':writeback behind the others is not copied to again, and follows a change', async () => {
    const { u, events, stores } = await openUnion({ b: { ...two['b'] }, a: { suffix: ':writeback' } });
    expect([await read(u, 'both'), await read(u, 'both')]).toEqual(['B', 'B']);
    expect(events).toHaveLength(1);
    await write(stores['b'] as Backend, 'both', 'changed', 9n);
    expect(await read(u, 'both')).toBe('changed');
    expect(await read(stores['a'] as Backend, 'both')).toBe('changed');
  });
});

describe('changes of a union', () => {
  test('a move renames every copy and removes what hid behind the new name', async () => {
    const { u, contents } = await openUnion({
      a: { files: { from: 'a1', other: 'x' } },
      b: { files: { from: 'b1' } },
      c: { files: { to: 'stale' } },
    });
    await u.move?.(u, await u.stat('from'), 'to');
    expect(await contents()).toEqual(['a/other=x', 'a/to=a1', 'b/to=b1']);
  });

  test('a move onto a read-only copy changes nothing', async () => {
    const { u, contents } = await openUnion({ a: { files: { from: 'a' } }, b: { files: { to: 'ro' }, suffix: ':ro' } });
    await expect(u.move?.(u, await u.stat('from'), 'to')).rejects.toMatchObject({ code: 'permission_denied' });
    expect(await contents()).toEqual(['a/from=a', 'b/to=ro']);
  });

  test('a copy goes where the create policy says, and replaces every copy of its target', async () => {
    const specs = { a: { files: { to: 'old' } }, b: { files: { from: 'f', to: 'old' } }, c: {} };
    for (const [policy, holders] of [
      ['ff', ['a/new=f']],
      ['all', ['a/new=f', 'b/new=f', 'c/new=f']],
    ] as const) {
      const { u, contents } = await openUnion(specs, { create_policy: policy });
      await u.copy?.(u, await u.stat('from'), 'new');
      await u.copy?.(u, await u.stat('from'), 'to');
      expect(await contents()).toEqual([...holders, 'a/to=f', 'b/from=f', 'b/to=f'].sort());
    }
  });

  test('a copy in a mirror is made inside each upstream', async () => {
    let reads = 0;
    const file = { from: { text: 'f', modTime: 5n } };
    const counting = (backend: Backend): Backend => ({
      ...backend,
      read: (path, o) => {
        reads += 1;
        return backend.read(path, o);
      },
    });
    const spec = { files: file, wrap: counting };
    const { u, contents } = await openUnion({ a: spec, b: spec }, { create_policy: 'all' });
    await u.copy?.(u, await u.stat('from'), 'new');
    expect((await contents()).filter((line) => line.includes('new'))).toEqual(['a/new=f', 'b/new=f']);
    // Memory reads its source to copy it, from the backend that it is given: one for each upstream.
    expect(reads).toBe(2);
  });

  test('many objects are removed with one call per upstream, found by listing', async () => {
    const files = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`d/${i}`, 'x']));
    const calls: string[] = [];
    const bulk = (name: string, kept: Readonly<Record<string, string>>): UpstreamSpec => ({
      files: { ...files, ...kept },
      wrap: (b) => ({
        ...b,
        stat(path, o) {
          calls.push(`stat ${path}`);
          return b.stat(path, o);
        },
        async removeMany(paths) {
          calls.push(`${name} ${paths.length}`);
          for (const path of paths) await b.remove(path);
          return [];
        },
      }),
    });
    const { u, contents } = await openUnion({ a: bulk('a', { single: 's' }), b: bulk('b', {}) });
    expect(await u.removeMany?.([...Object.keys(files), 'single', 'none'])).toMatchObject([
      { path: 'none', error: { code: 'object_not_found' } },
    ]);
    expect(calls.sort()).toEqual(['a 51', 'b 50', 'stat none', 'stat none', 'stat single', 'stat single']);
    expect(await contents()).toEqual([]);
    expect(
      (await openUnion({ a: bulk('a', {}), b: bulk('b', {}) }, { action_policy: 'ff' })).u.removeMany,
    ).toBeUndefined();
  });

  test('an object that is a directory elsewhere is not written over', async () => {
    const dirs: UpstreamSpec = {
      wrap: (b) => ({
        ...b,
        async stat(path) {
          throw new TscloneError('is_directory', 'is a directory not a file', { path });
        },
      }),
    };
    const { u } = await openUnion({ a: { files: { x: 'a' } }, b: dirs });
    await expect(write(u, 'x', 'n')).rejects.toMatchObject({ code: 'is_directory' });
    expect(await read(u, 'x')).toBe('a');
    await u.remove('x');
    await expect(u.stat('x')).rejects.toMatchObject({ code: 'is_directory' });
  });
});

describe('the options of a union', () => {
  test.each([
    ['', "union can't point to an empty upstream - check the value of the upstreams setting"],
    ['a:', "union can't point to a single upstream - check the value of the upstreams setting"],
    ['u:x a:', "can't point union remote at itself - check the value of the upstreams setting"],
    ['a:writeback a:x:writeback b::writeback', 'can only have 1 :writeback not 2'],
    ['"a: b:', 'upstreams of union: parse error'],
    ['a:  b:', "can't use empty string as a path"],
  ])('upstreams = %s', async (upstreams, message) => {
    await expect(openWith({ upstreams })).rejects.toThrow(message);
  });

  test('a suffix ends the path, never the name', async () => {
    const seen: string[] = [];
    await openWith({ upstreams: 'ro: "nc:a b:nc" x:y:ro /tmp/q:ro r2::writeback a:ro:RO' }, seen);
    expect(seen).toEqual(['ro:', 'nc:a b', 'x:y', '/tmp/q', 'r2:', 'a:ro:RO']);
  });

  test.each(['action_policy', 'create_policy', 'search_policy'])('%s must be known, in any case', async (option) => {
    await expect(openWith({ upstreams: 'a: b:', [option]: 'nope' })).rejects.toThrow(
      'didn\'t find policy called "nope"',
    );
    await openWith({ upstreams: 'a: b:', [option]: 'EpMfs' });
  });

  test('an upstream that cannot be opened is an error', async () => {
    const open = union.open({
      name: 'u',
      options: {
        upstreams: 'a: b:',
        action_policy: 'ff',
        create_policy: 'ff',
        search_policy: 'ff',
        cache_time: 0,
        min_free_space: 0,
        description: '',
      },
      platform,
      emit: ignoreEvents,
      limits: defaultLimits,
      openRemote: async (reference) => {
        throw new TscloneError('unknown_remote', `no ${reference}`);
      },
    });
    await expect(open).rejects.toThrow('no a:');
  });
});
