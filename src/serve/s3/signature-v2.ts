import { hmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { toBase64, utf8 } from '../../core/bytes.ts';
import { S3Fault, type S3Request } from './protocol.ts';
import { checkSkew, mismatch, requestExpired, sameText, unknownKey, type Verified } from './signature.ts';

/*
 * AWS Signature Version 2: what boto3 makes links with unless it is told otherwise, and old clients sign with.
 */

export const isVersion2 = (r: S3Request, query: ReadonlyMap<string, string>): boolean =>
  query.has('AWSAccessKeyId') || /^AWS [^:]+:/.test(r.headers['authorization'] ?? '');

/** Parameters of the query that name what is asked for, and so are signed. */
const signedParameters = new Set(
  [
    'accelerate acl analytics cors defaultObjectAcl delete inventory lifecycle location logging metrics notification',
    'object-lock partNumber policy replication requestPayment restore select select-type storageClass tagging torrent',
    'uploadId uploads versionId versioning versions website response-cache-control response-content-disposition',
    'response-content-encoding response-content-language response-content-type response-expires',
  ]
    .join(' ')
    .split(' '),
);

/**
 * `hostBucket`: the bucket, where the host name and not the path tells it.
 * @throws S3Fault 403
 */
export function verifyVersion2(
  r: S3Request,
  query: ReadonlyMap<string, string>,
  secretOf: (accessKeyId: string) => string | undefined,
  nowMs: number,
  hostBucket: string,
): Verified {
  const isLink = query.has('AWSAccessKeyId');
  const [, inHeader = '', signatureInHeader = ''] = /^AWS ([^:]+):(.*)$/.exec(r.headers['authorization'] ?? '') ?? [];
  const accessKeyId = isLink ? (query.get('AWSAccessKeyId') as string) : inHeader;
  const signature = isLink ? (query.get('Signature') ?? '') : signatureInHeader;
  const secret = secretOf(accessKeyId);
  if (secret === undefined) throw unknownKey();
  const expires = query.get('Expires') ?? '';
  if (isLink) {
    if (!/^\d{1,12}$/.test(expires)) throw new S3Fault(403, 'AccessDenied', 'Invalid date (should be seconds)');
    if (nowMs > Number(expires) * 1000) throw requestExpired();
  } else checkSkew(Date.parse(r.headers['x-amz-date'] ?? r.headers['date'] ?? ''), nowMs);
  const date = isLink ? expires : r.headers['x-amz-date'] === undefined ? (r.headers['date'] ?? '') : '';
  const toSign = [
    r.method,
    r.headers['content-md5'] ?? '',
    r.headers['content-type'] ?? '',
    date,
    `${amzHeaders(r)}${hostBucket === '' ? '' : `/${hostBucket}`}${r.path}${signedQuery(query)}`,
  ].join('\n');
  if (!sameText(toBase64(hmac(sha1, utf8(secret), utf8(toSign))), signature)) throw mismatch();
  const payload = r.headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD';
  return { accessKeyId, region: '', payload, chunkKey: new Uint8Array(0), scope: '', date, signature, version: 2 };
}

const amzHeaders = (r: S3Request): string =>
  Object.keys(r.headers)
    .filter((name) => name.startsWith('x-amz-'))
    .sort()
    .map((name) => `${name}:${(r.headers[name] ?? '').trim()}\n`)
    .join('');

function signedQuery(query: ReadonlyMap<string, string>): string {
  const parts = [...query]
    .filter(([name]) => signedParameters.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`));
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}
