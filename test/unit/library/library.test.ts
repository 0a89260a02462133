import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { HeadObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSession, s3Client, uploadWithClient, type Event } from '../../../src/node/index.ts';
import * as edge from '../../../src/index.ts';
import { startOwnServer, type OwnServer } from '../../support/own-server.ts';
import { tempDir } from '../../support/servers.ts';

const MiB = 1024 * 1024;
const sha = (b: Uint8Array): string => createHash('sha256').update(b).digest('hex');

describe('the library', () => {
  let server: OwnServer;
  let dir: Awaited<ReturnType<typeof tempDir>>;
  const store = () => ({
    type: 's3',
    provider: 'Other',
    endpoint: server.endpoint,
    access_key_id: server.accessKeyId,
    secret_access_key: server.secretAccessKey,
  });

  beforeAll(async () => {
    server = await startOwnServer();
    dir = await tempDir();
    await server.backend.mkdir('bucket');
  });
  afterAll(async () => {
    await server.stop();
    await dir.remove();
  });

  test('opens a config as object, text, file and from variables', async () => {
    const text = `[s]\n${Object.entries(store())
      .map(([k, v]) => `${k} = ${v}\n`)
      .join('')}`;
    const file = join(dir.path, 'rclone.conf');
    await writeFile(file, text);
    const env = Object.fromEntries(Object.entries(store()).map(([k, v]) => [`RCLONE_CONFIG_S_${k.toUpperCase()}`, v]));
    const sessions = [
      await openSession({ config: { s: store() } }),
      await openSession({ config: text }),
      await openSession({ configPath: file }),
      await openSession({ config: '', env }),
      edge.openSession({ config: { s: store() } }),
      edge.openSession({ env }),
    ];
    for (const [i, session] of sessions.entries()) {
      const remote = await session.remote('s:bucket/opened');
      await remote.write(`${i}.txt`, `written by ${i}`);
      expect(await (await remote.read(`${i}.txt`)).text()).toBe(`written by ${i}`);
    }
  });

  test('writes any kind of body and reads it in any form', async () => {
    const session = await openSession({ config: { s: store() } });
    const remote = await session.remote('s:bucket/bodies');
    const bytes = randomBytes(200_000);
    const bodies = {
      string: 'text',
      bytes,
      buffer: Buffer.from('buffer'),
      blob: new Blob(['blob']),
      web: new Blob([bytes]).stream(),
      node: Readable.from([bytes.subarray(0, 7), bytes.subarray(7)]),
      async: (async function* () {
        yield 'one ';
        yield Buffer.from('two');
      })(),
    };
    for (const [name, body] of Object.entries(bodies)) await remote.write(name, body);
    expect(await (await remote.read('string')).text()).toBe('text');
    expect(await (await remote.read('async')).text()).toBe('one two');
    for (const name of ['bytes', 'web', 'node']) expect(sha(await (await remote.read(name)).bytes())).toBe(sha(bytes));
    const part = await remote.read('bytes', { range: { start: -10 } });
    expect(sha(await part.bytes())).toBe(sha(bytes.subarray(-10)));
    const names: string[] = [];
    for await (const entry of remote.list()) names.push(entry.path);
    expect(names).toEqual(['async', 'blob', 'buffer', 'bytes', 'node', 'string', 'web']);
  });

  test('keeps times, types and metadata; copies, moves, removes', async () => {
    const session = await openSession({ config: { s: store() } });
    const remote = await session.remote('s:bucket/facts');
    const modTime = 1_700_000_000_123_456_789n;
    await remote.write('a', 'x', { modTime, mimeType: 'a/b', metadata: { who: 'me' } });
    expect(await remote.stat('a')).toMatchObject({ size: 1, modTime, mimeType: 'a/b', metadata: { who: 'me' } });
    await remote.copy('a', 'b');
    await remote.move('b', 'c');
    expect(await Promise.all(['a', 'b', 'c'].map((p) => remote.exists(p)))).toEqual([true, false, true]);
    expect(await remote.stat('c')).toMatchObject({ modTime, metadata: { who: 'me' } });
    await remote.remove('a');
    await expect(remote.stat('a')).rejects.toMatchObject({ name: 'TscloneError', code: 'object_not_found' });
  });

  test('tells progress, and an aborted upload leaves nothing behind', async () => {
    const events: Event[] = [];
    const session = await openSession({ config: { s: store() }, onEvent: (e) => events.push(e) });
    const remote = await session.remote('s:bucket/aborted');
    const seen: number[] = [];
    const whole = Readable.from([randomBytes(11 * MiB)]);
    await remote.write('ok', whole, { onProgress: (n) => seen.push(n) });
    expect(seen.at(-1)).toBe(11 * MiB);
    expect(seen.length).toBeGreaterThan(1);
    const stop = new AbortController();
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (let i = 0; ; i++) {
        if (i === 12) stop.abort();
        yield new Uint8Array(MiB);
      }
    }
    await expect(remote.write('never', endless(), { signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' });
    expect(await remote.exists('never')).toBe(false);
    expect(
      server.log.at(-2)?.operation === 'AbortMultipartUpload' ||
        server.log.some((r) => r.operation === 'AbortMultipartUpload'),
    ).toBe(true);
  });

  test('copies, moves and syncs between local files and a bucket', async () => {
    const session = await openSession({ config: { s: store() } });
    const tree = join(dir.path, 'tree');
    await mkdir(join(tree, 'sub'), { recursive: true });
    await writeFile(join(tree, 'a'), 'A');
    await writeFile(join(tree, 'sub/b'), 'B');
    expect(await session.sync(tree, 's:bucket/synced')).toMatchObject({ transfers: 2, bytes: 2 });
    expect(await session.sync(tree, 's:bucket/synced')).toMatchObject({ transfers: 0 });
    const remote = await session.remote('s:bucket/synced');
    await remote.write('extra', 'x');
    expect(await session.sync(tree, 's:bucket/synced')).toMatchObject({ deletes: 1 });
    await session.copy('s:bucket/synced', join(dir.path, 'back'));
    expect(await readFile(join(dir.path, 'back/sub/b'), 'utf8')).toBe('B');
    await session.move('s:bucket/synced/a', 's:bucket/synced/moved');
    expect(await remote.exists('moved')).toBe(true);
    await expect(session.sync(join(dir.path, 'nowhere'), 's:bucket/synced')).rejects.toMatchObject({
      code: 'dir_not_found',
    });
    expect(await remote.exists('moved')).toBe(true);
  });

  test('hands out the SDK client of a remote', async () => {
    const session = await openSession({ config: { s: store() } });
    const { client, bucket, prefix } = await s3Client(await session.remote('s:bucket/deep/er'));
    expect([bucket, prefix]).toEqual(['bucket', 'deep/er']);
    const listed = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'opened/' }));
    expect(listed.Contents?.length).toBeGreaterThan(0);
    await expect(s3Client(await session.remote(dir.path))).rejects.toMatchObject({ code: 'unsupported' });
  });

  describe('uploadWithClient', () => {
    const own = (): S3Client =>
      new S3Client({
        endpoint: server.endpoint,
        region: 'auto',
        forcePathStyle: true,
        credentials: { accessKeyId: server.accessKeyId, secretAccessKey: server.secretAccessKey },
        requestChecksumCalculation: 'WHEN_REQUIRED',
      });

    test('sends equal parts with an MD5 each, out of small chunks of unknown size', async () => {
      const client = own();
      const body = randomBytes(12 * MiB + 5);
      const from = server.log.length;
      async function* small(): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < body.length; at += 60_001) yield body.subarray(at, at + 60_001);
      }
      const { etag } = await uploadWithClient({
        client,
        bucket: 'bucket',
        key: 'own/big',
        body: small(),
        fields: { ContentType: 'x/y', Metadata: { who: 'me' } },
      });
      expect(etag).toMatch(/-3$/);
      const parts = server.log.slice(from).filter((r) => r.operation === 'UploadPart');
      expect(parts.map((r) => Number(r.headers['content-length'])).sort((a, b) => a - b)).toEqual([
        2 * MiB + 5,
        5 * MiB,
        5 * MiB,
      ]);
      expect(parts.every((r) => r.headers['content-md5'] !== undefined)).toBe(true);
      const head = await client.send(new HeadObjectCommand({ Bucket: 'bucket', Key: 'own/big' }));
      expect(head).toMatchObject({ ContentLength: body.length, ContentType: 'x/y', Metadata: { who: 'me' } });
    });

    test('a small body goes in one request; a failing source leaves nothing', async () => {
      const client = own();
      await uploadWithClient({ client, bucket: 'bucket', key: 'own/small', body: 'tiny' });
      expect(server.log.at(-1)).toMatchObject({
        operation: 'PutObject',
        headers: { 'content-md5': expect.any(String) },
      });
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield new Uint8Array(7 * MiB);
        throw new Error('the dump died');
      }
      await expect(uploadWithClient({ client, bucket: 'bucket', key: 'own/broken', body: broken() })).rejects.toThrow(
        'the dump died',
      );
      await expect(client.send(new HeadObjectCommand({ Bucket: 'bucket', Key: 'own/broken' }))).rejects.toMatchObject({
        name: 'NotFound',
      });
    });
  });

  test('errors of the edge entry: no file system, unknown remotes, foreign types', async () => {
    const session = edge.openSession({ config: { d: { type: 'drive' } } });
    await expect(session.remote('/tmp')).rejects.toMatchObject({ code: 'unknown_backend' });
    await expect(session.remote('nope:x')).rejects.toThrow('didn\'t find section in config file ("nope")');
    await expect(session.remote('d:x')).rejects.toThrow(/remote "d" has type "drive".*not built/);
  });
});

test('listings and transfers take filters', async () => {
  const session = edge.openSession({ env: {} });
  const remote = await session.remote(':memory:filtered/dir');
  for (const path of ['a.txt', 'b.json', 'sub/c.txt', 'sub/deep/d.txt', 'skip/e.txt', 'skip/.nobackup'])
    await remote.write(path, path);
  const paths = async (...args: Parameters<typeof remote.list>): Promise<string[]> => {
    const out: string[] = [];
    for await (const entry of remote.list(...args)) out.push(entry.path);
    return out.sort();
  };
  expect(await paths('', { recursive: true, filter: { include: ['*.txt'], minSize: 6 } })).toEqual([
    'skip/e.txt',
    'sub/c.txt',
    'sub/deep/d.txt',
  ]);
  expect(await paths('', { filter: { excludeIfPresent: ['.nobackup'] } })).toEqual(['a.txt', 'b.json', 'sub']);
  expect(await paths('sub', { recursive: true, filter: { exclude: ['/sub/deep/'] } })).toEqual(['sub/c.txt']);
  const [from, to] = [':memory:filtered/dir', ':memory:filtered/to'];
  expect((await session.copy(from, to)).transfers).toBe(6);
  await remote.remove('a.txt');
  await remote.remove('b.json');
  expect((await session.sync(from, to, { filter: { exclude: ['*.json'] } })).deletes).toBe(1);
  expect(await (await session.remote(to)).exists('b.json')).toBe(true);
  const settings = { deleteExcluded: true };
  expect((await session.sync(from, to, { filter: { exclude: ['*.json', 'sub/'] }, settings })).deletes).toBe(3);
  expect(() => remote.list('', { filter: { include: ['[a'] } })).toThrow("mismatched '[' and ']'");
});

describe('limits and metadata of transfers', () => {
  test('a rate that is none is refused when the session is opened', async () => {
    await expect(openSession({ config: '', bandwidth: '5x' })).rejects.toThrow(/bandwidth: "5x".*bad suffix/);
    expect(() => edge.openSession({ bandwidth: '' })).toThrow(/bandwidth: "" .*empty string/);
  });

  test('requests wait for their turn, and the mapper has the last word', async () => {
    const events: Event[] = [];
    const session = edge.openSession({ requestsPerSecond: 1000, onEvent: (e) => void events.push(e) });
    const remote = await session.remote(':memory:bucket/a');
    await remote.write('x', 'text', { metadata: { colour: 'blue' } });
    await session.copy(':memory:bucket/a', ':memory:bucket/b', {
      settings: { metadata: true, metadataSet: { size: 'big' } },
      mapMetadata: async ({ Metadata }) => ({ ...Metadata, seen: 'yes' }),
    });
    const copied = await session.remote(':memory:bucket/b');
    const { metadata } = await copied.stat('x');
    expect(metadata).toMatchObject({ colour: 'blue', size: 'big', seen: 'yes' });
    expect(events.some((e) => e.type === 'log' && /max 1000 transactions/.test(e.message))).toBe(true);
  });
});
