import type { Nanos, ObjectInfo } from '../../core/entry.ts';
import { fromBase64, toHex } from '../../core/bytes.ts';
import { formatMtimeSeconds, formatRfc3339, parseMtimeSeconds } from '../../core/time.ts';
import type { S3Connection } from './client.ts';
import { TscloneError } from '../../core/errors.ts';

/** Headers of an answer about one object, as the SDK names them. */
export interface ObjectHeaders {
  ContentLength?: number | undefined;
  ContentType?: string | undefined;
  ContentEncoding?: string | undefined;
  ContentDisposition?: string | undefined;
  ContentLanguage?: string | undefined;
  CacheControl?: string | undefined;
  ETag?: string | undefined;
  LastModified?: Date | undefined;
  StorageClass?: string | undefined;
  Metadata?: Record<string, string> | undefined;
}

/** System headers that travel in `ObjectInfo.metadata` under these names. */
export const systemHeaders = {
  'cache-control': 'CacheControl',
  'content-disposition': 'ContentDisposition',
  'content-encoding': 'ContentEncoding',
  'content-language': 'ContentLanguage',
} as const;

/** User metadata keys that rclone keeps for itself. */
const mtimeKey = 'mtime';
const md5Key = 'md5chksum';

/** What a HEAD or GET says about an object. `size` is given where it is known better than by Content-Length. */
export function infoFromHeaders(c: S3Connection, path: string, h: ObjectHeaders, size: number | undefined): ObjectInfo {
  const etag = unquote(h.ETag);
  const user = lowerKeys(h.Metadata);
  const modified = h.LastModified === undefined ? undefined : BigInt(h.LastModified.getTime()) * 1_000_000n;
  const written = user[mtimeKey] === undefined ? undefined : parseMtimeSeconds(user[mtimeKey]);
  const modTime = c.limits.useServerModTime ? modified : (written ?? modified);
  const md5 = md5Of(c, etag, user[md5Key]);
  const metadata: Record<string, string> = {};
  for (const [key, value] of Object.entries(user)) if (key !== mtimeKey && key !== md5Key) metadata[key] = value;
  for (const [key, field] of Object.entries(systemHeaders)) {
    const value = h[field]?.replace(/(^|,\s*)aws-chunked(?=,|$)/, '').replace(/^,\s*/, '');
    if (value) metadata[key] = value;
  }
  if (h.ContentType) metadata['content-type'] = h.ContentType;
  if (modTime !== undefined) metadata['mtime'] = formatRfc3339(modTime);
  if (modified !== undefined) metadata['btime'] = formatRfc3339(modified);
  metadata['tier'] = h.StorageClass || 'STANDARD';
  return {
    kind: 'object',
    path,
    ...(size === undefined ? {} : { size }),
    ...(modTime === undefined ? {} : { modTime }),
    hashes: md5 === undefined ? {} : { md5 },
    ...(etag === '' ? {} : { etag }),
    ...(h.ContentType ? { mimeType: h.ContentType } : {}),
    ...(modified === undefined ? {} : { serverTime: modified }),
    ...(c.quirks.features.tiers ? { tier: h.StorageClass || 'STANDARD' } : {}),
    metadata,
  };
}

/** Size of an answer that must have one: a HEAD without Content-Length is not an empty object. */
export function sizeOf(path: string, h: ObjectHeaders, operation: string): number {
  if (h.ContentLength === undefined || !Number.isSafeInteger(h.ContentLength) || h.ContentLength < 0) {
    throw new TscloneError(
      'bad_answer',
      `${path}: the answer to ${operation} has no valid Content-Length; the size is unknown`,
      { path },
    );
  }
  return h.ContentLength;
}

export const unquote = (etag: string | undefined): string => (etag ?? '').replace(/^(W\/)?"|"$/g, '');

export const looksLikeMd5 = (etag: string): boolean => /^[0-9a-f]{32}$/.test(etag);

/** MD5 in hex: from the metadata that rclone writes, else from an ETag that is one. */
export function md5Of(c: S3Connection, etag: string, stored: string | undefined): string | undefined {
  const bytes = stored === undefined ? undefined : fromBase64(stored);
  if (bytes?.length === 16) return toHex(bytes);
  return !c.quirks.etag_is_not_md5 && looksLikeMd5(etag) ? etag : undefined;
}

/** User metadata of a write: mtime, the caller's keys, the whole file's MD5 where the ETag will not tell it. */
export function userMetadata(
  modTime: Nanos,
  given: Readonly<Record<string, string>> | undefined,
  md5Base64: string | undefined,
): Record<string, string> {
  const out: Record<string, string> = { [mtimeKey]: formatMtimeSeconds(modTime) };
  for (const [key, value] of Object.entries(given ?? {})) {
    if (isReserved(key)) continue;
    if (!/^[\x20-\x7e]*$/.test(value) || !/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(key)) {
      throw new TscloneError('bad_path', `metadata ${key}: only printable ASCII can be sent as an S3 header`, {
        retry: 'no',
      });
    }
    out[key] = value;
  }
  if (md5Base64 !== undefined) out[md5Key] = md5Base64;
  return out;
}

const reserved = new Set([mtimeKey, md5Key, 'btime', 'tier', 'content-type', ...Object.keys(systemHeaders)]);
const isReserved = (key: string): boolean => reserved.has(key);

/** The system headers among metadata, as fields of a Put, Copy or CreateMultipartUpload command. */
export function systemFields(given: Readonly<Record<string, string>> | undefined): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [key, field] of Object.entries(systemHeaders)) {
    const value = given?.[key];
    if (value !== undefined) out[field] = value;
  }
  return out;
}

function lowerKeys(record: Record<string, string> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(record ?? {}).map(([k, v]) => [k.toLowerCase(), v]));
}
