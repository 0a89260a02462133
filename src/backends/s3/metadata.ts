import type { ObjectInfo } from '../../core/entry.ts';
import { fromBase64, toHex } from '../../core/bytes.ts';
import { formatRfc3339, parseMtimeSeconds } from '../../core/time.ts';
import type { S3Connection } from './client.ts';
import { lockKeys } from './object-lock.ts';
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
  ObjectLockMode?: string | undefined;
  ObjectLockRetainUntilDate?: Date | undefined;
  ObjectLockLegalHoldStatus?: string | undefined;
  VersionId?: string | undefined;
  ExpiresString?: string | undefined;
  WebsiteRedirectLocation?: string | undefined;
  ServerSideEncryption?: string | undefined;
  SSEKMSKeyId?: string | undefined;
  Restore?: string | undefined;
}

/** System headers that travel in `ObjectInfo.metadata` under these names. */
export const systemHeaders = {
  'cache-control': 'CacheControl',
  'content-disposition': 'ContentDisposition',
  'content-encoding': 'ContentEncoding',
  'content-language': 'ContentLanguage',
} as const;

export type SystemHeader = keyof typeof systemHeaders;

/** User metadata keys that rclone keeps for itself. */
export const mtimeKey = 'mtime';
export const md5Key = 'md5chksum';

/** The headers behind an ObjectInfo: a self copy must send them again as they are. */
const headersBehind = new WeakMap<ObjectInfo, ObjectHeaders>();

/** What the service said about this very object; undefined for an ObjectInfo that was made elsewhere. */
export const headersOf = (info: ObjectInfo): ObjectHeaders | undefined => headersBehind.get(info);

/** What a HEAD or GET says about an object. `size` is given where it is known better than by Content-Length. */
export function infoFromHeaders(c: S3Connection, path: string, h: ObjectHeaders, size: number | undefined): ObjectInfo {
  const etag = unquote(h.ETag);
  const user = lowerKeys(h.Metadata);
  const modified = h.LastModified === undefined ? undefined : BigInt(h.LastModified.getTime()) * 1_000_000n;
  const written = user[mtimeKey] === undefined ? undefined : parseMtimeSeconds(user[mtimeKey]);
  const modTime = c.limits.useServerModTime ? modified : (written ?? modified);
  // What is unpacked on the way has another size and another digest, which nobody knows.
  const unpacked = c.options.decompress && storedEncoding(h) === 'gzip';
  const md5 = unpacked ? undefined : md5Of(c, etag, user[md5Key]);
  const info: ObjectInfo = {
    kind: 'object',
    path,
    ...(size === undefined || unpacked ? {} : { size }),
    ...(modTime === undefined ? {} : { modTime }),
    hashes: md5 === undefined ? {} : { md5 },
    ...(etag === '' ? {} : { etag }),
    ...(h.ContentType ? { mimeType: h.ContentType } : {}),
    ...(modified === undefined ? {} : { serverTime: modified }),
    ...(c.quirks.features.tiers ? { tier: h.StorageClass || 'STANDARD' } : {}),
    ...(h.VersionId ? { versionId: h.VersionId } : {}),
    metadata: metadataOf(c, h, user, written, modified),
  };
  headersBehind.set(info, { ...h, Metadata: user });
  return info;
}

/** Metadata under rclone's names: user keys, and the system's unless the user wants them left alone. */
function metadataOf(
  c: S3Connection,
  h: ObjectHeaders,
  user: Readonly<Record<string, string>>,
  written: bigint | undefined,
  modified: bigint | undefined,
): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [key, value] of Object.entries(user)) if (key !== mtimeKey && key !== md5Key) out[key] = value;
  if (written !== undefined) out[mtimeKey] = formatRfc3339(written);
  if (h.ContentType) out['content-type'] = h.ContentType;
  if (modified !== undefined) out['btime'] = formatRfc3339(modified);
  out['tier'] = h.StorageClass || 'STANDARD';
  if (c.options.no_system_metadata) return out;
  for (const [key, field] of Object.entries(systemHeaders)) {
    const value = field === 'ContentEncoding' ? storedEncoding(h) : h[field];
    if (value) out[key] = value;
  }
  if (h.ObjectLockMode) out[lockKeys.mode] = h.ObjectLockMode;
  if (h.ObjectLockRetainUntilDate) {
    out[lockKeys.retainUntil] = formatRfc3339(BigInt(h.ObjectLockRetainUntilDate.getTime()) * 1_000_000n);
  }
  if (h.ObjectLockLegalHoldStatus) out[lockKeys.legalHold] = h.ObjectLockLegalHoldStatus;
  return out;
}

/** Content-Encoding without the framing of an upload, which some services keep. */
export function storedEncoding({ ContentEncoding }: ObjectHeaders): string {
  return (ContentEncoding ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '' && word !== 'aws-chunked')
    .join(',');
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

function lowerKeys(record: Record<string, string> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(record ?? {}).map(([k, v]) => [k.toLowerCase(), headerText(v)]));
}

/** Transports read one character per byte: a value that is UTF-8 is put together again. */
function headerText(value: string): string {
  if (!/[\x80-\xff]/.test(value) || /[^\0-\xff]/.test(value)) return value;
  try {
    return strictUtf8.decode(Uint8Array.from(value, (ch) => ch.charCodeAt(0)));
  } catch {
    return value;
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
