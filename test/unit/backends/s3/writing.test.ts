import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import type { WriteOptions } from '../../../../src/core/backend.ts';
import { bytesSource } from '../../../../src/core/bytes.ts';
import type { Answer, OpenScripted, Script, ScriptedS3 } from '../../../support/scripted-s3.ts';
import { byOperation, fault, htmlPage, openScripted } from '../../../support/scripted-s3.ts';

let server: ScriptedS3 | undefined;
afterEach(async () => server?.stop());

type Options = Parameters<typeof openScripted>[1];

const bytes = Buffer.from('hello world');
const digest = createHash('md5').update(bytes).digest();
const md5 = digest.toString('hex');
const dated = { 'last-modified': 'Fri, 02 Jan 2026 03:04:05 GMT' };
const stored = (etag: string, size: number = bytes.length): Answer => ({
  headers: { ...dated, etag: `"${etag}"`, 'content-length': size },
});
const taken: Answer = { headers: { etag: `"${md5}"` } };
const gone: Answer = { status: 204 };

async function open(script: Script, o?: Options): Promise<OpenScripted> {
  const opened = await openScripted(script, o);
  server = opened.server;
  return opened;
}

/** Writes eleven bytes of known size; the info or the error. */
async function write(script: Script, o?: Options, w: Partial<WriteOptions> = {}) {
  const opened = await open(script, o);
  const result = await opened.backend
    .write('dir/key.txt', bytesSource(bytes), { size: bytes.length, ...w })
    .then((info) => ({ info, error: undefined }))
    .catch((error: unknown) => ({ info: undefined, error }));
  return { ...opened, ...result };
}

describe('what is sent', () => {
  test('one PutObject with length, Content-MD5, type and the time as rclone writes it', async () => {
    const { server, info } = await write(
      () => taken,
      {},
      { modTime: 1_700_000_000_123_456_000n, metadata: { owner: 'me' } },
    );
    expect(server.operations()).toEqual(['PutObject']);
    const put = server.requests[0];
    expect(put?.path).toBe('/bucket/dir/key.txt');
    expect(put?.body.equals(bytes)).toBe(true);
    expect(put?.headers).toMatchObject({
      'content-length': '11',
      'content-md5': digest.toString('base64'),
      'content-type': 'text/plain; charset=utf-8',
      'x-amz-meta-mtime': '1700000000.123456',
      'x-amz-meta-owner': 'me',
    });
    expect(Object.keys(put?.headers ?? {}).filter((name) => /checksum|md5chksum|expect/.test(name))).toEqual([]);
    expect(info).toMatchObject({ path: 'dir/key.txt', size: 11, hashes: { md5 } });
  });

  test('a time before 1970 keeps its sign', async () => {
    const { server } = await write(() => taken, {}, { modTime: -1_500_000_000n });
    expect(server.requests[0]?.headers['x-amz-meta-mtime']).toBe('-1.5');
  });

  test('where the ETag is no MD5 the object carries its MD5 as metadata', async () => {
    const script = byOperation({ PutObject: { headers: { etag: '"x"' } }, HeadObject: stored('x') });
    const { server } = await write(script, { options: { provider: 'Fastly' } });
    expect(server.of('PutObject')[0]?.headers['x-amz-meta-md5chksum']).toBe(digest.toString('base64'));
  });
});

describe('what the service says it has stored', () => {
  test('the MD5 of other bytes is an error, and the object is removed', async () => {
    const other = 'f'.repeat(32);
    const { error, server } = await write(
      byOperation({
        PutObject: { headers: { etag: `"${other}"` } },
        HeadObject: stored(other),
        DeleteObject: gone,
      }),
    );
    expect(error).toMatchObject({ code: 'corrupted', message: expect.stringContaining('md5 hashes differ') });
    expect(server.operations()).toEqual(['PutObject', 'HeadObject', 'DeleteObject']);
  });

  test('another size is an error, and the object is removed', async () => {
    const { error, server } = await write(
      byOperation({ PutObject: { headers: { etag: '"x-1"' } }, HeadObject: stored('x-1', 10), DeleteObject: gone }),
    );
    expect(error).toMatchObject({ code: 'corrupted', message: expect.stringMatching(/sizes differ.* 11 vs .* 10/) });
    expect(server.operations().at(-1)).toBe('DeleteObject');
  });

  test('an ETag that is no MD5 is cleared by one HEAD', async () => {
    const { info, server } = await write(
      byOperation({ PutObject: { headers: { etag: '"x-1"' } }, HeadObject: stored('x-1') }),
    );
    expect(info).toMatchObject({ size: 11, etag: 'x-1' });
    expect(server.operations()).toEqual(['PutObject', 'HeadObject']);
  });

  test.each(['false', 'true'])('an HTML page is no receipt (no_head = %s)', async (no_head) => {
    const { error } = await write(
      byOperation({ PutObject: htmlPage, HeadObject: { status: 404 }, DeleteObject: gone }),
      { options: { no_head } },
    );
    expect(error).toMatchObject({ code: 'bad_answer', message: expect.stringContaining('PutObject') });
  });

  test('an error inside a 200 is no receipt', async () => {
    const { error } = await write(() => fault(200, 'InternalError', 'later'));
    expect(error).toMatchObject({ code: 'server_error', message: expect.stringContaining('InternalError') });
  });
});

describe('a removal', () => {
  test('answered by an HTML page did not happen', async () => {
    const { backend } = await open(() => htmlPage);
    await expect(backend.remove('key')).rejects.toMatchObject({ code: 'bad_answer' });
  });

  test('in bulk counts only for the keys that the answer names', async () => {
    const { backend, server } = await open(() => ({
      body: '<DeleteResult><Deleted><Key>a</Key></Deleted><Error><Key>b</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>',
    }));
    const failures = await backend.removeMany?.(['a', 'b', 'c']);
    expect(failures?.map((f) => [f.path, f.error.message])).toEqual([
      ['b', 'DeleteObjects: AccessDenied: no'],
      ['c', 'DeleteObjects: the answer does not mention it'],
    ]);
    expect(server.requests[0]?.headers['content-md5']).toBe(
      createHash('md5')
        .update(server.requests[0]?.body ?? '')
        .digest('base64'),
    );
  });
});

describe('a missing bucket', () => {
  const missing = fault(404, 'NoSuchBucket', 'The specified bucket does not exist');

  test('is created after the put that found it missing, and the put repeated', async () => {
    const { info, server } = await write(byOperation({ PutObject: [missing, taken], CreateBucket: {} }));
    expect(info?.size).toBe(11);
    expect(server.operations()).toEqual(['PutObject', 'CreateBucket', 'PutObject']);
    expect(server.requests[1]?.path.replace(/\/$/, '')).toBe('/bucket');
    expect(server.requests[2]?.body.equals(bytes)).toBe(true);
  });

  test('is never created with no_check_bucket', async () => {
    const { error, server } = await write(() => missing, { options: { no_check_bucket: 'true' } });
    expect(error).toMatchObject({
      code: 'bucket_not_found',
      message: expect.stringContaining('Create it with "tsclone mkdir store:bucket"'),
    });
    expect(server.operations()).toEqual(['PutObject']);
  });

  test('is never asked for where the put works', async () => {
    const { server } = await write(() => taken);
    expect(server.operations()).toEqual(['PutObject']);
  });

  test('that is still missing after its creation is an error, not a loop', async () => {
    const { error, server } = await write(byOperation({ PutObject: missing, CreateBucket: {} }));
    expect(error).toMatchObject({ code: 'bucket_not_found' });
    expect(server.operations()).toEqual(['PutObject', 'CreateBucket', 'PutObject']);
  });

  test('that this account owns already is fine', async () => {
    const { info } = await write(
      byOperation({ PutObject: [missing, taken], CreateBucket: fault(409, 'BucketAlreadyOwnedByYou') }),
    );
    expect(info?.size).toBe(11);
  });

  test('that somebody else owns is an error', async () => {
    const { error, server } = await write(
      byOperation({ PutObject: missing, CreateBucket: fault(409, 'BucketAlreadyExists') }),
      { options: { provider: 'AWS', force_path_style: 'true' } },
    );
    expect(error).toMatchObject({ code: 'no_retry' });
    expect(server.of('PutObject')).toHaveLength(1);
  });
});

describe('a server-side copy', () => {
  const info = { kind: 'object', path: 'from', size: 11, hashes: {} } as const;
  const receipt: Answer = {
    body: `<CopyObjectResult><ETag>"${md5}"</ETag><LastModified>2026-01-02T03:04:05.000Z</LastModified></CopyObjectResult>`,
  };

  test('names the source in full and looks at the result once', async () => {
    const { backend, server } = await open(byOperation({ CopyObject: receipt, HeadObject: stored(md5) }));
    await expect(backend.copy?.(backend, { ...info, path: 'a b+c/ü' }, 'to')).resolves.toMatchObject({ size: 11 });
    expect(server.operations()).toEqual(['CopyObject', 'HeadObject']);
    expect(server.requests[0]?.headers['x-amz-copy-source']).toBe('bucket/a%20b%2Bc/%C3%BC');
  });

  test.each<[string, Answer]>([
    ['an error', fault(200, 'InternalError', 'later')],
    ['an HTML page', htmlPage],
    ['nothing', {}],
  ])('answered 200 with %s inside is an error', async (_name, answer) => {
    const { backend, server } = await open(byOperation({ CopyObject: answer, HeadObject: stored(md5) }));
    await expect(backend.copy?.(backend, info, 'to')).rejects.toMatchObject({ code: 'bad_answer' });
    expect(server.of('CopyObject')).toHaveLength(3);
  });

  test('of another size is an error', async () => {
    const { backend } = await open(byOperation({ CopyObject: receipt, HeadObject: stored(md5, 5) }));
    await expect(backend.copy?.(backend, info, 'to')).rejects.toMatchObject({ code: 'corrupted' });
  });
});

describe('a source that breaks its word', () => {
  test.each([
    ['fewer', 12],
    ['more', 10],
  ])('%s bytes than announced: nothing is sent', async (_name, size) => {
    const { error, server } = await write(() => taken, {}, { size });
    expect(error).toMatchObject({ code: 'corrupted', message: expect.stringContaining(`${size} were announced`) });
    expect(server.requests).toEqual([]);
  });

  test('that throws: its own error comes out and nothing is sent', async () => {
    const { backend, server } = await open(() => taken);
    const broken = (async function* () {
      yield bytes;
      throw new Error('the dump died');
    })();
    await expect(backend.write('key', broken, {})).rejects.toThrow('the dump died');
    expect(server.requests).toEqual([]);
  });
});
