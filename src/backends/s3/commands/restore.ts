import { RestoreObjectCommand, type Tier } from '@aws-sdk/client-s3';
import type { CommandOptions } from '../../../core/backend.ts';
import { messageOf, throwIfAborted } from '../../../core/errors.ts';
import { mapAhead } from '../../../core/map-ahead.ts';
import { joinPath } from '../../../core/path.ts';
import { callS3 } from '../call.ts';
import { bucketsBelow } from '../list.ts';
import { listPages, type ListedKey } from '../list-pages.ts';
import { objectPlace, standardName, version } from '../names.ts';
import { listShownPages, usesVersions } from '../versions.ts';
import { refused, type CommandFlags, type CommandTarget } from './index.ts';
import { goTime } from './list-uploads.ts';

const archives = new Set(['GLACIER', 'DEEP_ARCHIVE', 'INTELLIGENT_TIERING']);

interface Restored {
  readonly Status: string;
  readonly Remote: string;
}

/** Asks for copies of archived objects that can be read for some days. Answers what came of each object. */
export async function restore(t: CommandTarget, flags: CommandFlags, o: CommandOptions): Promise<Restored[]> {
  const lifetime = flags['lifetime'];
  if (lifetime !== undefined && !/^[+-]?\d+$/.test(lifetime))
    throw refused(`bad lifetime: strconv.ParseInt: parsing ${JSON.stringify(lifetime)}: invalid syntax`);
  const results: Restored[] = [];
  const ahead = t.c.limits.checkers - 1;
  for await (const result of mapAhead(archived(t, o), ahead, (object) => restoreOne(t, object, flags, o)))
    results.push(result);
  return results;
}

interface Archived {
  readonly path: string;
  readonly size?: number | undefined;
  readonly versionId?: string | undefined;
  readonly storageClass?: string | undefined;
}

/** The objects that are meant, with their storage classes, which ordinary listings show only where there are tiers. */
async function* archived(t: CommandTarget, o: CommandOptions): AsyncGenerator<Archived, void, void> {
  const { objects } = o;
  if (objects && t.c.quirks.features.tiers) {
    for await (const info of objects) yield { ...info, storageClass: info.tier };
    return;
  }
  const wanted = objects && new Set<string>();
  if (objects) for await (const { path } of objects) wanted?.add(path);
  if (wanted?.size === 0) return;
  for await (const { x, path } of listed(t, false, o)) if (!wanted || wanted.has(path)) yield { ...x, path };
}

async function restoreOne(
  t: CommandTarget,
  object: Archived,
  flags: CommandFlags,
  o: CommandOptions,
): Promise<Restored> {
  const { path, size, storageClass = '' } = object;
  if ((await o.confirm?.('restore', path, size)) === false) return { Status: 'OK', Remote: path };
  if (!archives.has(storageClass))
    return { Status: 'Not GLACIER or DEEP_ARCHIVE or INTELLIGENT_TIERING storage class', Remote: path };
  try {
    await requestRestore(t, object, flags, o);
    return { Status: 'OK', Remote: path };
  } catch (e) {
    throwIfAborted(o.signal);
    return { Status: messageOf(e), Remote: path };
  }
}

async function requestRestore(
  { c, root }: CommandTarget,
  { path, versionId, storageClass }: Archived,
  { priority = '', lifetime, description = '' }: CommandFlags,
  o: CommandOptions,
): Promise<void> {
  const place = { ...objectPlace(c, root, path), versionId };
  const days = lifetime === undefined || storageClass === 'INTELLIGENT_TIERING' ? {} : { Days: Number(lifetime) };
  const command = new RestoreObjectCommand({
    Bucket: place.bucket,
    Key: place.key,
    ...version(place),
    RestoreRequest: {
      ...days,
      ...(priority === '' ? {} : { GlacierJobParameters: { Tier: priority as Tier } }),
      ...(description === '' ? {} : { Description: description }),
    },
  });
  await callS3(c, 'RestoreObject', place, o, (s) => c.client.send(command, s));
}

/** Where each object's restoring stands; without `all` only those for which one was asked. */
export async function restoreStatus(t: CommandTarget, all: boolean, o: CommandOptions): Promise<unknown[]> {
  const out: unknown[] = [];
  for await (const { x, path } of listed(t, true, o)) {
    const status = x.restoreStatus;
    if (!all && status === undefined) continue;
    out.push({
      Remote: path,
      VersionID: x.versionId ?? null,
      RestoreStatus: status
        ? {
            IsRestoreInProgress: status.IsRestoreInProgress ?? null,
            RestoreExpiryDate: goTime(status.RestoreExpiryDate),
          }
        : null,
      StorageClass: x.storageClass ?? '',
    });
  }
  return out;
}

async function* listed(
  { c, place }: CommandTarget,
  withRestoreStatus: boolean,
  o: CommandOptions,
): AsyncGenerator<{ x: ListedKey; path: string }, void, void> {
  for (const { bucket } of await bucketsBelow(c, place, o)) {
    const prefix = place.key === '' ? '' : `${place.key}/`;
    const how = { signal: o.signal, budget: o.budget, withRestoreStatus };
    const pages = usesVersions(c) ? listShownPages : listPages;
    for await (const { objects } of pages(c, bucket, prefix, false, how)) {
      for (const x of objects) {
        if (x.isMarker || (x.key.endsWith('/') && x.size === 0)) continue;
        const below = standardName(c, x.key.slice(prefix.length));
        yield { x, path: place.bucket === '' ? joinPath(standardName(c, bucket), below) : below };
      }
    }
  }
}
