import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { toHex, utf8 } from '../../core/bytes.ts';
import { S3Fault, type S3Request } from './protocol.ts';

/** What a verified request says about itself. */
export interface Verified {
  readonly accessKeyId: string;
  readonly region: string;
  /** `x-amz-content-sha256`; presigned requests have UNSIGNED-PAYLOAD. */
  readonly payload: string;
  /** For the signatures of chunks. */
  readonly chunkKey: Uint8Array;
  readonly scope: string;
  readonly date: string;
  readonly signature: string;
  readonly version: 2 | 4;
}

const maxSkewMs = 15 * 60 * 1000;

export const isPresigned = (query: ReadonlyMap<string, string>): boolean => query.has('X-Amz-Signature');

/**
 * A presigned request as if what its query says for headers stood in the headers: that is where SDKs put the
 * `x-amz-*` headers that they sign into a link.
 */
export function unfoldPresigned(r: S3Request, query: ReadonlyMap<string, string>): S3Request {
  if (!isPresigned(query)) return r;
  const headers: Record<string, string> = {};
  for (const [name, value] of query) {
    const header = name.toLowerCase();
    if (!header.startsWith('x-amz-') || signatureParameters.has(header)) continue;
    // A checksum of nothing is what SDKs put into a link to be uploaded to: they had no body when they signed it.
    if (emptyChecksums[header] === value || header === 'x-amz-sdk-checksum-algorithm') continue;
    headers[header] = value;
  }
  return { ...r, headers: { ...headers, ...r.headers } };
}

const signatureParameters = new Set(
  ['algorithm', 'credential', 'date', 'expires', 'signedheaders', 'signature', 'security-token', 'content-sha256'].map(
    (name) => `x-amz-${name}`,
  ),
);

const emptyChecksums: Readonly<Record<string, string>> = {
  'x-amz-checksum-crc32': 'AAAAAA==',
  'x-amz-checksum-crc32c': 'AAAAAA==',
  'x-amz-checksum-crc64nvme': 'AAAAAAAAAAA=',
  'x-amz-checksum-sha1': '2jmj7l5rSw0yVb/vlWAYkK/YBwk=',
  'x-amz-checksum-sha256': '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
};

/**
 * Checks an AWS Signature Version 4, in the header or in the query.
 * @throws S3Fault 403 for a wrong signature, an unknown key, a wrong clock; 400 for what is not a signature at all
 */
export function verifySignature(
  r: S3Request,
  query: ReadonlyMap<string, string>,
  secretOf: (accessKeyId: string) => string | undefined,
  nowMs: number,
): Verified {
  const parts = isPresigned(query) ? fromQuery(r, query) : fromHeader(r);
  const secret = secretOf(parts.accessKeyId);
  if (secret === undefined) throw unknownKey();
  const [day = '', region = '', service = '', end = ''] = parts.scope.split('/');
  if (service !== 's3' || end !== 'aws4_request' || !parts.date.startsWith(day))
    throw new S3Fault(400, 'AuthorizationHeaderMalformed', 'The credential scope is not valid.');
  if (!parts.signedHeaders.includes('host')) throw mismatch();
  checkAllSigned(r, parts.signedHeaders);
  checkClock(parts, nowMs);

  const key = signingKey(secret, day, region);
  const right = [r.path, strictPath(r.path)].some((path) => {
    const canonical = canonicalRequest(r, path, parts);
    const toSign = `AWS4-HMAC-SHA256\n${parts.date}\n${parts.scope}\n${toHex(sha256(utf8(canonical)))}`;
    return sameText(toHex(hmac(sha256, key, utf8(toSign))), parts.signature);
  });
  if (!right) throw mismatch();
  const { accessKeyId, payload, scope, date, signature } = parts;
  return { accessKeyId, region, payload, chunkKey: key, scope, date, signature, version: 4 };
}

export function unknownKey(): S3Fault {
  return new S3Fault(403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.');
}

export function requestExpired(): S3Fault {
  return new S3Fault(403, 'AccessDenied', 'Request has expired');
}

export function mismatch(): S3Fault {
  return new S3Fault(
    403,
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  );
}

/** What S3 acts on must have been signed. @throws S3Fault AccessDenied */
function checkAllSigned(r: S3Request, signed: readonly string[]): void {
  const loose = Object.keys(r.headers).filter(
    (name) => name.startsWith('x-amz-') && name !== 'x-amz-user-agent' && !signed.includes(name),
  );
  if (loose.length === 0) return;
  throw new S3Fault(403, 'AccessDenied', 'There were headers present in the request which were not signed', {
    details: { HeadersNotSigned: loose.sort().join(', ') },
  });
}

interface Parts {
  readonly accessKeyId: string;
  readonly scope: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly date: string;
  readonly payload: string;
  /** Seconds; presigned only. */
  readonly expires?: number;
}

function fromHeader(r: S3Request): Parts {
  const text = r.headers['authorization'];
  if (text === undefined) throw new S3Fault(403, 'AccessDenied', 'Access Denied');
  const fields = new Map(
    text
      .replace(/^AWS4-HMAC-SHA256\s+/, '')
      .split(',')
      .map((part) => part.trim().split(/=(.*)/s).slice(0, 2) as [string, string]),
  );
  const credential = fields.get('Credential') ?? '';
  const slash = credential.indexOf('/');
  if (!text.startsWith('AWS4-HMAC-SHA256') || slash < 0)
    throw new S3Fault(
      400,
      'InvalidRequest',
      'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
    );
  const payload = r.headers['x-amz-content-sha256'];
  if (payload === undefined)
    throw new S3Fault(400, 'InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  return {
    accessKeyId: credential.slice(0, slash),
    scope: credential.slice(slash + 1),
    signedHeaders: (fields.get('SignedHeaders') ?? '').toLowerCase().split(';'),
    signature: fields.get('Signature') ?? '',
    date: r.headers['x-amz-date'] ?? basicDate(r.headers['date']),
    payload,
  };
}

/** A `Date` header in the form of `x-amz-date`. */
function basicDate(text: string | undefined): string {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? '' : new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '');
}

function fromQuery(r: S3Request, query: ReadonlyMap<string, string>): Parts {
  const credential = query.get('X-Amz-Credential') ?? '';
  const slash = credential.indexOf('/');
  if (query.get('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256' || slash < 0)
    throw new S3Fault(400, 'AuthorizationQueryParametersError', 'Query-string authentication is not valid.');
  const expires = Number(query.get('X-Amz-Expires'));
  if (!Number.isInteger(expires) || expires < 1 || expires > 604_800)
    throw new S3Fault(400, 'AuthorizationQueryParametersError', 'X-Amz-Expires must be between 1 and 604800 seconds');
  return {
    accessKeyId: credential.slice(0, slash),
    scope: credential.slice(slash + 1),
    signedHeaders: (query.get('X-Amz-SignedHeaders') ?? '').toLowerCase().split(';'),
    signature: query.get('X-Amz-Signature') ?? '',
    date: query.get('X-Amz-Date') ?? '',
    payload: query.get('X-Amz-Content-Sha256') ?? r.headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD',
    expires,
  };
}

function checkClock({ date, expires }: Parts, nowMs: number): void {
  const m = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (!m) throw noDate();
  const [y, mo, d, h, mi, s] = m.slice(1).map(Number) as [number, number, number, number, number, number];
  const signedAt = Date.UTC(y, mo - 1, d, h, mi, s);
  if (expires === undefined) return checkSkew(signedAt, nowMs);
  if (nowMs > signedAt + expires * 1000) throw requestExpired();
  if (signedAt > nowMs) checkSkew(signedAt, nowMs);
}

/** @throws S3Fault RequestTimeTooSkewed, AccessDenied when there is no time at all */
export function checkSkew(signedAt: number, nowMs: number): void {
  if (Number.isNaN(signedAt)) throw noDate();
  if (Math.abs(nowMs - signedAt) > maxSkewMs)
    throw new S3Fault(
      403,
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
    );
}

function noDate(): S3Fault {
  return new S3Fault(403, 'AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header');
}

function canonicalRequest(r: S3Request, path: string, p: Parts): string {
  const headers = p.signedHeaders.map((name) => `${name}:${(r.headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`);
  return [r.method, path, canonicalQuery(r.query), headers.join(''), p.signedHeaders.join(';'), p.payload].join('\n');
}

function canonicalQuery(raw: string): string {
  return raw
    .split('&')
    .filter((part) => part !== '' && !part.startsWith('X-Amz-Signature='))
    .map((part) => {
      const eq = part.indexOf('=');
      const [name, value] = eq < 0 ? [part, ''] : [part.slice(0, eq), part.slice(eq + 1)];
      return [strict(name), strict(value)] as const;
    })
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

const strict = (text: string): string => encodeStrict(safeDecode(text));
const strictPath = (path: string): string => path.split('/').map(strict).join('/');

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Percent-encoding of RFC 3986: only unreserved characters stay. */
export function encodeStrict(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (ch) => `%${ch.charCodeAt(0).toString(16).toUpperCase()}`);
}

export function signingKey(secret: string, day: string, region: string): Uint8Array {
  let key = hmac(sha256, utf8(`AWS4${secret}`), utf8(day));
  for (const part of [region, 's3', 'aws4_request']) key = hmac(sha256, key, utf8(part));
  return key;
}

export function hmacHex(key: Uint8Array, text: string): string {
  return toHex(hmac(sha256, key, utf8(text)));
}

/** Compares without telling by its time where the texts differ. */
export function sameText(a: string, b: string): boolean {
  let differ = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) differ |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return differ === 0;
}
