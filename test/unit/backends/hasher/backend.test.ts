import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigFile } from '../../../../src/config/file.ts';
import type { Backend } from '../../../../src/core/backend.ts';
import { collect } from '../../../../src/core/bytes.ts';
import type { Event } from '../../../../src/core/events.ts';
import type { Platform } from '../../../../src/core/platform.ts';
import { nodePlatform } from '../../../../src/node/platform.ts';
import { nodeRegistry } from '../../../../src/node/registry.ts';
import { createSession, type Session } from '../../../../src/session.ts';
import { expectCode } from '../../../conformance/suite/trial.ts';
import { chunks, put } from '../../../support/layered.ts';

let folder: string;
let events: Event[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tsclone-hasher-'));
  events = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const digest = (type: string, text: string): string => createHash(type).update(text).digest('hex');
const time = 1_600_000_000_000_000_000n;

/** A clock that stands, so that ages are what the test says. */
function sessionOf(hasher: Readonly<Record<string, string>> = {}, clock?: { now: bigint }): Session {
  const platform: Platform = {
    ...nodePlatform({ RCLONE_CACHE_DIR: join(folder, 'cache') }),
    ...(clock ? { now: () => clock.now++ } : {}),
  };
  const config = new ConfigFile();
  const remotes: Record<string, Record<string, string>> = {
    mem: { type: 'memory' },
    h: { type: 'hasher', remote: 'mem:bucket', ...hasher },
  };
  for (const [name, options] of Object.entries(remotes))
    for (const [key, value] of Object.entries(options)) config.set(name, key, value);
  return createSession({ platform, registry: nodeRegistry, config, emit: (e) => events.push(e) });
}

async function openBoth(hasher: Readonly<Record<string, string>> = {}): Promise<{ h: Backend; raw: Backend }> {
  const session = sessionOf(hasher);
  const [h, raw] = [await session.open('h:'), await session.open('mem:bucket')];
  await raw.mkdir('');
  return { h, raw };
}

const write = (b: Backend, path: string, text: string, modTime = time): Promise<unknown> =>
  b.write(path, chunks(Buffer.from(text)), { size: text.length, modTime });
const dump = async (b: Backend, name = 'dump'): Promise<string[]> => (await b.command?.(name, [], {})) as string[];

describe('a checksum is known', () => {
  test('after a write, and of the store itself', async () => {
    const { h } = await openBoth({ hashes: 'sha1,sha512,blake3,crc32' });
    expect(h.hashes).toEqual(['md5', 'sha1', 'crc32', 'sha512', 'blake3']);
    await write(h, 'a', 'hello');
    expect(await h.hash?.('a', 'md5')).toBe(digest('md5', 'hello'));
    expect(await h.hash?.('a', 'sha1')).toBe(digest('sha1', 'hello'));
    expect(await h.hash?.('a', 'sha512')).toBe(digest('sha512', 'hello'));
    expect(await h.hash?.('a', 'blake3')).toBe('ea8f163db38682925e4491c5e58d4bb3506ef8c14eb78a86e908c5624a67200f');
    expect(await h.hash?.('a', 'sha256')).toBeUndefined();
    expect((await h.stat('a', { want: ['sha1'] })).hashes).toMatchObject({ sha1: digest('sha1', 'hello') });
  });

  test('after a read of the whole object, not of a part', async () => {
    const { h, raw } = await openBoth();
    await write(raw, 'a', 'hello');
    expect(await h.hash?.('a', 'sha1')).toBeUndefined();
    await collect((await h.read('a', { range: { start: 0, end: 3 } })).body);
    for await (const chunk of (await h.read('a')).body) {
      expect(chunk.length).toBe(5);
      break;
    }
    expect(await h.hash?.('a', 'sha1')).toBeUndefined();
    await collect((await h.read('a', { range: { start: 0 } })).body);
    expect(await h.hash?.('a', 'sha1')).toBe(digest('sha1', 'hello'));
  });

  test('when it is asked for, below auto_size only', async () => {
    const { h, raw } = await openBoth({ auto_size: '6B' });
    await write(raw, 'short', 'hello');
    await write(raw, 'long', 'hello!');
    expect(await h.hash?.('short', 'sha1')).toBe(digest('sha1', 'hello'));
    expect(await h.hash?.('long', 'sha1')).toBeUndefined();
    expect((await dump(h)).map((l) => l.split(' ').at(-1))).toEqual(['short']);
  });

  test('to the next process', async () => {
    const data = join(folder, 'data');
    const remote = { remote: data, hashes: 'sha256' };
    await write(await sessionOf(remote).open('h:d'), 'a', 'hello');
    const next = await sessionOf(remote).open('h:');
    expect(await dump(next)).toEqual([expect.stringMatching(/^ok {2}sha256:2cf24dba\w+ +0s d\/a$/)]);
    expect(await dump(await sessionOf(remote).open('h:d'))).toEqual([expect.stringMatching(/ a$/)]);
    expect(await dump(await sessionOf(remote).open('h:other'), 'fulldump')).toEqual([
      expect.stringMatching(/^ext .* \/.*data\/d\/a$/),
    ]);
    const [cache] = await readdir(join(folder, 'cache', 'kv'));
    expect(cache).toBe('local~hasher.d');
    expect((await stat(join(folder, 'cache', 'kv', 'local~hasher.d'))).mode & 0o77).toBe(0);
  });

  test('in one place only for stores whose names tell them apart', async () => {
    const session = sessionOf({ remote: ":memory,description='with a secret':b" });
    await write(await session.open('h:'), 'a', 'x');
    const names = await readdir(join(folder, 'cache', 'kv'));
    expect(names).toEqual([expect.stringMatching(/^_memory-[0-9a-f]{16}~hasher\.d$/)]);
  });
});

describe('a checksum is no longer known', () => {
  const known = async (): Promise<{ h: Backend; raw: Backend }> => {
    const both = await openBoth();
    await write(both.h, 'a', 'hello');
    expect(await both.h.hash?.('a', 'sha1')).toBe(digest('sha1', 'hello'));
    return both;
  };
  const unknown = async (h: Backend, path = 'a'): Promise<void> => expect(await h.hash?.(path, 'sha1')).toBeUndefined();

  test.each<[string, (both: { h: Backend; raw: Backend }) => Promise<unknown>]>([
    ['other content of the same size and time', ({ raw }) => write(raw, 'a', 'HELLO')],
    ['another time', ({ raw }) => write(raw, 'a', 'hello', time + 1n)],
    ['another size', ({ raw }) => write(raw, 'a', 'hello!')],
    ['a time that was set', ({ h }) => h.setModTime?.(`a`, time) as Promise<void>],
  ])('%s', async (_title, change) => {
    const both = await known();
    await change(both);
    await unknown(both.h);
  });

  test('a removal, and the same object again', async () => {
    const { h, raw } = await known();
    await h.remove('a');
    await write(raw, 'a', 'hello');
    await unknown(h);
    expect(await dump(h)).toEqual([]);
  });

  test('a write that failed after it destroyed the old content', async () => {
    const { h } = await known();
    await expectCode(h.write('a', chunks(Buffer.from('xy')), { size: 5 }), 'corrupted');
    await unknown(h);
  });

  test('its age', async () => {
    const clock = { now: 2_000_000_000_000_000_000n };
    const session = sessionOf({ max_age: '1m' }, clock);
    const h = await session.open('h:');
    await write(h, 'a', 'hello');
    clock.now += 59_000_000_000n;
    expect(await h.hash?.('a', 'sha1')).toBe(digest('sha1', 'hello'));
    clock.now += 2_000_000_000n;
    await unknown(h);
    expect(await dump(h)).toEqual([expect.stringMatching(/ {6}1m1s a$/)]);
  });

  test('max_age = 0: nothing is kept', async () => {
    const { h } = await openBoth({ max_age: '0' });
    await write(h, 'a', 'hello');
    await unknown(h);
    await expectCode(h.command?.('dump', [], {}) as Promise<unknown>, 'other');
    expect(await readdir(folder)).toEqual([]);
  });
});

test('a local file is read once for its checksum, and again when it has changed', async () => {
  const session = sessionOf({ remote: join(folder, 'data'), hashes: 'sha256' });
  const h = await session.open('h:');
  await write(h, 'a', 'hello');
  const file = join(folder, 'data', 'a');
  // Whoever reads it again would see this.
  await writeFile(file, 'HELLO');
  await utimes(file, 1_600_000_000, 1_600_000_000);
  expect(await h.hash?.('a', 'sha256')).toBe(digest('sha256', 'hello'));
  await utimes(file, 1_600_000_001, 1_600_000_001);
  expect(await h.hash?.('a', 'sha256')).toBe(digest('sha256', 'HELLO'));
  expect(await h.hash?.('a', 'md5')).toBe(digest('md5', 'HELLO'));
});

test('copies take what is known along, moves as well', async () => {
  const { h, raw } = await openBoth();
  await write(h, 'a', 'hello');
  await h.copy?.(h, await h.stat('a'), 'b');
  expect(await h.hash?.('b', 'sha1')).toBe(digest('sha1', 'hello'));
  // Of a source that is not what the cache knows nothing is taken along.
  await write(raw, 'a', 'HELLO');
  await h.copy?.(h, await h.stat('a'), 'c');
  expect(await h.hash?.('c', 'sha1')).toBeUndefined();

  const local = await sessionOf({ remote: join(folder, 'data'), hashes: 'sha256' }).open('h:');
  await write(local, 'd/a', 'hello');
  await local.move?.(local, await local.stat('d/a'), 'd/b');
  await local.at('e').moveDir?.(local.at('d'));
  expect(await dump(local)).toEqual([expect.stringMatching(/ e\/b$/)]);
});

describe('the commands', () => {
  const sums = async (text: string): Promise<string> => {
    const file = join(folder, 'SUMS');
    await writeFile(file, text);
    return file;
  };

  test('import binds sums to the objects as they are', async () => {
    const { h, raw } = await openBoth();
    await write(raw, 'd/a', 'hello');
    await write(raw, 'd/b', 'x');
    const file = await sums(`${digest('sha1', 'hello')}  a\n12  b\nnonsense\n${digest('sha1', 'y')} *gone\n`);
    expect(await h.at('d').command?.('import', ['SHA-1', file], {})).toBeUndefined();
    expect(await h.hash?.('d/a', 'sha1')).toBe(digest('sha1', 'hello'));
    expect(await h.hash?.('d/b', 'sha1')).toBeUndefined();
    expect(events.flatMap((e) => (e.type === 'log' ? [e.message] : []))).toEqual([
      'improperly formatted checksum line 2',
      'b: "12" is no sha1; skipped',
      'Skip vanished object: gone',
      'Summary: 1 imported, 2 skipped',
    ]);
    await write(raw, 'd/a', 'HELLO');
    expect(await h.hash?.('d/a', 'sha1')).toBeUndefined();
  });

  test('stickyimport believes sums without looking, until the object is written', async () => {
    const { h, raw } = await openBoth();
    await put(raw, 'SUMS', `${digest('sha1', 'other')}  a\n${digest('sha1', 'other')}  gone\n`);
    await write(raw, 'a', 'hello');
    await h.command?.('stickyimport', ['sha1', 'mem:bucket/SUMS'], {});
    expect(await h.hash?.('a', 'sha1')).toBe(digest('sha1', 'other'));
    expect((await dump(h)).map((l) => l.slice(0, 4))).toEqual(['stk ', 'stk ']);
    await write(h, 'a', 'hello');
    expect(await h.hash?.('a', 'sha1')).toBe(digest('sha1', 'hello'));
    await h.command?.('drop', [], {});
    expect(await dump(h, 'fulldump')).toEqual([]);
  });

  test.each<[string, string[], Record<string, string>, string]>([
    ['import', [], {}, 'please provide checksum type and path to sum file'],
    ['import', ['foo', 'x'], {}, 'unknown hash type "foo"'],
    ['import', ['sha256', 'x'], {}, 'unsupported hash type'],
    ['import', ['sha1', '/no/such/file'], {}, 'not a file: /no/such/file'],
    ['dump', [], { x: '1' }, 'has no option "x"'],
    ['constructor', [], {}, 'is no command of hasher'],
  ])('%s %j %j is refused', async (name, args, options, message) => {
    const { h } = await openBoth();
    const e = await expectCode(h.command?.(name, args, options) as Promise<unknown>, 'other', 'usage', 'unsupported');
    expect(e.message).toContain(message);
  });
});

test.each([
  [{ remote: '' }, "hasher can't point to an empty remote"],
  [{ remote: 'h:x' }, "can't point hasher remote at itself"],
  [{ hashes: 'none' }, 'configured hash_names have nothing to keep in cache'],
  [{ hashes: 'crc32,foo' }, 'invalid token "foo" in hash string "crc32,foo"'],
  [{ hashes: 'md5,xxh128' }, 'the hash "xxh128" is not built into tsclone'],
])('%j is refused', async (options, message) => {
  expect((await expectCode(openBoth(options as never), 'bad_config')).message).toContain(message);
});

test('a cache that cannot be written does not stop anything', async () => {
  await writeFile(join(folder, 'cache'), 'a file is in the way');
  const { h } = await openBoth();
  await write(h, 'a', 'hello');
  expect(await h.hash?.('a', 'sha1')).toBeUndefined();
  expect(Buffer.from(await collect((await h.read('a')).body)).toString()).toBe('hello');
  expect(events).toContainEqual(expect.objectContaining({ type: 'log', level: 'error' }));
});
