import { DeleteObjectCommand, DeleteObjectsCommand } from '@aws-sdk/client-s3';
import type { CallOptions } from '../../core/backend.ts';
import { hasCode, TscloneError } from '../../core/errors.ts';
import { callS3 } from './call.ts';
import type { S3Connection } from './client.ts';
import { version, type Place } from './names.ts';

export async function removeObject(c: S3Connection, place: Place, path: string, o: CallOptions): Promise<void> {
  const command = new DeleteObjectCommand({ Bucket: place.bucket, Key: place.key, ...version(place) });
  try {
    await callS3(c, 'DeleteObject', place, o, (s) => c.client.send(command, s));
  } catch (e) {
    if (hasCode(e, 'object_not_found') && e.status === 404)
      throw new TscloneError('object_not_found', 'object not found', { path, cause: e });
    throw e;
  }
}

const perRequest = 1000;

export interface Removal {
  readonly place: Place;
  readonly path: string;
}

export interface RemovalFailure<T extends Removal> {
  readonly item: T;
  readonly error: Error;
}

/** Removes objects or versions of one bucket, 1000 per request where the service is known to take that. */
export async function removeObjects<T extends Removal>(
  c: S3Connection,
  items: readonly T[],
  o: CallOptions,
): Promise<RemovalFailure<T>[]> {
  if (!c.quirks.features.bulkRemove || items.length < 2) return removeOneByOne(c, items, o);
  const failures: RemovalFailure<T>[] = [];
  // XML cannot carry control characters; such keys go one by one.
  const plain = items.filter((i) => !hasControl(i.place.key));
  const odd = items.filter((i) => hasControl(i.place.key));
  for (let at = 0; at < plain.length; at += perRequest) {
    const batch = plain.slice(at, at + perRequest);
    try {
      failures.push(...(await removeBatch(c, batch, o)));
    } catch (e) {
      if (!hasCode(e, 'unsupported') && !(hasCode(e, 'object_not_found') && e.status === 405)) throw e;
      failures.push(...(await removeOneByOne(c, batch, o)));
    }
  }
  failures.push(...(await removeOneByOne(c, odd, o)));
  return failures;
}

const hasControl = (key: string): boolean => [...key].some((ch) => ch < ' ' || ch === '\ufffe' || ch === '\uffff');

/** The answer must account for every key. */
async function removeBatch<T extends Removal>(
  c: S3Connection,
  batch: readonly T[],
  o: CallOptions,
): Promise<RemovalFailure<T>[]> {
  const bucket = batch[0]?.place.bucket ?? '';
  const objects = batch.map(({ place }) => ({ Key: place.key, ...version(place) }));
  const command = new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: objects } });
  const out = await callS3(c, 'DeleteObjects', { bucket }, o, (s) => c.client.send(command, s));
  const nameOf = (key = '', versionId = ''): string => `${versionId}/${key}`;
  const deleted = new Set((out.Deleted ?? []).map((d) => nameOf(d.Key, d.VersionId)));
  const errors = new Map((out.Errors ?? []).map((e) => [nameOf(e.Key, e.VersionId), e]));
  return batch.flatMap((item) => {
    const { place, path } = item;
    const name = nameOf(place.key, place.versionId);
    if (deleted.has(name)) return [];
    const e = errors.get(name);
    const why = e ? `${e.Code}: ${e.Message}` : 'the answer does not mention it';
    const error = new TscloneError(e ? 'permission_denied' : 'bad_answer', `DeleteObjects: ${why}`, {
      path,
      remote: c.remote,
    });
    return [{ item, error }];
  });
}

/** As many keys at once as there are checkers; the versions of one key in turn, so that none comes back meanwhile. */
async function removeOneByOne<T extends Removal>(
  c: S3Connection,
  items: readonly T[],
  o: CallOptions,
): Promise<RemovalFailure<T>[]> {
  const failures: RemovalFailure<T>[] = [];
  const keys = [...groupByKey(items).values()];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < keys.length) {
      for (const item of keys[next++] ?? []) {
        try {
          await removeObject(c, item.place, item.path, o);
        } catch (e) {
          if (o.signal?.aborted) throw e;
          failures.push({ item, error: e as Error });
        }
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(c.limits.checkers, keys.length) }, worker));
  return failures;
}

/** The oldest version of each first, as listings have the newest first. */
function groupByKey<T extends Removal>(items: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.place.key);
    if (group) group.unshift(item);
    else groups.set(item.place.key, [item]);
  }
  return groups;
}
