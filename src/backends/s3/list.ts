import { ListBucketsCommand } from '@aws-sdk/client-s3';
import type { CallOptions, Entry, ListOptions, ObjectInfo } from '../../core/backend.ts';
import { compareUtf8 } from '../../core/bytes.ts';
import { throwIfAborted, TscloneError } from '../../core/errors.ts';
import { mimeTypeOf } from '../../core/mime.ts';
import { joinPath } from '../../core/path.ts';
import { callS3 } from './call.ts';
import type { S3Connection } from './client.ts';
import { assertDirectory } from './directory-markers.ts';
import { listPages, type ListedKey } from './list-pages.ts';
import { md5Of } from './metadata.ts';
import { placeOf, standardName, unreachable, type Place } from './names.ts';
import { listShownPages, usesVersions } from './versions.ts';

/** Entries below a directory, paths relative to the backend's root. */
export async function* listDir(
  c: S3Connection,
  bucket: string,
  key: string,
  dir: string,
  o: ListOptions,
): AsyncGenerator<Entry, void, void> {
  const prefix = key === '' ? '' : `${key}/`;
  let isEmpty = true;
  const pages = usesVersions(c) ? listShownPages : listPages;
  for await (const page of pages(c, bucket, prefix + safeStart(o.startsWith), !o.recursive, o)) {
    const entries: { name: string; entry: Entry }[] = [];
    const outside = (name: string): boolean => {
      if (name.startsWith(prefix)) return false;
      c.emit({
        type: 'log',
        level: 'error',
        message: `Odd name received ${JSON.stringify(name)}: it does not lie below "${prefix}"; skipped`,
      });
      return true;
    };
    for (const name of page.prefixes) {
      isEmpty = false;
      if (outside(name)) continue;
      const below = name.slice(prefix.length).replace(/\/$/, '');
      const odd = unreachable(c, name.replace(/\/$/, ''));
      entries.push({ name, entry: { kind: 'dir', path: joinPath(dir, standardName(c, below)), ...odd } });
    }
    for (const x of page.objects) {
      isEmpty = false;
      if (outside(x.key) || x.key === prefix) continue;
      const below = x.key.slice(prefix.length);
      if (x.key.endsWith('/') && x.size === 0) {
        const path = joinPath(dir, standardName(c, below.slice(0, -1)));
        entries.push({ name: x.key, entry: { kind: 'dir', path, ...unreachable(c, x.key.slice(0, -1)) } });
      } else entries.push({ name: x.key, entry: objectEntry(c, x, joinPath(dir, standardName(c, below))) });
    }
    // Both lists come sorted; merged by wire name they keep the order of the store. Versions come newest first.
    if ((page.prefixes.length > 0 && page.objects.length > 0) || usesVersions(c))
      entries.sort((a, b) => compareUtf8(a.name, b.name));
    for (const { entry } of entries) {
      throwIfAborted(o.signal);
      yield entry;
    }
  }
  // With markers every directory is an object of its own: one without is none.
  if (isEmpty && key !== '' && c.options.directory_markers && !usesVersions(c))
    await assertDirectory(c, { bucket, key }, o);
}

/** As much of it as stands the same in the key whatever the encoding: the service's prefix may be shorter. */
const safeStart = (name = ''): string => /^[\w-](?:[\w.-]*[\w-])?/.exec(name)?.[0] ?? '';

/** What a listing tells of an object. */
export function objectEntry(c: S3Connection, x: ListedKey, path: string): ObjectInfo {
  const md5 = md5Of(c, x.etag, undefined);
  const modified = x.modified === undefined ? undefined : BigInt(x.modified.getTime()) * 1_000_000n;
  return {
    kind: 'object',
    path,
    size: x.size,
    hashes: md5 === undefined ? {} : { md5 },
    ...(x.etag === '' ? {} : { etag: x.etag }),
    ...(modified === undefined ? {} : { serverTime: modified }),
    ...(modified !== undefined && (c.limits.useServerModTime || x.isMarker) ? { modTime: modified } : {}),
    ...(x.versionId === undefined ? {} : { versionId: x.versionId }),
    ...(x.isMarker === true ? { mimeType: mimeTypeOf(path) } : {}),
    ...(c.quirks.features.tiers && x.storageClass ? { tier: x.storageClass } : {}),
    ...unreachable(c, x.key),
  };
}

/** The buckets that the keys may see. */
export async function listBuckets(c: S3Connection, o: ListOptions): Promise<Entry[]> {
  const out: Entry[] = [];
  let token: string | undefined;
  do {
    const page = await callS3(c, 'ListBuckets', {}, o, (s) =>
      c.client.send(new ListBucketsCommand(token === undefined ? {} : { ContinuationToken: token }), s),
    );
    for (const b of page.Buckets ?? []) {
      if (b.Name === undefined) throw new TscloneError('bad_answer', 'ListBuckets: a bucket has no name');
      const modTime = b.CreationDate === undefined ? {} : { modTime: BigInt(b.CreationDate.getTime()) * 1_000_000n };
      out.push({ kind: 'dir', path: standardName(c, b.Name), isBucket: true, ...modTime });
    }
    if (page.ContinuationToken !== undefined && page.ContinuationToken === token) {
      throw new TscloneError('bad_answer', 'ListBuckets: the service gave the same page position twice');
    }
    token = page.ContinuationToken || undefined;
  } while (token !== undefined);
  return out;
}

/** The place itself, or below the remote itself every bucket. */
export async function bucketsBelow(c: S3Connection, place: Place, o: CallOptions): Promise<readonly Place[]> {
  if (place.bucket !== '') return [place];
  return (await listBuckets(c, o)).map((bucket) => placeOf(c, '', bucket.path));
}
