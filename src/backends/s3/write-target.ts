import type { ObjectCannedACL, StorageClass } from '@aws-sdk/client-s3';
import type { ObjectInfo, WriteOptions } from '../../core/backend.ts';
import { fromHex, toBase64 } from '../../core/bytes.ts';
import { TscloneError } from '../../core/errors.ts';
import { mimeTypeOf } from '../../core/mime.ts';
import type { S3Connection } from './client.ts';
import { metadataFields, withUploadHeaders } from './metadata-fields.ts';
import type { Place } from './names.ts';
import { lockFields, type ObjectLock } from './object-lock.ts';
import { headObject } from './read.ts';
import { removeObject } from './remove.ts';

export interface WriteTarget {
  readonly place: Place;
  readonly path: string;
  readonly modTime: bigint;
  readonly lock: ObjectLock;
}

/** Fields that every new object gets, whether by Put or by parts. */
export function objectFields(c: S3Connection, t: WriteTarget, o: WriteOptions, md5Hex: string | undefined) {
  const storageClass = c.options.storage_class || (c.quirks.features.tiers ? (o.tier ?? '').toUpperCase() : '');
  const fields = metadataFields(c, {
    path: t.path,
    modTime: t.modTime,
    mimeType: o.mimeType ?? mimeTypeOf(t.path),
    metadata: o.metadata,
    md5: md5Hex === undefined ? undefined : toBase64(fromHex(md5Hex)),
  });
  return {
    Bucket: t.place.bucket,
    Key: t.place.key,
    ...withUploadHeaders(c, t.path, fields),
    ...aclField(c.options.acl),
    ...(storageClass === '' ? {} : { StorageClass: storageClass as StorageClass }),
    ...lockFields(c, t.lock),
  };
}

export function aclField(acl: string): { ACL?: ObjectCannedACL } {
  return acl === '' ? {} : { ACL: acl as ObjectCannedACL };
}

/** What was sent, as the object that now stands there. */
export function sentInfo(
  t: WriteTarget,
  size: number,
  md5: string | undefined,
  etag: string,
  mimeType: string | undefined,
): ObjectInfo {
  return {
    kind: 'object',
    path: t.path,
    size,
    modTime: t.modTime,
    hashes: md5 === undefined ? {} : { md5 },
    ...(mimeType === undefined ? {} : { mimeType }),
    ...(etag === '' ? {} : { etag }),
  };
}

/**
 * Compares the stored object with what was sent; one that differs is removed, unless somebody else wrote it meanwhile.
 * @throws corrupted
 */
export async function verifyStored(
  c: S3Connection,
  t: WriteTarget,
  size: number,
  md5: string | undefined,
  sent: ObjectInfo,
  o: WriteOptions,
): Promise<ObjectInfo> {
  const stored = await headObject(c, t.place, t.path, { signal: o.signal });
  const problem =
    stored.size !== size
      ? `sizes differ src(${t.path}) ${size} vs dst(${t.path}) ${stored.size}`
      : md5 !== undefined && stored.hashes.md5 !== undefined && stored.hashes.md5 !== md5
        ? `md5 hashes differ src(${t.path}) "${md5}" vs dst(${t.path}) "${stored.hashes.md5}"`
        : undefined;
  if (problem === undefined)
    return {
      ...sent,
      ...stored,
      modTime: sent.modTime ?? stored.modTime ?? 0n,
      hashes: { ...stored.hashes, ...sent.hashes },
    };
  await removeOwn(c, t, sent, stored);
  throw new TscloneError('corrupted', `corrupted on transfer: ${problem}`, {
    path: t.path,
    remote: c.remote,
    retry: 'low',
  });
}

/**
 * Removes what a write left under its name. An object with another ETag than the write was answered, and with another
 * time, is another writer's, and whole.
 * @throws precondition_failed when it is
 */
export async function removeOwn(c: S3Connection, t: WriteTarget, sent: ObjectInfo, stored: ObjectInfo): Promise<void> {
  const isOwn = sent.etag === undefined || stored.etag === undefined || stored.etag === sent.etag;
  if (!isOwn && stored.modTime !== sent.modTime)
    throw new TscloneError(
      'precondition_failed',
      `${t.path}: another writer replaced the object before it could be checked; it was left as it is`,
      { path: t.path, remote: c.remote },
    );
  await removeObject(c, t.place, t.path, {}).catch(() => {});
}
