import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
  type ChecksumAlgorithm,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createLocalBackend } from '../../../src/backends/local/backend.ts';
import { parseEncoding } from '../../../src/core/encoding.ts';
import { nodePlatform } from '../../../src/node/platform.ts';
import { startOwnServer, type OwnServer } from '../../support/own-server.ts';
import { tempDir } from '../../support/servers.ts';

const MiB = 1024 * 1024;
const md5 = (b: Uint8Array | string): string => createHash('md5').update(b).digest('hex');

describe.each(['memory', 'local'])('serve s3 over %s, driven by the AWS SDK', (kind) => {
  let server: OwnServer;
  let dir: Awaited<ReturnType<typeof tempDir>>;
  let client: S3Client;
  let bucket: string;
  let n = 0;
  const clientWith = (secretAccessKey: string, accessKeyId = server.accessKeyId): S3Client =>
    new S3Client({
      endpoint: server.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
      maxAttempts: 1,
    });

  beforeAll(async () => {
    dir = await tempDir();
    const options = { encoding: parseEncoding('Slash,Dot'), copy_links: false } as never;
    const platform = nodePlatform({});
    server = await startOwnServer(
      kind === 'local'
        ? { backend: createLocalBackend({ name: 'local', options, platform, emit: () => {} }, dir.path) }
        : {},
    );
    client = clientWith(server.secretAccessKey);
  });
  afterAll(async () => {
    client.destroy();
    await server.stop();
    await dir.remove();
  });
  beforeEach(async () => {
    bucket = `bucket-${++n}`;
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  });
  const put = (Key: string, Body: string | Uint8Array = Key) =>
    client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
  const text = async (Key: string, Range?: string): Promise<string | undefined> =>
    (
      await client.send(new GetObjectCommand({ Bucket: bucket, Key, ...(Range ? { Range } : {}) }))
    ).Body?.transformToString();

  test('buckets: list, head, make twice, remove only when empty', async () => {
    const { Buckets } = await client.send(new ListBucketsCommand({}));
    expect(Buckets?.map((b) => b.Name)).toContain(bucket);
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
    await expect(client.send(new CreateBucketCommand({ Bucket: bucket }))).rejects.toMatchObject({
      name: 'BucketAlreadyOwnedByYou',
    });
    await expect(client.send(new CreateBucketCommand({ Bucket: 'Bad_Name' }))).rejects.toMatchObject({
      name: 'InvalidBucketName',
    });
    await put('x');
    await expect(client.send(new DeleteBucketCommand({ Bucket: bucket }))).rejects.toMatchObject({
      name: 'BucketNotEmpty',
    });
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'x' }));
    await client.send(new DeleteBucketCommand({ Bucket: bucket }));
    await expect(client.send(new HeadBucketCommand({ Bucket: bucket }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 404 },
    });
  });

  test('an object with headers and metadata comes back as it went in', async () => {
    const body = randomBytes(100_000);
    const sent = await client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: "dir/ä +%&'()*~!.bin",
        Body: body,
        ContentType: 'image/png',
        CacheControl: 'no-store',
        ContentDisposition: 'inline',
        Metadata: { mtime: '1700000000.25', owner: 'me' },
      }),
    );
    expect(sent.ETag).toBe(`"${md5(body)}"`);
    const got = await client.send(new GetObjectCommand({ Bucket: bucket, Key: "dir/ä +%&'()*~!.bin" }));
    expect(got).toMatchObject({
      ContentType: 'image/png',
      CacheControl: 'no-store',
      ContentDisposition: 'inline',
      ContentLength: 100_000,
      ETag: `"${md5(body)}"`,
      Metadata: { owner: 'me' },
    });
    expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(body)).toBe(true);
  });

  test.each([
    ['CRC32', 4],
    ['CRC32C', 4],
    ['SHA1', 20],
    ['SHA256', 32],
  ] as [ChecksumAlgorithm, number][])(
    'a stream with a %s trailer is taken, one that lies is not',
    async (ChecksumAlgorithm, bytes) => {
      const stream = Readable.from([Buffer.from('hello '), Buffer.from('world')]);
      await client.send(
        new PutObjectCommand({ Bucket: bucket, Key: 'stream', Body: stream, ContentLength: 11, ChecksumAlgorithm }),
      );
      expect(await text('stream')).toBe('hello world');
      const lie = new PutObjectCommand({
        Bucket: bucket,
        Key: 'lie',
        Body: 'hello',
        [`Checksum${ChecksumAlgorithm}`]: Buffer.alloc(bytes).toString('base64'),
      });
      await expect(client.send(lie)).rejects.toMatchObject({ name: 'BadDigest' });
      await expect(text('lie')).rejects.toMatchObject({ name: 'NoSuchKey' });
    },
  );

  test('a wrong Content-MD5 stores nothing', async () => {
    const wrong = new PutObjectCommand({ Bucket: bucket, Key: 'w', Body: 'x', ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==' });
    await expect(client.send(wrong)).rejects.toMatchObject({ name: 'BadDigest' });
    await expect(text('w')).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  test('ranges', async () => {
    await put('r', '0123456789');
    expect(await text('r', 'bytes=2-4')).toBe('234');
    expect(await text('r', 'bytes=7-')).toBe('789');
    expect(await text('r', 'bytes=-2')).toBe('89');
    await expect(text('r', 'bytes=10-')).rejects.toMatchObject({ name: 'InvalidRange' });
  });

  test('conditions', async () => {
    const { ETag } = await put('c', 'body');
    const get = (o: object) => client.send(new GetObjectCommand({ Bucket: bucket, Key: 'c', ...o }));
    await expect(get({ IfMatch: '"other"' })).rejects.toMatchObject({ $metadata: { httpStatusCode: 412 } });
    await expect(get({ IfNoneMatch: ETag })).rejects.toMatchObject({ $metadata: { httpStatusCode: 304 } });
    await expect(
      client.send(new PutObjectCommand({ Bucket: bucket, Key: 'c', Body: 'new', IfNoneMatch: '*' })),
    ).rejects.toMatchObject({ name: 'PreconditionFailed' });
    expect(await text('c')).toBe('body');
  });

  test('lists in both versions, page by page, with delimiter and prefix', async () => {
    const keys = ['a', 'a-b', 'a/b', 'a/c/d', 'b/z z', 'b/ü', 'c'];
    for (const key of keys.filter((k) => kind !== 'local' || k !== 'a')) await put(key);
    const there = keys.filter((k) => kind !== 'local' || k !== 'a');
    for (const EncodingType of [undefined, 'url'] as const) {
      const seen: string[] = [];
      let ContinuationToken: string | undefined;
      do {
        const page = await client.send(
          new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 2, ContinuationToken, EncodingType }),
        );
        seen.push(...(page.Contents ?? []).map((x) => x.Key as string));
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken);
      expect(EncodingType ? seen.map(decodeURIComponent) : seen).toEqual(there);
    }
    const v1: string[] = [];
    let Marker: string | undefined;
    for (;;) {
      const page = await client.send(new ListObjectsCommand({ Bucket: bucket, MaxKeys: 3, Marker }));
      v1.push(...(page.Contents ?? []).map((x) => x.Key as string));
      if (!page.IsTruncated) break;
      Marker = page.Contents?.at(-1)?.Key;
    }
    expect(v1).toEqual(there);
    const level = await client.send(new ListObjectsV2Command({ Bucket: bucket, Delimiter: '/', Prefix: 'a/' }));
    expect(level.Contents?.map((x) => x.Key)).toEqual(['a/b']);
    expect(level.CommonPrefixes?.map((x) => x.Prefix)).toEqual(['a/c/']);
    expect(level.IsTruncated).toBe(false);
    await expect(client.send(new ListObjectsV2Command({ Bucket: 'not-there' }))).rejects.toMatchObject({
      name: 'NoSuchBucket',
    });
  });

  test('copies keep or replace metadata; onto itself only with new metadata', async () => {
    await client.send(
      new PutObjectCommand({ Bucket: bucket, Key: 'from', Body: 'body', Metadata: { a: '1' }, ContentType: 'x/y' }),
    );
    const copy = (Key: string, o: object = {}) =>
      client.send(new CopyObjectCommand({ Bucket: bucket, Key, CopySource: `${bucket}/from`, ...o }));
    await copy('kept');
    await copy('new', { MetadataDirective: 'REPLACE', Metadata: { b: '2' } });
    const head = (Key: string) => client.send(new HeadObjectCommand({ Bucket: bucket, Key }));
    expect(await head('kept')).toMatchObject({ Metadata: { a: '1' }, ContentType: 'x/y' });
    expect((await head('new')).Metadata).toMatchObject({ b: '2' });
    expect((await head('new')).Metadata).not.toHaveProperty('a');
    await expect(copy('from')).rejects.toMatchObject({ name: 'InvalidRequest' });
    await copy('from', { MetadataDirective: 'REPLACE', Metadata: { c: '3' } });
    expect((await head('from')).Metadata).toMatchObject({ c: '3' });
    expect(await text('from')).toBe('body');
  });

  test('deletes many at once', async () => {
    for (const key of ['1', '2 &<>', '3']) await put(key);
    const done = await client.send(
      new DeleteObjectsCommand({
        Bucket: bucket,
        Delete: { Objects: [{ Key: '1' }, { Key: '2 &<>' }, { Key: 'never was' }] },
      }),
    );
    expect(done.Deleted?.map((d) => d.Key)).toEqual(['1', '2 &<>', 'never was']);
    const left = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
    expect(left.Contents?.map((x) => x.Key)).toEqual(['3']);
  });

  test('multipart: parts out of order, a copied part, listing, completing', async () => {
    const one = randomBytes(5 * MiB);
    await put('source', one);
    const start = await client.send(
      new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'big', Metadata: { who: 'me' } }),
    );
    const UploadId = start.UploadId as string;
    const at = { Bucket: bucket, Key: 'big', UploadId };
    const second = await client.send(new UploadPartCommand({ ...at, PartNumber: 2, Body: 'tail' }));
    const first = await client.send(
      new UploadPartCopyCommand({
        ...at,
        PartNumber: 1,
        CopySource: `${bucket}/source`,
        CopySourceRange: `bytes=0-${5 * MiB - 1}`,
      }),
    );
    const parts = await client.send(new ListPartsCommand(at));
    expect(parts.Parts?.map((p) => [p.PartNumber, p.Size])).toEqual([
      [1, 5 * MiB],
      [2, 4],
    ]);
    const uploads = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    expect(uploads.Uploads?.map((u) => u.Key)).toEqual(['big']);
    expect((await client.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents?.map((x) => x.Key)).toEqual([
      'source',
    ]);
    const Parts = [
      { PartNumber: 1, ETag: first.CopyPartResult?.ETag },
      { PartNumber: 2, ETag: second.ETag },
    ];
    await expect(
      client.send(new CompleteMultipartUploadCommand({ ...at, MultipartUpload: { Parts: Parts.toReversed() } })),
    ).rejects.toMatchObject({ name: 'InvalidPartOrder' });
    const done = await client.send(new CompleteMultipartUploadCommand({ ...at, MultipartUpload: { Parts } }));
    expect(done.ETag).toMatch(/^"[0-9a-f]{32}-2"$/);
    const got = await client.send(new GetObjectCommand({ Bucket: bucket, Key: 'big' }));
    expect(got.Metadata).toMatchObject({ who: 'me' });
    expect(
      Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(Buffer.concat([one, Buffer.from('tail')])),
    ).toBe(true);
    await expect(client.send(new ListPartsCommand(at))).rejects.toMatchObject({ name: 'NoSuchUpload' });
  });

  test('multipart: too small parts are refused, an aborted upload is gone', async () => {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'm' }));
    const at = { Bucket: bucket, Key: 'm', UploadId };
    const ETag1 = (await client.send(new UploadPartCommand({ ...at, PartNumber: 1, Body: 'small' }))).ETag;
    const ETag2 = (await client.send(new UploadPartCommand({ ...at, PartNumber: 2, Body: 'small' }))).ETag;
    const Parts = [
      { PartNumber: 1, ETag: ETag1 },
      { PartNumber: 2, ETag: ETag2 },
    ];
    await expect(
      client.send(new CompleteMultipartUploadCommand({ ...at, MultipartUpload: { Parts } })),
    ).rejects.toMatchObject({ name: 'EntityTooSmall' });
    await client.send(new AbortMultipartUploadCommand(at));
    await expect(client.send(new ListPartsCommand(at))).rejects.toMatchObject({ name: 'NoSuchUpload' });
    await expect(text('m')).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  test('lib-storage uploads a stream of unknown size', async () => {
    const body = randomBytes(11 * MiB);
    const upload = new Upload({
      client,
      params: { Bucket: bucket, Key: 'up', Body: Readable.from([body]) },
      partSize: 5 * MiB,
    });
    await upload.done();
    const got = await client.send(new GetObjectCommand({ Bucket: bucket, Key: 'up' }));
    expect(md5((await got.Body?.transformToByteArray()) ?? '')).toBe(md5(body));
  });

  test('a wrong secret, an unknown key and no key at all are refused', async () => {
    await put('x');
    await expect(clientWith('wrong').send(new ListBucketsCommand({}))).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
    });
    await expect(clientWith('x', 'NOBODY').send(new ListBucketsCommand({}))).rejects.toMatchObject({
      name: 'InvalidAccessKeyId',
    });
    const anonymous = await fetch(`${server.endpoint}/${bucket}/x`);
    expect([anonymous.status, await anonymous.text()]).toEqual([
      403,
      expect.stringContaining('<Code>AccessDenied</Code>'),
    ]);
  });

  test('what is not there is named', async () => {
    await expect(text('missing')).rejects.toMatchObject({ name: 'NoSuchKey' });
    const elsewhere = client.send(new GetObjectCommand({ Bucket: 'not-there', Key: 'x' }));
    await expect(elsewhere).rejects.toMatchObject({ name: 'NoSuchBucket' });
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'missing' }));
  });

  test('keys cannot leave their bucket', async () => {
    for (const key of ['../outside', 'a/../../outside']) {
      await put(key, 'x');
      expect(await text(key)).toBe('x');
    }
    expect(await readdir(join(dir.path, '..')).then((names) => names.includes('outside'))).toBe(false);
    expect(await readdir(dir.path)).not.toContain('outside');
  });
});
