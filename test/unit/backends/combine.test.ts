import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createRemoteHandle } from '../../../src/library/remote-handle.ts';
import type { Backend, Entry } from '../../../src/core/backend.ts';
import { obscured, put, sessionWith } from '../../support/layered.ts';

const memory = { type: 'memory' };

async function entries(backend: Backend, dir = '', recursive = false): Promise<Entry[]> {
  const out: Entry[] = [];
  for await (const entry of backend.list(dir, { recursive })) out.push(entry);
  return out;
}

const names = async (backend: Backend, dir = '', recursive = false): Promise<string[]> =>
  (await entries(backend, dir, recursive)).map((e) => e.path + (e.kind === 'dir' ? '/' : ''));

describe('a combine', () => {
  const open = async (): Promise<{ c: Backend; x: Backend; y: Backend }> => {
    const session = sessionWith({ m: memory, c: { type: 'combine', upstreams: '"x y=m:one/p" x=m:two z=m:three' } });
    const [c, x, y] = await Promise.all(['c:', 'm:one/p', 'm:two'].map((r) => session.open(r)));
    for (const bucket of ['one', 'two', 'three']) await (await session.open(`m:${bucket}`)).mkdir('');
    return { c: c as Backend, x: x as Backend, y: y as Backend };
  };

  test('shows its upstreams as directories', async () => {
    const { c, x, y } = await open();
    await put(x, 'a/b', '1');
    await put(y, 'c', '2');
    expect(await names(c)).toEqual(['x/', 'x y/', 'z/']);
    expect(await names(c, 'x y')).toEqual(['x y/a/']);
    expect(await names(c, '', true)).toEqual(['x y/', 'x y/a/b', 'x/', 'x/c', 'z/']);
    expect(await names(c.at('x y'), '', true)).toEqual(['a/b']);
    expect((await c.stat('x y/a/b')).path).toBe('x y/a/b');
    expect((await c.probe('x/c'))?.path).toBe('x/c');
    expect(await c.probe('x')).toBeUndefined();
  });

  test('knows no other directory, and holds no object itself', async () => {
    const { c } = await open();
    const body = (): AsyncIterable<Uint8Array> => (async function* () {})();
    for (const call of [
      entries(c, 'none'),
      entries(c.at('none')),
      c.write('none/x', body(), {}),
      c.write('x2', body(), {}),
      c.mkdir('none'),
      c.at('none').mkdir(''),
      c.rmdir('none/a'),
    ])
      await expect(call).rejects.toMatchObject({ code: 'dir_not_found' });
    await expect(c.write('none/x', body(), {})).rejects.toThrow('combine for remote "none/x": directory not found');
    for (const call of [c.stat('none/x'), c.read('x2'), c.remove('none'), c.at('none').stat('x')])
      await expect(call).rejects.toMatchObject({ code: 'object_not_found' });
    for (const call of [c.stat('x'), c.read(''), c.write('x', body(), {}), c.at('x').stat('')])
      await expect(call).rejects.toMatchObject({ code: 'is_directory' });
  });

  test('errors name the path of the combine', async () => {
    const { c } = await open();
    await expect(c.stat('x/none')).rejects.toMatchObject({ code: 'object_not_found', path: 'x/none' });
    await expect(c.read('x y/none')).rejects.toMatchObject({ code: 'object_not_found', path: 'x y/none' });
  });

  test('copies and moves between upstreams: on the server where they are one store, through here where not', async () => {
    const upstreams = 'm1=m:a m2=m:b n=n:c secret=x:';
    const session = sessionWith({
      m: memory,
      n: memory,
      x: { type: 'crypt', remote: 'm:d', password: obscured('p') },
      c: { type: 'combine', upstreams },
    });
    const c = await session.open('c:');
    const handle = createRemoteHandle('c:', c, session);
    await handle.write('m1/a', 'content');
    await handle.copy('m1/a', 'm2/b');
    expect(await c.copy?.(c, await c.stat('m1/a'), 'm2/c')).toMatchObject({ path: 'm2/c', size: 7 });
    await expect(c.copy?.(c, await c.stat('m1/a'), 'n/c')).rejects.toMatchObject({ code: 'unsupported' });
    await handle.copy('m1/a', 'n/c');
    await handle.move('n/c', 'secret/d');
    expect(await (await handle.read('secret/d')).text()).toBe('content');
    expect((await names(c, '', true)).filter((n) => !n.endsWith('/')).sort()).toEqual([
      'm1/a',
      'm2/b',
      'm2/c',
      'secret/d',
    ]);
  });

  test('sums up the space of all upstreams, wherever its root is', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tsclone-combine-'));
    try {
      const session = sessionWith({ c: { type: 'combine', upstreams: `a=${folder} b=${folder} none=${folder}/none` } });
      const one = await (await session.open(folder)).about?.();
      const all = await (await session.open('c:a')).about?.();
      expect(one?.total).toBeGreaterThan(0);
      expect(all?.total).toBe(2 * (one?.total ?? 0));
      const mixed = sessionWith({ m: memory, c: { type: 'combine', upstreams: `a=${folder} b=m:x` } });
      expect((await mixed.open('c:')).about).toBeUndefined();
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test.each([
    ['', "combine can't point to an empty upstream - check the value of the upstreams setting"],
    ['x', 'no "=" in upstream definition "x"'],
    ['x=a:  y=b:', 'no "=" in upstream definition ""'],
    ['x=', 'empty remote in upstream definition "x="'],
    ['=a:', 'empty dir in upstream definition "=a:"'],
    ['x=m: x=m:b', 'duplicate directory name "x"'],
    ['x/y=m:', 'dirs can\'t contain / (yet): "x/y"'],
    ['..=m:', 'a directory cannot be called ".."'],
    ['x=c:y', "can't point combine remote at itself - check the value of the upstreams setting"],
    ['x=nope:', 'failed to create upstream "nope:": didn\'t find section in config file ("nope")'],
  ])('refuses upstreams = %s', async (upstreams, message) => {
    const session = sessionWith({ m: memory, c: { type: 'combine', upstreams } });
    await expect(session.open('c:')).rejects.toMatchObject({ code: 'bad_config' });
    await expect(session.open('c:')).rejects.toThrow(message);
  });
});

describe('layers that stand on themselves', () => {
  test.each([
    ['two', { a: { type: 'alias', remote: 'b:x' }, b: { type: 'alias', remote: 'a:' } }],
    [
      'three',
      {
        a: { type: 'combine', upstreams: 'x=b: y=/tmp' },
        b: { type: 'crypt', remote: 'd:x', password: obscured('p') },
        d: { type: 'union', upstreams: '/tmp a:' },
      },
    ],
  ])('%s of them are refused', async (_, remotes) => {
    const session = sessionWith(remotes as Record<string, Record<string, string>>);
    await expect(session.open('a:')).rejects.toThrow(/stands on itself: (\w): -> .*\1:\. /);
    // Opened from both ends at once neither waits for the other.
    const both = sessionWith(remotes as Record<string, Record<string, string>>);
    for (const { status } of await Promise.allSettled([both.open('a:'), both.open('b:')]))
      expect(status).toBe('rejected');
  });

  test('one below two others is fine', async () => {
    const session = sessionWith({
      m: memory,
      a: { type: 'alias', remote: 'm:a' },
      u: { type: 'union', upstreams: 'a:x a:y' },
      c: { type: 'combine', upstreams: 'u=u: a=a:' },
    });
    await put(await session.open('c:u'), 'f', 'x');
    expect(await names(await session.open('c:a'), '', true)).toEqual(['x/f']);
  });
});
