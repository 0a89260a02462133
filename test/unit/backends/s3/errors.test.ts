import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Backend } from '../../../../src/core/backend.ts';
import { bytesSource, collect, utf8 } from '../../../../src/core/bytes.ts';
import { cli } from '../../../support/cli.ts';
import { tempDir } from '../../../support/servers.ts';
import type { Answer, OpenScripted, Script, ScriptedS3 } from '../../../support/scripted-s3.ts';
import { fault, htmlPage, inTurn, openScripted, startScriptedS3, xml } from '../../../support/scripted-s3.ts';

const servers: ScriptedS3[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((s) => s.stop()));
});

async function open(script: Script, o?: Parameters<typeof openScripted>[1]): Promise<OpenScripted> {
  const opened = await openScripted(script, o);
  servers.push(opened.server);
  return opened;
}

const empty = xml('<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>');
const etag = `"${createHash('md5').update('x').digest('hex')}"`;
const object: Answer = { headers: { etag, 'content-length': 1 }, body: 'x' };

const calls: Readonly<Record<string, (b: Backend) => Promise<unknown>>> = {
  ListObjectsV2: async (b) => {
    for await (const entry of b.list('')) void entry;
  },
  ListBuckets: async (b) => {
    for await (const entry of b.at('').list('')) void entry;
  },
  HeadObject: (b) => b.stat('key'),
  GetObject: async (b) => collect((await b.read('key')).body),
  PutObject: (b) => b.write('key', bytesSource(utf8('x')), { size: 1 }),
  DeleteObject: (b) => b.remove('key'),
  CreateBucket: (b) => b.mkdir(''),
  DeleteBucket: (b) => b.rmdir(''),
};
const good: Readonly<Record<string, Answer>> = {
  ListObjectsV2: empty,
  ListBuckets: xml('<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>'),
  HeadObject: object,
  GetObject: object,
  PutObject: { headers: { etag } },
  DeleteObject: { status: 204 },
  CreateBucket: {},
  DeleteBucket: { status: 204 },
};
const operations = Object.keys(calls);
const call = (operation: string, b: Backend): Promise<unknown> =>
  (calls[operation] as (b: Backend) => Promise<unknown>)(b);

describe('a service that is busy', () => {
  test.each(operations)('%s is asked again after 503 SlowDown', async (operation) => {
    const { backend, server, waits, events } = await open(
      inTurn(fault(503, 'SlowDown'), fault(503, 'SlowDown'), good[operation] as Answer),
    );
    await call(operation, backend);
    expect(server.operations()).toEqual([operation, operation, operation]);
    expect(waits).toHaveLength(2);
    expect(events.filter((e) => e.type === 'retry')).toHaveLength(2);
  });

  test('the pauses grow', async () => {
    const { backend, waits } = await open(() => fault(503, 'SlowDown'), { limits: { lowLevelRetries: 12 } });
    await expect(backend.stat('key')).rejects.toMatchObject({ name: 'TscloneError' });
    expect(waits).toHaveLength(11);
    expect(waits[0]).toBeLessThanOrEqual(10);
    expect(waits[10]).toBeGreaterThanOrEqual(1000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(2000);
  });

  test.each([
    ['seconds', () => '7', 7000],
    ['more than half a minute', () => '3600', 30_000],
    ['a date', () => new Date(Date.now() + 25_000).toUTCString(), 15_000],
  ])('Retry-After in %s is honoured', async (_name, value, atLeast) => {
    const busy = fault(503, 'SlowDown', 'slow down', { 'retry-after': value() });
    const { backend, waits } = await open(inTurn(busy, good['GetObject'] as Answer));
    await call('GetObject', backend);
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThanOrEqual(atLeast);
    expect(waits[0]).toBeLessThanOrEqual(30_000);
  });

  test('the error says how often it was tried', async () => {
    const { backend, server } = await open(() => fault(503, 'SlowDown', 'slow down'));
    await expect(call('PutObject', backend)).rejects.toMatchObject({
      code: 'throttled',
      status: 503,
      retry: 'high',
      message: expect.stringMatching(/PutObject, exceeded maximum number of attempts, 3, .*SlowDown: slow down/),
    });
    expect(server.requests).toHaveLength(3);
  });

  test.each([
    [500, 'InternalError', 'server_error'],
    [502, 'BadGateway', 'server_error'],
    [429, 'TooManyRequests', 'throttled'],
  ])('%d %s is tried again', async (status, code, kind) => {
    const { backend, server } = await open(() => fault(status, code));
    await expect(call('ListObjectsV2', backend)).rejects.toMatchObject({ code: kind });
    expect(server.requests).toHaveLength(3);
  });

  test.each([400, 401, 403, 404, 405, 412])('%d is not tried again', async (status) => {
    const { backend, server, waits } = await open(() => fault(status, 'Refused'));
    await expect(call('GetObject', backend)).rejects.toMatchObject({ name: 'TscloneError', status });
    expect(server.requests).toHaveLength(1);
    expect(waits).toEqual([]);
  });

  test('a broken connection is tried again', async () => {
    const { backend, server } = await open(inTurn({ ...object, cutAfter: 0 }, object));
    await expect(call('GetObject', backend)).resolves.toBeDefined();
    expect(server.requests).toHaveLength(2);
  });

  test('a service that is not there is a network error that says where', async () => {
    const { backend, server } = await open(() => object);
    await server.stop();
    await expect(call('HeadObject', backend)).rejects.toMatchObject({
      code: 'network',
      message: expect.stringMatching(/HeadObject.*127\.0\.0\.1:\d+.*connection refused/),
    });
  });

  test('a service that never answers is left when the signal fires', async () => {
    const stop = new AbortController();
    const { backend } = await open(() => {
      stop.abort();
      return 'hang';
    });
    await expect(backend.stat('key', { signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('403', () => {
  const denied = fault(403, 'AccessDenied', 'Access Denied');
  const rights: Readonly<Record<string, RegExp>> = {
    ListObjectsV2: /may not list objects in bucket "bucket"/,
    ListBuckets: /may not list buckets; name the bucket: "store:bucket\/path"/,
    HeadObject: /may not read objects in bucket "bucket"/,
    GetObject: /may not read objects in bucket "bucket"/,
    PutObject: /may not write objects in bucket "bucket"/,
    DeleteObject: /may not delete objects in bucket "bucket"/,
    CreateBucket: /may not create buckets.*tsclone config update store no_check_bucket=true/,
    DeleteBucket: /may not delete buckets/,
  };

  test.each(operations)(
    '%s: the text names the remote, what the token may not do and what helps',
    async (operation) => {
      // The answer to a HEAD has no body.
      const { backend, server } = await open(() => (operation === 'HeadObject' ? { status: 403 } : denied));
      const error = await call(operation, backend).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'permission_denied', status: 403, remote: 'store' });
      const { message } = error as Error;
      expect(message).toMatch(rights[operation] as RegExp);
      expect(message).toContain('store');
      expect(message).not.toMatch(/\n|secret\/with/);
      if (operation !== 'ListBuckets') expect(message).toContain('tsclone config update store');
      expect(server.requests).toHaveLength(1);
    },
  );

  test('on R2 the text names the kind of token', async () => {
    const { backend } = await open(() => denied, { options: { provider: 'Cloudflare' } });
    await expect(call('PutObject', backend)).rejects.toThrow(/Object Read & Write/);
  });

  test.each([
    ['InvalidAccessKeyId', 403, /Check access_key_id and secret_access_key of remote "store"/],
    ['SignatureDoesNotMatch', 403, /Check secret_access_key and region of remote "store"/],
    ['Unauthorized', 401, /Check access_key_id and secret_access_key of remote "store"/],
    ['AuthorizationHeaderMalformed', 400, /Check region of remote "store"/],
  ])('%s names the key to look at', async (code, status, message) => {
    const { backend } = await open(() => fault(status, code));
    await expect(call('ListObjectsV2', backend)).rejects.toThrow(message);
  });
});

describe('a redirect', () => {
  test.each(operations.flatMap((operation) => [301, 302, 307, 308].map((status) => [operation, status] as const)))(
    '%s: %d is not followed',
    async (operation, status) => {
      const elsewhere = await startScriptedS3(() => htmlPage);
      servers.push(elsewhere);
      const { backend, server } = await open(() => ({
        status,
        headers: { location: `${elsewhere.endpoint}/bucket/key`, 'x-amz-bucket-region': 'eu-south-1' },
      }));
      const error = await call(operation, backend).catch((e: unknown) => e);
      expect(elsewhere.requests).toEqual([]);
      expect(server.operations()).toEqual([operation]);
      expect(error).toMatchObject({ name: 'TscloneError', status });
      expect((error as Error).message).toContain(`redirects to ${new URL(elsewhere.endpoint).host}`);
      expect((error as Error).message).toMatch(/remote "store"/);
    },
  );

  test('to another region names the region', async () => {
    const moved = fault(301, 'PermanentRedirect', 'use the other endpoint', { 'x-amz-bucket-region': 'eu-south-1' });
    const { backend } = await open(() => moved);
    await expect(call('ListObjectsV2', backend)).rejects.toThrow(/another region.*region=eu-south-1/);
  });
});

describe('a clock that is wrong', () => {
  const ahead = 3_600_000;
  /** A service whose clock is an hour ahead, and that says so as S3 does. */
  const service: Script = (r) => {
    const date = new Date(Date.now() + ahead).toUTCString();
    const at = (r.headers['x-amz-date'] ?? '').replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z');
    const isRight = Math.abs(Date.parse(at) - Date.now() - ahead) < 900_000;
    if (!isRight) return fault(403, 'RequestTimeTooSkewed', 'The difference is too large', { date });
    const headers = { date, etag: '"x"', 'last-modified': date, 'content-length': 0 };
    return r.method === 'HEAD'
      ? { headers }
      : { headers: { date }, body: '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>' };
  };

  test("is put right by the service's, for each of many requests at once", async () => {
    const opened = await openScripted(service);
    servers.push(opened.server);
    await Promise.all(Array.from({ length: 16 }, (_, i) => opened.backend.stat(`key${i}`)));
    for await (const _entry of opened.backend.list(''));
    const tries = new Map<string, number>();
    for (const { path } of opened.server.requests) tries.set(path, (tries.get(path) ?? 0) + 1);
    expect(Math.max(...tries.values())).toBeLessThanOrEqual(2);
  });

  test('does not send what is left of a stream: the transfer begins anew', async () => {
    const size = 6 * 1024 * 1024;
    const puts: number[] = [];
    const s = await startScriptedS3((r) => {
      if (r.operation === 'HeadObject') return { status: 404 };
      if (r.operation !== 'PutObject') return {};
      puts.push(r.body.length);
      if (puts.length === 1)
        return fault(403, 'RequestTimeTooSkewed', 'no', { date: new Date(Date.now() + ahead).toUTCString() });
      return { headers: { etag: `"${createHash('md5').update(r.body).digest('hex')}"` } };
    });
    servers.push(s);
    const dir = await tempDir();
    await writeFile(join(dir.path, 'file'), Buffer.alloc(size, 1));
    const env = {
      RCLONE_CONFIG_S_TYPE: 's3',
      RCLONE_CONFIG_S_PROVIDER: 'Minio',
      RCLONE_CONFIG_S_ENDPOINT: s.endpoint,
      RCLONE_CONFIG_S_ACCESS_KEY_ID: 'AKTEST',
      RCLONE_CONFIG_S_SECRET_ACCESS_KEY: 'secret',
    };
    const { code } = await cli(['copyto', join(dir.path, 'file'), 's:bucket/file', '--retries', '1'], { env });
    await dir.remove();
    expect([code, puts]).toEqual([0, [size, size]]);
  });

  test('that the service goes on to refuse is an error, not a loop', async () => {
    const date = new Date(Date.now() + ahead).toUTCString();
    const opened = await openScripted(() => fault(403, 'RequestTimeTooSkewed', 'no', { date }));
    servers.push(opened.server);
    await expect(opened.backend.stat('key')).rejects.toMatchObject({ code: 'permission_denied' });
    expect(opened.server.requests).toHaveLength(2);
  });
});

test('a bucket that stands in the endpoint too is told once, whatever comes of it', async () => {
  const s = await startScriptedS3((r) => (r.method === 'GET' ? fault(404, 'NoSuchKey', 'no') : object));
  servers.push(s);
  const env = {
    RCLONE_CONFIG_S_TYPE: 's3',
    RCLONE_CONFIG_S_PROVIDER: 'Minio',
    RCLONE_CONFIG_S_ENDPOINT: `${s.endpoint}/my-bucket`,
    RCLONE_CONFIG_S_ACCESS_KEY_ID: 'AKTEST',
    RCLONE_CONFIG_S_SECRET_ACCESS_KEY: 'secret',
  };
  const told = `NOTICE: remote "s": the endpoint ends in the name of a bucket, which is then counted twice. Leave it out: tsclone config update s endpoint=${s.endpoint}\n`;
  for (const args of [
    ['ls', 's:my-bucket/dir'],
    ['rcat', 's:my-bucket/x'],
  ]) {
    const { stderr } = await cli([...args, '--retries', '1'], { env, stdin: 'x' });
    expect(stderr.split(told)).toHaveLength(2);
  }
  // A gateway below a path of its own is none.
  const { stderr } = await cli(['ls', 's:other/dir', '--retries', '1'], { env });
  expect(stderr).not.toContain('counted twice');
});

test.each([
  ['tags that do not fit', '<Key>a</Kez>', /no whole XML/],
  ['a date that is none', '<Key>a</Key><LastModified>2026-11-26T01:50:44[</LastModified>', /timestamp/],
])('%s are told in words for people', async (_name, inner, words) => {
  const { backend } = await open(() =>
    xml(`<ListBucketResult><IsTruncated>false</IsTruncated><Contents>${inner}</Contents></ListBucketResult>`),
  );
  const error = await calls['ListObjectsV2']?.(backend).catch((e: Error) => e);
  expect((error as Error).message).toMatch(words);
  expect((error as Error).message).not.toMatch(/\$response|aws-sdk|Deserial|TypeError/);
});
