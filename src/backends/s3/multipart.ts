import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { CallOptions, ObjectInfo, WriteOptions } from '../../core/backend.ts';
import { toBase64, toHex } from '../../core/bytes.ts';
import { hasCode, sizeMismatch, throwIfAborted, TscloneError } from '../../core/errors.ts';
import { formatSize } from '../../core/size.ts';
import type { SourceReader } from '../../core/source-reader.ts';
import { withBucket } from './buckets.ts';
import { callS3 } from './call.ts';
import type { S3Connection } from './client.ts';
import { looksLikeMd5, unquote } from './metadata.ts';
import type { Place } from './names.ts';
import { BufferPool } from './part-buffers.ts';
import { headObject } from './read.ts';
import { objectFields, removeOwn, sentInfo, verifyStored, type WriteTarget } from './write-target.ts';

const MiB = 1024 * 1024;

/** A part as CompleteMultipartUpload names it. */
export interface StoredPart {
  readonly number: number;
  readonly etag: string;
}

interface SentPart extends StoredPart {
  readonly md5: Uint8Array;
}

/**
 * Part size in bytes: `chunk_size`, grown to whole MiB where the known size would need more than `max_upload_parts`.
 * R2 demands equal parts, so it never changes within an upload.
 */
export function partSizeFor(size: number | undefined, chunkSize: number, maxParts: number): number {
  if (size === undefined || Math.ceil(size / chunkSize) <= maxParts) return chunkSize;
  let part = Math.ceil(size / maxParts / MiB) * MiB;
  if (part * maxParts < size) part += MiB;
  return part;
}

/**
 * Uploads a stream in equal parts with `upload_concurrency` of them under way, out of a fixed pool of buffers. `first`
 * is a part that was already read. On any error the parts under way end, then the upload is aborted.
 */
export async function uploadParts(
  c: S3Connection,
  t: WriteTarget,
  reader: SourceReader,
  first: Uint8Array | undefined,
  o: WriteOptions,
): Promise<ObjectInfo> {
  const { chunkSize, max_upload_parts: maxParts } = c.quirks;
  const partSize = partSizeFor(o.size, chunkSize, maxParts);
  if (o.size === undefined) {
    const limit = formatSize(partSize * maxParts);
    c.emit({
      type: 'log',
      level: 'info',
      message: `Streaming uploads using chunk size ${formatSize(partSize)} will have maximum file size of ${limit}`,
    });
  }
  const md5 =
    o.size === undefined || (c.options.disable_checksum && !c.quirks.etag_is_not_md5)
      ? undefined
      : await o.sourceHash?.('md5');
  const fields = objectFields(c, t, o, md5);
  const uploadId = await beginUpload(c, t.place, t.path, fields, o);
  const upload = new PartUpload(c, t, uploadId, partSize, o);
  let parts: readonly SentPart[];
  try {
    throwIfAborted(o.signal);
    parts = await upload.run(reader, first);
    if (o.size !== undefined && reader.total !== o.size) throw sizeMismatch(t.path, o.size, reader.total);
    throwIfAborted(o.signal);
  } catch (e) {
    await abandonUpload(c, t.place, t.path, uploadId);
    throw e;
  }
  const etag = await completeUpload(c, t.place, t.path, uploadId, parts, expectedTag(c, parts), o);
  return confirm(c, t, parts, reader.total, etag, md5, fields.ContentType, o);
}

class PartUpload {
  readonly #c: S3Connection;
  readonly #t: WriteTarget;
  readonly #uploadId: string;
  readonly #pool: BufferPool;
  readonly #o: WriteOptions;
  readonly #stop = new AbortController();
  readonly #sent: SentPart[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #failed: Promise<void>;
  #onFailure: () => void = () => {};
  #failure: unknown;

  constructor(c: S3Connection, t: WriteTarget, uploadId: string, partSize: number, o: WriteOptions) {
    this.#c = c;
    this.#t = t;
    this.#uploadId = uploadId;
    this.#pool = new BufferPool(c.options.upload_concurrency + 1, partSize);
    this.#o = o;
    this.#failed = new Promise((resolve) => (this.#onFailure = resolve));
  }

  /** Reads and sends all parts; settles only when no request is under way. Answers the parts in order. */
  async run(reader: SourceReader, first: Uint8Array | undefined): Promise<readonly SentPart[]> {
    const onAbort = (): void => this.#stop.abort(this.#o.signal?.reason);
    this.#o.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      // A part that fails ends the upload at once, not when a slow source gives its next chunk.
      await Promise.race([this.#sendAll(reader, first), this.#failed]);
    } catch (e) {
      this.#fail(e);
    }
    await Promise.all(this.#running);
    this.#o.signal?.removeEventListener('abort', onAbort);
    throwIfAborted(this.#o.signal);
    if (this.#failure !== undefined) throw this.#failure;
    return this.#sent.toSorted((a, b) => a.number - b.number);
  }

  async #sendAll(reader: SourceReader, first: Uint8Array | undefined): Promise<void> {
    let number = 0;
    if (first) {
      // The buffer of the first part comes from outside the pool once, and stays in it.
      this.#pool.give(first);
      this.#start(++number, await this.#pool.take(), first.length);
    }
    while (this.#failure === undefined) {
      throwIfAborted(this.#o.signal);
      if (number > 0 && (await reader.atEnd())) return;
      if (number >= this.#c.quirks.max_upload_parts) throw this.#tooManyParts();
      const buffer = await this.#pool.take();
      if (this.#failure !== undefined) return;
      const length = await reader.fill(buffer);
      if (this.#failure !== undefined) return;
      const announced = this.#o.size;
      if (announced !== undefined && reader.total > announced)
        throw sizeMismatch(this.#t.path, announced, `more than ${announced}`);
      // One part is read while `upload_concurrency` of them are under way.
      while (this.#running.size >= this.#c.options.upload_concurrency) await Promise.race(this.#running);
      if (this.#failure !== undefined) return;
      this.#start(++number, buffer, length);
    }
  }

  #tooManyParts(): TscloneError {
    const { chunkSize, max_upload_parts: max } = this.#c.quirks;
    return new TscloneError(
      'invalid_request',
      `${this.#t.path}: the stream is longer than ${max} parts of ${formatSize(chunkSize)}. Give a larger --s3-chunk-size, or the size with --size`,
      { path: this.#t.path, retry: 'no' },
    );
  }

  #start(number: number, buffer: Uint8Array, length: number): void {
    const task = this.#send(number, buffer.subarray(0, length))
      .catch((e: unknown) => this.#fail(e))
      .finally(() => {
        this.#pool.give(buffer);
        this.#running.delete(task);
      });
    this.#running.add(task);
  }

  #fail(e: unknown): void {
    this.#failure ??= e;
    this.#stop.abort();
    this.#onFailure();
  }

  async #send(number: number, bytes: Uint8Array): Promise<void> {
    const c = this.#c;
    const hash = c.platform.createHash('md5');
    hash.update(bytes);
    const md5 = hash.digest();
    const call = { signal: this.#stop.signal, budget: this.#o.budget, retryAll: number >= 10 };
    const etag = await callS3(c, 'UploadPart', this.#t.place, call, async (s) => {
      const out = await c.client.send(
        new UploadPartCommand({
          Bucket: this.#t.place.bucket,
          Key: this.#t.place.key,
          UploadId: this.#uploadId,
          PartNumber: number,
          Body: bytes,
          ContentLength: bytes.length,
          ...(c.quirks.contentMd5 ? { ContentMD5: toBase64(md5) } : {}),
        }),
        s,
      );
      return checkPartTag(c, this.#t.path, number, unquote(out.ETag), toHex(md5));
    });
    this.#o.onBytes?.(bytes.length);
    this.#sent.push({ number, etag, md5 });
  }
}

/** A part whose answer has no ETag, or the MD5 of other bytes, is sent again. */
function checkPartTag(c: S3Connection, path: string, number: number, etag: string, md5: string): string {
  const wrong =
    etag === ''
      ? 'answered without an ETag'
      : !c.quirks.etag_is_not_md5 && looksLikeMd5(etag) && etag !== md5
        ? 'stored other bytes than were sent'
        : '';
  if (wrong !== '')
    throw new TscloneError('corrupted', `${path}: part ${number}: the service ${wrong}`, { path, retry: 'low' });
  return etag;
}

/** Milliseconds that the answer to a begun upload is waited for after the signal has fired. */
const lastWordMs = 5000;

/**
 * Answers the id of a new upload. A request that is cut off may have begun one whose id nobody knows, and so nobody can
 * abort it: when the signal fires meanwhile, the answer is awaited for some seconds all the same.
 */
export async function beginUpload(
  c: S3Connection,
  place: Place,
  path: string,
  fields: Omit<CreateMultipartUploadCommandInput, 'Bucket' | 'Key'>,
  o: CallOptions,
): Promise<string> {
  const command = new CreateMultipartUploadCommand({ ...fields, Bucket: place.bucket, Key: place.key });
  const giveUp = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onAbort = (): void => void (timer = setTimeout(() => giveUp.abort(), lastWordMs));
  o.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const created = await withBucket(c, place.bucket, o, () =>
      callS3(c, 'CreateMultipartUpload', place, o, () => c.client.send(command, { abortSignal: giveUp.signal })),
    );
    if (created.UploadId) return created.UploadId;
  } finally {
    o.signal?.removeEventListener('abort', onAbort);
    clearTimeout(timer);
  }
  throw new TscloneError('bad_answer', `${path}: CreateMultipartUpload answered without an upload id`, { path });
}

/** Aborts an upload unless the user wants its parts kept; a failure to abort is told, not thrown. */
export async function abandonUpload(c: S3Connection, place: Place, path: string, uploadId: string): Promise<void> {
  if (c.options.leave_parts_on_error) return;
  const { bucket, key } = place;
  try {
    await callS3(c, 'AbortMultipartUpload', place, {}, (s) =>
      c.client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId }), s),
    );
  } catch (e) {
    if (hasCode(e, 'object_not_found')) return;
    c.emit({
      type: 'log',
      level: 'error',
      subject: path,
      message: `Failed to abort the multipart upload, its parts stay stored: ${(e as Error).message}`,
    });
  }
}

/**
 * Answers the ETag of the object. Doubt (lost answer, upload id gone) is cleared by looking for an object with the
 * `expected` ETag.
 */
export async function completeUpload(
  c: S3Connection,
  place: Place,
  path: string,
  uploadId: string,
  parts: readonly StoredPart[],
  expected: string | undefined,
  o: CallOptions,
  conditions: { IfMatch?: string; IfNoneMatch?: string } = {},
): Promise<string> {
  const { bucket, key } = place;
  const list = { Parts: parts.map((p) => ({ PartNumber: p.number, ETag: `"${p.etag}"` })) };
  const command = new CompleteMultipartUploadCommand({
    Bucket: bucket,
    Key: key,
    UploadId: uploadId,
    MultipartUpload: list,
    ...conditions,
  });
  try {
    const out = await callS3(c, 'CompleteMultipartUpload', place, o, (s) => c.client.send(command, s));
    return unquote(out.ETag);
  } catch (e) {
    const stored = hasCode(e, 'aborted') ? undefined : await headObject(c, place, path, {}).catch(() => undefined);
    if (expected !== undefined && stored?.etag === expected) return expected;
    await abandonUpload(c, place, path, uploadId);
    throw e;
  }
}

/** `md5(md5 of each part)-count`: what most services give as the ETag of a multipart object. */
function expectedTag(c: S3Connection, parts: readonly SentPart[]): string {
  const hash = c.platform.createHash('md5');
  for (const p of parts) hash.update(p.md5);
  return `${toHex(hash.digest())}-${parts.length}`;
}

async function confirm(
  c: S3Connection,
  t: WriteTarget,
  parts: readonly SentPart[],
  size: number,
  etag: string,
  md5: string | undefined,
  mimeType: string | undefined,
  o: WriteOptions,
): Promise<ObjectInfo> {
  const info = sentInfo(t, size, md5, etag, mimeType);
  const comparable = c.quirks.use_multipart_etag && !c.quirks.etag_is_not_md5 && /^[0-9a-f]{32}-\d+$/.test(etag);
  const expected = expectedTag(c, parts);
  if (comparable && etag === expected) return info;
  if (!comparable && c.options.no_head && o.size !== undefined) return info;
  const stored = await verifyStored(c, t, size, undefined, info, o);
  if (comparable && stored.etag !== expected) {
    await removeOwn(c, t, info, stored);
    throw new TscloneError(
      'corrupted',
      `multipart upload corrupted: Etag differ: expecting ${expected} but got ${stored.etag}`,
      { path: t.path, retry: 'low' },
    );
  }
  return stored;
}
