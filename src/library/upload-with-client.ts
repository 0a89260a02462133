import type { PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import { toBase64 } from '../core/bytes.ts';
import { edgePlatform } from '../core/edge-platform.ts';
import { abortError, messageOf, TscloneError } from '../core/errors.ts';
import { toByteSource, type BodyInput } from './sources.ts';

const MiB = 1024 * 1024;

export interface UploadWithClientOptions {
  /** A client of the caller's own; it is used as it is. */
  client: S3Client;
  bucket: string;
  key: string;
  body: BodyInput;
  /** Bytes per part, at least 5 MiB (the default). */
  partSize?: number;
  /** Parts under way at once; memory is about (concurrency + 1) parts. Default 4. */
  concurrency?: number;
  signal?: AbortSignal;
  /** Further fields of the object: ContentType, Metadata, StorageClass … */
  fields?: Omit<Partial<PutObjectCommandInput>, 'Bucket' | 'Key' | 'Body' | 'ContentMD5'>;
}

/**
 * Uploads a body of unknown size through an S3 client that the caller configured, by the SDK's own uploader: equal
 * parts, Content-MD5 on each, the upload aborted on error or signal.
 * @returns the ETag, without quotes
 */
export async function uploadWithClient(o: UploadWithClientOptions): Promise<{ etag: string }> {
  const partSize = o.partSize ?? 5 * MiB;
  if (partSize < 5 * MiB)
    throw new TscloneError('usage', `uploadWithClient: partSize ${partSize} is below 5 MiB`, { retry: 'no' });
  const { Upload } = await import('@aws-sdk/lib-storage');
  const { SourceReader } = await import('../core/source-reader.ts');
  const reader = new SourceReader(toByteSource(o.body).source);
  let failure: unknown;
  const upload = new Upload({
    client: withContentMd5(o.client),
    params: { ...o.fields, Bucket: o.bucket, Key: o.key, Body: wholeParts(reader, partSize, (e) => (failure = e)) },
    partSize,
    queueSize: o.concurrency ?? 4,
    leavePartsOnError: false,
  });
  const onAbort = (): void => void upload.abort();
  o.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    if (o.signal?.aborted) throw abortError(o.signal);
    const out = await upload.done();
    return { etag: (out.ETag ?? '').replaceAll('"', '') };
  } catch (e) {
    if (o.signal?.aborted) throw abortError(o.signal);
    const cause = failure ?? e;
    throw new TscloneError('other', `upload of ${o.bucket}/${o.key}: ${messageOf(cause)}; nothing was stored`, {
      cause,
    });
  } finally {
    o.signal?.removeEventListener('abort', onAbort);
    await reader.close().catch(() => {});
  }
}

/** The SDK's uploader joins small chunks at a great cost of memory; it gets whole parts. */
function wholeParts(
  reader: { fill(buffer: Uint8Array): Promise<number> },
  partSize: number,
  onError: (e: unknown) => void,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const part = new Uint8Array(partSize);
          const length = await reader.fill(part);
          if (length > 0) controller.enqueue(length === partSize ? part : part.subarray(0, length));
          if (length < partSize) controller.close();
        } catch (e) {
          onError(e);
          throw e;
        }
      },
    },
    { highWaterMark: 0 },
  );
}

/** The same client, whose uploads carry the MD5 of their bytes: the service then refuses what arrived damaged. */
function withContentMd5(client: S3Client): S3Client {
  const { createHash } = edgePlatform({});
  return new Proxy(client, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (property !== 'send') return typeof value === 'function' ? value.bind(target) : value;
      return (command: { input: { Body?: unknown; ContentMD5?: string } }, ...rest: unknown[]): unknown => {
        const { input } = command;
        if (input.Body instanceof Uint8Array && input.ContentMD5 === undefined) {
          const hash = createHash('md5');
          hash.update(input.Body);
          input.ContentMD5 = toBase64(hash.digest());
        }
        return (target.send as (...args: unknown[]) => unknown).call(target, command, ...rest);
      };
    },
  });
}
