import { UploadPartCopyCommand } from '@aws-sdk/client-s3';
import type { CallOptions } from '../../core/backend.ts';
import { hasCode, throwIfAborted, TscloneError } from '../../core/errors.ts';
import { callS3 } from './call.ts';
import type { S3Connection } from './client.ts';
import { unquote } from './metadata.ts';
import { abandonUpload, beginUpload, completeUpload, partSizeFor, type StoredPart } from './multipart.ts';
import { copySource, type Place } from './names.ts';

export interface PartCopy {
  readonly from: Place;
  readonly to: Place;
  readonly path: string;
  readonly size: number;
  /** Of the source: no part may come from another object. */
  readonly etag: string | undefined;
  /** Of the CreateMultipartUpload command. */
  readonly fields: object;
}

/** Copies a large object within the service: ranges of `copy_cutoff` bytes, `upload_concurrency` at a time. */
export async function copyParts(c: S3Connection, copy: PartCopy, o: CallOptions): Promise<void> {
  const { to, path } = copy;
  const uploadId = await beginUpload(c, to, path, copy.fields, o);
  let parts: StoredPart[];
  try {
    throwIfAborted(o.signal);
    parts = await copyAll(c, copy, uploadId, o);
    throwIfAborted(o.signal);
  } catch (e) {
    await abandonUpload(c, to, path, uploadId);
    throw e;
  }
  await completeUpload(c, to, path, uploadId, parts, undefined, o);
}

/** Settles only when no request is under way; the first failure stops the rest. */
async function copyAll(c: S3Connection, copy: PartCopy, uploadId: string, o: CallOptions): Promise<StoredPart[]> {
  const partSize = partSizeFor(copy.size, c.quirks.copy_cutoff, c.quirks.max_upload_parts);
  const count = Math.ceil(copy.size / partSize);
  const parts: StoredPart[] = [];
  const stop = new AbortController();
  const signal = o.signal ? AbortSignal.any([o.signal, stop.signal]) : stop.signal;
  let next = 1;
  let failure: { readonly error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    while (failure === undefined && next <= count) {
      const number = next++;
      try {
        parts.push(await copyOne(c, copy, uploadId, number, partSize, { ...o, signal }));
      } catch (error) {
        failure ??= { error };
        stop.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(c.options.upload_concurrency, count) }, worker));
  throwIfAborted(o.signal);
  if (failure !== undefined) throw (failure as { error: unknown }).error;
  return parts.sort((a, b) => a.number - b.number);
}

async function copyOne(
  c: S3Connection,
  { from, to, path, size, etag }: PartCopy,
  uploadId: string,
  number: number,
  partSize: number,
  o: CallOptions,
): Promise<StoredPart> {
  const start = (number - 1) * partSize;
  const command = new UploadPartCopyCommand({
    Bucket: to.bucket,
    Key: to.key,
    UploadId: uploadId,
    PartNumber: number,
    CopySource: copySource(from),
    CopySourceRange: `bytes=${start}-${Math.min(start + partSize, size) - 1}`,
    ...(etag === undefined ? {} : { CopySourceIfMatch: `"${etag}"` }),
  });
  try {
    return await callS3(c, 'UploadPartCopy', to, o, async (s) => {
      const out = await c.client.send(command, s);
      const tag = unquote(out.CopyPartResult?.ETag);
      if (tag !== '') return { number, etag: tag };
      throw new TscloneError('corrupted', `${path}: part ${number}: the service answered without an ETag`, {
        path,
        retry: 'low',
      });
    });
  } catch (e) {
    if (!hasCode(e, 'precondition_failed')) throw e;
    throw new TscloneError('precondition_failed', `${path}: the source changed while it was copied`, {
      path,
      cause: e,
      status: 412,
    });
  }
}
