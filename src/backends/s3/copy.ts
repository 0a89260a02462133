import { CopyObjectCommand, type ObjectCannedACL, type StorageClass } from '@aws-sdk/client-s3';
import type { CallOptions, CopyOptions, ObjectInfo } from '../../core/backend.ts';
import { TscloneError } from '../../core/errors.ts';
import { formatSize } from '../../core/size.ts';
import { withBucket } from './buckets.ts';
import { callS3 } from './call.ts';
import type { S3Connection } from './client.ts';
import { systemFields, userMetadata } from './metadata.ts';
import { copySource, type Place } from './names.ts';
import { headObject, notFound } from './read.ts';
import { fromHex, toBase64 } from '../../core/bytes.ts';

/**
 * CopyObject within the service, metadata kept; then one HEAD compares the size.
 * @throws unsupported for objects above copy_cutoff, which need copies in parts
 */
export async function copyObject(
  c: S3Connection,
  from: Place,
  info: ObjectInfo,
  to: Place,
  path: string,
  o: CopyOptions,
): Promise<ObjectInfo> {
  checkSize(c, info);
  await send(c, from, to, info.tier, { MetadataDirective: 'COPY' }, o);
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

/** Copies an object onto itself with another modTime. The system headers of the HEAD are sent again: S3 drops them otherwise. */
export async function rewriteModTime(
  c: S3Connection,
  place: Place,
  path: string,
  modTime: bigint,
  known: ObjectInfo | undefined,
  o: CallOptions,
): Promise<void> {
  const info = known?.metadata ? known : await headObject(c, place, path, o);
  checkSize(c, info);
  const stored = await keptMd5(c, info);
  const fields = {
    MetadataDirective: 'REPLACE' as const,
    Metadata: userMetadata(modTime, info.metadata, stored),
    ...(info.mimeType === undefined ? {} : { ContentType: info.mimeType }),
    ...systemFields(info.metadata),
  };
  await send(c, place, place, info.tier, fields, o);
}

/** The md5chksum of a multipart object must survive; where the ETag is the MD5 it was never there. */
async function keptMd5(c: S3Connection, info: ObjectInfo): Promise<string | undefined> {
  const { md5 } = info.hashes;
  return md5 === undefined || (md5 === info.etag && !c.quirks.etag_is_not_md5) ? undefined : toBase64(fromHex(md5));
}

function checkSize(c: S3Connection, info: ObjectInfo): void {
  if (info.size === undefined || info.size < c.quirks.copy_cutoff) return;
  throw new TscloneError(
    'unsupported',
    `${info.path}: server-side copies in parts (above ${formatSize(c.quirks.copy_cutoff)}) are not built yet`,
    {
      path: info.path,
      retry: 'no',
    },
  );
}

async function send(
  c: S3Connection,
  from: Place,
  to: Place,
  tier: string | undefined,
  fields: object,
  o: CallOptions,
): Promise<void> {
  const storageClass = c.options.storage_class || tier || '';
  const command = new CopyObjectCommand({
    Bucket: to.bucket,
    Key: to.key,
    CopySource: copySource(from),
    ...(c.options.acl === '' ? {} : { ACL: c.options.acl as ObjectCannedACL }),
    ...(storageClass === '' || storageClass === 'STANDARD' ? {} : { StorageClass: storageClass as StorageClass }),
    ...fields,
  });
  try {
    await withBucket(c, to.bucket, o, () => callS3(c, 'CopyObject', to, o, (s) => c.client.send(command, s)));
  } catch (e) {
    if ((e as { status?: number }).status === 404 && (e as { code?: string }).code === 'object_not_found')
      throw notFound(to.key, e);
    throw e;
  }
}
