import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import type { ReadOptions } from '../../../../src/core/backend.ts';
import { agreeable } from '../../../support/agreeable-s3.ts';
import type { Answer, Script, ScriptedS3 } from '../../../support/scripted-s3.ts';
import { byOperation, fault, htmlPage, inTurn, openScripted } from '../../../support/scripted-s3.ts';

let server: ScriptedS3 | undefined;
afterEach(async () => server?.stop());

const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 251));
const md5 = createHash('md5').update(bytes).digest('hex');
const dated = { 'last-modified': 'Fri, 02 Jan 2026 03:04:05 GMT' };
const whole: Answer = { headers: { ...dated, etag: `"${md5}"` }, body: bytes };

/** The part of the object from `start` to before `end`, as a service answers a range. */
function part(start: number, end: number, etag = md5): Answer {
  return {
    status: 206,
    headers: { ...dated, etag: `"${etag}"`, 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` },
    body: bytes.subarray(start, end),
  };
}

/** Reads an object; what came until the end or the error. */
async function read(script: Script, o: ReadOptions = {}, options?: Readonly<Record<string, string>>) {
  const opened = await openScripted(script, options ? { options } : {});
  server = opened.server;
  const chunks: Uint8Array[] = [];
  let error: unknown;
  try {
    const { body } = await opened.backend.read('key', o);
    for await (const chunk of body) chunks.push(chunk);
  } catch (e) {
    error = e;
  }
  return { ...opened, got: Buffer.concat(chunks), error };
}

describe('a read that is cut off', () => {
  test('goes on at the first missing byte of the same object', async () => {
    const { got, error, server } = await read(
      inTurn({ ...whole, cutAfter: 300 }, { ...part(300, 1000), cutAfter: 200 }, part(500, 1000)),
    );
    expect(error).toBeUndefined();
    expect(got.equals(bytes)).toBe(true);
    expect(server.requests.map((r) => [r.headers['range'], r.headers['if-match']])).toEqual([
      [undefined, undefined],
      ['bytes=300-999', `"${md5}"`],
      ['bytes=500-999', `"${md5}"`],
    ]);
  });

  test('goes on within the range that was asked for', async () => {
    const { got, server } = await read(inTurn({ ...part(100, 400), cutAfter: 50 }, part(150, 400)), {
      range: { start: 100, end: 400 },
    });
    expect(got.equals(bytes.subarray(100, 400))).toBe(true);
    expect(server.requests.map((r) => r.headers['range'])).toEqual(['bytes=100-399', 'bytes=150-399']);
  });

  test('a range of fewer bytes than it announces goes on', async () => {
    const short: Answer = { ...part(0, 1000), body: bytes.subarray(0, 400) };
    const { got, server } = await read(inTurn(short, part(400, 1000)), { range: { start: 0, end: 1000 } });
    expect(got.equals(bytes)).toBe(true);
    expect(server.requests).toHaveLength(2);
  });

  test('goes on elsewhere when nothing more comes and the connection stays', async () => {
    const { server: s, backend } = await openScripted(inTurn({ ...whole, stallAfter: 300 }, part(300, 1000)), {
      limits: { timeoutMs: 50 },
    });
    server = s;
    const { body } = await backend.read('key');
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    expect(s.requests.map((r) => r.headers['range'])).toEqual([undefined, 'bytes=300-999']);
  });

  test('gives up after low_level_retries with an error, not with a short object', async () => {
    const { error, server, waits } = await read(() => ({ ...whole, cutAfter: 0 }));
    expect(error).toMatchObject({ code: 'network', message: expect.stringContaining('cut off after 0 of 1000 bytes') });
    expect(server.requests).toHaveLength(3);
    expect(waits).toHaveLength(2);
  });

  test('refuses when the object has changed since (412)', async () => {
    const { error, server } = await read(inTurn({ ...whole, cutAfter: 300 }, fault(412, 'PreconditionFailed')));
    expect(error).toMatchObject({ code: 'precondition_failed', message: 'key: the object changed while it was read' });
    expect(server.requests).toHaveLength(2);
  });

  test('refuses a continuation of another object from a service that ignores If-Match', async () => {
    const { error, got } = await read(inTurn({ ...whole, cutAfter: 300 }, part(300, 1000, 'f'.repeat(32))));
    expect(error).toMatchObject({ code: 'precondition_failed' });
    expect(got).toHaveLength(300);
  });

  test('refuses a whole object where the rest was asked for', async () => {
    const { error, got } = await read(inTurn({ ...whole, cutAfter: 300 }, whole));
    expect(error).toMatchObject({ code: 'bad_answer', message: expect.stringContaining('ignored the range') });
    expect(got).toHaveLength(300);
  });

  test('refuses another range than was asked for', async () => {
    const { error, got } = await read(inTurn({ ...whole, cutAfter: 300 }, part(400, 1000)));
    expect(error).toMatchObject({ code: 'bad_answer', message: expect.stringContaining('another range') });
    expect(got).toHaveLength(300);
  });
});

describe('the bytes of a read', () => {
  test('a whole object whose MD5 is not its ETag is an error', async () => {
    const { error } = await read(() => ({ ...whole, headers: { ...dated, etag: `"${'0'.repeat(32)}"` } }));
    expect(error).toMatchObject({ code: 'corrupted', message: expect.stringContaining('MD5') });
  });

  test('an ETag that is no MD5 is not compared', async () => {
    const { error, got } = await read(() => ({ ...whole, headers: { ...dated, etag: '"0123456789abcdef-2"' } }));
    expect(error).toBeUndefined();
    expect(got.equals(bytes)).toBe(true);
  });

  test('the stored MD5 of an upload in parts is compared', async () => {
    const headers = { ...dated, etag: '"x-2"', 'x-amz-meta-md5chksum': Buffer.alloc(16, 7).toString('base64') };
    const { error } = await read(() => ({ ...whole, headers }));
    expect(error).toMatchObject({ code: 'corrupted' });
  });

  test('more bytes than the range announced are an error', async () => {
    const long: Answer = { ...part(0, 10), body: bytes.subarray(0, 20) };
    const { error, got } = await read(() => long, { range: { start: 0, end: 10 } });
    expect(error).toMatchObject({ code: 'corrupted', message: expect.stringContaining('more than the 10 bytes') });
    expect(got.length).toBeLessThanOrEqual(10);
  });

  test.each([
    ['begins elsewhere', part(0, 100)],
    ['is longer', part(100, 300)],
    ['is shorter though the object goes on', part(100, 150)],
  ])('a range that %s is an error', async (_name, answer) => {
    const { error, got } = await read(() => answer, { range: { start: 100, end: 200 } });
    expect(error).toMatchObject({ code: 'bad_answer', message: expect.stringContaining('another range') });
    expect(got).toHaveLength(0);
  });

  test('a range that ends behind the object gives what there is', async () => {
    const { error, got } = await read(() => part(900, 1000), { range: { start: 900, end: 5000 } });
    expect(error).toBeUndefined();
    expect(got.equals(bytes.subarray(900))).toBe(true);
  });

  test('another object than the one that was listed is refused', async () => {
    const info = { kind: 'object', path: 'key', size: 1000, hashes: {}, etag: 'e'.repeat(32) } as const;
    const { error, got, server } = await read(() => whole, { info });
    expect(server.requests[0]?.headers['if-match']).toBe(`"${'e'.repeat(32)}"`);
    expect(error).toMatchObject({ code: 'precondition_failed' });
    expect(got).toHaveLength(0);
  });
});

describe('an answer that is no object', () => {
  test('a GET answered by an HTML page is an error', async () => {
    const { error, got } = await read(() => htmlPage);
    expect(error).toMatchObject({ code: 'bad_answer', message: expect.stringContaining('HTML') });
    expect(got).toHaveLength(0);
  });

  test('a stored HTML page is read', async () => {
    const { error, got } = await read(() => ({
      ...whole,
      headers: { ...whole.headers, 'content-type': 'text/html' },
    }));
    expect(error).toBeUndefined();
    expect(got.equals(bytes)).toBe(true);
  });

  test('a HEAD answered by an HTML page is an error', async () => {
    const opened = await openScripted(() => ({ headers: { 'content-type': 'text/html', 'content-length': 90 } }));
    server = opened.server;
    await expect(opened.backend.stat('key')).rejects.toMatchObject({
      code: 'bad_answer',
      message: expect.stringContaining('HTML'),
    });
  });

  test('a HEAD without Content-Length is not an object of 0 bytes', async () => {
    const opened = await openScripted(() => ({ chunked: true, headers: { ...dated, etag: `"${md5}"` } }));
    server = opened.server;
    await expect(opened.backend.stat('key')).rejects.toMatchObject({
      code: 'bad_answer',
      message: expect.stringContaining('Content-Length'),
    });
  });

  test('a GET without Content-Length has an unknown size, and its bytes are still checked', async () => {
    const good = await read(() => ({ ...whole, chunked: true }));
    expect(good.error).toBeUndefined();
    expect(good.got.equals(bytes)).toBe(true);
    await good.server.stop();
    const bad = await read(() => ({ ...whole, chunked: true, body: bytes.subarray(1) }));
    expect(bad.error).toMatchObject({ code: 'corrupted' });
  });

  test('a GET without Content-Length of another size than was listed is an error', async () => {
    const info = { kind: 'object', path: 'key', size: 1000, hashes: {} } as const;
    const answer = { ...whole, headers: { ...dated, etag: '"x-2"' }, chunked: true, body: bytes.subarray(0, 900) };
    const { error } = await read(() => answer, { info });
    expect(error).toMatchObject({ code: 'bad_answer' });
  });

  test('404 is a missing object, in a HEAD and in a GET', async () => {
    const opened = await openScripted(
      byOperation({ HeadObject: { status: 404 }, GetObject: fault(404, 'NoSuchKey', 'no such key') }),
    );
    server = opened.server;
    await expect(opened.backend.stat('key')).rejects.toMatchObject({ code: 'object_not_found' });
    await expect(opened.backend.read('key')).rejects.toMatchObject({ code: 'object_not_found' });
  });
});

test('a body that nobody begins to read gives its connection back', async () => {
  const opened = await openScripted(agreeable({ objects: { 'bucket/key': { body: Buffer.alloc(4 * 1024 * 1024) } } }), {
    options: { upload_concurrency: '1' },
    limits: { transfers: 1, checkers: 1, streams: 1 },
  });
  server = opened.server;
  const { backend } = opened;
  // The pool has 1 × 1 + 1 + 4 connections.
  for (let i = 0; i < 20; i++) {
    const { body } = await backend.read('key');
    await body[Symbol.asyncIterator]().return?.();
  }
  expect((await backend.stat('key')).size).toBe(4 * 1024 * 1024);
});
