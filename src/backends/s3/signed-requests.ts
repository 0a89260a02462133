import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { CallOptions, ObjectInfo, WriteOptions } from '../../core/backend.ts';
import { fromHex, toBase64 } from '../../core/bytes.ts';
import { TscloneError } from '../../core/errors.ts';
import { withBucket } from './buckets.ts';
import { callS3 } from './call.ts';
import type { S3Connection } from './client.ts';
import type { ResponseHeaders } from './link.ts';
import { completeUpload, type StoredPart } from './multipart.ts';
import { version, type Place } from './names.ts';
import { longestPresigned, prepareRequest, signQuery, urlOf, type Command } from './presign.ts';
import { headObject } from './read.ts';
import { objectFields } from './write-target.ts';

/** A request that anybody can send until it expires, with these headers and no others of the service's. */
export interface SignedRequest {
  readonly method: 'GET' | 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expires: Date;
}

/** What is known of a body that somebody else will send; what is given is signed and must come so. */
export interface SignedBody {
  /** Bytes. */
  readonly size?: number | undefined;
  /** Hex. */
  readonly md5?: string | undefined;
}

export async function signGet(
  c: S3Connection,
  place: Place,
  seconds: number,
  response: ResponseHeaders,
): Promise<SignedRequest> {
  const command = new GetObjectCommand({ Bucket: place.bucket, Key: place.key, ...version(place), ...response });
  return sign(c, command, 'GET', seconds, new Set());
}

export async function signPut(
  c: S3Connection,
  place: Place,
  path: string,
  seconds: number,
  o: SignedBody & Pick<WriteOptions, 'modTime' | 'mimeType' | 'metadata'>,
): Promise<SignedRequest> {
  const fields = objectFields(c, { place, path, modTime: o.modTime ?? c.platform.now(), lock: {} }, o, undefined);
  return sign(c, new PutObjectCommand({ ...fields, ...bodyFields(o) }), 'PUT', seconds, bodyHeaders(o));
}

export async function signPart(
  c: S3Connection,
  place: Place,
  uploadId: string,
  number: number,
  seconds: number,
  o: SignedBody,
): Promise<SignedRequest> {
  const { bucket, key } = place;
  const fields = { Bucket: bucket, Key: key, UploadId: uploadId, PartNumber: number, ...bodyFields(o) };
  return sign(c, new UploadPartCommand(fields), 'PUT', seconds, bodyHeaders(o));
}

/** Begins an upload whose parts somebody else sends. Answers its id. */
export async function beginUpload(
  c: S3Connection,
  place: Place,
  path: string,
  o: Pick<WriteOptions, 'modTime' | 'mimeType' | 'metadata' | 'signal'>,
): Promise<string> {
  refuseCustomerKey(c);
  const fields = objectFields(c, { place, path, modTime: o.modTime ?? c.platform.now(), lock: {} }, o, undefined);
  const { UploadId } = await withBucket(c, place.bucket, o, () =>
    callS3(c, 'CreateMultipartUpload', place, o, (s) => c.client.send(new CreateMultipartUploadCommand(fields), s)),
  );
  if (UploadId) return UploadId;
  throw new TscloneError('bad_answer', `${path}: CreateMultipartUpload answered without an upload id`, { path });
}

/** Makes the parts an object. @throws object_not_found when there is no such upload, invalid_request for wrong parts */
export async function endUpload(
  c: S3Connection,
  place: Place,
  path: string,
  uploadId: string,
  parts: readonly StoredPart[],
  o: CallOptions,
): Promise<ObjectInfo> {
  const ordered = parts.toSorted((a, b) => a.number - b.number);
  const list = ordered.map(({ number, etag }) => ({ number, etag: etag.replaceAll('"', '') }));
  await completeUpload(c, place, path, uploadId, list, undefined, o);
  return headObject(c, place, path, o);
}

export async function dropUpload(c: S3Connection, place: Place, uploadId: string, o: CallOptions): Promise<void> {
  const command = new AbortMultipartUploadCommand({ Bucket: place.bucket, Key: place.key, UploadId: uploadId });
  await callS3(c, 'AbortMultipartUpload', place, o, (s) => c.client.send(command, s));
}

const bodyFields = ({ size, md5 }: SignedBody): { ContentLength?: number; ContentMD5?: string } => ({
  ...(size === undefined ? {} : { ContentLength: size }),
  ...(md5 === undefined ? {} : { ContentMD5: toBase64(fromHex(md5)) }),
});

/** Headers that say how the object is stored: those of the SDK's own are nothing to the sender. */
const ofObject = /^(content-(?!length|md5).*|cache-control|expires|x-amz-(?!content-sha256|user-agent|date|sdk).*)$/;

const bodyHeaders = ({ size, md5 }: SignedBody): Set<string> =>
  new Set([...(size === undefined ? [] : ['content-length']), ...(md5 === undefined ? [] : ['content-md5'])]);

async function sign(
  c: S3Connection,
  command: Command,
  method: SignedRequest['method'],
  seconds: number,
  body: ReadonlySet<string>,
): Promise<SignedRequest> {
  refuseCustomerKey(c);
  if (!(seconds >= 1 && seconds <= longestPresigned))
    throw new TscloneError('usage', `expiresIn = ${seconds}: give seconds from 1 to ${longestPresigned}, a week`, {
      retry: 'no',
    });
  const request = await prepareRequest(c, command);
  const type = (command.input as { ContentType?: string }).ContentType;
  const names = Object.keys(request.headers).filter(
    (name) => body.has(name) || (ofObject.test(name) && (name !== 'content-type' || type !== undefined)),
  );
  const bucket = (command.input as { Bucket?: string }).Bucket;
  await signQuery(c, request, bucket, Math.floor(seconds), ['host', ...names]);
  return {
    method,
    url: urlOf(request),
    headers: Object.fromEntries(names.map((name) => [name, request.headers[name] ?? ''])),
    expires: new Date(Number(c.platform.now() / 1_000_000n) + Math.floor(seconds) * 1000),
  };
}

/** Whoever has the request would have the key. */
export function refuseCustomerKey(c: S3Connection): void {
  if (c.options.sse_customer_algorithm === '') return;
  throw new TscloneError(
    'unsupported',
    `remote "${c.remote}": with sse_customer_algorithm every request carries the key: there is no address that works without it`,
    { remote: c.remote, retry: 'no' },
  );
}
