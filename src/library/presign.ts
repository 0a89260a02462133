import type { ObjectInfo } from '../core/backend.ts';
import { TscloneError } from '../core/errors.ts';
import type { S3Connection } from '../backends/s3/client.ts';
import type { SignedRequest } from '../backends/s3/signed-requests.ts';
import { s3Place } from './s3-client.ts';
import type { HandleCallOptions, HandleWriteOptions, RemoteHandle } from './remote-handle.ts';

export type { SignedRequest };

export interface SignOptions {
  /** Seconds that the request can be sent, from 1 to 604800. Default: 3600. */
  expiresIn?: number | undefined;
}

export interface SignGetOptions extends SignOptions {
  /** Headers of the answer in place of the stored ones. */
  response?:
    | {
        contentType?: string;
        contentDisposition?: string;
        contentEncoding?: string;
        contentLanguage?: string;
        cacheControl?: string;
        expires?: Date;
      }
    | undefined;
}

export interface SignPartOptions extends SignOptions {
  /** Bytes that must come; others are refused by the service. Default: any number. */
  size?: number | undefined;
  /** Hex digest of the bytes that must come. */
  md5?: string | undefined;
}

/** Metadata of the object is signed: the sender must send the headers as they are. */
export interface SignPutOptions
  extends SignPartOptions, Pick<HandleWriteOptions, 'modTime' | 'mimeType' | 'metadata'> {}

export interface SignUploadOptions
  extends SignOptions, HandleCallOptions, Pick<HandleWriteOptions, 'modTime' | 'mimeType' | 'metadata'> {
  /** Bytes of the whole body. */
  size: number;
  /** Bytes per part, all but the last. Default: the remote's chunk_size, more where that would be too many parts. */
  partSize?: number | undefined;
}

/** A part of a body, from byte `start` to byte `end` (exclusive). */
export interface SignedPart extends SignedRequest {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

export interface SignedUpload {
  readonly uploadId: string;
  readonly parts: readonly SignedPart[];
}

/** A part that was stored: the ETag is in the answer to its request. */
export interface SentPart {
  readonly number: number;
  readonly etag: string;
}

/**
 * Signs requests that others send: a browser reads or stores an object without keys and without its bytes passing through
 * here. Paths are relative to where the remote was opened.
 */
export interface Presigner {
  /** A download. Sends no request. */
  get(path: string, o?: SignGetOptions): Promise<SignedRequest>;
  /** An upload in one request, up to 5 GiB. Sends no request. */
  put(path: string, o?: SignPutOptions): Promise<SignedRequest>;
  /** Begins an upload in parts and signs all of them. One request. */
  upload(path: string, o: SignUploadOptions): Promise<SignedUpload>;
  /** One part of an upload that was begun, signed again. Sends no request. */
  part(path: string, uploadId: string, number: number, o?: SignPartOptions): Promise<SignedRequest>;
  /** Makes the parts an object. @throws invalid_request when parts are missing or others were stored */
  complete(path: string, uploadId: string, parts: readonly SentPart[], o?: HandleCallOptions): Promise<ObjectInfo>;
  /** Removes the parts that were stored. */
  abort(path: string, uploadId: string, o?: HandleCallOptions): Promise<void>;
}

/**
 * Opens a signer for an S3 remote.
 * @throws unsupported for remotes that are not S3; its methods also for those with keys of their own for encryption (SSE-C)
 */
export async function presigner(remote: RemoteHandle): Promise<Presigner> {
  const at = await s3Place(remote);
  const s3 = await import('../backends/s3/signed-requests.ts');
  const { partSizeFor } = await import('../backends/s3/multipart.ts');

  const part: Presigner['part'] = (path, uploadId, number, o = {}) => {
    const { c, place } = at(path);
    return s3.signPart(c, place, uploadId, number, secondsOf(o), o);
  };

  return {
    get(path, { response = {}, ...o } = {}) {
      const { c, place } = at(path);
      const { contentType, contentDisposition, contentEncoding, contentLanguage, cacheControl, expires } = response;
      return s3.signGet(c, place, secondsOf(o), {
        ...(contentType === undefined ? {} : { ResponseContentType: contentType }),
        ...(contentDisposition === undefined ? {} : { ResponseContentDisposition: contentDisposition }),
        ...(contentEncoding === undefined ? {} : { ResponseContentEncoding: contentEncoding }),
        ...(contentLanguage === undefined ? {} : { ResponseContentLanguage: contentLanguage }),
        ...(cacheControl === undefined ? {} : { ResponseCacheControl: cacheControl }),
        ...(expires === undefined ? {} : { ResponseExpires: expires }),
      });
    },
    put(path, o = {}) {
      const { c, place } = at(path);
      return s3.signPut(c, place, path, secondsOf(o), { ...o, modTime: nanos(o.modTime) });
    },
    async upload(path, o) {
      const { c, place } = at(path);
      const partSize = o.partSize ?? partSizeFor(o.size, c.quirks.chunkSize, c.quirks.max_upload_parts);
      const ranges = rangesOf(c, o.size, partSize);
      const { signal, mimeType, metadata } = o;
      const uploadId = await s3.beginUpload(c, place, path, { signal, mimeType, metadata, modTime: nanos(o.modTime) });
      const parts: SignedPart[] = [];
      for (const [i, { start, end }] of ranges.entries()) {
        const number = i + 1;
        parts.push({ ...(await part(path, uploadId, number, { ...o, size: end - start })), number, start, end });
      }
      return { uploadId, parts };
    },
    part,
    complete(path, uploadId, parts, o = {}) {
      const { c, place } = at(path);
      return s3.endUpload(c, place, path, uploadId, parts, { signal: o.signal });
    },
    abort(path, uploadId, o = {}) {
      const { c, place } = at(path);
      return s3.dropUpload(c, place, uploadId, { signal: o.signal });
    },
  };
}

const secondsOf = ({ expiresIn = 3600 }: SignOptions): number => expiresIn;

const nanos = (time: Date | bigint | undefined): bigint | undefined =>
  time instanceof Date ? BigInt(time.getTime()) * 1_000_000n : time;

function rangesOf(c: S3Connection, size: number, partSize: number): { start: number; end: number }[] {
  const count = Math.max(1, Math.ceil(size / partSize));
  const most = c.quirks.max_upload_parts;
  if (!Number.isSafeInteger(size) || size < 0 || !(partSize >= 5 * 1024 * 1024) || count > most)
    throw new TscloneError(
      'usage',
      `an upload of ${size} bytes in parts of ${partSize}: parts have 5 MiB at least, and there are ${most} at most`,
      { retry: 'no' },
    );
  return Array.from({ length: count }, (_, i) => ({ start: i * partSize, end: Math.min(size, (i + 1) * partSize) }));
}
