import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { expect } from 'vitest';

/** A server, a bucket of its own on it, and the SDK with its default settings. */
export interface ProbeContext {
  readonly client: S3Client;
  /** The same server with other keys. */
  readonly clientWith: (accessKeyId: string, secretAccessKey: string) => S3Client;
  readonly accessKeyId: string;
  readonly bucket: string;
}

export interface ProbeCheck {
  readonly name: string;
  run(c: ProbeContext): Promise<void>;
}

const MiB = 1024 * 1024;
const md5 = (b: Uint8Array | string): string => createHash('md5').update(b).digest('hex');
const sha256 = (b: string): string => createHash('sha256').update(b).digest('base64');

/** What an S3 server has to do for the AWS SDK: the yardstick by which servers are compared. */
export const probe: readonly ProbeCheck[] = [
  check('put with CRC32, given back when asked for', async (c) => {
    const sent = await put(c, 'crc32', 'hello world', { ChecksumAlgorithm: 'CRC32' });
    expect(sent.ChecksumCRC32).toBe('DUoRhQ==');
    const got = await c.client.send(new GetObjectCommand({ Bucket: c.bucket, Key: 'crc32', ChecksumMode: 'ENABLED' }));
    expect([got.ChecksumCRC32, got.ChecksumType]).toEqual(['DUoRhQ==', 'FULL_OBJECT']);
    expect(await got.Body?.transformToString()).toBe('hello world');
  }),
  check('put with SHA256', async (c) => {
    const sent = await put(c, 'sha256', 'hello', { ChecksumSHA256: sha256('hello') });
    expect(sent.ChecksumSHA256).toBe(sha256('hello'));
    expect(await text(c, 'sha256')).toBe('hello');
  }),
  check('a stream with a trailer is stored without its framing', async (c) => {
    const Body = Readable.from([Buffer.from('hello '), Buffer.from('world')]);
    await put(c, 'trailer', Body, { ContentLength: 11 });
    expect(await text(c, 'trailer')).toBe('hello world');
    const head = await c.client.send(new HeadObjectCommand({ Bucket: c.bucket, Key: 'trailer' }));
    expect([head.ContentLength, head.ContentEncoding, head.ETag]).toEqual([11, undefined, `"${md5('hello world')}"`]);
  }),
  check('a wrong CRC32 is refused and nothing stored', async (c) => {
    await fails(put(c, 'lie', 'hello', { ChecksumCRC32: 'AAAAAA==' }), 400, 'BadDigest');
    await fails(text(c, 'lie'), 404, 'NoSuchKey');
  }),
  check('a wrong Content-MD5 is refused and nothing stored', async (c) => {
    await fails(put(c, 'lie', 'hello', { ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==' }), 400, 'BadDigest');
    await fails(text(c, 'lie'), 404, 'NoSuchKey');
  }),
  check('a wrong secret and an unknown key are refused', async (c) => {
    const list = new ListObjectsV2Command({ Bucket: c.bucket });
    await fails(c.clientWith(c.accessKeyId, 'wrong').send(list), 403, 'SignatureDoesNotMatch');
    await fails(c.clientWith('NOBODY', 'wrong').send(list), 403, 'InvalidAccessKeyId');
  }),
  check('headers and metadata come back', async (c) => {
    await put(c, 'meta', 'x', {
      ContentType: 'image/png',
      CacheControl: 'no-store',
      ContentDisposition: 'inline',
      ContentEncoding: 'identity',
      ContentLanguage: 'de',
      Metadata: { owner: 'me', mtime: '1700000000.25', 'two-words': 'a  b' },
    });
    const head = await c.client.send(new HeadObjectCommand({ Bucket: c.bucket, Key: 'meta' }));
    expect(head).toMatchObject({
      ContentType: 'image/png',
      CacheControl: 'no-store',
      ContentDisposition: 'inline',
      ContentEncoding: 'identity',
      ContentLanguage: 'de',
      ContentLength: 1,
    });
    expect(head.Metadata).toEqual({ owner: 'me', mtime: '1700000000.25', 'two-words': 'a  b' });
  }),
  check('a range, and one to the end', async (c) => {
    await put(c, 'range', '0123456789');
    const got = await get(c, 'range', { Range: 'bytes=2-4' });
    expect([await got.Body?.transformToString(), got.ContentRange, got.ContentLength]).toEqual([
      '234',
      'bytes 2-4/10',
      3,
    ]);
    expect(await text(c, 'range', { Range: 'bytes=7-' })).toBe('789');
  }),
  check('a range from the end, and one beyond it', async (c) => {
    await put(c, 'range', '0123456789');
    expect(await text(c, 'range', { Range: 'bytes=-2' })).toBe('89');
    await fails(get(c, 'range', { Range: 'bytes=10-12' }), 416, 'InvalidRange');
  }),
  check('odd keys', async (c) => {
    const keys = [
      'a b',
      'a+b',
      'a%2Fb',
      "q'()*!~",
      'ü/日本/😀',
      '&<>"',
      'dots/../x',
      './.hidden',
      'a//b',
      'dir/',
      '\t',
    ];
    for (const key of keys) await put(c, key, `of ${key}`);
    for (const key of keys) expect(await text(c, key)).toBe(`of ${key}`);
    const listed = await c.client.send(new ListObjectsV2Command({ Bucket: c.bucket, EncodingType: 'url' }));
    const names = (listed.Contents ?? []).map((o) => decodeURIComponent(o.Key ?? ''));
    expect(names).toEqual(expect.arrayContaining(keys));
  }),
  check('copy keeps or replaces metadata', async (c) => {
    await put(c, 'from +%', 'body', { Metadata: { a: '1' }, ContentType: 'x/y' });
    const CopySource = `${c.bucket}/${encodeURIComponent('from +%')}`;
    const copy = (Key: string, o: object = {}) =>
      c.client.send(new CopyObjectCommand({ Bucket: c.bucket, Key, CopySource, ...o }));
    expect((await copy('kept')).CopyObjectResult?.ETag).toBe(`"${md5('body')}"`);
    await copy('new', { MetadataDirective: 'REPLACE', Metadata: { b: '2' } });
    const head = async (Key: string) => c.client.send(new HeadObjectCommand({ Bucket: c.bucket, Key }));
    expect(await head('kept')).toMatchObject({ Metadata: { a: '1' }, ContentType: 'x/y' });
    expect((await head('new')).Metadata).toEqual({ b: '2' });
    expect(await text(c, 'new')).toBe('body');
  }),
  check('If-None-Match: * keeps what is there', async (c) => {
    await put(c, 'once', 'first', { IfNoneMatch: '*' });
    await fails(put(c, 'once', 'second', { IfNoneMatch: '*' }), 412, 'PreconditionFailed');
    expect(await text(c, 'once')).toBe('first');
  }),
  check('conditions of reads', async (c) => {
    const { ETag } = await put(c, 'cond', 'x');
    await fails(get(c, 'cond', { IfMatch: '"other"' }), 412, 'PreconditionFailed');
    await fails(get(c, 'cond', { IfNoneMatch: ETag }), 304);
    expect(await text(c, 'cond', { IfMatch: ETag })).toBe('x');
  }),
  check('pages of ListObjectsV2', async (c) => {
    const keys = Array.from({ length: 25 }, (_, i) => `page/${String(i).padStart(3, '0')}`);
    for (const key of keys) await put(c, key, 'x');
    const seen: (string | undefined)[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await c.client.send(
        new ListObjectsV2Command({ Bucket: c.bucket, Prefix: 'page/', MaxKeys: 7, ContinuationToken }),
      );
      expect(page.KeyCount).toBe(page.Contents?.length);
      seen.push(...(page.Contents ?? []).map((o) => o.Key));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    expect(seen).toEqual(keys);
  }),
  check('common prefixes', async (c) => {
    for (const key of ['x', 'd/1', 'd/2', 'e/f/g']) await put(c, `level/${key}`, 'x');
    const level = await c.client.send(new ListObjectsV2Command({ Bucket: c.bucket, Prefix: 'level/', Delimiter: '/' }));
    expect(level.Contents?.map((o) => o.Key)).toEqual(['level/x']);
    expect(level.CommonPrefixes?.map((p) => p.Prefix)).toEqual(['level/d/', 'level/e/']);
  }),
  check('multipart upload of a web stream', async (c) => {
    const body = randomBytes(11 * MiB + 1);
    const Body = Readable.toWeb(Readable.from([body.subarray(0, 100), body.subarray(100)])) as ReadableStream;
    const upload = new Upload({ client: c.client, params: { Bucket: c.bucket, Key: 'web', Body }, partSize: 5 * MiB });
    const done = await upload.done();
    expect(done.ETag).toMatch(/^"[0-9a-f]{32}-3"$/);
    const got = await get(c, 'web');
    expect(md5((await got.Body?.transformToByteArray()) ?? '')).toBe(md5(body));
  }),
  check('UploadPartCopy with a range', async (c) => {
    const source = randomBytes(6 * MiB);
    await put(c, 'source', source);
    const { UploadId } = await c.client.send(new CreateMultipartUploadCommand({ Bucket: c.bucket, Key: 'pieces' }));
    const at = { Bucket: c.bucket, Key: 'pieces', UploadId };
    const Parts = [];
    for (const [PartNumber, from, to] of [
      [1, 1, 5 * MiB],
      [2, 0, 9],
    ] as const) {
      const CopySourceRange = `bytes=${from}-${to}`;
      const done = await c.client.send(
        new UploadPartCopyCommand({ ...at, PartNumber, CopySource: `${c.bucket}/source`, CopySourceRange }),
      );
      Parts.push({ PartNumber, ETag: done.CopyPartResult?.ETag });
    }
    await c.client.send(new CompleteMultipartUploadCommand({ ...at, MultipartUpload: { Parts } }));
    const got = await get(c, 'pieces');
    const expected = Buffer.concat([source.subarray(1, 5 * MiB + 1), source.subarray(0, 10)]);
    expect(md5((await got.Body?.transformToByteArray()) ?? '')).toBe(md5(expected));
  }),
  check('uploads are listed, and gone when aborted', async (c) => {
    const { UploadId } = await c.client.send(new CreateMultipartUploadCommand({ Bucket: c.bucket, Key: 'left' }));
    const at = { Bucket: c.bucket, Key: 'left', UploadId };
    await c.client.send(new UploadPartCommand({ ...at, PartNumber: 3, Body: 'part' }));
    const uploads = await c.client.send(new ListMultipartUploadsCommand({ Bucket: c.bucket }));
    expect(uploads.Uploads?.map((u) => [u.Key, u.UploadId])).toContainEqual(['left', UploadId]);
    const parts = await c.client.send(new ListPartsCommand(at));
    expect(parts.Parts?.map((p) => [p.PartNumber, p.Size, p.ETag])).toEqual([[3, 4, `"${md5('part')}"`]]);
    await c.client.send(new AbortMultipartUploadCommand(at));
    await fails(c.client.send(new ListPartsCommand(at)), 404, 'NoSuchUpload');
    const after = await c.client.send(new ListMultipartUploadsCommand({ Bucket: c.bucket }));
    expect(after.Uploads ?? []).toEqual([]);
  }),
  check('a presigned GET works without keys', async (c) => {
    await put(c, 'link +ü', 'linked');
    const command = new GetObjectCommand({
      Bucket: c.bucket,
      Key: 'link +ü',
      ResponseContentType: 'text/x-other',
      ResponseContentDisposition: 'attachment; filename="x"',
    });
    const answer = await fetch(await getSignedUrl(c.client, command, { expiresIn: 60 }));
    expect([answer.status, await answer.text()]).toEqual([200, 'linked']);
    expect(answer.headers.get('content-type')).toBe('text/x-other');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="x"');
  }),
  check('a presigned PUT takes a body that was not known when it was signed', async (c) => {
    const url = await getSignedUrl(c.client, new PutObjectCommand({ Bucket: c.bucket, Key: 'sent' }));
    const answer = await fetch(url, { method: 'PUT', body: 'sent by link' });
    expect([answer.status, answer.headers.get('etag')]).toEqual([200, `"${md5('sent by link')}"`]);
    expect(await text(c, 'sent')).toBe('sent by link');
  }),
  check('an expired link is refused', async (c) => {
    const signingDate = new Date(Date.now() - 120_000);
    const command = new GetObjectCommand({ Bucket: c.bucket, Key: 'sent' });
    const answer = await fetch(await getSignedUrl(c.client, command, { expiresIn: 60, signingDate }));
    expect([answer.status, /<Code>(\w+)/.exec(await answer.text())?.[1]]).toEqual([403, 'AccessDenied']);
  }),
  check('DeleteObjects', async (c) => {
    for (const key of ['1', '2 &<>', '3']) await put(c, `many/${key}`, 'x');
    const Objects = ['1', '2 &<>', 'never was'].map((key) => ({ Key: `many/${key}` }));
    const done = await c.client.send(new DeleteObjectsCommand({ Bucket: c.bucket, Delete: { Objects } }));
    expect(done.Deleted?.map((d) => d.Key)).toEqual(Objects.map((o) => o.Key));
    const left = await c.client.send(new ListObjectsV2Command({ Bucket: c.bucket, Prefix: 'many/' }));
    expect(left.Contents?.map((o) => o.Key)).toEqual(['many/3']);
  }),
  check('versioning', async (c) => {
    const Bucket = c.bucket;
    await c.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    expect((await c.client.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe('Enabled');
    const first = await put(c, 'versioned', 'one');
    const second = await put(c, 'versioned', 'two');
    const listed = await c.client.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'versioned' }));
    expect(listed.Versions?.map((v) => v.VersionId)).toEqual([second.VersionId, first.VersionId]);
    expect(await text(c, 'versioned', { VersionId: first.VersionId })).toBe('one');
  }),
];

function check(name: string, run: ProbeCheck['run']): ProbeCheck {
  return { name, run };
}

function put(c: ProbeContext, Key: string, Body: NonNullable<PutObjectCommandInput['Body']>, o: object = {}) {
  return c.client.send(new PutObjectCommand({ Bucket: c.bucket, Key, Body, ...o }));
}

function get(c: ProbeContext, Key: string, o: object = {}) {
  return c.client.send(new GetObjectCommand({ Bucket: c.bucket, Key, ...o }));
}

async function text(c: ProbeContext, Key: string, o: object = {}): Promise<string | undefined> {
  return (await get(c, Key, o)).Body?.transformToString();
}

async function fails(work: Promise<unknown>, status: number, name?: string): Promise<void> {
  await expect(work).rejects.toMatchObject({
    $metadata: { httpStatusCode: status },
    ...(name === undefined ? {} : { name }),
  });
}
