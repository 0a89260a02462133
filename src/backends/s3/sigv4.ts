import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { toHex, utf8 } from '../../core/bytes.ts';
import type { AwsKeys } from '../../core/platform.ts';
import { canonicalQuery, type HttpRequest } from './wire.ts';

/** Where and when a signature holds. */
export interface Scope {
  readonly region: string;
  readonly service: string;
  /** `20260102T030405Z` */
  readonly date: string;
}

/** `20260102T030405Z` of a time in ns. */
export function amzDate(ns: bigint): string {
  return new Date(Number(ns / 1_000_000n)).toISOString().replace(/[-:]|\.\d+/g, '');
}

/** Signs a request in its headers (AWS Signature Version 4). The SDK signs S3 calls itself; this is for STS. */
export function signHeaders(request: HttpRequest, body: string, keys: AwsKeys, scope: Scope): void {
  request.headers['x-amz-date'] = scope.date;
  if (keys.sessionToken) request.headers['x-amz-security-token'] = keys.sessionToken;
  const names = Object.keys(request.headers).sort();
  const signature = sign(request, names, toHex(sha256(utf8(body))), keys, scope);
  request.headers['authorization'] =
    `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scopeText(scope)}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
}

/**
 * Signs a request in its query, for a URL that works without keys for `seconds` (at most a week). `signed` headers must
 * be sent with it as they are.
 */
export function presign(
  request: HttpRequest,
  keys: AwsKeys,
  scope: Scope,
  seconds: number,
  signed: readonly string[] = ['host'],
): void {
  const names = [...signed].sort();
  Object.assign(request.query, {
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${keys.accessKeyId}/${scopeText(scope)}`,
    'X-Amz-Date': scope.date,
    'X-Amz-Expires': String(seconds),
    ...(keys.sessionToken ? { 'X-Amz-Security-Token': keys.sessionToken } : {}),
    'X-Amz-SignedHeaders': names.join(';'),
  });
  request.query['X-Amz-Signature'] = sign(request, names, 'UNSIGNED-PAYLOAD', keys, scope);
}

const scopeText = ({ date, region, service }: Scope): string => `${date.slice(0, 8)}/${region}/${service}/aws4_request`;

function sign(request: HttpRequest, names: readonly string[], payload: string, keys: AwsKeys, scope: Scope): string {
  const headers = names.map((name) => `${name}:${(request.headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`);
  const canonical = [
    request.method,
    request.path,
    canonicalQuery(request.query),
    headers.join(''),
    names.join(';'),
    payload,
  ].join('\n');
  const toSign = `AWS4-HMAC-SHA256\n${scope.date}\n${scopeText(scope)}\n${toHex(sha256(utf8(canonical)))}`;
  const steps = [scope.date.slice(0, 8), scope.region, scope.service, 'aws4_request'];
  const key = steps.reduce((k, step) => hmac(sha256, k, utf8(step)), utf8(`AWS4${keys.secretAccessKey}`));
  return toHex(hmac(sha256, key, utf8(toSign)));
}
