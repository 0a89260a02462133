import { HeadObjectCommand, PutObjectCommand, type StorageClass } from '@aws-sdk/client-s3';
import type { CallOptions } from '../../core/backend.ts';
import { hasCode, TscloneError } from '../../core/errors.ts';
import { parentsOf } from '../../core/path.ts';
import { withBucket } from './buckets.ts';
import { callS3 } from './call.ts';
import type { S3Connection } from './client.ts';
import { listPages } from './list-pages.ts';
import { metadataFields } from './metadata-fields.ts';
import { placeOf, type Place } from './names.ts';
import { removeObject } from './remove.ts';
import { aclField } from './write-target.ts';

/**
 * Makes the markers (`dir/`, empty objects) of a directory below `root` and of its parents down to the root, from the
 * innermost outwards, until one is there already.
 */
export async function makeDirectories(c: S3Connection, root: string, dir: string, o: CallOptions): Promise<void> {
  if (!c.options.directory_markers) return;
  const inner = dir === '' ? [] : [dir, ...[...parentsOf(dir)].reverse()];
  for (const path of [...inner, '']) {
    const place = placeOf(c, root, path);
    if (place.key === '' || !(await makeMarker(c, place, o))) return;
  }
}

/** Answers false when the marker was there. */
async function makeMarker(c: S3Connection, place: Place, o: CallOptions): Promise<boolean> {
  const marker = markerOf(place);
  const name = `${marker.bucket}/${marker.key}`;
  if (c.markers.has(name) || (await markerExists(c, marker, o))) {
    c.markers.add(name);
    return false;
  }
  const described = metadataFields(c, {
    path: marker.key,
    modTime: c.platform.now(),
    mimeType: 'application/octet-stream',
    metadata: undefined,
    md5: undefined,
  });
  const storageClass = c.options.storage_class;
  const command = new PutObjectCommand({
    Bucket: marker.bucket,
    Key: marker.key,
    Body: new Uint8Array(0),
    ContentLength: 0,
    ...described,
    ...aclField(c.options.acl),
    ...(storageClass === '' ? {} : { StorageClass: storageClass as StorageClass }),
  });
  await withBucket(c, marker.bucket, o, () => callS3(c, 'PutObject', marker, o, (s) => c.client.send(command, s)));
  c.markers.add(name);
  return true;
}

const markerOf = ({ bucket, key }: Place): Place => ({ bucket, key: `${key}/` });

async function markerExists(c: S3Connection, marker: Place, o: CallOptions): Promise<boolean> {
  try {
    const command = new HeadObjectCommand({ Bucket: marker.bucket, Key: marker.key });
    await callS3(c, 'HeadObject', marker, o, (s) => c.client.send(command, s));
    return true;
  } catch (e) {
    if (hasCode(e, 'object_not_found', 'bucket_not_found')) return false;
    throw e;
  }
}

/** @throws dir_not_found when a directory that lists nothing has no marker either */
export async function assertDirectory(c: S3Connection, place: Place, o: CallOptions): Promise<void> {
  if (await markerExists(c, markerOf(place), o)) return;
  throw new TscloneError('dir_not_found', 'directory not found', { remote: c.remote });
}

/** Removes the marker of an empty directory. @throws not_empty */
export async function removeMarker(c: S3Connection, place: Place, dir: string, o: CallOptions): Promise<void> {
  const marker = markerOf(place);
  for await (const { objects, prefixes } of listPages(c, place.bucket, marker.key, true, o, 2)) {
    if (prefixes.length === 0 && objects.every((x) => x.key === marker.key)) break;
    throw new TscloneError('not_empty', `${dir || marker.key}: the directory is not empty`, {
      path: dir,
      remote: c.remote,
    });
  }
  c.markers.delete(`${marker.bucket}/${marker.key}`);
  await removeObject(c, marker, dir, o);
}
