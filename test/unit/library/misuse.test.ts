import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { openSession, type RemoteHandle } from '../../../src/node/index.ts';

const open = async (): Promise<RemoteHandle> => (await openSession({ config: '' })).remote(':memory:bucket/misused');

test('a copy and a move onto itself change nothing', async () => {
  const remote = await open();
  await remote.write('a', 'kept');
  expect(await remote.copy('a', 'a')).toMatchObject({ size: 4 });
  expect(await remote.move('a', '/a')).toMatchObject({ size: 4 });
  expect(await (await remote.read('a')).text()).toBe('kept');
  await expect(remote.move('b', 'b')).rejects.toMatchObject({ code: 'object_not_found' });
});

test('a body is read once: nobody takes a spent one for an empty object', async () => {
  const remote = await open();
  await remote.write('a', 'text');
  const read = await remote.read('a');
  expect(await read.text()).toBe('text');
  await expect(read.bytes()).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('read already') });
  const streamed = await remote.read('a');
  expect(await new Response(streamed.body).text()).toBe('text');
  expect(streamed.body).toBe(streamed.body);
  expect(() => streamed.chunks()).toThrow(/read already/);
});

test.each([
  { start: Number.NaN },
  { start: 1.5 },
  { start: 0, end: -1 },
  { start: 0, end: Infinity },
  { start: -3, end: 5 },
  {} as { start: number },
])('the range %o is refused', async (range) => {
  const remote = await open();
  await remote.write('a', 'hello world');
  await expect(remote.read('a', { range })).rejects.toMatchObject({ code: 'usage' });
});

test('a stream that was spent, closed or locked is refused, and nothing is stored', async () => {
  const remote = await open();
  const spent = Readable.from(['abc']);
  spent.resume();
  await finished(spent);
  const closed = Readable.from(['abc']);
  closed.destroy();
  const locked = new Blob(['abc']).stream();
  locked.getReader();
  for (const body of [spent, closed, locked, null as never, 7 as never])
    await expect(remote.write('never', body)).rejects.toMatchObject({ code: 'usage' });
  for (const o of [{ size: Number.NaN }, { size: -1 }, { modTime: new Date(Number.NaN) }, { modTime: 5 as never }])
    await expect(remote.write('never', 'x', o)).rejects.toMatchObject({ code: 'usage' });
  expect(await remote.exists('never')).toBe(false);
});

test('whatever a body throws comes as an error of tsclone', async () => {
  const remote = await open();
  const failing = (thrown: unknown) =>
    (async function* () {
      yield 'a';
      throw thrown;
    })();
  const cause = new Error('the dump died');
  await expect(remote.write('never', failing(cause))).rejects.toMatchObject({ code: 'io', cause });
  await expect(remote.write('never', failing(undefined))).rejects.toMatchObject({ code: 'io' });
  // It breaks before anybody asks for its first chunk.
  const missing = createReadStream('/nonexistent/file');
  const broken = remote.write('never', missing);
  await expect(broken).rejects.toMatchObject({ code: 'io', message: expect.stringContaining('ENOENT') });
  expect(await remote.exists('never')).toBe(false);
});

test('a listener that throws or rejects does not reach the work', async () => {
  let told = 0;
  const listeners = [
    () => {
      told += 1;
      throw new Error('listener');
    },
    async () => {
      told += 1;
      throw new Error('listener');
    },
  ];
  for (const onEvent of listeners) {
    const session = await openSession({ config: '', onEvent });
    const remote = await session.remote(':memory:bucket/from');
    const onProgress = onEvent as () => void;
    await remote.write('a', 'text', { onProgress });
    const before = told;
    expect(await session.move(':memory:bucket/from', ':memory:bucket/to')).toMatchObject({ transfers: 1 });
    expect(told).toBeGreaterThan(before);
    expect(await remote.exists('a')).toBe(false);
  }
});

test('a signal that fires stops a whole transfer with the code of it', async () => {
  const session = await openSession({ config: '' });
  const remote = await session.remote(':memory:bucket/from');
  for (const name of ['a', 'b/c']) await remote.write(name, name);
  for (const work of ['copy', 'move', 'sync'] as const)
    await expect(
      session[work](':memory:bucket/from', ':memory:bucket/to', { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ name: 'TscloneError', code: 'aborted' });
  const stop = new AbortController();
  const during = await openSession({ config: '', onEvent: (e) => e.type === 'transfer.start' && stop.abort() });
  await (await during.remote(':memory:bucket/from')).write('a', 'text');
  await expect(during.sync(':memory:bucket/from', ':memory:bucket/to', { signal: stop.signal })).rejects.toMatchObject({
    name: 'TscloneError',
    code: 'aborted',
  });
});
