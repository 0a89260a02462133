import type { Backend } from '../../core/backend.ts';
import { hasCode, messageOf } from '../../core/errors.ts';
import type { Platform } from '../../core/platform.ts';
import { toHex } from '../../core/bytes.ts';
import * as buckets from './buckets.ts';
import { listObjects } from './lists.ts';
import * as objects from './objects.ts';
import type { OperationArgs } from './objects.ts';
import { callOf, S3Fault, type S3Call, type S3Request, type S3Response } from './protocol.ts';
import { checkPartSizes, checkR2, checkRegion, type R2Token } from './r2-rules.ts';
import { verifySignature } from './signature.ts';
import { createObjectStore, noSuchBucket, uploadsFolder } from './store.ts';
import { createUploads } from './uploads.ts';
import { xmlDocument } from './xml.ts';

export interface S3Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** One line of the request log. */
export interface RequestRecord {
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
}

export interface S3HandlerOptions {
  /** Its first path segment is the bucket. */
  readonly backend: Backend;
  readonly platform: Platform;
  /** Keys that may do everything. */
  readonly keys?: readonly S3Key[];
  /** Tokens under Cloudflare R2's rules; a request signed by one of them gets R2's answers. */
  readonly r2Tokens?: readonly R2Token[];
  readonly onRequest?: (record: RequestRecord) => void;
}

export type S3Handler = (request: S3Request) => Promise<S3Response>;

/** The S3 protocol over a backend: verifies every signature and every digest. Never throws. */
export function createS3Handler(o: S3HandlerOptions): S3Handler {
  const store = createObjectStore(o.backend, o.platform);
  const secrets = new Map([...(o.keys ?? []), ...(o.r2Tokens ?? [])].map((k) => [k.accessKeyId, k.secretAccessKey]));
  const tokens = new Map((o.r2Tokens ?? []).map((t) => [t.accessKeyId, t]));
  const uploads = createUploads(tokens.size > 0 ? checkPartSizes : undefined);

  const operations: Readonly<Record<string, (a: OperationArgs) => Promise<S3Response>>> = {
    ListBuckets: buckets.listBuckets,
    CreateBucket: buckets.createBucket,
    HeadBucket: buckets.headBucket,
    DeleteBucket: buckets.deleteBucket,
    GetBucketLocation: buckets.bucketLocation,
    GetBucketVersioning: buckets.bucketVersioning,
    DeleteObjects: buckets.deleteObjects,
    ListObjects: listObjects,
    ListObjectsV2: listObjects,
    GetObject: objects.getObject,
    HeadObject: objects.getObject,
    PutObject: objects.putObject,
    CopyObject: objects.copyObject,
    DeleteObject: objects.deleteObject,
    CreateMultipartUpload: uploads.create,
    UploadPart: uploads.part,
    UploadPartCopy: uploads.partCopy,
    CompleteMultipartUpload: uploads.complete,
    AbortMultipartUpload: uploads.abort,
    ListParts: uploads.listParts,
    ListMultipartUploads: uploads.listUploads,
  };

  async function answer(request: S3Request, call: S3Call): Promise<S3Response> {
    const nowMs = Number(o.platform.now() / 1_000_000n);
    const verified = verifySignature(request, call.query, (id) => secrets.get(id), nowMs);
    const token = tokens.get(verified.accessKeyId);
    if (token) {
      checkRegion(verified.region);
      checkR2(request, call, token);
    }
    if (call.bucket === uploadsFolder) throw noSuchBucket();
    const operation = Object.hasOwn(operations, call.operation) ? operations[call.operation] : undefined;
    if (!operation) throw new S3Fault(501, 'NotImplemented', `${call.operation} not implemented`);
    if (new TextEncoder().encode(call.key).length > 1024)
      throw new S3Fault(400, 'KeyTooLongError', 'Your key is too long');
    return operation({ store, request, call, verified });
  }

  return async (request) => {
    let call: S3Call = { operation: request.method, bucket: '', key: '', query: new Map() };
    let response: S3Response;
    try {
      call = callOf(request);
      response = await answer(request, call);
    } catch (e) {
      response = faultResponse(asFault(e), call, request.method === 'HEAD');
    }
    const id = toHex(o.platform.randomBytes(8)).toUpperCase();
    const { method, path, query, headers } = request;
    o.onRequest?.({ operation: call.operation, method, path, query, headers, status: response.status });
    return { ...response, headers: { 'x-amz-request-id': id, ...response.headers } };
  };
}

function asFault(e: unknown): S3Fault {
  if (e instanceof S3Fault) return e;
  // A fault of the body comes through the backend that was writing it.
  if (e instanceof Error && e.cause instanceof S3Fault) return e.cause;
  if (hasCode(e, 'bad_path', 'is_directory', 'already_exists', 'not_directory'))
    return new S3Fault(400, 'InvalidArgument', `This storage cannot hold the key: ${messageOf(e)}`);
  if (hasCode(e, 'corrupted')) return new S3Fault(400, 'IncompleteBody', messageOf(e));
  if (hasCode(e, 'dir_not_found', 'bucket_not_found')) return noSuchBucket();
  return new S3Fault(500, 'InternalError', 'We encountered an internal error. Please try again.');
}

/** A HEAD has no body, its status says all. */
export function faultResponse(fault: S3Fault, call: S3Call, isHead: boolean): S3Response {
  const content = {
    Code: fault.code,
    Message: fault.message,
    Resource: `/${call.bucket}${call.key === '' ? '' : `/${call.key}`}`,
  };
  if (isHead) return { status: fault.status, headers: { 'content-type': 'application/xml' } };
  const body = xmlDocument('Error', content).replace(/<Error [^>]*>/, '<Error>');
  return { status: fault.status, headers: { 'content-type': 'application/xml' }, body };
}
