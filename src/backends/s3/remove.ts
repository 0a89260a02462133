import { DeleteObjectCommand, DeleteObjectsCommand } from '@aws-sdk/client-s3';
import type { CallOptions } from '../../core/backend.ts';
import { hasCode, TscloneError } from '../../core/errors.ts';
import { callS3 } from './call.ts';
import type { S3Connection } from './client.ts';
import { version, type Place } from './names.ts';

export async function removeObject(c: S3Connection, place: Place, path: string, o: CallOptions): Promise<void> {
  try {
    await callS3(c, 'DeleteObject', place, o, (s) =>
      c.client.send(new DeleteObjectCommand({ Bucket: place.bucket, Key: place.key, ...version(place) }), s),
    );
  } catch (e) {
    if (hasCode(e, 'object_not_found') && e.status === 404)
      throw new TscloneError('object_not_found', 'object not found', { path, cause: e });
    throw e;
  }
}

const perRequest = 1000;

export interface RemovalFailure {
  readonly path: string;
  readonly error: Error;
}

/** Removes objects of one bucket, 1000 per request; the answer must account for every key. */
export async function removeObjects(
  c: S3Connection,
  items: readonly { place: Place; path: string }[],
  o: CallOptions,
): Promise<RemovalFailure[]> {
  const failures: RemovalFailure[] = [];
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

async function removeBatch(
  c: S3Connection,
  batch: readonly { place: Place; path: string }[],
  o: CallOptions,
): Promise<RemovalFailure[]> {
  const bucket = batch[0]?.place.bucket ?? '';
  const out = await callS3(c, 'DeleteObjects', { bucket }, o, (s) =>
    c.client.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: batch.map((i) => ({ Key: i.place.key })) } }),
      s,
    ),
  );
  const deleted = new Set((out.Deleted ?? []).map((d) => d.Key));
  const errors = new Map((out.Errors ?? []).map((e) => [e.Key, e]));
  return batch.flatMap(({ place, path }) => {
    if (deleted.has(place.key)) return [];
    const e = errors.get(place.key);
    const why = e ? `${e.Code}: ${e.Message}` : 'the answer does not mention it';
    return [
      {
        path,
        error: new TscloneError(e ? 'permission_denied' : 'bad_answer', `DeleteObjects: ${why}`, {
          path,
          remote: c.remote,
        }),
      },
    ];
  });
}

async function removeOneByOne(
  c: S3Connection,
  items: readonly { place: Place; path: string }[],
  o: CallOptions,
): Promise<RemovalFailure[]> {
  const failures: RemovalFailure[] = [];
  for (const { place, path } of items) {
    try {
      await removeObject(c, place, path, o);
    } catch (e) {
      failures.push({ path, error: e as Error });
    }
  }
  return failures;
}
