import { hasCode, isTscloneError, messageOf, type ErrorCode } from '../../core/errors.ts';
import { invalidArgument, S3Fault, type S3Call, type S3Response } from './protocol.ts';
import { noSuchBucket } from './store.ts';
import { xmlError } from './xml.ts';

/** What a client is told of an error. */
export function asFault(e: unknown): S3Fault {
  if (e instanceof S3Fault) return e;
  // A fault of the body comes through the backend that was writing it.
  for (let cause = e; cause instanceof Error; cause = cause.cause) if (cause instanceof S3Fault) return cause;
  if (hasCode(e, 'bad_path', 'is_directory', 'already_exists', 'not_directory'))
    return new S3Fault(400, 'InvalidArgument', `This storage cannot hold the key: ${messageOf(e)}`);
  if (hasCode(e, 'corrupted')) return new S3Fault(400, 'IncompleteBody', messageOf(e));
  if (hasCode(e, 'dir_not_found', 'bucket_not_found')) return noSuchBucket();
  const reason = systemReason(e);
  if (reason === 'EEXIST' || reason === 'ENOTDIR' || reason === 'EISDIR')
    return invalidArgument('This storage cannot hold the key: a file and a directory would have the same name');
  if (reason === 'ENAMETOOLONG')
    return new S3Fault(400, 'KeyTooLongError', 'A part of the key is longer than this storage allows');
  if (reason === 'ENOSPC' || reason === 'EDQUOT')
    return new S3Fault(507, 'InsufficientStorage', 'There is no room left on this storage.');
  const [status, code, message] = (isTscloneError(e) && known[e.code]) || internal;
  return new S3Fault(status, code, message);
}

const internal = [500, 'InternalError', 'We encountered an internal error. Please try again.'] as const;
const unavailable = [
  503,
  'ServiceUnavailable',
  'The storage behind this server does not answer. Please try again.',
] as const;

const known: Partial<Record<ErrorCode, readonly [number, string, string]>> = {
  permission_denied: [403, 'AccessDenied', 'The storage behind this server refuses access.'],
  throttled: [503, 'SlowDown', 'Please reduce your request rate.'],
  network: unavailable,
  timeout: unavailable,
  server_error: unavailable,
  unsupported: [501, 'NotImplemented', 'The storage behind this server cannot do this.'],
};

/** The operating system's word in an error or its causes. */
function systemReason(e: unknown): string | undefined {
  for (let cause = e; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { code?: unknown };
    if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) return code;
  }
  return undefined;
}

/** Is it our side's failure, which somebody should look at? */
export const isOurs = (fault: S3Fault): boolean => fault.status >= 500 && fault.code !== 'NotImplemented';

/** A HEAD has no body, its status says all. */
export function faultResponse(fault: S3Fault, call: S3Call, isHead: boolean, requestId = ''): S3Response {
  const headers = { 'content-type': 'application/xml', ...fault.headers };
  if (isHead) return { status: fault.status, headers };
  const body = xmlError({
    Code: fault.code,
    Message: fault.message,
    ...fault.details,
    ...(call.key === '' ? {} : { Key: call.key }),
    ...(call.bucket === '' ? {} : { BucketName: call.bucket }),
    Resource: `/${call.bucket}${call.key === '' ? '' : `/${call.key}`}`,
    ...(requestId === '' ? {} : { RequestId: requestId }),
  });
  return { status: fault.status, headers, body };
}
