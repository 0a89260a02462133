import { ListObjectVersionsCommand, type ListObjectVersionsOutput } from '@aws-sdk/client-s3';
import type { CallOptions } from '../../core/backend.ts';
import { compareUtf8 } from '../../core/bytes.ts';
import { TscloneError } from '../../core/errors.ts';
import { withoutVersion, withVersion } from '../../core/version-suffix.ts';
import { callS3 } from './call.ts';
import type { S3Connection } from './client.ts';
import { attributes, isMissing, urlDecode, type ListedKey, type Page, type PageOptions } from './list-pages.ts';
import { unquote } from './metadata.ts';
import type { Place } from './names.ts';
import { notFound } from './read.ts';

/** One state of an object: bytes, or the mark of a removal. */
export interface ListedVersion extends ListedKey {
  readonly versionId: string;
  readonly isLatest: boolean;
  readonly isMarker: boolean;
}

/** Do names of this remote stand for versions? */
export const usesVersions = ({ options: o }: S3Connection): boolean => o.versions || o.version_at !== undefined;

/** @throws unsupported for a remote that shows the past (`version_at`) */
export function assertPresent(c: S3Connection): void {
  if (c.options.version_at === undefined) return;
  throw new TscloneError('unsupported', "can't modify or delete files in --s3-version-at mode", {
    remote: c.remote,
    retry: 'no',
  });
}

/** Version ids by the names under which listings have shown them: what is listed is then found without a request. */
export class KnownVersions {
  readonly #ids = new Map<string, ListedVersion | null>();

  get(place: Place): ListedVersion | null | undefined {
    return this.#ids.get(`${place.bucket}/${place.key}`);
  }

  /** `null` = the name is an object's own. */
  set(bucket: string, name: string, version: ListedVersion | null): void {
    if (this.#ids.size >= mostKnown) this.#ids.delete(this.#ids.keys().next().value ?? '');
    this.#ids.set(`${bucket}/${name}`, version);
  }

  forget({ bucket, key }: Place): void {
    this.#ids.delete(`${bucket}/${key}`);
  }
}

const mostKnown = 20_000;

/**
 * What a name stands for: a version's name its version, any other name the current object; in the past (`version_at`)
 * the version of then.
 * @throws object_not_found
 */
export async function findVersion(
  c: S3Connection,
  place: Place,
  path: string,
  o: CallOptions,
  versionId?: string,
): Promise<{ place: Place; version?: ListedVersion }> {
  if (!usesVersions(c)) return { place };
  const plain = c.options.versions ? withoutVersion(place.key) : place.key;
  if (plain === undefined) return { place };
  if (versionId !== undefined) return { place: { bucket: place.bucket, key: plain, versionId } };
  const known = c.versions.get(place);
  const version = known === undefined ? await lookUp(c, place, plain, o) : known;
  if (version) return { place: { bucket: place.bucket, key: plain, versionId: version.versionId }, version };
  if (c.options.versions) return { place };
  throw notFound(path, undefined);
}

async function lookUp(c: S3Connection, place: Place, plain: string, o: CallOptions): Promise<ListedVersion | null> {
  for await (const page of versionNamePages(c, place.bucket, plain, false, o)) {
    for (const { key, version } of page.names) {
      if (key === place.key && version.key === plain) return version;
    }
    // Keys come in order: behind the wanted one there are only others.
    if (page.names.some(({ version }) => compareUtf8(version.key, plain) > 0)) break;
  }
  return null;
}

interface NamePage {
  readonly names: readonly { readonly key: string; readonly version: ListedVersion }[];
  readonly prefixes: readonly string[];
}

/** As `listPages`, with the names that versions are shown under. */
export async function* listShownPages(
  c: S3Connection,
  bucket: string,
  prefix: string,
  delimiter: boolean,
  o: PageOptions,
): AsyncGenerator<Page, void, void> {
  for await (const { names, prefixes } of versionNamePages(c, bucket, prefix, delimiter, o)) {
    const objects = names.map(({ key, version }): ListedKey => {
      remember(c, bucket, key, version);
      return { ...version, key };
    });
    yield { objects, prefixes };
  }
}

function remember(c: S3Connection, bucket: string, name: string, version: ListedVersion): void {
  if (name !== version.key || c.options.version_at !== undefined) c.versions.set(bucket, name, version);
  // An object's own name may look like a version's.
  else if (withoutVersion(name) !== undefined) c.versions.set(bucket, name, null);
}

async function* versionNamePages(
  c: S3Connection,
  bucket: string,
  prefix: string,
  delimiter: boolean,
  o: PageOptions,
): AsyncGenerator<NamePage, void, void> {
  for await (const { groups, prefixes } of listVersionGroups(c, bucket, prefix, delimiter, o)) {
    yield { names: groups.flatMap((group) => shownNames(c, group)), prefixes };
  }
}

/** Names of the versions of one object, which come newest first. */
function shownNames(c: S3Connection, group: readonly ListedVersion[]): { key: string; version: ListedVersion }[] {
  const at = c.options.version_at;
  if (at !== undefined) {
    const then = group.find((v) => BigInt(v.modified?.getTime() ?? 0) * 1_000_000n <= at);
    return then && !then.isMarker ? [{ key: then.key, version: then }] : [];
  }
  return group
    .filter((v) => !v.isMarker || c.options.version_deleted)
    .filter((v) => !v.key.endsWith('/') || v.isLatest)
    .map((version) => ({ key: version.isLatest && !version.isMarker ? version.key : nameOf(version), version }));
}

const nameOf = (v: ListedVersion): string => withVersion(v.key, v.modified?.getTime() ?? 0);

interface GroupPage {
  /** Versions of one key each, the newest first. A group may begin in one page of the service and end in the next. */
  readonly groups: readonly (readonly ListedVersion[])[];
  readonly prefixes: readonly string[];
}

export async function* listVersionGroups(
  c: S3Connection,
  bucket: string,
  prefix: string,
  delimiter: boolean,
  o: PageOptions,
): AsyncGenerator<GroupPage, void, void> {
  let open: ListedVersion[] = [];
  for await (const page of listVersionPages(c, bucket, prefix, delimiter, o)) {
    const groups: ListedVersion[][] = [];
    for (const version of page.versions) {
      if (open.length > 0 && open[0]?.key !== version.key) {
        groups.push(open);
        open = [];
      }
      open.push(version);
    }
    if (page.isLast && open.length > 0) groups.push(open);
    yield { groups: groups.map(newestFirst), prefixes: page.prefixes };
  }
}

function newestFirst(group: ListedVersion[]): ListedVersion[] {
  return group.toSorted(
    (a, b) => Number(b.isLatest) - Number(a.isLatest) || (b.modified?.getTime() ?? 0) - (a.modified?.getTime() ?? 0),
  );
}

async function* listVersionPages(
  c: S3Connection,
  bucket: string,
  prefix: string,
  delimiter: boolean,
  o: PageOptions,
): AsyncGenerator<{ versions: ListedVersion[]; prefixes: string[]; isLast: boolean }, void, void> {
  let from: { KeyMarker?: string; VersionIdMarker?: string } = {};
  const seen = new Set<string>();
  for (;;) {
    const page = await fetchPage(c, bucket, prefix, delimiter, from, o);
    const decode = page.EncodingType === 'url' ? urlDecode : (s: string): string => s;
    yield {
      versions: versionsIn(c, page, decode),
      prefixes: (page.CommonPrefixes ?? []).map((x) => decode(x.Prefix ?? '')),
      isLast: page.IsTruncated !== true,
    };
    if (page.IsTruncated !== true) return;
    from = {
      ...(page.NextKeyMarker ? { KeyMarker: decode(page.NextKeyMarker) } : {}),
      ...(page.NextVersionIdMarker ? { VersionIdMarker: page.NextVersionIdMarker } : {}),
    };
    const position = JSON.stringify(from);
    if (position === '{}' || seen.has(position)) {
      throw new TscloneError(
        'bad_answer',
        `listing of versions in bucket "${bucket}": the service says that more follows but not where`,
        { remote: c.remote },
      );
    }
    seen.add(position);
  }
}

async function fetchPage(
  c: S3Connection,
  bucket: string,
  prefix: string,
  delimiter: boolean,
  from: object,
  o: PageOptions,
): Promise<ListObjectVersionsOutput> {
  const command = new ListObjectVersionsCommand({
    Bucket: bucket,
    Prefix: prefix,
    MaxKeys: c.options.list_chunk,
    ...(delimiter ? { Delimiter: '/' } : {}),
    ...(c.quirks.list_url_encode ? { EncodingType: 'url' as const } : {}),
    ...attributes(o),
    ...from,
  });
  try {
    return await callS3(c, 'ListObjectVersions', { bucket }, o, (s) => c.client.send(command, s));
  } catch (e) {
    if (isMissing(e)) throw new TscloneError('dir_not_found', 'directory not found', { cause: e, remote: c.remote });
    throw e;
  }
}

/** Versions and removals in the order of their keys; the answer has them in two lists. */
function versionsIn(c: S3Connection, page: ListObjectVersionsOutput, decode: (s: string) => string): ListedVersion[] {
  const odd = (): TscloneError =>
    new TscloneError('bad_answer', 'listing of versions: an entry has no key, version or size', { remote: c.remote });
  const objects = (page.Versions ?? []).map((v): ListedVersion => {
    if (v.Key === undefined || v.VersionId === undefined || !Number.isSafeInteger(v.Size)) throw odd();
    return {
      key: decode(v.Key),
      size: v.Size as number,
      etag: unquote(v.ETag),
      modified: v.LastModified,
      storageClass: v.StorageClass,
      restoreStatus: v.RestoreStatus,
      versionId: v.VersionId,
      isLatest: v.IsLatest === true,
      isMarker: false,
    };
  });
  const markers = (page.DeleteMarkers ?? []).map((v): ListedVersion => {
    if (v.Key === undefined || v.VersionId === undefined) throw odd();
    return {
      key: decode(v.Key),
      size: 0,
      etag: '',
      modified: v.LastModified,
      storageClass: undefined,
      versionId: v.VersionId,
      isLatest: v.IsLatest === true,
      isMarker: true,
    };
  });
  if (c.quirks.list_versions_oldest_first) {
    // Times may be equal: then the order of the answer decides.
    objects.reverse();
    markers.reverse();
  }
  return [...objects, ...markers].sort((a, b) => compareUtf8(a.key, b.key));
}
