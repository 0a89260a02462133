import type { ErrorCode } from './errors.ts';
import { faults } from './faults.ts';
import { nearest } from './nearest.ts';

/** What a code means and what to do about it: `explain` and the page of errors read these. */
export interface Explanation {
  readonly meaning: string;
  readonly remedy: string;
  /** HTTP status that it comes with. */
  readonly status?: number;
}

/** The codes of `TscloneError`. */
export const errorCodes: Readonly<Record<ErrorCode, Explanation>> = {
  usage: {
    meaning: 'The command line is wrong: an unknown command or flag, the wrong number of arguments, a bad value.',
    remedy: 'tsclone help COMMAND shows how it is meant.',
  },
  dir_not_found: {
    meaning: 'The directory is not there, or the bucket of the path is not.',
    remedy: 'Check the path; tsclone lsd lists what is above it.',
  },
  object_not_found: {
    meaning: 'There is no object of this name.',
    remedy: 'Check the name: upper and lower case count, and so do spaces.',
  },
  bucket_not_found: {
    meaning: 'The service has no bucket of this name for these keys.',
    remedy: 'Check its name and the endpoint, or make it: tsclone mkdir remote:bucket.',
  },
  is_directory: {
    meaning: 'The name stands for a directory where an object was asked for.',
    remedy: 'Name an object in it, or use a command for directories (copy, sync, purge).',
  },
  not_directory: {
    meaning: 'The name stands for an object where a directory was asked for.',
    remedy: 'Name the directory, or use a command for objects (copyto, moveto, deletefile).',
  },
  not_empty: {
    meaning: 'Only empty directories and buckets can be removed so, and this one is not.',
    remedy: 'Empty it first, or use purge, which removes all that is in it.',
  },
  already_exists: {
    meaning: 'Something else stands under the name.',
    remedy: 'Choose another name, or remove what is there.',
  },
  network: {
    meaning: 'No connection, or it broke before the answer was complete, also after all retries.',
    remedy: 'Check endpoint and network; tsclone doctor remote: says at which step it ends.',
  },
  timeout: {
    meaning: 'No bytes came for longer than --timeout or --contimeout allow.',
    remedy: 'Check the network; raise the two for slow links.',
  },
  aborted: {
    meaning: 'It was stopped before its end: Ctrl-C, or the signal that the caller gave.',
    remedy: 'Run it again; what was under way was taken back.',
  },
  no_retry: {
    meaning:
      'Trying again cannot help: --immutable and the destination differs, or a bucket name that somebody else has.',
    remedy: 'Read the message; the destination is as it was.',
  },
  fatal: {
    meaning: 'The command must not go on: source and destination overlap, --max-delete was reached, or the like.',
    remedy: 'Change what the message names; nothing more is done until then.',
  },
  transfer_limit: {
    meaning: 'As many bytes as --max-transfer allows were transferred.',
    remedy: 'Run it again for the rest.',
  },
  nothing_transferred: {
    meaning: 'All was up to date, and --error-on-no-transfer makes that an error.',
    remedy: 'Nothing, unless something new was expected.',
  },
  duration_limit: {
    meaning: 'The time of --max-duration, or the budget of the call, is used up.',
    remedy: 'Run it again for the rest.',
  },
  permission_denied: {
    meaning: 'The service knows who asks and does not allow it (403), or the file system does not.',
    remedy: 'tsclone doctor remote:bucket --write tells which right is missing.',
  },
  bad_credentials: {
    meaning: 'The service does not accept the keys: unknown, wrong secret, expired.',
    remedy: 'Set access_key_id and secret_access_key anew; tsclone doctor remote: tells which is wrong.',
  },
  throttled: {
    meaning: 'The service asks for fewer requests (429, 503 SlowDown), also after all retries.',
    remedy: 'Lower --transfers and --checkers, or wait.',
  },
  server_error: {
    meaning: 'The service failed (5xx), also after all retries.',
    remedy: "Try again later; look at the provider's status page.",
  },
  precondition_failed: {
    meaning: 'The object changed between two requests.',
    remedy: 'Run it again when nobody writes to it.',
  },
  invalid_request: {
    meaning: 'The service takes the request for wrong (400), or redirects to where tsclone does not follow.',
    remedy:
      'Read its words: often the region, an option that the service does not know, or a name that it does not allow.',
  },
  bad_answer: {
    meaning: 'The answer is not what was asked for: a web page, a listing that is cut off, the same page twice.',
    remedy: 'Check the endpoint, and what stands in between; tsclone doctor remote: names it.',
  },
  unknown_remote: {
    meaning: 'The config has no remote of this name.',
    remedy: 'tsclone listremotes shows those that there are, tsclone config file which config is read.',
  },
  unknown_backend: {
    meaning: 'Neither tsclone nor rclone has a type of storage of this name.',
    remedy: 'Check the type of the remote.',
  },
  backend_not_built: {
    meaning: 'The remote is of a type that only rclone has.',
    remedy: 'Install rclone: tsclone hands such commands over to it.',
  },
  bad_config: {
    meaning: 'The config cannot be read, or the options of a remote contradict one another.',
    remedy: 'Mend what the message names: tsclone config update remote option=value.',
  },
  bad_path: {
    meaning: 'The reference or the name cannot be one.',
    remedy: 'Write name:path, :type,option=value:path or a local path.',
  },
  unsupported: {
    meaning: 'Not built, or the storage cannot do this.',
    remedy: 'The message says which; docs/about/parity.md has the list.',
  },
  differences: {
    meaning: 'A check found differences. That is its result, no failure of the check.',
    remedy: 'Look at the lines above; --combined, --differ and their kin list them in files.',
  },
  corrupted: {
    meaning: 'Size or hash differ from what was announced; nothing wrong was kept.',
    remedy: 'Run it again. If it stays: the source changes while it is read, or something on the way changes bytes.',
  },
  io: {
    meaning: 'The file system or standard output failed: no space left, a broken disk, a closed pipe.',
    remedy: 'Read the reason in the message.',
  },
  other: {
    meaning: 'None of the other codes.',
    remedy: 'Read the message; -vv shows more of how it came to it.',
  },
};

const keys = 'tsclone doctor remote: tells which of the two is wrong.';

/** Codes that S3 services answer with. */
export const serviceCodes: Readonly<Record<string, Explanation>> = {
  AccessDenied: {
    status: 403,
    meaning:
      'The keys are right, but not for this: the token does not cover the bucket, lacks the right, or a rule of the bucket forbids it. AWS says so of missing objects too, where listing is not allowed.',
    remedy: 'tsclone doctor remote:bucket --write tries each right by itself. R2 with rclone: no_check_bucket = true.',
  },
  AccessForbidden: { status: 403, meaning: 'As AccessDenied.', remedy: 'tsclone doctor remote:bucket --write.' },
  AccessControlListNotSupported: {
    status: 400,
    meaning: 'The bucket takes no ACLs; its owner owns all objects.',
    remedy: 'Remove acl and bucket_acl from the remote.',
  },
  AllAccessDisabled: {
    status: 403,
    meaning: 'Nobody may use the bucket, or its name is reserved.',
    remedy: 'Check the name; ask the provider.',
  },
  AuthorizationHeaderMalformed: {
    status: 400,
    meaning: 'The request is signed for another region than the service or the bucket is in.',
    remedy: 'Set region to the one that the message expects; R2: auto.',
  },
  AuthorizationQueryParametersError: {
    status: 400,
    meaning: 'A presigned link is incomplete or is to work too long.',
    remedy: 'Make the link anew, for 7 days at most.',
  },
  BadDigest: {
    status: 400,
    meaning: 'The bytes that arrived are not those whose MD5 was sent.',
    remedy: 'Try again; if it stays, something on the way changes them.',
  },
  BadRequest: {
    status: 400,
    meaning: 'The service does not say more.',
    remedy: 'Often the region: tsclone doctor remote:bucket.',
  },
  BucketAlreadyExists: {
    status: 409,
    meaning: 'Somebody else has a bucket of this name; on AWS names are unique among all.',
    remedy: 'Choose another name.',
  },
  BucketAlreadyOwnedByYou: { status: 409, meaning: 'The bucket is there, and yours.', remedy: 'Nothing.' },
  BucketNotEmpty: {
    status: 409,
    meaning: 'The bucket has objects, old versions or unfinished uploads.',
    remedy: 'tsclone purge remote:bucket removes all of them.',
  },
  EntityTooLarge: {
    status: 400,
    meaning: 'One request carries more than the service takes (5 GiB; 5 TiB for an object).',
    remedy: 'Do not set upload_cutoff above 5Gi; larger objects go up in parts.',
  },
  EntityTooSmall: {
    status: 400,
    meaning: 'A part that is not the last is smaller than the service allows (5 MiB, some want more).',
    remedy: 'Set a larger chunk_size.',
  },
  ExpiredRequest: { status: 400, meaning: 'A presigned link has run out.', remedy: 'Make it anew.' },
  ExpiredToken: {
    status: 400,
    meaning: 'Temporary keys have run out.',
    remedy: 'Fetch new ones and set access_key_id, secret_access_key and session_token.',
  },
  Forbidden: {
    status: 403,
    meaning: 'As AccessDenied, in answer to a HEAD, which has no words.',
    remedy: 'tsclone doctor remote:bucket.',
  },
  IllegalLocationConstraintException: {
    status: 400,
    meaning: 'The bucket is to be made in another region than the one that is asked.',
    remedy: 'Set location_constraint to the region, or leave it empty.',
  },
  IncompleteBody: {
    status: 400,
    meaning: 'Fewer bytes came than were announced.',
    remedy: 'Try again; look for a proxy that cuts uploads.',
  },
  InsufficientStorage: { status: 507, meaning: 'The service is full.', remedy: 'Make room, or raise the quota.' },
  InternalError: {
    status: 500,
    meaning: 'The service failed. Usually it works the next time; tsclone has tried that.',
    remedy: 'Try again later.',
  },
  InvalidAccessKeyId: {
    status: 403,
    meaning:
      'The service does not know the key id: mistyped, deleted, of another account or service, or the secret in its place.',
    remedy: `Set access_key_id and secret_access_key; ${keys}`,
  },
  InvalidArgument: {
    status: 400,
    meaning: 'A header or parameter has a value that the service does not take.',
    remedy:
      'The message names it. x-amz-checksum…: use_data_integrity_protections = false. An access key of the wrong length: check the keys.',
  },
  InvalidBucketName: {
    status: 400,
    meaning: 'No bucket can have this name.',
    remedy: '3 to 63 small letters, digits, dots and dashes.',
  },
  InvalidDigest: { status: 400, meaning: 'Content-MD5 is no MD5.', remedy: 'Look for a proxy that changes headers.' },
  InvalidObjectName: {
    status: 400,
    meaning: 'R2 takes no such key: longer than 1024 bytes.',
    remedy: 'Shorten the name.',
  },
  InvalidObjectState: {
    status: 403,
    meaning: 'The object lies in an archive and must be restored before it can be read.',
    remedy:
      'tsclone backend restore remote:bucket/path -o priority=Standard -o lifetime=7, and wait until backend restore-status shows it as restored.',
  },
  InvalidPart: {
    status: 400,
    meaning:
      'A part is missing or another one than was announced. "All non-trailing parts must have the same length": R2 wants equal parts.',
    remedy: 'tsclone sends equal parts; look for a proxy on the way. Other programs: set a fixed part size.',
  },
  InvalidPartNumber: {
    status: 400,
    meaning: 'An upload has parts 1 to 10000.',
    remedy: 'Set a larger chunk_size.',
  },
  InvalidPartOrder: {
    status: 400,
    meaning: 'Parts are listed out of order.',
    remedy: 'A mistake of the program that uploads.',
  },
  InvalidRange: {
    status: 416,
    meaning: 'The range lies behind the end of the object.',
    remedy: 'Ask for its size first.',
  },
  InvalidRegionName: {
    status: 400,
    meaning: 'R2 does not know the region that the request is signed for.',
    remedy: 'Set region = auto.',
  },
  InvalidRequest: {
    status: 400,
    meaning: 'The request as a whole makes no sense to the service.',
    remedy: 'Read its words. "Please use AWS4-HMAC-SHA256": v2_auth = false.',
  },
  InvalidSecurity: { status: 403, meaning: 'The security token is not valid.', remedy: 'Set or remove session_token.' },
  InvalidStorageClass: {
    status: 400,
    meaning: 'The service has no such storage class.',
    remedy: 'Remove storage_class from the remote.',
  },
  InvalidToken: {
    status: 400,
    meaning: 'The session token does not belong to the keys.',
    remedy: 'Set the one of these keys; keys that last need none: tsclone config unset remote session_token.',
  },
  InvalidURI: {
    status: 400,
    meaning: 'The path of the request cannot be read.',
    remedy: 'Look for a proxy that rewrites URLs.',
  },
  KeyTooLongError: { status: 400, meaning: 'A key has 1024 bytes at most.', remedy: 'Shorten the path.' },
  MalformedAnswer: {
    meaning: "tsclone's own word: the answer is not what S3 answers to this request.",
    remedy: 'Check the endpoint; tsclone doctor remote: names what answers there.',
  },
  MalformedTrailerError: {
    status: 400,
    meaning: 'The checksum behind the body cannot be read.',
    remedy: 'Set use_data_integrity_protections = false.',
  },
  MaxMessageLengthExceeded: {
    status: 400,
    meaning: 'The body of a request that is no upload is too long.',
    remedy: 'A mistake of the program that sends it.',
  },
  MalformedXML: {
    status: 400,
    meaning: 'The body of the request is no XML that the service knows.',
    remedy: 'Look for a proxy.',
  },
  MetadataTooLarge: { status: 400, meaning: 'User metadata have 2 KiB at most (R2: 8 KiB).', remedy: 'Shorten them.' },
  MethodNotAllowed: {
    status: 405,
    meaning: 'Not allowed on this address: often a web server or a website endpoint in place of S3.',
    remedy: 'Check the endpoint.',
  },
  MissingContentLength: {
    status: 411,
    meaning: 'The service wants to know the length beforehand: it does not take checksum trailers.',
    remedy: 'Set use_data_integrity_protections = false.',
  },
  MovedPermanently: {
    status: 301,
    meaning: 'The bucket is in another region or at another endpoint.',
    remedy: 'Set region, or endpoint.',
  },
  NoSuchBucket: {
    status: 404,
    meaning: 'There is no bucket of this name.',
    remedy: 'Check the name and the endpoint, or make it: tsclone mkdir remote:bucket.',
  },
  NoSuchKey: {
    status: 404,
    meaning: 'There is no object of this name.',
    remedy: 'Check the name; upper and lower case count.',
  },
  NoSuchUpload: {
    status: 404,
    meaning: 'The upload in parts is gone: aborted, completed, or ended by a rule (R2: after 7 days).',
    remedy: 'Upload anew.',
  },
  NoSuchVersion: { status: 404, meaning: 'The object has no such version.', remedy: 'List them with --s3-versions.' },
  NotFound: {
    status: 404,
    meaning: 'As NoSuchKey or NoSuchBucket, in answer to a HEAD.',
    remedy: 'Check bucket and name.',
  },
  NotImplemented: {
    status: 501,
    meaning: 'The service does not have this request or header.',
    remedy:
      'The message names it. x-amz-acl: remove acl. x-amz-storage-class: remove storage_class. x-amz-checksum or STREAMING: use_data_integrity_protections = false.',
  },
  OperationAborted: { status: 409, meaning: 'Two changes of the bucket met.', remedy: 'Try again.' },
  PermanentRedirect: {
    status: 301,
    meaning: 'The bucket is served at another address. Redirects are not followed: the signature would go there.',
    remedy: 'Set region or endpoint to what the message names.',
  },
  PreconditionFailed: {
    status: 412,
    meaning: 'The object is not in the state that was asked for.',
    remedy: 'Run it again.',
  },
  RequestExpired: {
    status: 403,
    meaning: 'The request is too old: the clock is off, or it waited too long.',
    remedy: 'Set the clock.',
  },
  RequestTimeout: {
    status: 400,
    meaning: 'The service waited for bytes that did not come.',
    remedy: 'Try again; a slow source may need a smaller chunk_size.',
  },
  RequestTimeTooSkewed: {
    status: 403,
    meaning: 'The clock of this machine and that of the service are more than 15 minutes apart.',
    remedy: 'Set the clock, best by a time service: timedatectl set-ntp true.',
  },
  SecondLevelDomainForbidden: {
    status: 403,
    meaning: 'The service wants the bucket in the host name, not in the path.',
    remedy: 'Set force_path_style = false.',
  },
  ServiceUnavailable: { status: 503, meaning: 'The service cannot answer now.', remedy: 'Try again later.' },
  SignatureDoesNotMatch: {
    status: 403,
    meaning:
      'The service knows the key and computes another signature: the secret is wrong, or something on the way changes the request.',
    remedy: 'Set secret_access_key anew, in single quotes. Behind a proxy: sign_accept_encoding = false.',
  },
  SlowDown: {
    status: 503,
    meaning: 'Too many requests. tsclone waits and tries again by itself, up to --low-level-retries.',
    remedy: 'Lower --transfers and --checkers.',
  },
  TemporaryRedirect: {
    status: 307,
    meaning: 'The bucket is new or in another region, and served elsewhere for now.',
    remedy: 'Set the region of the bucket, or wait some minutes.',
  },
  TooManyBuckets: {
    status: 400,
    meaning: 'The account may not have more buckets.',
    remedy: 'Remove one, or ask for more.',
  },
  TooManyRequests: {
    status: 429,
    meaning: 'Too many requests; R2 also says so of more than one write per second to one key.',
    remedy: 'Lower --transfers; do not write one object again and again.',
  },
  Unauthorized: {
    status: 401,
    meaning: "R2's word for a key that it does not know, or a signature that it does not take.",
    remedy: `Key id, secret and endpoint belong to one account: set all three; ${keys}`,
  },
  XAmzContentSHA256Mismatch: {
    status: 400,
    meaning: 'The bytes that arrived are not those whose SHA-256 was signed.',
    remedy: 'Try again; if it stays, something on the way changes them.',
  },
};

/** What the network says. */
export const networkCodes: Readonly<Record<string, Explanation>> = {
  ENOTFOUND: faults.host_not_found,
  EAI_AGAIN: faults.lookup_failed,
  ECONNREFUSED: faults.connection_refused,
  ECONNRESET: faults.connection_broken,
  EPIPE: faults.connection_broken,
  ETIMEDOUT: faults.no_answer,
  EHOSTUNREACH: faults.no_answer,
  ENETUNREACH: faults.no_answer,
  EPROTO: faults.http_needed,
  CERT_HAS_EXPIRED: faults.certificate_expired,
  DEPTH_ZERO_SELF_SIGNED_CERT: faults.certificate_unknown,
  SELF_SIGNED_CERT_IN_CHAIN: faults.certificate_unknown,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: faults.certificate_unknown,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: faults.certificate_unknown,
  ERR_TLS_CERT_ALTNAME_INVALID: faults.certificate_of_other_host,
};

export interface Explained extends Explanation {
  readonly name: string;
  readonly group: string;
}

export const groups = {
  error: 'Codes of tsclone',
  service: 'Codes of S3 services',
  network: 'Codes of the network',
  fault: 'Names of doctor',
} as const;

const all: readonly Explained[] = (
  [
    [groups.error, errorCodes],
    [groups.service, serviceCodes],
    [groups.network, networkCodes],
    [groups.fault, faults],
  ] as const
).flatMap(([group, entries]) =>
  Object.entries(entries as Readonly<Record<string, Explanation>>).map(([name, e]) => ({ name, group, ...e })),
);

export const explanations = (): readonly Explained[] => all;

/** All that is known under a name, or of an HTTP status; case does not matter. Empty = nothing. */
export function explain(code: string): readonly Explained[] {
  if (/^\d+$/.test(code)) return all.filter((e) => e.status === Number(code));
  const wanted = code.toLowerCase();
  return all.filter((e) => e.name.toLowerCase() === wanted);
}

/** The known name that is closest to a mistyped one. */
export function nearestCode(code: string): string | undefined {
  const names = new Map(all.map(({ name }) => [plain(name), name]));
  const near = nearest(plain(code), names.keys());
  return near === undefined ? undefined : names.get(near);
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[_\- ]/g, '');
