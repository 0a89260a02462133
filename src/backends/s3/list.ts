import { ListBucketsCommand, ListObjectsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { Entry, ListOptions } from '../../core/backend.ts';
import { compareUtf8 } from '../../core/bytes.ts';
import { hasCode, throwIfAborted, TscloneError } from '../../core/errors.ts';
import { joinPath } from '../../core/path.ts';
import { callS3 } from './call.ts';
import type { S3Connection } from './client.ts';
import { md5Of, unquote } from './metadata.ts';
import { standardName } from './names.ts';

export interface ListedKey {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly modified: Date | undefined;
  readonly storageClass: string | undefined;
}

export interface Page {
  readonly objects: readonly ListedKey[];
  readonly prefixes: readonly string[];
}

interface RawPage {
  readonly IsTruncated?: boolean | undefined;
  readonly EncodingType?: string | undefined;
  readonly Contents?:
    | {
        Key?: string | undefined;
        Size?: number | undefined;
        ETag?: string | undefined;
        LastModified?: Date | undefined;
        StorageClass?: string | undefined;
      }[]
    | undefined;
  readonly CommonPrefixes?: { Prefix?: string | undefined }[] | undefined;
  readonly NextMarker?: string | undefined;
  readonly NextContinuationToken?: string | undefined;
}

/**
 * Pages of a listing, each checked: it says whether more follow, and the next one starts somewhere else.
 * @throws dir_not_found for a bucket that does not exist, bad_answer
 */
export async function* listPages(
  c: S3Connection,
  bucket: string,
  prefix: string,
  delimiter: boolean,
  o: ListOptions,
  maxKeys = c.options.list_chunk,
): AsyncGenerator<Page, void, void> {
  let from: string | undefined;
  const seen = new Set<string>();
  for (;;) {
    const page = await fetchPage(c, bucket, prefix, delimiter, from, maxKeys, o);
    const decode = page.EncodingType === 'url' ? urlDecode : (s: string): string => s;
    const objects = (page.Contents ?? []).map((x) => toListed(x, decode));
    const prefixes = (page.CommonPrefixes ?? []).map((x) => decode(x.Prefix ?? ''));
    yield { objects, prefixes };
    if (page.IsTruncated !== true) return;
    from = nextStart(c, page, objects, prefixes, decode);
    if (seen.has(from)) {
      throw new TscloneError(
        'bad_answer',
        `listing of bucket "${bucket}": the service gave the same page position twice; the listing cannot be trusted`,
        { remote: c.remote },
      );
    }
    seen.add(from);
  }
}

async function fetchPage(
  c: S3Connection,
  bucket: string,
  prefix: string,
  delimiter: boolean,
  from: string | undefined,
  maxKeys: number,
  o: ListOptions,
): Promise<RawPage> {
  const input = {
    Bucket: bucket,
    Prefix: prefix,
    MaxKeys: maxKeys,
    ...(delimiter ? { Delimiter: '/' } : {}),
    ...(c.quirks.list_url_encode ? { EncodingType: 'url' as const } : {}),
  };
  try {
    if (c.quirks.list_version === 1) {
      return await callS3(c, 'ListObjects', { bucket }, o, (s) =>
        c.client.send(new ListObjectsCommand({ ...input, ...(from === undefined ? {} : { Marker: from }) }), s),
      );
    }
    return await callS3(c, 'ListObjectsV2', { bucket }, o, (s) =>
      c.client.send(
        new ListObjectsV2Command({ ...input, ...(from === undefined ? {} : { ContinuationToken: from }) }),
        s,
      ),
    );
  } catch (e) {
    if (hasCode(e, 'bucket_not_found') || (hasCode(e, 'object_not_found') && e.status === 404)) {
      throw new TscloneError('dir_not_found', 'directory not found', { cause: e, remote: c.remote });
    }
    throw e;
  }
}

function nextStart(
  c: S3Connection,
  page: RawPage,
  objects: readonly ListedKey[],
  prefixes: readonly string[],
  decode: (s: string) => string,
): string {
  const start =
    c.quirks.list_version === 1
      ? page.NextMarker === undefined || page.NextMarker === ''
        ? [objects.at(-1)?.key ?? '', prefixes.at(-1) ?? ''].reduce((a, b) => (compareUtf8(a, b) > 0 ? a : b))
        : decode(page.NextMarker)
      : (page.NextContinuationToken ?? '');
  if (start !== '') return start;
  const advice = c.quirks.list_version === 1 ? '' : '. Try list_version = 1 for this remote';
  throw new TscloneError('bad_answer', `listing: the service says that more follows but not where${advice}`, {
    remote: c.remote,
  });
}

function toListed(x: NonNullable<RawPage['Contents']>[number], decode: (s: string) => string): ListedKey {
  if (x.Key === undefined || x.Size === undefined || !Number.isSafeInteger(x.Size)) {
    throw new TscloneError('bad_answer', 'listing: an entry has no key or no size; the listing cannot be trusted');
  }
  return {
    key: decode(x.Key),
    size: x.Size,
    etag: unquote(x.ETag),
    modified: x.LastModified,
    storageClass: x.StorageClass,
  };
}

/** Only here `+` is a space. */
function urlDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new TscloneError('bad_answer', 'listing: a name is not valid URL encoding although the answer says so');
  }
}

/** Entries below a directory, paths relative to the backend's root. */
export async function* listDir(
  c: S3Connection,
  bucket: string,
  key: string,
  dir: string,
  o: ListOptions,
): AsyncGenerator<Entry, void, void> {
  const prefix = key === '' ? '' : `${key}/`;
  for await (const page of listPages(c, bucket, prefix, !o.recursive, o)) {
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
      if (outside(name)) continue;
      const below = name.slice(prefix.length).replace(/\/$/, '');
      entries.push({ name, entry: { kind: 'dir', path: joinPath(dir, standardName(c, below)) } });
    }
    for (const x of page.objects) {
      if (outside(x.key) || x.key === prefix) continue;
      const below = x.key.slice(prefix.length);
      if (x.key.endsWith('/') && x.size === 0) {
        entries.push({ name: x.key, entry: { kind: 'dir', path: joinPath(dir, standardName(c, below.slice(0, -1))) } });
      } else entries.push({ name: x.key, entry: objectEntry(c, x, joinPath(dir, standardName(c, below))) });
    }
    // Both lists come sorted; merged by wire name they keep the order of the store.
    if (page.prefixes.length > 0 && page.objects.length > 0) entries.sort((a, b) => compareUtf8(a.name, b.name));
    for (const { entry } of entries) {
      throwIfAborted(o.signal);
      yield entry;
    }
  }
}

function objectEntry(c: S3Connection, x: ListedKey, path: string): Entry {
  const md5 = md5Of(c, x.etag, undefined);
  const modified = x.modified === undefined ? undefined : BigInt(x.modified.getTime()) * 1_000_000n;
  return {
    kind: 'object',
    path,
    size: x.size,
    hashes: md5 === undefined ? {} : { md5 },
    ...(x.etag === '' ? {} : { etag: x.etag }),
    ...(modified === undefined ? {} : { serverTime: modified }),
    ...(modified !== undefined && c.limits.useServerModTime ? { modTime: modified } : {}),
    ...(c.quirks.features.tiers && x.storageClass ? { tier: x.storageClass } : {}),
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
