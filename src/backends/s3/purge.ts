import { GetBucketVersioningCommand } from '@aws-sdk/client-s3';
import type { CallOptions, ObjectInfo, PurgeOptions } from '../../core/backend.ts';
import { TscloneError } from '../../core/errors.ts';
import { joinPath } from '../../core/path.ts';
import { deleteBucket } from './buckets.ts';
import { callS3 } from './call.ts';
import type { S3Connection } from './client.ts';
import { listPages } from './list-pages.ts';
import { standardName, type Place } from './names.ts';
import { removeObjects } from './remove.ts';
import { listVersionGroups, type ListedVersion } from './versions.ts';

/** What a bucket keeps of its objects' past, in S3's words; `Unversioned` where it never did. */
export async function versioningOf(c: S3Connection, bucket: string, o: CallOptions): Promise<string> {
  const out = await callS3(c, 'GetBucketVersioning', { bucket }, o, (s) =>
    c.client.send(new GetBucketVersioningCommand({ Bucket: bucket }), s),
  );
  return out.Status ?? 'Unversioned';
}

/** True where old versions may be stored; a failure to find out is reported and means no. */
export async function isVersioned(c: S3Connection, bucket: string, o: CallOptions): Promise<boolean> {
  if (c.options.versions) return true;
  if (!c.quirks.features.versions) return false;
  try {
    return (await versioningOf(c, bucket, o)) !== 'Unversioned';
  } catch (e) {
    o.signal?.throwIfAborted();
    const message = `Failed to read versioning status, assuming unversioned: ${(e as Error).message}`;
    c.emit({ type: 'log', level: 'error', subject: `S3 bucket ${bucket}`, message });
    return false;
  }
}

/** Removes a directory or a bucket with everything in it, in a versioned bucket with all old versions. */
export async function purge(c: S3Connection, place: Place, dir: string, o: PurgeOptions): Promise<void> {
  if (place.bucket === '') {
    throw new TscloneError('bad_path', `"${c.remote}:": purge does not remove all buckets. Name one`, {
      remote: c.remote,
      retry: 'no',
    });
  }
  await purgeBelow(c, place, dir, o);
  if (place.key === '') await deleteBucket(c, place.bucket, o);
}

async function purgeBelow(c: S3Connection, place: Place, dir: string, o: PurgeOptions): Promise<void> {
  const prefix = place.key === '' ? '' : `${place.key}/`;
  const below = (key: string): string => joinPath(dir, standardName(c, key.slice(prefix.length)));
  if (await isVersioned(c, place.bucket, o)) {
    for await (const { groups } of listVersionGroups(c, place.bucket, prefix, false, o)) {
      await removeVersions(c, place.bucket, groups.flat(), below, o);
    }
    return;
  }
  for await (const { objects } of listPages(c, place.bucket, prefix, false, o)) {
    const items = objects.map(({ key, size }) => ({ place: { bucket: place.bucket, key }, path: below(key), size }));
    await removeAll(c, items, o);
  }
}

export async function removeVersions(
  c: S3Connection,
  bucket: string,
  versions: readonly ListedVersion[],
  pathOf: (key: string) => string,
  o: PurgeOptions,
): Promise<void> {
  const items = versions.map(({ key, versionId, size }) => ({
    place: { bucket, key, versionId },
    path: pathOf(key),
    size,
  }));
  await removeAll(c, items, o);
}

interface Item {
  readonly place: Place;
  readonly path: string;
  readonly size: number;
}

/** The first failure is thrown when the others of its page have been tried. */
async function removeAll(c: S3Connection, items: readonly Item[], o: PurgeOptions): Promise<void> {
  const failures = new Map((await removeObjects(c, items, o)).map((f) => [f.item, f.error]));
  for (const item of items) {
    const error = failures.get(item);
    if (error) {
      c.emit({ type: 'log', level: 'error', subject: item.path, message: `Couldn't delete: ${error.message}` });
      continue;
    }
    const info: ObjectInfo = { kind: 'object', path: item.path, size: item.size, hashes: {} };
    o.onRemoved?.(info);
  }
  const first = failures.values().next();
  if (!first.done) throw first.value;
}
