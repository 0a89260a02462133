import { hmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { toBase64, utf8 } from '../../core/bytes.ts';
import type { AwsKeys } from '../../core/platform.ts';
import type { HttpRequest } from './wire.ts';

/** Query parameters that version 2 signs, by the S3 developer guide of 2013 and what was added before it was retired. */
const signedParameters = new Set([
  'acl',
  'cors',
  'delete',
  'lifecycle',
  'location',
  'logging',
  'notification',
  'partNumber',
  'policy',
  'requestPayment',
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-content-type',
  'response-expires',
  'restore',
  'tagging',
  'torrent',
  'uploadId',
  'uploads',
  'versionId',
  'versioning',
  'versions',
  'website',
]);

/** Signs a request as old services want it: HMAC-SHA1 over method, dates, `x-amz-` headers and path. */
export function signV2(request: HttpRequest, bucket: string | undefined, keys: AwsKeys, nowMs: number): void {
  const { headers } = request;
  headers['date'] = new Date(nowMs).toUTCString();
  delete headers['x-amz-date'];
  if (keys.sessionToken) headers['x-amz-security-token'] = keys.sessionToken;
  const amz = Object.keys(headers)
    .filter((name) => name.startsWith('x-amz-'))
    .sort()
    .map((name) => `${name}:${(headers[name] ?? '').trim()}\n`);
  const toSign = [
    request.method,
    headers['content-md5'] ?? '',
    headers['content-type'] ?? '',
    headers['date'],
    amz.join('') + resource(request, bucket),
  ].join('\n');
  headers['authorization'] =
    `AWS ${keys.accessKeyId}:${toBase64(hmac(sha1, utf8(keys.secretAccessKey), utf8(toSign)))}`;
}

/** The path with the bucket, wherever that stands, and the parameters that choose what is done. */
function resource({ hostname, path, query }: HttpRequest, bucket: string | undefined): string {
  const inHost = bucket !== undefined && hostname.startsWith(`${bucket}.`);
  const chosen = Object.entries(query)
    .filter(([name]) => signedParameters.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === null || value === '' ? name : `${name}=${[value].flat().join(',')}`));
  return `${inHost ? `/${bucket}` : ''}${path}${chosen.length === 0 ? '' : `?${chosen.join('&')}`}`;
}

/** As `signV2`, in the query: for a URL that works until `expires` (Unix time in seconds). */
export function presignV2(request: HttpRequest, bucket: string | undefined, keys: AwsKeys, expires: number): void {
  const { headers, query } = request;
  if (keys.sessionToken) query['x-amz-security-token'] = keys.sessionToken;
  const token = keys.sessionToken ? `x-amz-security-token:${keys.sessionToken}\n` : '';
  const toSign = [
    request.method,
    headers['content-md5'] ?? '',
    headers['content-type'] ?? '',
    String(expires),
    token + resource(request, bucket),
  ].join('\n');
  query['AWSAccessKeyId'] = keys.accessKeyId;
  query['Expires'] = String(expires);
  query['Signature'] = toBase64(hmac(sha1, utf8(keys.secretAccessKey), utf8(toSign)));
}
