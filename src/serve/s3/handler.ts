import type { Backend } from '../../core/backend.ts';
import { toHex, utf8 } from '../../core/bytes.ts';
import type { Platform } from '../../core/platform.ts';
import * as buckets from './buckets.ts';
import { copyObject } from './copies.ts';
import { corsHeaders, preflight } from './cors.ts';
import { asFault, faultResponse, isOurs } from './faults.ts';
import { defaultS3Limits, type S3Limits } from './limits.ts';
import { createLists } from './lists.ts';
import { isInUploads } from './names.ts';
import * as objects from './objects.ts';
import type { Operation } from './operation.ts';
import {
  callOf,
  invalidArgument,
  notImplemented,
  S3Fault,
  type S3Call,
  type S3Request,
  type S3Response,
  type VirtualHosts,
} from './protocol.ts';
import { checkR2, checkR2Signature, checkRegion, type R2Token } from './r2-rules.ts';
import { checkNotRefused } from './refused.ts';
import { settings } from './settings.ts';
import { isVersion2, verifyVersion2 } from './signature-v2.ts';
import { unfoldPresigned, verifySignature } from './signature.ts';
import { answerInTime } from './slow-answer.ts';
import { createObjectStore, type StoreOptions } from './store.ts';
import { createUploads } from './uploads.ts';

export interface S3Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** One line of the request log. Signatures are cut out: whoever has one could use it. */
export interface RequestRecord {
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
  /** S3's code of an error. */
  readonly code?: string;
}

export interface S3HandlerOptions extends StoreOptions {
  /** Its first path segment is the bucket. */
  readonly backend: Backend;
  readonly platform: Platform;
  /** Keys that may do everything. */
  readonly keys?: readonly S3Key[];
  /** Tokens under Cloudflare R2's rules; a request signed by one of them gets R2's answers. */
  readonly r2Tokens?: readonly R2Token[];
  /** Where the bucket may stand in the host name. Default: only in the path. */
  readonly virtualHosts?: VirtualHosts | undefined;
  /** Refuse whatever would change something. */
  readonly readOnly?: boolean | undefined;
  /** Origin whose pages may read the answers; `*` = any. */
  readonly allowOrigin?: string | undefined;
  readonly limits?: Partial<S3Limits> | undefined;
  readonly onRequest?: (record: RequestRecord) => void;
  /** Told what is behind an answer with a status of 500 or more. */
  readonly onError?: (error: unknown, record: RequestRecord) => void;
}

export type S3Handler = (request: S3Request) => Promise<S3Response>;

const reads = /^(Get|Head|List)/;
/** They move bytes within the store, which may take longer than a client waits. */
const slow = new Set(['CopyObject', 'UploadPartCopy', 'CompleteMultipartUpload']);

/** The S3 protocol over a backend: verifies every signature and every digest. Never throws. */
export function createS3Handler(o: S3HandlerOptions): S3Handler {
  const { platform } = o;
  const store = createObjectStore(o.backend, platform, o);
  const limits = { ...defaultS3Limits, ...o.limits };
  const secrets = new Map([...(o.keys ?? []), ...(o.r2Tokens ?? [])].map((k) => [k.accessKeyId, k.secretAccessKey]));
  const tokens = new Map((o.r2Tokens ?? []).map((t) => [t.accessKeyId, t]));
  const uploads = createUploads(store);
  const list = createLists(store);

  const operations: Readonly<Record<string, Operation>> = {
    ...settings,
    ListBuckets: buckets.listBuckets,
    CreateBucket: buckets.createBucket,
    HeadBucket: buckets.headBucket,
    DeleteBucket: buckets.deleteBucket,
    DeleteObjects: buckets.deleteObjects,
    ListObjects: list,
    ListObjectsV2: list,
    ListObjectVersions: list,
    GetObject: objects.getObject,
    HeadObject: objects.getObject,
    GetObjectAttributes: objects.getObjectAttributes,
    PutObject: objects.putObject,
    CopyObject: copyObject,
    DeleteObject: objects.deleteObject,
    CreateMultipartUpload: uploads.create,
    UploadPart: uploads.part,
    UploadPartCopy: uploads.partCopy,
    CompleteMultipartUpload: uploads.complete,
    AbortMultipartUpload: uploads.abort,
    ListParts: uploads.listParts,
    ListMultipartUploads: uploads.listUploads,
  };

  async function answer(request: S3Request, call: S3Call, toError: (e: unknown) => S3Response): Promise<S3Response> {
    const nowMs = Number(platform.now() / 1_000_000n);
    const secretOf = (id: string): string | undefined => secrets.get(id);
    const verified = isVersion2(request, call.query)
      ? verifyVersion2(request, call.query, secretOf, nowMs, call.bucketInHost ? call.bucket : '')
      : verifySignature(request, call.query, secretOf, nowMs);
    const whole = unfoldPresigned(request, call.query);
    const token = tokens.get(verified.accessKeyId);
    if (token) {
      checkR2Signature(verified.version);
      checkRegion(verified.region);
      checkR2(whole, call, token);
    }
    const operation = Object.hasOwn(operations, call.operation) ? operations[call.operation] : undefined;
    if (!operation) throw unknownOperation(call.operation);
    if (o.readOnly === true && !reads.test(call.operation))
      throw new S3Fault(403, 'AccessDenied', 'Access Denied: this server only reads');
    checkNotRefused(whole);
    if (isInUploads(call.key)) throw invalidArgument('This key is reserved for the parts of unfinished uploads');
    if (utf8(call.key).length > limits.maxKeyBytes)
      throw new S3Fault(400, 'KeyTooLongError', 'Your key is too long', {
        details: { Size: utf8(call.key).length, MaxSizeAllowed: limits.maxKeyBytes },
      });
    const work = operation({ store, request: whole, call, verified, limits, r2: token !== undefined });
    return slow.has(call.operation) ? answerInTime(work, toError, platform, limits.heartbeatMs) : work;
  }

  return async (request) => {
    const id = toHex(platform.randomBytes(8)).toUpperCase();
    let call: S3Call = { operation: request.method, bucket: '', key: '', query: new Map() };
    let code: string | undefined;
    const toError = (e: unknown): S3Response => {
      const fault = asFault(e);
      code = fault.code;
      if (isOurs(fault)) o.onError?.(e, record(fault.status));
      return faultResponse(fault, call, request.method === 'HEAD', id);
    };
    const record = (status: number): RequestRecord => ({
      operation: call.operation,
      method: request.method,
      path: request.path,
      query: request.query.replace(/(X-Amz-(?:Signature|Security-Token)=)[^&]*/gi, '$1…'),
      headers: withoutSecrets(request.headers),
      status,
      ...(code === undefined ? {} : { code }),
    });
    let response: S3Response;
    try {
      if (request.method === 'OPTIONS') response = preflight(request, o.allowOrigin);
      else {
        call = callOf(request, o.virtualHosts);
        response = await answer(request, call, toError);
      }
    } catch (e) {
      response = toError(e);
    }
    o.onRequest?.(record(response.status));
    return {
      ...response,
      headers: { server: 'tsclone', 'x-amz-request-id': id, ...corsHeaders(o.allowOrigin), ...response.headers },
    };
  };
}

function unknownOperation(name: string): S3Fault {
  if (/^[A-Z]+$/.test(name))
    return new S3Fault(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.');
  return notImplemented(`${name} not implemented`);
}

function withoutSecrets(headers: Readonly<Record<string, string>>): Record<string, string> {
  const out: Record<string, string> = { ...headers };
  if (out['authorization'] !== undefined) out['authorization'] = out['authorization'].replace(/(Signature=).*/, '$1…');
  if (out['x-amz-security-token'] !== undefined) out['x-amz-security-token'] = '…';
  return out;
}
