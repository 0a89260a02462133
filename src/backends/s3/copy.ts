import { CopyObjectCommand, type StorageClass } from '@aws-sdk/client-s3';
import { fromHex, toBase64 } from '../../core/bytes.ts';
import type { CallOptions, CopyOptions, ObjectInfo } from '../../core/backend.ts';
import { TscloneError } from '../../core/errors.ts';
import { formatMtimeSeconds, timestampOf } from '../../core/time.ts';
import { withBucket } from './buckets.ts';
import { callS3 } from './call.ts';
import type { S3Connection } from './client.ts';
import { copyParts } from './copy-parts.ts';
import { headersOf, mtimeKey, storedEncoding, type ObjectHeaders } from './metadata.ts';
import { metadataFields } from './metadata-fields.ts';
import { copySource, type Place } from './names.ts';
import { copiesLock, lockAfterUpload, lockFields, lockFor, type ObjectLock } from './object-lock.ts';
import { headObject, notFound } from './read.ts';
import { aclField } from './write-target.ts';

/** How the copy differs from its source; all absent = not at all. */
interface Changes {
  readonly modTime?: bigint | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly tier?: string | undefined;
  /** `copy` among the options of object lock takes the source's. */
  readonly carriesLock?: boolean | undefined;
}

/**
 * Copies within the service, metadata kept unless other is given; objects above `copy_cutoff` in parts. One HEAD then
 * compares the size.
 */
export async function copyObject(
  c: S3Connection,
  from: Place,
  info: ObjectInfo,
  to: Place,
  path: string,
  o: CopyOptions,
): Promise<ObjectInfo> {
  const modTime = timestampOf(o.metadata?.[mtimeKey] ?? '') ?? o.modTime;
  await copyWithin(c, from, info, to, path, { modTime, metadata: o.metadata, carriesLock: o.carriesMetadata }, o);
  const stored = await headObject(c, to, path, o);
  if (info.size !== undefined && stored.size !== info.size) {
    throw new TscloneError(
      'corrupted',
      `corrupted on transfer: sizes differ src(${info.path}) ${info.size} vs dst(${path}) ${stored.size}`,
      { path },
    );
  }
  return stored;
}

/** Storage classes whose objects must be restored before they can be read, also by the service itself. */
const frozen = new Set(['GLACIER', 'DEEP_ARCHIVE']);

/**
 * Copies an object onto itself with another modTime. S3 drops every header that is not sent again: all of them are.
 * @throws unsupported for objects in an archive
 */
export async function rewriteModTime(
  c: S3Connection,
  place: Place,
  path: string,
  modTime: bigint,
  known: ObjectInfo | undefined,
  o: CallOptions,
): Promise<void> {
  const info = known && headersOf(known) ? known : await headObject(c, place, path, o);
  if (frozen.has(headersOf(info)?.StorageClass ?? '')) {
    const message = `${path}: can't set modified time: the object is in ${info.tier ?? 'an archive'}. Restore it first, or copy it again`;
    throw new TscloneError('unsupported', message, { path, remote: c.remote, retry: 'no' });
  }
  await copyWithin(c, place, info, place, path, { modTime }, o);
}

/** Copies an object onto itself into another storage class. */
export async function rewriteTier(
  c: S3Connection,
  place: Place,
  path: string,
  tier: string,
  o: CallOptions,
): Promise<void> {
  const info = await headObject(c, place, path, o);
  if ((info.tier ?? 'STANDARD') === tier) return;
  await copyWithin(c, place, info, place, path, { tier }, o);
}

async function copyWithin(
  c: S3Connection,
  from: Place,
  info: ObjectInfo,
  to: Place,
  path: string,
  changes: Changes,
  o: CallOptions,
): Promise<void> {
  const self = from.bucket === to.bucket && from.key === to.key && from.versionId === undefined;
  const replaces = changes.metadata !== undefined || (changes.modTime ?? info.modTime) !== info.modTime;
  const inParts = info.size === undefined || info.size >= c.quirks.copy_cutoff;
  const needsHeaders = replaces || inParts || self || copiesLock(c);
  const source = needsHeaders && !headersOf(info) ? await headObject(c, from, info.path, o) : info;
  const told = changes.metadata ?? (changes.carriesLock ? source.metadata : undefined);
  const lock = self ? keptLock(lockFor(c, source.metadata), headersOf(source)) : lockFor(c, told);
  const storageClass = changes.tier ?? (c.options.storage_class || info.tier || '');
  const fields = {
    ...aclField(c.options.acl),
    ...(storageClass === '' || (storageClass === 'STANDARD' && changes.tier === undefined)
      ? {}
      : { StorageClass: storageClass as StorageClass }),
    ...lockFields(c, lock),
  };
  const size = source.size ?? 0;
  if (inParts && size >= c.quirks.copy_cutoff) {
    await copyParts(
      c,
      { from, to, path, size, etag: source.etag, fields: { ...fields, ...described(c, source, changes) } },
      o,
    );
  } else {
    const directive = replaces
      ? { MetadataDirective: 'REPLACE' as const, ...described(c, source, changes) }
      : { MetadataDirective: 'COPY' as const };
    await copyWhole(c, from, to, { ...fields, ...directive }, o);
  }
  await lockAfterUpload(c, to, lock, o);
}

/** A new version of an object is as well guarded as the one before, unless the options say how. */
function keptLock(wanted: ObjectLock, h: ObjectHeaders | undefined): ObjectLock {
  const mode = wanted.mode ?? h?.ObjectLockMode;
  const retainUntil = wanted.retainUntil ?? h?.ObjectLockRetainUntilDate;
  const legalHold = wanted.legalHold ?? (h?.ObjectLockLegalHoldStatus === 'ON' ? 'ON' : undefined);
  return {
    ...(mode === undefined || retainUntil === undefined ? {} : { mode, retainUntil }),
    ...(legalHold === undefined ? {} : { legalHold }),
  };
}

/** Metadata and headers that the copy is sent with: the given ones, else the source's as they are. */
function described(c: S3Connection, source: ObjectInfo, changes: Changes): object {
  const h = headersOf(source) ?? {};
  const modTime = changes.modTime ?? source.modTime ?? c.platform.now();
  const md5 = keptMd5(c, source, h);
  const isKms = h.ServerSideEncryption?.startsWith('aws:kms') === true && c.options.server_side_encryption === '';
  // No key of rclone's metadata stands for these.
  const kept = {
    ...given('Expires', h.ExpiresString === undefined ? undefined : new Date(h.ExpiresString)),
    ...given('WebsiteRedirectLocation', h.WebsiteRedirectLocation),
    ...(isKms ? { ServerSideEncryption: h.ServerSideEncryption, ...given('SSEKMSKeyId', h.SSEKMSKeyId) } : {}),
  };
  const { metadata } = changes;
  if (metadata !== undefined)
    return { ...metadataFields(c, { path: source.path, modTime, mimeType: source.mimeType, metadata, md5 }), ...kept };
  return {
    Metadata: {
      ...h.Metadata,
      ...(changes.modTime === undefined ? {} : { [mtimeKey]: formatMtimeSeconds(changes.modTime) }),
      ...(md5 === undefined ? {} : { md5chksum: md5 }),
    },
    ...given('ContentType', h.ContentType),
    ...given('CacheControl', h.CacheControl),
    ...given('ContentDisposition', h.ContentDisposition),
    ...given('ContentLanguage', h.ContentLanguage),
    ...given('ContentEncoding', storedEncoding(h)),
    ...kept,
  };
}

const given = (field: string, value: unknown): object =>
  value === undefined || value === '' ? {} : { [field]: value };

/** What the ETag of the copy may not tell any more: kept where it was stored, written where the ETag was the MD5. */
function keptMd5(c: S3Connection, info: ObjectInfo, h: ObjectHeaders): string | undefined {
  const { md5 } = info.hashes;
  const becomesMultipart = (info.size ?? 0) >= c.quirks.copy_cutoff;
  const isStored = h.Metadata?.['md5chksum'] !== undefined;
  return md5 === undefined || !(isStored || becomesMultipart) ? undefined : toBase64(fromHex(md5));
}

async function copyWhole(c: S3Connection, from: Place, to: Place, fields: object, o: CallOptions): Promise<void> {
  const command = new CopyObjectCommand({ Bucket: to.bucket, Key: to.key, CopySource: copySource(from), ...fields });
  try {
    await withBucket(c, to.bucket, o, () => callS3(c, 'CopyObject', to, o, (s) => c.client.send(command, s)));
  } catch (e) {
    if ((e as { status?: number }).status === 404 && (e as { code?: string }).code === 'object_not_found')
      throw notFound(to.key, e);
    throw e;
  }
}
