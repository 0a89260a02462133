import type { ByteSource, ObjectInfo, WriteOptions } from '../../core/backend.ts';
import { fromHex, toBase64, toHex } from '../../core/bytes.ts';
import { hasCode, sizeMismatch, throwIfAborted, TscloneError } from '../../core/errors.ts';
import { SourceReader } from '../../core/source-reader.ts';
import { timestampOf } from '../../core/time.ts';
import { withBucket } from './buckets.ts';
import { callS3 } from './call.ts';
import type { S3Connection } from './client.ts';
import { looksLikeMd5, mtimeKey, unquote } from './metadata.ts';
import { uploadParts } from './multipart.ts';
import type { Place } from './names.ts';
import { lockAfterUpload, lockFor } from './object-lock.ts';
import { putObject } from './put-object.ts';
import { objectFields, sentInfo, verifyStored, type WriteTarget } from './write-target.ts';

/**
 * Stores a stream. Up to one part it is buffered and sent by one PutObject that can be repeated; a longer one of known
 * size and MD5 below `upload_cutoff` is streamed in one PutObject; everything else goes up in parts.
 */
export async function writeObject(
  c: S3Connection,
  place: Place,
  path: string,
  source: ByteSource,
  o: WriteOptions,
): Promise<ObjectInfo> {
  if (o.checkpoint)
    throw new TscloneError('unsupported', `${path}: uploads cannot be resumed from a checkpoint yet`, {
      path,
      retry: 'no',
    });
  const reader = new SourceReader(source, o.signal);
  try {
    throwIfAborted(o.signal);
    const lock = lockFor(c, o.metadata);
    const target: WriteTarget = { place, path, modTime: writtenTime(c, o), lock };
    const stored = await store(c, target, reader, o);
    await lockAfterUpload(c, place, lock, o);
    return stored;
  } finally {
    await reader.close().catch(() => {});
  }
}

/** A time among the metadata counts more than the source's. */
function writtenTime(c: S3Connection, o: WriteOptions): bigint {
  return timestampOf(o.metadata?.[mtimeKey] ?? '') ?? o.modTime ?? c.platform.now();
}

async function store(c: S3Connection, t: WriteTarget, reader: SourceReader, o: WriteOptions): Promise<ObjectInfo> {
  const { chunkSize } = c.quirks;
  const { size } = o;
  const single = size !== undefined && (size < c.options.upload_cutoff || !c.quirks.use_multipart_uploads);
  if (single && size > chunkSize && c.platform.streamBody) {
    // Some services keep what came of a body that was cut off. With its MD5 they refuse it; without one it goes up in
    // parts, where nothing stands under the name before all of them are there.
    const md5 = await o.sourceHash?.('md5');
    if (md5 !== undefined || !c.quirks.use_multipart_uploads) return putStream(c, t, reader, size, md5, o);
  }
  if (size !== undefined && size > chunkSize) return uploadParts(c, t, reader, undefined, o);

  const first = new Uint8Array(size ?? chunkSize);
  const length = await reader.fill(first);
  if (size !== undefined && length !== size) throw sizeMismatch(t.path, size, length);
  if (await reader.atEnd()) return putBytes(c, t, first.subarray(0, length), o);
  if (size !== undefined) throw sizeMismatch(t.path, size, `more than ${size}`);
  return uploadParts(c, t, reader, first, o);
}

async function putBytes(c: S3Connection, t: WriteTarget, bytes: Uint8Array, o: WriteOptions): Promise<ObjectInfo> {
  const hash = c.platform.createHash('md5');
  hash.update(bytes);
  const md5 = toHex(hash.digest());
  const command = {
    ...objectFields(c, t, o, c.quirks.etag_is_not_md5 ? md5 : undefined),
    Body: bytes,
    ContentLength: bytes.length,
    ...md5Field(c, md5),
  };
  const etag = await withBucket(c, t.place.bucket, o, () =>
    callS3(c, 'PutObject', t.place, o, (s) => putObject(c, command, s)),
  );
  o.onBytes?.(bytes.length);
  return confirmPut(c, t, bytes.length, md5, unquote(etag), command.ContentType, o);
}

function md5Field(c: S3Connection, hex: string | undefined): { ContentMD5?: string } {
  return hex === undefined || !c.quirks.contentMd5 ? {} : { ContentMD5: toBase64(fromHex(hex)) };
}

/** One PutObject straight from the source: it cannot be repeated here, the transfer layer starts it again. */
async function putStream(
  c: S3Connection,
  t: WriteTarget,
  reader: SourceReader,
  size: number,
  known: string | undefined,
  o: WriteOptions,
): Promise<ObjectInfo> {
  const hash = c.platform.createHash('md5');
  // The SDK would wait for an answer that a service gives only to a whole body: a broken source ends the request.
  const stop = new AbortController();
  let failure: { readonly error: unknown } | undefined;
  async function* counted(): AsyncGenerator<Uint8Array, void, void> {
    let sent = 0;
    try {
      for await (const chunk of reader.remaining()) {
        sent += chunk.length;
        // The last chunk goes out only when nothing follows it: the service stores what is complete.
        if (sent > size || (sent === size && !(await reader.atEnd())))
          throw sizeMismatch(t.path, size, `more than ${size}`);
        hash.update(chunk);
        yield chunk;
        o.onBytes?.(chunk.length);
      }
      if (sent < size) throw sizeMismatch(t.path, size, sent);
    } catch (error) {
      failure = { error };
      stop.abort();
      throw error;
    }
  }
  const command = {
    ...objectFields(c, t, o, c.quirks.etag_is_not_md5 ? known : undefined),
    ContentLength: size,
    ...md5Field(c, known),
  };
  const body = c.platform.streamBody?.(counted(), size) as never;
  let etag: string;
  try {
    const signal = o.signal ? AbortSignal.any([o.signal, stop.signal]) : stop.signal;
    const put = { ...command, Body: body };
    const call = { ...o, signal, bodyIsStream: true };
    etag = unquote(await callS3(c, 'PutObject', t.place, call, (s) => putObject(c, put, s)));
  } catch (e) {
    if (failure) throw failure.error;
    if (!hasCode(e, 'bucket_not_found')) throw e;
    // The stream is spent: make the bucket now, the repetition by the transfer layer finds it.
    await withBucket(c, t.place.bucket, o, () => Promise.reject(e)).catch((second: unknown) => {
      if (second !== e) throw second;
    });
    throw new TscloneError('bucket_not_found', e.message, {
      path: t.path,
      remote: c.remote,
      cause: e,
      retry: c.quirks.createBucket ? 'low' : 'high',
    });
  }
  const md5 = toHex(hash.digest());
  return confirmPut(c, t, size, md5, etag, command.ContentType, o);
}

/** No further request when the ETag is the MD5 of what was sent; otherwise a HEAD tells what is stored. */
async function confirmPut(
  c: S3Connection,
  t: WriteTarget,
  size: number,
  md5: string,
  etag: string,
  mimeType: string | undefined,
  o: WriteOptions,
): Promise<ObjectInfo> {
  const info = sentInfo(t, size, md5, etag, mimeType);
  const comparable = o.verify !== false && !c.quirks.etag_is_not_md5 && looksLikeMd5(etag);
  if (comparable && etag === md5) return info;
  if (!comparable && c.options.no_head) return info;
  return verifyStored(c, t, size, comparable ? md5 : undefined, info, o);
}
