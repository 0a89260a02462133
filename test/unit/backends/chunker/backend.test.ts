import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Backend, ByteRange, Entry } from '../../../../src/core/backend.ts';
import { collect } from '../../../../src/core/bytes.ts';
import { isTscloneError } from '../../../../src/core/errors.ts';
import type { Event } from '../../../../src/core/events.ts';
import { chunks, onServer, put, sessionWith } from '../../../support/layered.ts';
import { startOwnServer } from '../../../support/own-server.ts';
import { expectCode } from '../../../conformance/suite/trial.ts';

const text = (length: number): string => '1234567890'.repeat(100).slice(0, length);
const md5Of250 = '0d8ac4d1aa1df2f8df8f3ab9d7a1b7fb';

interface Opened {
  /** The chunker. */
  readonly c: Backend;
  /** What it wraps. */
  readonly raw: Backend;
  readonly events: Event[];
}

async function open(options: Readonly<Record<string, string>> = {}): Promise<Opened> {
  const session = sessionWith({
    mem: { type: 'memory' },
    c: { type: 'chunker', chunk_size: '100B', remote: 'mem:bucket', ...options },
  });
  const c = await session.open('c:');
  await c.mkdir('');
  return { c, raw: await session.open('mem:bucket'), events: session.events };
}

const get = async (b: Backend, path: string, range?: ByteRange): Promise<string> =>
  Buffer.from(await collect((await b.read(path, { range })).body)).toString();

async function listed(b: Backend, dir = '', recursive = false): Promise<Entry[]> {
  const out: Entry[] = [];
  for await (const e of b.list(dir, { recursive })) out.push(e);
  return out;
}

/** Names with contents, those of uploads without their random part. */
async function stored(raw: Backend): Promise<Record<string, string>> {
  const out: Record<string, string> = {};
  for (const { path } of await listed(raw, '', true))
    out[path.replace(/_[0-9a-z]{9}$/, '_TXN')] = (await get(raw, path)).replace(/"txn":"[0-9a-z]{9}"/, '"txn":"TXN"');
  return out;
}

const meta = (size: number, nchunks: number, rest = ''): string =>
  `{"ver":1,"size":${size},"nchunks":${nchunks}${rest}}`;

describe('what is stored', () => {
  const look = meta(5, 1);
  const hashOf = (digest: string): string => `,"md5":"${digest}"`;
  const cases: readonly (readonly [string, Readonly<Record<string, string>>, string, Record<string, string>])[] = [
    ['a short object', {}, 'short', { x: 'short' }],
    ['an empty object', {}, '', { x: '' }],
    ['one as long as a chunk', {}, text(100), { x: text(100) }],
    [
      'a long object',
      { hash_type: 'none' },
      text(250),
      {
        x: meta(250, 3),
        'x.rclone_chunk.001': text(100),
        'x.rclone_chunk.002': text(100),
        'x.rclone_chunk.003': text(50),
      },
    ],
    [
      'one of two full chunks',
      {},
      text(200),
      {
        x: meta(200, 2, hashOf('52a72ee6ce3e4dd3a8b3dd5a8ff6d7c4')),
        'x.rclone_chunk.001': text(100),
        'x.rclone_chunk.002': text(100),
      },
    ],
    [
      'one without renaming',
      { transactions: 'norename', hash_type: 'none' },
      text(101),
      {
        x: '{"ver":2,"size":101,"nchunks":2,"txn":"TXN"}',
        'x.rclone_chunk.001_TXN': text(100),
        'x.rclone_chunk.002_TXN': '1',
      },
    ],
    [
      'a short object with a hash for every object',
      { hash_type: 'sha1all' },
      'hello',
      {
        x: meta(5, 1, ',"sha1":"aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"'),
        'x.rclone_chunk.001': 'hello',
      },
    ],
    ['a short object without metadata', { meta_format: 'none', hash_type: 'none' }, 'a', { 'x.rclone_chunk.001': 'a' }],
    ['an empty object without metadata', { meta_format: 'none', hash_type: 'none' }, '', { 'x.rclone_chunk.001': '' }],
    [
      'a short object that reads as metadata',
      { hash_type: 'none' },
      look,
      { x: meta(30, 1), 'x.rclone_chunk.001': look },
    ],
    [
      'names and numbers of the own kind',
      { name_format: '*-#-p', start_from: '9', hash_type: 'none' },
      text(250),
      { x: meta(250, 3), 'x-9-p': text(100), 'x-10-p': text(100), 'x-11-p': text(50) },
    ],
  ];

  test.each(cases)('%s', async (_title, options, content, names) => {
    for (const known of [true, false]) {
      const { c, raw } = await open(options);
      const body = chunks(Buffer.from(content), 33);
      const info = await c.write('x', body, known ? { size: content.length } : {});
      const found = await stored(raw);
      // The digest is the source's business: here only that it is one and fits.
      if (names['x']?.includes('md5')) {
        expect(found['x']).toMatch(/^\{"ver":1,"size":200,"nchunks":2,"md5":"[0-9a-f]{32}"\}$/);
        names['x'] = found['x'] as string;
      }
      expect(found).toEqual(names);
      expect(info).toMatchObject({ path: 'x', size: content.length });
      expect(await get(c, 'x')).toBe(content);
      expect((await c.stat('x')).size).toBe(content.length);
      expect(await listed(c)).toMatchObject([{ path: 'x', size: content.length }]);
    }
  });

  test('a digest asked of the source, not worked out', async () => {
    for (const [type, given, kept] of [
      ['md5quick', { md5: md5Of250 }, { md5: md5Of250 }],
      ['md5quick', { sha1: 'a'.repeat(40) }, { sha1: 'a'.repeat(40) }],
      ['sha1quick', { md5: md5Of250 }, { md5: md5Of250 }],
      ['sha1quick', {}, {}],
    ] as const) {
      const { c, raw } = await open({ hash_type: type });
      const sourceHash = async (t: string): Promise<string | undefined> => (given as Record<string, string>)[t];
      await c.write('x', chunks(Buffer.from(text(250))), { size: 250, sourceHash });
      const {
        ver: _ver,
        size: _size,
        nchunks: _n,
        ...hashes
      } = JSON.parse(await get(raw, 'x')) as Record<string, string>;
      expect(hashes).toEqual(kept);
    }
  });
});

describe('hashes', () => {
  test.each([
    ['none', []],
    ['md5', ['md5']],
    ['md5all', ['md5']],
    ['md5quick', []],
    // The wrapped remote has none: only if every object has metadata.
    ['sha1', []],
    ['sha1all', ['sha1']],
    ['sha1quick', []],
  ])('%s offers %j over a store with MD5', async (hash_type, offered) => {
    expect((await open({ hash_type })).c.hashes).toEqual(offered);
  });

  test('come from the metadata of chunked objects', async () => {
    const { c } = await open({ hash_type: 'sha1' });
    await put(c, 'long', text(250));
    await put(c, 'short', 'hello');
    expect(await c.hash?.('long', 'sha1')).toBe(await sha1(text(250)));
    expect(await c.hash?.('long', 'md5')).toBeUndefined();
    expect(await c.hash?.('short', 'md5')).toBe('5d41402abc4b2a76b9719d911017c592');
    expect((await c.stat('long', { want: ['sha1'] })).hashes).toEqual({ sha1: await sha1(text(250)) });
  });
});

async function sha1(content: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-1', Buffer.from(content))).toString('hex');
}

describe('what lies there already', () => {
  const long = async (options?: Readonly<Record<string, string>>): Promise<Opened> => {
    const opened = await open(options);
    await put(opened.c, 'big', text(250));
    return opened;
  };

  test('is shown without temporary and control chunks and chunks that belong to nothing', async () => {
    const { c, raw } = await long();
    for (const name of ['big.rclone_chunk.001_abcd', 'big.rclone_chunk._meta', 'big.rclone_chunk.002..tmp_1234567890'])
      await put(raw, name, 'x');
    await put(raw, 'lost.rclone_chunk.001', 'x');
    expect(await listed(c)).toMatchObject([{ path: 'big', size: 250 }]);
    expect(await get(c, 'big')).toBe(text(250));
  });

  test.each([
    ['a missing chunk', (raw: Backend) => raw.remove('big.rclone_chunk.002')],
    ['two chunks with one number', (raw: Backend) => put(raw, 'big.rclone_chunk.0001', text(100))],
  ])('%s: left out with a notice, or an error with fail_hard', async (_title, damage) => {
    const { c, raw, events } = await long();
    await damage(raw);
    expect(await listed(c)).toEqual([]);
    expect(events).toMatchObject([{ type: 'log', level: 'notice', subject: 'big' }]);
    await expectCode(c.read('big'), 'object_not_found');
    await expectCode(c.stat('big'), 'object_not_found');
    expect(await c.probe('big')).toBeUndefined();

    const hard = await long({ fail_hard: 'true' });
    await damage(hard.raw);
    await expectCode(listed(hard.c), 'corrupted');
    await expectCode(hard.c.read('big'), 'corrupted');
    await put(c, 'big', 'again');
    expect(await get(c, 'big')).toBe('again');
  });

  test.each([
    ['a short chunk', (raw: Backend) => put(raw, 'big.rclone_chunk.002', 'short'), "metadata doesn't match file size"],
    [
      'a chunk too many',
      (raw: Backend) => put(raw, 'big.rclone_chunk.004', 'more'),
      "metadata doesn't match file size",
    ],
    ['no last chunk', (raw: Backend) => raw.remove('big.rclone_chunk.003'), "metadata doesn't match file size"],
    ['metadata that is none', (raw: Backend) => put(raw, 'big', 'x'), 'invalid metadata: invalid json'],
    ['metadata of tomorrow', (raw: Backend) => put(raw, 'big', '{"ver":3,"size":250,"nchunks":3}'), 'unknown metadata'],
    ['empty metadata', (raw: Backend) => put(raw, 'big', ''), 'invalid metadata'],
  ])('%s: a read is an error', async (_title, damage, message) => {
    const { c, raw } = await long();
    await damage(raw);
    for (const range of [undefined, { start: 0, end: 10 }])
      expect((await expectCode(get(c, 'big', range), 'corrupted')).message).toContain(message);
    const [entry] = await listed(c);
    if (entry?.kind === 'object') await expectCode(c.read('big', { info: entry }), 'corrupted');
    await put(c, 'big', text(150));
    expect(await get(c, 'big')).toBe(text(150));
  });

  test('another hash than the metadata tells of: the whole content is refused at its end', async () => {
    const { c, raw } = await long();
    await put(raw, 'big.rclone_chunk.002', text(100).replaceAll('5', 'x'));
    expect((await expectCode(get(c, 'big'), 'corrupted')).message).toContain('md5');
    await put(raw, 'big.rclone_chunk.002', text(100));
    expect(await get(c, 'big')).toBe(text(250));
  });

  test('metadata whose chunks are gone is not given out as content', async () => {
    const { c, raw } = await long();
    for (const n of [1, 2, 3]) await raw.remove(`big.rclone_chunk.00${n}`);
    const [entry] = await listed(c);
    for (const info of [undefined, entry as never])
      for (const range of [undefined, { start: 2, end: 9 }])
        await expectCode(c.read('big', { info, range }), 'corrupted');
  });

  test('chunks of another transaction are not taken for the own ones', async () => {
    const { c, raw } = await long();
    await put(raw, 'big', '{"ver":2,"size":250,"nchunks":3,"txn":"abcd"}');
    await expectCode(c.read('big'), 'corrupted');
    for (const n of [1, 2, 3]) {
      await put(raw, `big.rclone_chunk.00${n}_abcd`, await get(raw, `big.rclone_chunk.00${n}`));
      await raw.remove(`big.rclone_chunk.00${n}`);
    }
    expect(await get(c, 'big')).toBe(text(250));
    expect(await listed(c)).toMatchObject([{ path: 'big', size: 250 }]);
  });

  test('objects without renaming are read whatever the option says', async () => {
    const session = sessionWith({
      mem: { type: 'memory' },
      n: { type: 'chunker', chunk_size: '100B', remote: 'mem:bucket', transactions: 'norename' },
      r: { type: 'chunker', chunk_size: '100B', remote: 'mem:bucket' },
    });
    const [n, r] = [await session.open('n:'), await session.open('r:')];
    await put(n, 'big', text(250));
    expect(await listed(r)).toMatchObject([{ path: 'big', size: 250 }]);
    expect(await get(r, 'big', { start: 95, end: 105 })).toBe(text(250).slice(95, 105));
    await put(r, 'big', text(120));
    expect(Object.keys(await stored(await session.open('mem:bucket')))).toEqual([
      'big',
      'big.rclone_chunk.001',
      'big.rclone_chunk.002',
    ]);
    await r.remove('big');
    expect(await stored(await session.open('mem:bucket'))).toEqual({});
  });

  test('a name that a chunk could have is no object and cannot be written', async () => {
    const { c } = await long();
    await expectCode(c.read('big.rclone_chunk.001'), 'object_not_found');
    await expectCode(c.remove('big.rclone_chunk.001'), 'object_not_found');
    await expectCode(put(c, 'big.rclone_chunk.001', 'x'), 'bad_path');
    await expectCode(c.copy?.(c, await c.stat('big'), 'y.rclone_chunk.001') as Promise<unknown>, 'bad_path');
    expect(await get(c, 'big')).toBe(text(250));
  });
});

describe('requests', () => {
  test('a range reads only the chunks that it touches', async () => {
    const server = await startOwnServer();
    try {
      await server.backend.mkdir('bucket');
      const session = sessionWith({
        s: onServer(server),
        c: { type: 'chunker', chunk_size: '100B', remote: 's:bucket', hash_type: 'md5' },
      });
      const c = await session.open('c:');
      await put(c, 'big', text(450));
      await put(c, 'plain', text(90));
      const requestsOf = async (act: () => Promise<unknown>): Promise<string[]> => {
        const before = server.log.length;
        await act();
        return server.log.slice(before).map((r) => `${r.method} ${r.path.replace(/^\/bucket\/?/, '')}`);
      };
      const info = await c.stat('big');
      expect(
        await requestsOf(async () =>
          expect(
            Buffer.from(await collect((await c.read('big', { range: { start: 195, end: 305 }, info })).body)),
          ).toEqual(Buffer.from(text(450).slice(195, 305))),
        ),
      ).toEqual(['GET big', 'GET big.rclone_chunk.002', 'GET big.rclone_chunk.003', 'GET big.rclone_chunk.004']);
      expect(await requestsOf(() => get(c, 'big', { start: -10 }))).toHaveLength(4);
      expect(await requestsOf(() => c.stat('plain'))).toEqual(['HEAD plain', 'GET ']);
      const [plain] = await listed(c).then((all) => all.filter((e) => e.path === 'plain'));
      expect(await requestsOf(async () => collect((await c.read('plain', { info: plain as never })).body))).toEqual([
        'GET plain',
      ]);
    } finally {
      await server.stop();
    }
  });
});

describe('damage of every kind', () => {
  type Mutation = (raw: Backend, names: readonly string[]) => Promise<void>;
  const chunkNames = ['big.rclone_chunk.001', 'big.rclone_chunk.002', 'big.rclone_chunk.003'];
  const edit =
    (name: string, f: (bytes: Buffer) => Buffer): Mutation =>
    async (raw) => {
      const before = Buffer.from(await get(raw, name), 'latin1');
      await put(raw, name, Uint8Array.from(f(before)));
    };
  const anyChunk = fc.constantFrom(...chunkNames);
  const inMetadata: fc.Arbitrary<Mutation> = fc.oneof(
    fc.tuple(fc.nat(80), fc.integer({ min: 1, max: 255 })).map(([at, bits]) =>
      edit('big', (b) => {
        b[at % b.length] = (b[at % b.length] as number) ^ bits;
        return b;
      }),
    ),
    fc.nat(80).map((n) => edit('big', (b) => b.subarray(0, n % b.length))),
    fc.string({ maxLength: 1023 }).map((s) => edit('big', () => Buffer.from(s).subarray(0, 1023))),
    fc
      .record({ ver: fc.nat(4), size: fc.nat(400), nchunks: fc.nat(5), md5: fc.constantFrom('', 'a'.repeat(32)) })
      .map((m) => edit('big', () => Buffer.from(JSON.stringify(m)))),
  );
  const inChunks: fc.Arbitrary<Mutation> = fc.oneof(
    anyChunk.map(
      (name): Mutation =>
        (raw) =>
          raw.remove(name),
    ),
    fc.tuple(anyChunk, fc.nat(99)).map(([name, n]) => edit(name, (b) => b.subarray(0, n % b.length))),
    fc.tuple(anyChunk, fc.nat(99)).map(([name, at]) =>
      edit(name, (b) => {
        b[at % b.length] = (b[at % b.length] as number) ^ 1;
        return b;
      }),
    ),
    fc.tuple(anyChunk, anyChunk).map(([a, b]): Mutation => async (raw) => {
      const [x, y] = [await get(raw, a), await get(raw, b)];
      await put(raw, a, y);
      await put(raw, b, x);
    }),
    fc
      .tuple(anyChunk, fc.constantFrom('004', '0001', '007', '002_abcd', '001_abcd'))
      .map(([from, n]): Mutation => async (raw) => {
        await put(raw, `big.rclone_chunk.${n}`, await get(raw, from));
      }),
    fc.constant<Mutation>((raw) => raw.remove('big')),
  );

  const content = text(250).replace('77', 'ab');
  async function readsTruth(mutations: readonly Mutation[], range?: ByteRange): Promise<void> {
    const { c, raw } = await open();
    await put(c, 'big', content);
    for (const m of mutations) await m(raw, chunkNames).catch((e: unknown) => expect(isTscloneError(e)).toBe(true));
    const entries = await listed(c);
    const infos = [undefined, ...entries.filter((e) => e.kind === 'object' && e.path === 'big')] as never[];
    for (const info of infos) {
      try {
        const { body } = await c.read('big', { info, range });
        const got = Buffer.from(await collect(body)).toString();
        expect(got).toBe(content.slice(range?.start, range?.end));
      } catch (e) {
        if (!isTscloneError(e)) throw e;
      }
    }
  }

  test('never gives other content than was written', async () => {
    // Not both at once: metadata can lose its hash and still be metadata, and then nothing tells of a changed chunk.
    const someOf = (m: fc.Arbitrary<Mutation>): fc.Arbitrary<Mutation[]> => fc.array(m, { minLength: 1, maxLength: 3 });
    const some = fc.oneof(someOf(inMetadata), someOf(inChunks));
    await fc.assert(
      fc.asyncProperty(some, (mutations) => readsTruth(mutations)),
      { numRuns: 400 },
    );
  });

  test('never gives another range when the metadata is damaged', async () => {
    const range = fc.tuple(fc.nat(249), fc.nat(100)).map(([start, n]) => ({ start, end: start + n }));
    await fc.assert(
      fc.asyncProperty(inMetadata, range, (m, r) => readsTruth([m], r)),
      { numRuns: 300 },
    );
  });
});

describe('options', () => {
  test.each([
    [{ remote: '' }, "chunker can't point to an empty remote"],
    [{ remote: 'c:sub' }, "can't point chunker remote at itself"],
    [{ chunk_size: '0' }, 'chunk_size must be at least 1 byte'],
    [{ chunk_size: 'off' }, 'chunk_size must be at least 1 byte'],
    [{ start_from: '-1' }, 'start_from must be non-negative'],
    [{ name_format: '#' }, "invalid name format '#'"],
    [{ hash_type: 'MD5' }, "unsupported hash type 'MD5'"],
    [{ hash_type: 'constructor' }, "unsupported hash type 'constructor'"],
    [{ meta_format: 'xml' }, "unsupported meta format 'xml'"],
    [{ meta_format: 'none' }, "hash type 'md5' requires compatible meta format"],
    [{ transactions: 'Auto' }, "unsupported transaction mode 'Auto'"],
    [{ transactions: 'norename', meta_format: 'none', hash_type: 'none' }, 'incompatible transaction options'],
  ])('%j are refused', async (options, message) => {
    expect((await expectCode(open(options as never), 'bad_config')).message).toContain(message);
  });

  test('work in a connection string', async () => {
    const session = sessionWith({ mem: { type: 'memory' } });
    const c = await session.open(":chunker,remote='mem:bucket',chunk_size=10B,hash_type=none:dir");
    await put(c, 'x', text(25));
    expect(Object.keys(await stored(await session.open('mem:bucket')))).toHaveLength(4);
    expect(await get(c, 'x')).toBe(text(25));
  });

  test('auto does not rename where the store could only copy', async () => {
    const { c, raw } = await open({ transactions: 'auto' });
    await put(c, 'x', text(150));
    expect(Object.keys(await stored(raw))).toContain('x.rclone_chunk.001_TXN');
  });
});
