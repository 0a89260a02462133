import { isTscloneError, messageOf, TscloneError, type ErrorCode } from '../../core/errors.ts';
import { withoutBucket } from './endpoint-bucket.ts';

/** What was asked when an error came, for its text. */
export interface FailedCall {
  /** Name of the S3 operation: `PutObject`. */
  readonly operation: string;
  readonly remote: string;
  readonly bucket?: string | undefined;
  readonly key?: string | undefined;
  readonly endpoint: string;
  readonly provider: string;
}

interface SdkError {
  name?: string;
  message?: string;
  code?: string;
  Code?: string;
  errno?: number;
  syscall?: string;
  address?: string;
  port?: number;
  $metadata?: { httpStatusCode?: number; requestId?: string; extendedRequestId?: string };
  $response?: { statusCode?: number; headers?: Record<string, string>; body?: unknown };
  cause?: unknown;
}

/** Errors that the service models per operation: rclone's text leaves out the words `api error` there. */
const modelled = new Set([
  'NoSuchKey',
  'NoSuchUpload',
  'BucketAlreadyExists',
  'BucketAlreadyOwnedByYou',
  'NoSuchBucket',
  'NotFound',
  'InvalidObjectState',
]);
const throttling =
  /^(SlowDown|Throttl|RequestLimitExceeded|TooManyRequests|BandwidthLimitExceeded|RequestThrottled|PriorRequestNotComplete)/;
const networkCodes =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EHOSTDOWN|UND_ERR_.*|ConnectionRefused|ConnectionClosed)$/;
/** The other side speaks no TLS, or shows a certificate that is not trusted: lasting, as rclone sees it. */
const tlsCodes = /^(ERR_TLS.*|ERR_SSL.*|EPROTO|CERT_.*|DEPTH_ZERO.*|SELF_SIGNED.*|UNABLE_TO.*)$/;

/** Turns what the SDK threw into the one error of this package, with rclone's text and the remedy where there is one. */
export function translateError(e: unknown, call: FailedCall): TscloneError {
  if (isTscloneError(e)) return e;
  const error = (typeof e === 'object' && e !== null ? e : { message: String(e) }) as SdkError;
  if (error.name === 'AbortError')
    return new TscloneError('aborted', 'stopped before the end', { cause: e, retry: 'no' });
  // In Node the body holds on to the request, and that to the token or key of a customer in its headers.
  if (error.$response) delete error.$response.body;
  const status = error.$metadata?.httpStatusCode ?? error.$response?.statusCode ?? 0;
  return status === 0 ? networkError(error, call) : answerError(error, status, call);
}

function networkError(error: SdkError, call: FailedCall): TscloneError {
  const inner = (error.cause ?? error) as SdkError;
  const code = inner.code ?? error.code ?? '';
  const timeout = error.name === 'TimeoutError' || code === 'ETIMEDOUT';
  const where = inner.address === undefined ? call.endpoint : `${inner.address}:${inner.port}`;
  const reasons: Readonly<Record<string, string>> = {
    ECONNREFUSED: `dial tcp ${where}: connect: connection refused`,
    ConnectionRefused: `dial tcp ${where}: connect: connection refused`,
    ECONNRESET: 'connection reset by peer',
    ENOTFOUND: `dial tcp: lookup ${hostOf(call.endpoint)}: no such host. Check the endpoint of remote "${call.remote}"`,
    EAI_AGAIN: `dial tcp: lookup ${hostOf(call.endpoint)}: the name could not be looked up now`,
  };
  const isNetwork =
    timeout ||
    networkCodes.test(code) ||
    tlsCodes.test(code) ||
    /fetch failed|network|socket|connect/i.test(error.message ?? '');
  const lasting = code === 'ENOTFOUND' || tlsCodes.test(code);
  const tls = `${/wrong version number|record/.test(messageOf(inner)) ? 'the server does not speak TLS' : messageOf(inner)}. Check the endpoint of remote "${call.remote}" (https:// or http://, host, port)`;
  const reason = reasons[code] ?? (tlsCodes.test(code) ? tls : messageOf(inner));
  if (!isNetwork) {
    const what =
      code === 'ERR_INVALID_URL'
        ? `: endpoint "${call.endpoint}" of remote "${call.remote}" is no address`
        : code === 'ERR_INVALID_CHAR'
          ? `: a key of remote "${call.remote}" has a line break in it, or another character that no key has`
          : '';
    return new TscloneError('other', `operation error S3: ${call.operation}, ${messageOf(error)}${what}`, {
      cause: error,
      path: call.key,
      remote: call.remote,
      retry: 'no',
    });
  }
  return new TscloneError(
    timeout ? 'timeout' : 'network',
    `operation error S3: ${call.operation}, https response error StatusCode: 0, RequestID: , HostID: , request send failed, ${reason}`,
    { cause: error, path: call.key, remote: call.remote, retry: lasting ? 'high' : 'low' },
  );
}

function hostOf(endpoint: string): string {
  try {
    return new URL(endpoint).host;
  } catch {
    return endpoint;
  }
}

function answerError(error: SdkError, status: number, call: FailedCall): TscloneError {
  const code = codeOf(error, status, call);
  const requestId = error.$metadata?.requestId ?? '';
  const hostId = error.$metadata?.extendedRequestId ?? '';
  const words = modelled.has(code) && isModelledFor(call.operation, code) ? '' : 'api error ';
  const message = codeWords(code, status, error);
  const text = `operation error S3: ${call.operation}, https response error StatusCode: ${status}, RequestID: ${requestId}, HostID: ${hostId}, ${words}${code}: ${message}`;
  const kind = kindOf(code, status, call.operation);
  const remedy = remedyFor(kind, code, status, call, error);
  return new TscloneError(kind, remedy === '' ? text : `${text.replace(/\.$/, '')}. ${remedy}`, {
    cause: error,
    path: call.key,
    remote: call.remote,
    status,
    retry: retryOf(kind, code, status),
    retryAfter: retryAfter(error),
  });
}

function isModelledFor(operation: string, code: string): boolean {
  return code !== 'NoSuchBucket' || /^List(Objects|Parts)/.test(operation);
}

/** HEAD answers carry no body: the SDK then gives `NotFound` or `Unknown`. */
function codeOf(error: SdkError, status: number, call: FailedCall): string {
  const given = error.Code ?? error.name ?? '';
  if (given !== '' && !/^(Unknown|UnknownError|Error|TypeError|SyntaxError|RangeError|\d+)$/.test(given)) return given;
  const byStatus: Readonly<Record<number, string>> = {
    301: 'MovedPermanently',
    302: 'Found',
    307: 'TemporaryRedirect',
    308: 'PermanentRedirect',
    400: 'BadRequest',
    401: 'Unauthorized',
    403: 'Forbidden',
    404: 'NotFound',
    405: 'MethodNotAllowed',
    409: 'Conflict',
    411: 'MissingContentLength',
    412: 'PreconditionFailed',
    429: 'TooManyRequests',
    500: 'InternalServerError',
    501: 'NotImplemented',
    502: 'BadGateway',
    503: 'ServiceUnavailable',
    504: 'GatewayTimeout',
  };
  return byStatus[status] ?? (call.operation.startsWith('Head') ? 'NotFound' : 'UnknownError');
}

function codeWords(code: string, status: number, error: SdkError): string {
  // The SDK's words for whoever debugs it.
  const message = messageOf(error)
    .replace(/\.?\s*Deserialization error: to see the raw response.*$/, '')
    .replace(/^@aws-sdk XML parse error: /, 'the answer is no whole XML: ');
  if (message !== '' && message !== 'UnknownError' && message !== 'Unknown' && message !== 'Error') return message;
  return code.replace(/([a-z])([A-Z])/g, '$1 $2') || String(status);
}

function kindOf(code: string, status: number, operation: string): ErrorCode {
  if (code === 'NoSuchBucket') return 'bucket_not_found';
  // A write has no object to miss: a 404 is about the user, the upload or the address.
  const write = /^(PutObject|UploadPart|CreateMultipartUpload|CompleteMultipartUpload)$/.test(operation);
  if (code === 'NoSuchKey' || (!write && (status === 404 || status === 405))) return 'object_not_found';
  if (throttling.test(code) || status === 429 || code === 'SlowDown') return 'throttled';
  if (
    status === 401 ||
    /^(InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|Unauthorized)$/.test(code)
  ) {
    return 'bad_credentials';
  }
  if (status === 403) return 'permission_denied';
  if (status === 412 || code === 'PreconditionFailed') return 'precondition_failed';
  if (code === 'BucketNotEmpty') return 'not_empty';
  if (status === 501) return 'unsupported';
  if (code === 'RequestTimeout' || code === 'RequestTimeoutException') return 'timeout';
  if (status >= 500) return 'server_error';
  if (status >= 300 && status < 400) return 'invalid_request';
  return status >= 200 && status < 300 ? 'bad_answer' : 'invalid_request';
}

function retryOf(kind: ErrorCode, code: string, status: number): 'no' | 'low' | 'high' {
  if (kind === 'throttled' || kind === 'server_error' || kind === 'timeout' || code === 'RequestTimeTooSkewed')
    return 'low';
  // A 200 with an error inside may be gone the next time.
  if (status >= 200 && status < 300) return 'low';
  return code === 'InternalError' ? 'low' : 'high';
}

/** The service's wish (seconds or a date) in ms, at most half a minute. */
function retryAfter(error: SdkError): number | undefined {
  const wish = headerOf(error, 'retry-after');
  const seconds = /^\d+$/.test(wish) ? Number(wish) : (Date.parse(wish) - Date.now()) / 1000;
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 30) * 1000 : undefined;
}

function headerOf(error: SdkError, name: string): string {
  return error.$response?.headers?.[name] ?? '';
}

function remedyFor(kind: ErrorCode, code: string, status: number, call: FailedCall, error: SdkError): string {
  const { operation, remote, bucket } = call;
  const r2 = call.provider === 'Cloudflare';
  if (bucket !== undefined && withoutBucket(call.endpoint, bucket) !== undefined) {
    return `The endpoint of remote "${remote}" ends in the bucket's name: leave the bucket out of the endpoint (tsclone config update ${remote} endpoint=…)`;
  }
  if (kind === 'bad_credentials' && (status === 401 || code === 'InvalidAccessKeyId')) {
    return `Check access_key_id and secret_access_key of remote "${remote}" (swapped, or a token value in place of the secret?)`;
  }
  if (code === 'SignatureDoesNotMatch') return `Check secret_access_key and region of remote "${remote}"`;
  if (code === 'InvalidRegionName' || code === 'AuthorizationHeaderMalformed') {
    return `Check region of remote "${remote}"${r2 ? ' (R2: region = auto)' : ''}`;
  }
  if (status >= 300 && status < 400) return redirectRemedy(call, error);
  if (kind === 'permission_denied' && operation === 'ListBuckets') {
    return `This token may not list buckets; name the bucket: "${remote}:bucket/path"${r2 ? ' (R2 needs an Admin token to list buckets)' : ''}`;
  }
  if (kind === 'permission_denied' && operation === 'CreateBucket') {
    return `Bucket "${bucket}" does not exist or this token may not create buckets. If the bucket exists, set no_check_bucket = true for remote "${remote}" (tsclone config update ${remote} no_check_bucket=true)${r2 ? '; on Cloudflare R2 an Object Read & Write token always needs it' : ''}`;
  }
  if (kind === 'permission_denied' && /object lock|retention|legal hold|WORM/i.test(error.message ?? '')) {
    return 'The object is locked until its retention ends; --s3-bypass-governance-retention lifts a GOVERNANCE lock, where the keys may do that';
  }
  if (kind === 'permission_denied') {
    const where = bucket === undefined ? '' : ` in bucket "${bucket}"`;
    const r2Advice = ` (R2: Object ${writes(operation) ? 'Read & Write' : 'Read only'} or more) and that the endpoint's account and jurisdiction (….eu.r2…, ….fedramp.r2…) are right`;
    return `The token of remote "${remote}" may not ${rightOf(operation)}${where}: check that it covers the bucket and this right${r2 ? r2Advice : ''}, or set another: tsclone config update ${remote} access_key_id=… secret_access_key=…`;
  }
  if (kind === 'bucket_not_found' && bucket !== undefined) {
    return `Create it with "tsclone mkdir ${remote}:${bucket}" or check its name`;
  }
  return '';
}

const rights: readonly (readonly [RegExp, string])[] = [
  [/^ListObjects/, 'list objects'],
  [/^(Head|Get)Object/, 'read objects'],
  [/^DeleteObject/, 'delete objects'],
  [/^DeleteBucket/, 'delete buckets'],
  [/^(PutObject|CopyObject|UploadPart|CreateMultipart|CompleteMultipart|AbortMultipart)/, 'write objects'],
];

function rightOf(operation: string): string {
  return rights.find(([names]) => names.test(operation))?.[1] ?? `do this (${operation})`;
}

const writes = (operation: string): boolean => !/^(List|Head|Get)/.test(operation);

/** Redirects are never followed: the signature, and with it the right to act, would go to a host nobody named. */
function redirectRemedy({ remote }: FailedCall, error: SdkError): string {
  const region = headerOf(error, 'x-amz-bucket-region');
  const location = headerOf(error, 'location');
  const host = location === '' ? '' : hostOf(location);
  if (host !== '')
    return `The service redirects to ${host}, which is not followed: check endpoint${region === '' ? '' : ` and region (${region})`} of remote "${remote}"`;
  return `The bucket lives in another region: set region for remote "${remote}" (tsclone config update ${remote} region=${region || '…'})`;
}
