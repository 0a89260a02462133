import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { partSizeFor } from '../../../../src/backends/s3/multipart.ts';
import type { Answer, OpenScripted, Recorded, Script, ScriptedS3 } from '../../../support/scripted-s3.ts';
import { byOperation, fault, htmlPage, openScripted, xml } from '../../../support/scripted-s3.ts';

let server: ScriptedS3 | undefined;
afterEach(async () => {
  vi.unstubAllGlobals();
  await server?.stop();
});

const MiB = 1024 * 1024;
const partSize = 5 * MiB;
const md5 = (b: Uint8Array): Buffer => createHash('md5').update(b).digest();
const data = Buffer.alloc(12 * MiB, 'abcdefg');
const dated = { 'last-modified': 'Fri, 02 Jan 2026 03:04:05 GMT' };

const created = xml('<InitiateMultipartUploadResult><UploadId>u/1</UploadId></InitiateMultipartUploadResult>');
const completed = (etag: string): Answer =>
  xml(`<CompleteMultipartUploadResult><ETag>"${etag}"</ETag></CompleteMultipartUploadResult>`);
const takePart: Script = (r) => ({ headers: { etag: `"${md5(r.body).toString('hex')}"` } });
/** ETag of an upload of `bytes` in parts. */
function tagOf(bytes: Buffer, size = partSize): string {
  const digests: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) digests.push(md5(bytes.subarray(at, at + size)));
  return `${md5(Buffer.concat(digests)).toString('hex')}-${digests.length}`;
}
const stored = (etag: string, size = data.length): Answer => ({
  headers: { ...dated, etag: `"${etag}"`, 'content-length': size },
});
const answers = {
  CreateMultipartUpload: created,
  UploadPart: takePart,
  CompleteMultipartUpload: completed(tagOf(data)),
  AbortMultipartUpload: { status: 204 },
  DeleteObject: { status: 204 },
} as const;

async function open(script: Script, o?: Parameters<typeof openScripted>[1]): Promise<OpenScripted> {
  const opened = await openScripted(script, o);
  server = opened.server;
  return opened;
}

/** In chunks of odd length, with a count of what was taken and whether it was closed. */
function sourceOf(bytes: Uint8Array, after?: () => Promise<void>) {
  const state = { closed: false };
  const source = (async function* () {
    try {
      for (let at = 0; at < bytes.length; at += 999_983) yield bytes.subarray(at, at + 999_983);
      await after?.();
    } finally {
      state.closed = true;
    }
  })();
  return { source, state };
}

const byNumber = (requests: readonly Recorded[]): Recorded[] =>
  requests.toSorted((a, b) => Number(a.query.get('partNumber')) - Number(b.query.get('partNumber')));

/** No upload was completed, and it was aborted once, when no part was to come any more. */
function expectAborted(s: ScriptedS3): void {
  expect(s.of('AbortMultipartUpload').map((r) => r.query.get('uploadId'))).toEqual(['u/1']);
  expect(s.of('CompleteMultipartUpload')).toEqual([]);
  // The body of a part that was given up may still be on its way.
  expect(s.requests.toSorted((a, b) => a.began - b.began).at(-1)?.operation).toBe('AbortMultipartUpload');
}

describe('a stream of unknown size', () => {
  test('goes up in equal parts but the last, each with its MD5', async () => {
    const { backend, server } = await open(byOperation(answers));
    const info = await backend.write('key', sourceOf(data).source, { modTime: 1_500_000_000n });
    expect(info).toMatchObject({ size: data.length, etag: tagOf(data) });
    const parts = byNumber(server.of('UploadPart'));
    expect(parts.map((p) => p.body.length)).toEqual([partSize, partSize, 2 * MiB]);
    expect(Buffer.concat(parts.map((p) => p.body)).equals(data)).toBe(true);
    expect(parts.map((p) => p.headers['content-md5'])).toEqual(parts.map((p) => md5(p.body).toString('base64')));
    expect(parts.every((p) => p.query.get('uploadId') === 'u/1')).toBe(true);
    expect(server.of('CreateMultipartUpload')[0]?.headers).toMatchObject({
      'x-amz-meta-mtime': '1.5',
      'content-type': 'application/octet-stream',
    });
    expect(server.of('CreateMultipartUpload')[0]?.headers['x-amz-meta-md5chksum']).toBeUndefined();
    // In order and with the tags that the service gave.
    const list = [...(server.of('CompleteMultipartUpload')[0]?.body.toString() ?? '').matchAll(/<PartNumber>(\d+)/g)];
    expect(list.map((m) => m[1])).toEqual(['1', '2', '3']);
    expect(server.operations()).not.toContain('HeadObject');
  });

  test('of a whole number of parts has no empty part at its end', async () => {
    const two = data.subarray(0, 2 * partSize);
    const { backend, server } = await open(byOperation({ ...answers, CompleteMultipartUpload: completed(tagOf(two)) }));
    await backend.write('key', sourceOf(two).source, {});
    expect(server.of('UploadPart').map((p) => p.body.length)).toEqual([partSize, partSize]);
  });

  test.each([0, 1, partSize])('of %d bytes is one PutObject', async (size) => {
    const bytes = data.subarray(0, size);
    const { backend, server } = await open(() => ({ headers: { etag: `"${md5(bytes).toString('hex')}"` } }));
    await backend.write('key', sourceOf(bytes).source, {});
    expect(server.operations()).toEqual(['PutObject']);
    expect(server.requests[0]?.body.length).toBe(size);
  });

  test('uses a fixed number of buffers, however long it is', async () => {
    let made = 0;
    const counting = new Proxy(Uint8Array, {
      construct(target, args: unknown[], newTarget) {
        if (args[0] === partSize) made += 1;
        return Reflect.construct(target, args, newTarget) as object;
      },
    });
    const long = Buffer.alloc(50 * MiB);
    const { backend, server } = await open(
      byOperation({ ...answers, CompleteMultipartUpload: completed(tagOf(long)) }),
      { options: { upload_concurrency: '2' } },
    );
    vi.stubGlobal('Uint8Array', counting);
    await backend.write('key', sourceOf(long).source, {});
    vi.unstubAllGlobals();
    expect(server.of('UploadPart')).toHaveLength(10);
    // One for the first part, then upload_concurrency and one to read into.
    expect(made).toBeGreaterThanOrEqual(2);
    expect(made).toBeLessThanOrEqual(4);
  });

  test('longer than the parts allow is an error that says what helps', async () => {
    const { backend, server } = await open(byOperation(answers), { options: { max_upload_parts: '2' } });
    await expect(backend.write('key', sourceOf(data).source, {})).rejects.toThrow(
      /longer than 2 parts of 5Mi.*--s3-chunk-size.*--size/,
    );
    expectAborted(server);
  });
});

describe('a stream of known size', () => {
  test.each([
    [undefined, partSize],
    [partSize * 3, partSize],
    [partSize * 3 + 1, 6 * MiB],
    [25 * MiB, 9 * MiB],
    [27 * MiB, 9 * MiB],
    [27 * MiB + 1, 10 * MiB],
  ])('of %s bytes in at most three parts goes up in parts of %d', (size, expected) => {
    expect(partSizeFor(size, partSize, 3)).toBe(expected);
  });

  test('of 5 TiB fits into 10000 parts', () => {
    const size = 5 * 1024 ** 4;
    const part = partSizeFor(size, partSize, 10_000);
    expect(part % MiB).toBe(0);
    expect(Math.ceil(size / part)).toBeLessThanOrEqual(10_000);
  });

  test('gets larger equal parts where it would need too many, and its MD5 as rclone writes it', async () => {
    const { backend, server } = await open(
      byOperation({ ...answers, CompleteMultipartUpload: completed(tagOf(data, 6 * MiB)) }),
      { options: { max_upload_parts: '2', upload_cutoff: '5Mi' } },
    );
    const info = await backend.write('key', sourceOf(data).source, {
      size: data.length,
      sourceHash: async () => md5(data).toString('hex'),
    });
    expect(byNumber(server.of('UploadPart')).map((p) => p.body.length)).toEqual([6 * MiB, 6 * MiB]);
    expect(server.of('CreateMultipartUpload')[0]?.headers['x-amz-meta-md5chksum']).toBe(md5(data).toString('base64'));
    expect(info.hashes.md5).toBe(md5(data).toString('hex'));
  });

  test.each([
    ['more', data.length - 1],
    ['fewer', data.length + 1],
  ])('that gives %s bytes is aborted', async (_name, size) => {
    const { backend, server } = await open(byOperation(answers), { options: { upload_cutoff: '5Mi' } });
    await expect(backend.write('key', sourceOf(data).source, { size })).rejects.toMatchObject({ code: 'corrupted' });
    expectAborted(server);
  });
});

describe('an upload that fails is aborted', () => {
  test('when a part is refused', async () => {
    const { source, state } = sourceOf(data);
    const { backend, server } = await open(
      byOperation({
        ...answers,
        UploadPart: (r, n) => (r.query.get('partNumber') === '2' ? fault(403, 'AccessDenied') : takePart(r, n)),
      }),
    );
    await expect(backend.write('key', source, {})).rejects.toMatchObject({
      code: 'permission_denied',
      message: expect.stringContaining('may not write objects'),
    });
    expectAborted(server);
    expect(state.closed).toBe(true);
  });

  test('when a part is refused while the source is silent', async () => {
    const { source } = sourceOf(data, () => new Promise(() => {}));
    const { backend, server } = await open(byOperation({ ...answers, UploadPart: fault(403, 'AccessDenied') }));
    await expect(backend.write('key', source, {})).rejects.toMatchObject({ code: 'permission_denied' });
    expectAborted(server);
  });

  test('when the source throws', async () => {
    const { source } = sourceOf(data, () => Promise.reject(new Error('the dump died')));
    const { backend, server } = await open(byOperation(answers));
    await expect(backend.write('key', source, {})).rejects.toThrow('the dump died');
    expectAborted(server);
  });

  test('when the signal fires while parts are under way', async () => {
    const stop = new AbortController();
    const { source, state } = sourceOf(data);
    const { backend, server } = await open(
      byOperation({
        ...answers,
        UploadPart: () => {
          stop.abort();
          return 'hang';
        },
      }),
    );
    await expect(backend.write('key', source, { signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' });
    expectAborted(server);
    expect(state.closed).toBe(true);
  });

  test('when the signal fires while the source is silent', async () => {
    const stop = new AbortController();
    const { source } = sourceOf(data, () => {
      stop.abort();
      return new Promise(() => {});
    });
    const { backend, server } = await open(byOperation(answers));
    await expect(backend.write('key', source, { signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' });
    expectAborted(server);
  });

  test('when the signal fires before the service has told its id', async () => {
    const stop = new AbortController();
    const { backend, server } = await open(
      byOperation({
        ...answers,
        CreateMultipartUpload: () => {
          stop.abort();
          return created;
        },
      }),
    );
    await expect(backend.write('key', sourceOf(data).source, { signal: stop.signal })).rejects.toMatchObject({
      code: 'aborted',
    });
    expect(server.operations()).toEqual(['CreateMultipartUpload', 'AbortMultipartUpload']);
  });

  test('but with leave_parts_on_error its parts stay', async () => {
    const { backend, server } = await open(byOperation({ ...answers, UploadPart: fault(403, 'AccessDenied') }), {
      options: { leave_parts_on_error: 'true' },
    });
    await expect(backend.write('key', sourceOf(data).source, {})).rejects.toMatchObject({ code: 'permission_denied' });
    expect(server.operations()).not.toContain('AbortMultipartUpload');
  });

  test('and a refused abort does not hide the first error', async () => {
    const { backend, events } = await open(
      byOperation({
        ...answers,
        UploadPart: fault(400, 'EntityTooSmall'),
        AbortMultipartUpload: fault(403, 'AccessDenied'),
      }),
    );
    await expect(backend.write('key', sourceOf(data).source, {})).rejects.toThrow(/EntityTooSmall/);
    expect(events).toContainEqual(
      expect.objectContaining({ level: 'error', message: expect.stringContaining('its parts stay stored') }),
    );
  });
});

describe('parts that the service did not take as they were', () => {
  test('a busy service gets the part again, with the same bytes', async () => {
    const { backend, server } = await open(
      byOperation({
        ...answers,
        UploadPart: (r, n) => (n === 0 ? fault(503, 'SlowDown') : takePart(r, n)),
      }),
    );
    await backend.write('key', sourceOf(data).source, {});
    const first = server.of('UploadPart')[0];
    const again = server.of('UploadPart').filter((r) => r.query.get('partNumber') === first?.query.get('partNumber'));
    expect(again).toHaveLength(2);
    expect(again[1]?.body.equals(again[0]?.body ?? Buffer.alloc(0))).toBe(true);
  });

  test.each<[string, Answer]>([
    ['the MD5 of other bytes', { headers: { etag: `"${'f'.repeat(32)}"` } }],
    ['no ETag', {}],
    ['an HTML page', htmlPage],
  ])('%s: the part is sent again, then the upload is aborted', async (_name, answer) => {
    const { backend, server } = await open(
      byOperation({ ...answers, UploadPart: (r, n) => (r.query.get('partNumber') === '2' ? answer : takePart(r, n)) }),
    );
    await expect(backend.write('key', sourceOf(data).source, {})).rejects.toMatchObject({
      code: expect.stringMatching(/^(corrupted|bad_answer)$/),
    });
    expect(server.of('UploadPart').filter((r) => r.query.get('partNumber') === '2')).toHaveLength(3);
    expectAborted(server);
  });
});

describe('the end of an upload', () => {
  const missing: Answer = { status: 404 };

  test.each<[string, Answer, RegExp]>([
    ['an error under status 200', fault(200, 'InternalError', 'try later'), /CompleteMultipartUpload.*InternalError/],
    ['an HTML page', htmlPage, /CompleteMultipartUpload.*an HTML page/],
    ['an empty body', {}, /CompleteMultipartUpload.*is empty/],
  ])('%s is tried again, then an error', async (_name, answer, message) => {
    const { backend, server } = await open(
      byOperation({ ...answers, CompleteMultipartUpload: answer, HeadObject: missing }),
    );
    await expect(backend.write('key', sourceOf(data).source, {})).rejects.toThrow(message);
    expect(server.of('CompleteMultipartUpload')).toHaveLength(3);
    expect(server.operations().at(-1)).toBe('AbortMultipartUpload');
  });

  test('that worked after an error under status 200 is fine', async () => {
    const { backend } = await open(
      byOperation({ ...answers, CompleteMultipartUpload: [fault(200, 'InternalError'), completed(tagOf(data))] }),
    );
    await expect(backend.write('key', sourceOf(data).source, {})).resolves.toMatchObject({ size: data.length });
  });

  test('whose answer was lost is cleared by a look at the object', async () => {
    const { backend, server } = await open(
      byOperation({
        ...answers,
        CompleteMultipartUpload: [fault(500, 'InternalError'), fault(404, 'NoSuchUpload')],
        HeadObject: stored(tagOf(data)),
      }),
    );
    await expect(backend.write('key', sourceOf(data).source, {})).resolves.toMatchObject({ size: data.length });
    expect(server.operations()).not.toContain('AbortMultipartUpload');
  });

  test('whose answer was lost while another object stands there is an error', async () => {
    const { backend } = await open(
      byOperation({
        ...answers,
        CompleteMultipartUpload: fault(404, 'NoSuchUpload'),
        HeadObject: stored(`${'0'.repeat(32)}-3`),
      }),
    );
    await expect(backend.write('key', sourceOf(data).source, {})).rejects.toThrow(/NoSuchUpload/);
  });

  test('with the ETag of other parts is an error, and the object is removed', async () => {
    const other = `${'0'.repeat(32)}-3`;
    const { backend, server } = await open(
      byOperation({ ...answers, CompleteMultipartUpload: completed(other), HeadObject: stored(other) }),
    );
    await expect(backend.write('key', sourceOf(data).source, {})).rejects.toMatchObject({
      code: 'corrupted',
      message: expect.stringContaining(`expecting ${tagOf(data)} but got ${other}`),
    });
    expect(server.operations().at(-1)).toBe('DeleteObject');
  });

  test('with an ETag that says nothing is cleared by the size', async () => {
    const opened = await open(
      byOperation({ ...answers, CompleteMultipartUpload: completed('opaque'), HeadObject: stored('opaque', 5 * MiB) }),
    );
    await expect(opened.backend.write('key', sourceOf(data).source, {})).rejects.toMatchObject({ code: 'corrupted' });
    expect(opened.server.operations().at(-1)).toBe('DeleteObject');
  });

  test('that another writer replaced meanwhile is an error, and its object stays', async () => {
    const theirs: Answer = {
      headers: { ...dated, 'x-amz-meta-mtime': '1', etag: '"theirs-2"', 'content-length': 7 * MiB },
    };
    const { backend, server } = await open(
      byOperation({ ...answers, CompleteMultipartUpload: completed('ours'), HeadObject: theirs }),
    );
    await expect(backend.write('key', sourceOf(data).source, {})).rejects.toMatchObject({
      code: 'precondition_failed',
      message: expect.stringContaining('another writer'),
    });
    expect(server.operations()).not.toContain('DeleteObject');
  });

  test('an upload without an id is never begun', async () => {
    const { backend, server } = await open(
      byOperation({ CreateMultipartUpload: xml('<InitiateMultipartUploadResult></InitiateMultipartUploadResult>') }),
    );
    await expect(backend.write('key', sourceOf(data).source, {})).rejects.toMatchObject({ code: 'bad_answer' });
    expect(server.operations()).toEqual(['CreateMultipartUpload']);
  });

  test('a missing bucket is created before the first part', async () => {
    const { backend, server } = await open(
      byOperation({
        ...answers,
        CreateMultipartUpload: [fault(404, 'NoSuchBucket'), created],
        CreateBucket: {},
      }),
    );
    await backend.write('key', sourceOf(data).source, {});
    expect(server.operations().slice(0, 3)).toEqual(['CreateMultipartUpload', 'CreateBucket', 'CreateMultipartUpload']);
  });
});
