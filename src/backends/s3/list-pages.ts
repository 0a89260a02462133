import { ListObjectsCommand, ListObjectsV2Command, type RestoreStatus } from '@aws-sdk/client-s3';
import type { ListOptions } from '../../core/backend.ts';
import { compareUtf8 } from '../../core/bytes.ts';
import { hasCode, TscloneError } from '../../core/errors.ts';
import { callS3 } from './call.ts';
import type { S3Connection } from './client.ts';
import { unquote } from './metadata.ts';

export interface ListedKey {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly modified: Date | undefined;
  readonly storageClass: string | undefined;
  readonly versionId?: string | undefined;
  /** The mark of a removal, shown as an empty file. */
  readonly isMarker?: boolean | undefined;
  /** Only when asked for, and only of objects that were to be restored from an archive. */
  readonly restoreStatus?: RestoreStatus | undefined;
}

export interface PageOptions extends ListOptions {
  /** Asks for `restoreStatus`. */
  withRestoreStatus?: boolean | undefined;
}

/** The field of a listing command that asks for more than usual. */
export const attributes = (o: PageOptions): { OptionalObjectAttributes?: ['RestoreStatus'] } =>
  o.withRestoreStatus ? { OptionalObjectAttributes: ['RestoreStatus'] } : {};

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
        RestoreStatus?: RestoreStatus | undefined;
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
  o: PageOptions,
  maxKeys = c.options.list_chunk,
): AsyncGenerator<Page, void, void> {
  let from: string | undefined;
  let begins: string | undefined;
  const seen = new Set<string>();
  for (;;) {
    const page = await fetchPage(c, bucket, prefix, delimiter, from, maxKeys, o);
    const decode = page.EncodingType === 'url' ? urlDecode : (s: string): string => s;
    const objects = (page.Contents ?? []).map((x) => toListed(x, decode));
    const prefixes = (page.CommonPrefixes ?? []).map((x) => decode(x.Prefix ?? ''));
    const next = page.IsTruncated === true ? nextStart(c, page, objects, prefixes, decode) : undefined;
    if (next !== undefined && seen.has(next)) throw repeated(c, bucket, 'page position');
    const first = [objects[0]?.key, prefixes[0]].filter((name) => name !== undefined).sort(compareUtf8)[0];
    if (first !== undefined && first === begins) throw repeated(c, bucket, 'page');
    yield { objects, prefixes };
    if (next === undefined) return;
    begins = first;
    from = next;
    seen.add(next);
  }
}

function repeated(c: S3Connection, bucket: string, what: string): TscloneError {
  return new TscloneError(
    'bad_answer',
    `listing of bucket "${bucket}": the service gave the same ${what} twice; the listing cannot be trusted`,
    { remote: c.remote },
  );
}

async function fetchPage(
  c: S3Connection,
  bucket: string,
  prefix: string,
  delimiter: boolean,
  from: string | undefined,
  maxKeys: number,
  o: PageOptions,
): Promise<RawPage> {
  const input = {
    Bucket: bucket,
    Prefix: prefix,
    MaxKeys: maxKeys,
    ...(delimiter ? { Delimiter: '/' } : {}),
    ...(c.quirks.list_url_encode ? { EncodingType: 'url' as const } : {}),
    ...attributes(o),
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
    if (isMissing(e)) throw new TscloneError('dir_not_found', 'directory not found', { cause: e, remote: c.remote });
    throw e;
  }
}

/** Does the error of a listing say that there is no such bucket? */
export const isMissing = (e: unknown): boolean =>
  hasCode(e, 'bucket_not_found') || (hasCode(e, 'object_not_found') && e.status === 404);

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
    ...(x.RestoreStatus === undefined ? {} : { restoreStatus: x.RestoreStatus }),
  };
}

/** Only here `+` is a space. */
export function urlDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new TscloneError('bad_answer', 'listing: a name is not valid URL encoding although the answer says so');
  }
}
