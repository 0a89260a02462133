import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSession, presigner, type SignedRequest } from '../../../src/index.ts';
import { startOwnServer, type OwnServer } from '../../support/own-server.ts';

const MiB = 1024 * 1024;

describe('signed requests', () => {
  let server: OwnServer;
  const open = async (path: string, more: Readonly<Record<string, string>> = {}) => {
    const session = openSession({
      config: {
        s: {
          type: 's3',
          provider: 'Other',
          endpoint: server.endpoint,
          access_key_id: server.accessKeyId,
          secret_access_key: server.secretAccessKey,
          ...more,
        },
        al: { type: 'alias', remote: 's:bucket/dir' },
      },
    });
    return session.remote(path);
  };
  /** What a browser would do with it: no keys, nothing but what it was given. */
  const send = ({ method, url, headers }: SignedRequest, body?: Uint8Array): Promise<Response> => {
    const { 'content-length': _given, ...rest } = headers;
    return fetch(url, { method, headers: rest, ...(body ? { body: new Uint8Array(body) } : {}) });
  };

  beforeAll(async () => {
    server = await startOwnServer();
    await server.backend.mkdir('bucket');
  });
  afterAll(() => server.stop());

  test('an object is stored and read by somebody without keys', async () => {
    const remote = await open('s:bucket/dir');
    const signer = await presigner(remote);
    const before = server.log.length;
    const put = await signer.put('ä +.txt', { mimeType: 'text/x-own', metadata: { who: 'me' }, expiresIn: 60 });
    const get = await signer.get('ä +.txt', { expiresIn: 60, response: { contentDisposition: 'attachment' } });
    expect(server.log.length).toBe(before);
    expect(put.expires.getTime() - Date.now()).toBeLessThanOrEqual(60_000);
    expect(put.headers).toMatchObject({ 'content-type': 'text/x-own', 'x-amz-meta-who': 'me' });
    expect([put.url + get.url, Object.keys(put.headers)].join()).not.toMatch(/checksum|crc32|content-length/i);
    expect((await send(put, Buffer.from('hello'))).status).toBe(200);
    const answer = await send(get);
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
      200,
      'text/x-own',
      'hello',
    ]);
    expect(await remote.stat('ä +.txt')).toMatchObject({ size: 5, metadata: { who: 'me' } });
  });

  test('what was signed cannot be used for anything else', async () => {
    const signer = await presigner(await open('s:bucket/dir'));
    const put = await signer.put('one', {
      size: 5,
      md5: createHash('md5').update('right').digest('hex'),
      metadata: { who: 'me' },
    });
    const statuses = [
      await send({ ...put, url: put.url.replace('/one?', '/two?') }, Buffer.from('right')),
      await send({ ...put, headers: { ...put.headers, 'x-amz-meta-who': 'you' } }, Buffer.from('right')),
      await send(put, Buffer.from('wrong')),
      await send(put, Buffer.from('longer')),
      await send(put, Buffer.from('right')),
    ].map(({ status }) => status);
    expect(statuses).toEqual([403, 403, 400, 403, 200]);
  });

  test('a large body goes up in parts, several days and programs apart', async () => {
    const body = randomBytes(11 * MiB + 7);
    const signer = await presigner(await open('s:bucket/dir'));
    const { uploadId, parts } = await signer.upload('big', { size: body.length, mimeType: 'x/y' });
    expect(parts.map(({ number, start, end }) => [number, start, end])).toEqual([
      [1, 0, 5 * MiB],
      [2, 5 * MiB, 10 * MiB],
      [3, 10 * MiB, body.length],
    ]);
    const sent = [];
    for (const part of parts.toReversed()) {
      const answer = await send(part, body.subarray(part.start, part.end));
      sent.push({ number: part.number, etag: answer.headers.get('etag') ?? '' });
    }
    // Another process knows nothing but the id and what the sender told.
    const remote = await open('al:');
    const later = await presigner(remote);
    expect((await send(await later.part('big', uploadId, 3, { size: 1 }), Buffer.from('xx'))).status).toBe(403);
    const stored = await later.complete('big', uploadId, sent);
    expect([stored.size, stored.mimeType]).toEqual([body.length, 'x/y']);
    expect(Buffer.from(await (await remote.read('big')).bytes()).equals(body)).toBe(true);
  });

  test('parts that are missing make no object, and an upload can be given up', async () => {
    const remote = await open('s:bucket/dir');
    const signer = await presigner(remote);
    const { uploadId } = await signer.upload('never', { size: 6 * MiB });
    await expect(signer.complete('never', uploadId, [{ number: 1, etag: '"no"' }])).rejects.toMatchObject({
      code: 'invalid_request',
    });
    const other = await signer.upload('never', { size: 1 });
    await signer.abort('never', other.uploadId);
    await expect(signer.complete('never', other.uploadId, [])).rejects.toThrow();
    expect(await remote.exists('never')).toBe(false);
  });

  test('link reads for as long as it says', async () => {
    const remote = await open('s:bucket/dir');
    await remote.write('linked', 'text');
    const url = new URL(await remote.link('linked', { expiresIn: 90 }));
    expect(url.searchParams.get('X-Amz-Expires')).toBe('90');
    expect(await (await fetch(url)).text()).toBe('text');
    await expect(remote.link('missing')).rejects.toMatchObject({ code: 'object_not_found' });
  });

  test('what cannot be signed is refused', async () => {
    const signer = await presigner(await open('s:bucket'));
    for (const expiresIn of [0, 604_801, Number.NaN])
      await expect(signer.get('x', { expiresIn })).rejects.toMatchObject({ code: 'usage' });
    await expect(signer.upload('x', { size: 6 * MiB, partSize: MiB })).rejects.toMatchObject({ code: 'usage' });
    const memory = await openSession({ env: {} }).remote(':memory:b');
    await expect(presigner(memory)).rejects.toMatchObject({ code: 'unsupported' });
    await expect(memory.link('x')).rejects.toMatchObject({ code: 'unsupported' });
    const key = { sse_customer_algorithm: 'AES256', sse_customer_key: 'k'.repeat(32) };
    const own = await open('s:bucket', key);
    const before = server.log.length;
    await expect((await presigner(own)).upload('x', { size: 1 })).rejects.toMatchObject({ code: 'unsupported' });
    await expect(own.link('x')).rejects.toThrow('carries the key');
    expect(server.log.length).toBe(before);
  });
});
