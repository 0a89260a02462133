import { createHash, createHmac } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createChecksum, type ChecksumName } from '../../../src/serve/s3/checksums.ts';
import { platform } from '../../support/layered.ts';
import { startOwnServer, type OwnServer } from '../../support/own-server.ts';
import { awsChunked, call, presign, send, sign, type RawAnswer, type RawRequest } from '../../support/raw-s3.ts';

let server: OwnServer;
beforeAll(async () => {
  server = await startOwnServer();
});
afterAll(() => server.stop());

let bucket: string;
let n = 0;
beforeEach(async () => {
  bucket = `wire-${++n}`;
  await server.backend.mkdir(bucket);
});

const ask = (r: RawRequest): Promise<RawAnswer> => call(server, r);
const put = (key: string, body: string | Uint8Array, headers: Record<string, string> = {}): Promise<RawAnswer> =>
  ask({ method: 'PUT', path: `/${bucket}/${key}`, body, headers });
const get = (key: string, headers: Record<string, string> = {}): Promise<RawAnswer> =>
  ask({ path: `/${bucket}/${key}`, headers });
const answerOf = async (work: Promise<RawAnswer>): Promise<[number, string | undefined]> => {
  const { status, code } = await work;
  return [status, code];
};
const base64 = (algorithm: string, data: string): string => createHash(algorithm).update(data).digest('base64');
const crc = (data: string): string => {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(crc32(data));
  return out.toString('base64');
};
const checksum = (name: ChecksumName, data: string): string => {
  const sum = createChecksum(name, platform);
  sum.update(new TextEncoder().encode(data));
  return Buffer.from(sum.digest()).toString('base64');
};

describe('signatures', () => {
  const link = (o: Partial<Parameters<typeof presign>[1]> = {}): string =>
    presign(server, { path: `/${bucket}/k`, ...o });

  test('links for GET, HEAD, PUT, DELETE and a part work', async () => {
    const sent = await send(server, { method: 'PUT', path: link({ method: 'PUT' }), body: 'by link' });
    expect(sent.status).toBe(200);
    expect((await send(server, { path: link() })).text).toBe('by link');
    expect((await send(server, { method: 'HEAD', path: link({ method: 'HEAD' }) })).headers['content-length']).toBe(
      '7',
    );
    const started = await ask({ method: 'POST', path: `/${bucket}/m`, query: { uploads: '' } });
    const uploadId = /<UploadId>(\w+)/.exec(started.text)?.[1] ?? '';
    const part = presign(server, { method: 'PUT', path: `/${bucket}/m`, query: { partNumber: '1', uploadId } });
    const { headers } = await send(server, { method: 'PUT', path: part, body: 'part' });
    const xml = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${headers.etag}</ETag></Part></CompleteMultipartUpload>`;
    const done = await ask({ method: 'POST', path: `/${bucket}/m`, query: { uploadId }, body: xml });
    expect([done.status, (await get('m')).text]).toEqual([200, 'part']);
    expect((await send(server, { method: 'DELETE', path: link({ method: 'DELETE' }) })).status).toBe(204);
    expect((await get('k')).status).toBe(404);
  });

  test('a link is good for its method, key, query and time only', async () => {
    await put('k', 'x');
    const good = link();
    expect(await answerOf(send(server, { path: good }))).toEqual([200, undefined]);
    const wrong = [
      send(server, { method: 'DELETE', path: good }),
      send(server, { path: good.replace('/k?', '/other?') }),
      send(server, { path: `${good}&response-content-type=text%2Fhtml` }),
      send(server, { path: good.replace('X-Amz-Expires=60', 'X-Amz-Expires=61') }),
    ];
    for (const work of wrong) expect(await answerOf(work)).toEqual([403, 'SignatureDoesNotMatch']);
    const past = (seconds: number): Date => new Date(Date.now() - seconds * 1000);
    expect(await answerOf(send(server, { path: link({ date: past(50) }) }))).toEqual([200, undefined]);
    expect(await answerOf(send(server, { path: link({ date: past(70) }) }))).toEqual([403, 'AccessDenied']);
    expect(await answerOf(send(server, { path: link({ date: past(-1000) }) }))).toEqual([403, 'RequestTimeTooSkewed']);
    for (const expires of [0, 604_801])
      expect(await answerOf(send(server, { path: link({ expires }) }))).toEqual([
        400,
        'AuthorizationQueryParametersError',
      ]);
    expect((await get('k')).text).toBe('x');
  });

  test('headers that a link carries in its query count', async () => {
    const query = { 'x-amz-meta-from': 'link', 'x-amz-checksum-sha256': base64('sha256', 'right') };
    const path = link({ method: 'PUT', query });
    expect(await answerOf(send(server, { method: 'PUT', path, body: 'wrong' }))).toEqual([400, 'BadDigest']);
    expect(await answerOf(send(server, { method: 'PUT', path, body: 'right' }))).toEqual([200, undefined]);
    expect((await get('k')).headers['x-amz-meta-from']).toBe('link');
  });

  test('a clock that is more than 15 minutes off is refused', async () => {
    await put('k', 'x');
    for (const minutes of [-14, 14]) {
      const date = new Date(Date.now() + minutes * 60_000);
      expect((await ask({ path: `/${bucket}/k`, date })).status).toBe(200);
    }
    for (const minutes of [-16, 16]) {
      const date = new Date(Date.now() + minutes * 60_000);
      expect(await answerOf(ask({ path: `/${bucket}/k`, date }))).toEqual([403, 'RequestTimeTooSkewed']);
    }
  });

  test('every x-amz- header must be signed', async () => {
    const work = ask({
      method: 'PUT',
      path: `/${bucket}/k`,
      body: 'x',
      unsigned: { 'x-amz-meta-smuggled': 'yes', 'x-amz-acl': 'private' },
    });
    const { status, code, text } = await work;
    expect([status, code]).toEqual([403, 'AccessDenied']);
    expect(text).toContain('<HeadersNotSigned>x-amz-acl, x-amz-meta-smuggled</HeadersNotSigned>');
    const path = link({ method: 'PUT' });
    const headers = { 'x-amz-meta-smuggled': 'yes' };
    expect(await answerOf(send(server, { method: 'PUT', path, headers, body: 'x' }))).toEqual([403, 'AccessDenied']);
    expect((await get('k')).status).toBe(404);
  });

  test('other ways to sign are refused by name', async () => {
    for (const authorization of ['AWS4-ECDSA-P256-SHA256 Credential=a', 'Bearer x'])
      expect(await answerOf(send(server, { path: `/${bucket}/k`, headers: { authorization } }))).toEqual([
        400,
        'InvalidRequest',
      ]);
    const { headers } = sign(server, { path: `/${bucket}/k` });
    const { 'x-amz-content-sha256': _, ...without } = headers;
    expect(await answerOf(send(server, { path: `/${bucket}/k`, headers: without }))).toEqual([400, 'InvalidRequest']);
  });

  test('version 2, in the header and in a link', async () => {
    const hmac = (text: string): string => createHmac('sha1', server.secretAccessKey).update(text).digest('base64');
    const path = `/${bucket}/v2`;
    const date = new Date().toUTCString();
    const headers = { date, 'content-type': 'x/y', 'x-amz-meta-b': '2', 'x-amz-meta-a': '1' };
    const signed = (resource: string): Record<string, string> => {
      const text = `PUT\n\nx/y\n${date}\nx-amz-meta-a:1\nx-amz-meta-b:2\n${resource}`;
      return { ...headers, authorization: `AWS ${server.accessKeyId}:${hmac(text)}` };
    };
    const put = (more: Record<string, string>) => send(server, { method: 'PUT', path, headers: more, body: 'old way' });
    expect(await answerOf(put(signed('/other/v2')))).toEqual([403, 'SignatureDoesNotMatch']);
    expect(await answerOf(put({ ...signed(path), 'x-amz-meta-c': '3' }))).toEqual([403, 'SignatureDoesNotMatch']);
    expect(await answerOf(put(signed(path)))).toEqual([200, undefined]);
    const link = (expires: number, key = path): string => {
      const signature = encodeURIComponent(hmac(`GET\n\n\n${expires}\n${path}?response-content-type=a/b`));
      return `${key}?response-content-type=a%2Fb&AWSAccessKeyId=${server.accessKeyId}&Expires=${expires}&Signature=${signature}`;
    };
    const now = Math.floor(Date.now() / 1000);
    const got = await send(server, { path: link(now + 60) });
    expect([got.text, got.headers['content-type'], got.headers['x-amz-meta-a']]).toEqual(['old way', 'a/b', '1']);
    expect(await answerOf(send(server, { path: link(now - 1) }))).toEqual([403, 'AccessDenied']);
    expect(await answerOf(send(server, { path: link(now + 60, `/${bucket}/x`) }))).toEqual([
      403,
      'SignatureDoesNotMatch',
    ]);
    const old = {
      date: new Date(Date.now() - 16 * 60_000).toUTCString(),
      authorization: signed(path)['authorization'] as string,
    };
    expect(await answerOf(send(server, { path, headers: old }))).toEqual([403, 'RequestTimeTooSkewed']);
  });

  test('the key in the path is signed as it is sent, in either way of writing it', async () => {
    for (const key of ['a%20b', "it's(1)!*", 'plus+', '%e4%bd%a0', 'a%2Fb']) {
      expect((await put(key, key)).status).toBe(200);
      expect((await get(key)).text).toBe(key);
    }
    const listed = await ask({ path: `/${bucket}`, query: { 'list-type': '2' } });
    const keys = [...listed.text.matchAll(/<Key>([^<]*)/g)].map((m) => m[1]);
    expect(keys).toEqual(['a b', 'a/b', "it's(1)!*", 'plus+', '你']);
  });
});

describe('bodies', () => {
  const streamed = (
    chunks: string[],
    o: { mode: string; trailers?: Record<string, string>; announced?: string; headers?: Record<string, string> },
    change: (body: Buffer) => Buffer = (body) => body,
  ): Promise<RawAnswer> => {
    const path = `/${bucket}/s`;
    const total = String(Buffer.byteLength(chunks.join('')));
    const trailer: Record<string, string> = o.announced === undefined ? {} : { 'x-amz-trailer': o.announced };
    const headers = {
      'x-amz-decoded-content-length': total,
      'content-encoding': 'aws-chunked',
      ...trailer,
      ...o.headers,
    };
    const signed = sign(server, { method: 'PUT', path, payload: o.mode, headers });
    const isSigned = o.mode.startsWith('STREAMING-AWS4');
    const body = change(awsChunked(chunks, isSigned ? signed : undefined, o.trailers));
    return send(server, { method: 'PUT', path, headers: signed.headers, body });
  };
  const signedMode = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
  const trailerMode = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER';
  const openMode = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
  const chunks = ['a'.repeat(70_000), 'b'.repeat(3), 'ü'];

  test('signed chunks, with and without a signed trailer, and unsigned chunks with one', async () => {
    const trailers = { 'x-amz-checksum-crc32': crc(chunks.join('')) };
    const announced = 'x-amz-checksum-crc32';
    for (const o of [
      { mode: signedMode },
      { mode: trailerMode, trailers, announced },
      { mode: openMode, trailers, announced },
    ]) {
      const sent = await streamed(chunks, o);
      expect(sent.status).toBe(200);
      if ('trailers' in o) expect(sent.headers['x-amz-checksum-crc32']).toBe(trailers['x-amz-checksum-crc32']);
      const got = await get('s');
      expect(got.text).toBe(chunks.join(''));
      expect(got.headers['content-encoding']).toBeUndefined();
      await ask({ method: 'DELETE', path: `/${bucket}/s` });
    }
  });

  test.each(['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const)(
    'a trailer of %s is verified, kept and given back',
    async (name) => {
      const header = `x-amz-checksum-${name}`;
      const value = checksum(name, chunks.join(''));
      const right = await streamed(chunks, { mode: openMode, trailers: { [header]: value }, announced: header });
      expect([right.status, right.headers[header], right.headers['x-amz-checksum-type']]).toEqual([
        200,
        value,
        'FULL_OBJECT',
      ]);
      expect((await get('s')).headers[header]).toBeUndefined();
      expect((await get('s', { 'x-amz-checksum-mode': 'ENABLED' })).headers[header]).toBe(value);
      expect(
        (await get('s', { 'x-amz-checksum-mode': 'ENABLED', range: 'bytes=0-1' })).headers[header],
      ).toBeUndefined();
      const lie = { [header]: checksum(name, 'other') };
      expect(await answerOf(streamed(['new'], { mode: openMode, trailers: lie, announced: header }))).toEqual([
        400,
        'BadDigest',
      ]);
      expect((await get('s')).text).toBe(chunks.join(''));
    },
  );

  test('a changed chunk, trailer or order of them stores nothing', async () => {
    const trailers = { 'x-amz-checksum-crc32': crc(chunks.join('')) };
    const announced = 'x-amz-checksum-crc32';
    const flip = (body: Buffer, at: number): Buffer => {
      const copy = Buffer.from(body);
      copy[at] = (copy[at] ?? 0) ^ 1;
      return copy;
    };
    // Another digit, so that the text stays one of its kind.
    const digit = (body: Buffer, at: number): Buffer => {
      const copy = Buffer.from(body);
      copy.write(copy.toString('latin1', at, at + 1) === '1' ? '2' : '1', at, 'latin1');
      return copy;
    };
    const changes: [string, (body: Buffer) => Buffer, string][] = [
      ['data', (b) => flip(b, 200), 'SignatureDoesNotMatch'],
      ['signature of a chunk', (b) => digit(b, b.indexOf('chunk-signature=') + 20), 'SignatureDoesNotMatch'],
      ['trailer', (b) => digit(b, b.indexOf('x-amz-checksum-crc32:') + 22), 'SignatureDoesNotMatch'],
      ['signature of the trailer', (b) => digit(b, b.indexOf('trailer-signature:') + 20), 'SignatureDoesNotMatch'],
      ['last chunk left out', (b) => b.subarray(0, b.lastIndexOf('\r\n0;') + 2), 'IncompleteBody'],
      ['cut within a chunk', (b) => b.subarray(0, 50_000), 'IncompleteBody'],
      ['bytes behind the end', (b) => Buffer.concat([b, Buffer.from('x')]), 'InvalidRequest'],
    ];
    for (const [what, change, code] of changes) {
      const answer = await streamed(chunks, { mode: trailerMode, trailers, announced }, change);
      expect([what, answer.code]).toEqual([what, code]);
      expect((await get('s')).status).toBe(404);
    }
  });

  test('announced trailers and lengths must come', async () => {
    const announced = 'x-amz-checksum-crc32';
    expect(await answerOf(streamed(chunks, { mode: openMode, announced }))).toEqual([400, 'MalformedTrailerError']);
    expect(await answerOf(streamed(chunks, { mode: openMode, announced: 'x-amz-checksum-md5' }))).toEqual([
      400,
      'InvalidRequest',
    ]);
    for (const length of ['70004', '70006'])
      expect(
        await answerOf(streamed(chunks, { mode: signedMode, headers: { 'x-amz-decoded-content-length': length } })),
      ).toEqual([400, 'IncompleteBody']);
    const path = `/${bucket}/s`;
    const signed = sign(server, { method: 'PUT', path, payload: signedMode });
    const body = awsChunked(chunks, signed);
    expect(await answerOf(send(server, { method: 'PUT', path, headers: signed.headers, body }))).toEqual([
      411,
      'MissingContentLength',
    ]);
    expect(await answerOf(streamed(chunks, { mode: 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD' }))).toEqual([
      501,
      'NotImplemented',
    ]);
    expect((await get('s')).status).toBe(404);
  });

  test('a body that is not the signed one stores nothing', async () => {
    const path = `/${bucket}/k`;
    const { headers } = sign(server, { method: 'PUT', path, body: 'right' });
    expect(await answerOf(send(server, { method: 'PUT', path, headers, body: 'wrong' }))).toEqual([
      400,
      'XAmzContentSHA256Mismatch',
    ]);
    expect(await answerOf(ask({ method: 'PUT', path, payload: 'nonsense', body: 'x' }))).toEqual([
      400,
      'InvalidArgument',
    ]);
    expect((await get('k')).status).toBe(404);
    expect(await answerOf(ask({ method: 'PUT', path, payload: 'UNSIGNED-PAYLOAD', body: 'x' }))).toEqual([
      200,
      undefined,
    ]);
  });

  test('digests in headers', async () => {
    expect(await answerOf(put('k', 'x', { 'content-md5': base64('md5', 'x') }))).toEqual([200, undefined]);
    expect(await answerOf(put('k', 'y', { 'content-md5': base64('md5', 'x') }))).toEqual([400, 'BadDigest']);
    expect(await answerOf(put('k', 'y', { 'content-md5': 'short' }))).toEqual([400, 'InvalidDigest']);
    expect(await answerOf(put('k', 'y', { 'x-amz-checksum-crc32c': 'AAAA' }))).toEqual([400, 'InvalidRequest']);
    const two = { 'x-amz-checksum-crc32': crc('y'), 'x-amz-checksum-sha1': base64('sha1', 'y') };
    expect(await answerOf(put('k', 'y', two))).toEqual([400, 'InvalidRequest']);
    expect(await answerOf(put('k', 'y', { 'x-amz-sdk-checksum-algorithm': 'CRC32' }))).toEqual([400, 'InvalidRequest']);
    expect((await get('k')).text).toBe('x');
  });

  test('known values of the checksums', () => {
    const known = {
      crc32: 'y/Q5Jg==',
      crc32c: '4waSgw==',
      crc64nvme: 'rosUhgp5mIg=',
      sha1: '98O8HYCOBHMq32eZZczDTKeuNEE=',
    };
    for (const [name, value] of Object.entries(known)) expect(checksum(name as ChecksumName, '123456789')).toBe(value);
  });
});
