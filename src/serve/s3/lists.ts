import { fromBase64, fromUtf8, toBase64, utf8 } from '../../core/bytes.ts';
import { createPages, type Row } from './list-pages.ts';
import { owner, xmlHeaders, type Operation } from './operation.ts';
import { invalidArgument, wholeNumber } from './protocol.ts';
import { encodeStrict } from './signature.ts';
import type { ObjectStore } from './store.ts';
import { xmlDocument, type XmlContent, type XmlValue } from './xml.ts';

/** Objects described at a time, where that means to read them. */
const together = 4;

/** ListObjects, ListObjectsV2 and ListObjectVersions. */
export function createLists(store: ObjectStore): Operation {
  const pages = createPages(store);

  return async ({ call }) => {
    const { bucket, query } = call;
    const v2 = call.operation === 'ListObjectsV2';
    const versions = call.operation === 'ListObjectVersions';
    const get = (name: string): string => query.get(name) ?? '';
    const maxKeys = Math.min(1000, wholeNumber(query.get('max-keys'), 'max-keys', 1000));
    const encoding = query.get('encoding-type');
    if (encoding !== undefined && encoding !== '' && encoding !== 'url')
      throw invalidArgument('Invalid Encoding Method specified in Request');
    const encode = encoding === 'url' ? encodeKey : (text: string): string => text;
    const token = v2 ? query.get('continuation-token') : undefined;
    if (token === '') throw invalidArgument('The continuation token provided is incorrect');
    const start =
      token === undefined ? get(v2 ? 'start-after' : versions ? 'key-marker' : 'marker') : decodeToken(token);
    await store.requireBucket(bucket);
    const wanted = { bucket, prefix: get('prefix'), delimiter: get('delimiter'), start, maxKeys };
    const { rows, truncated } = await pages.page(wanted, v2 ? token !== undefined : start !== '');
    const last = rows.at(-1)?.name ?? '';
    const contents = await describeAll(store, bucket, rows, (key, stored) => ({
      Key: encode(key),
      ...(versions ? { VersionId: 'null', IsLatest: true } : {}),
      LastModified: stored.lastModified.toISOString(),
      ETag: `"${stored.etag}"`,
      ...(stored.checksum ? { ChecksumAlgorithm: stored.checksum.name.toUpperCase() } : {}),
      ...(stored.checksum ? { ChecksumType: stored.checksum.type } : {}),
      Size: stored.size,
      StorageClass: 'STANDARD',
      ...(!v2 || get('fetch-owner') === 'true' ? { Owner: owner } : {}),
    }));
    const content: XmlContent = {
      Name: bucket,
      Prefix: encode(wanted.prefix),
      ...(v2
        ? {
            KeyCount: rows.length,
            ContinuationToken: token,
            StartAfter: query.has('start-after') ? encode(get('start-after')) : undefined,
            NextContinuationToken: truncated ? encodeToken(last) : undefined,
          }
        : versions
          ? {
              KeyMarker: encode(start),
              VersionIdMarker: get('version-id-marker'),
              NextKeyMarker: truncated ? encode(last) : undefined,
              NextVersionIdMarker: truncated ? 'null' : undefined,
            }
          : {
              Marker: encode(start),
              NextMarker: truncated && wanted.delimiter !== '' ? encode(last) : undefined,
            }),
      MaxKeys: maxKeys,
      Delimiter: wanted.delimiter === '' ? undefined : encode(wanted.delimiter),
      EncodingType: encoding || undefined,
      IsTruncated: truncated,
      [versions ? 'Version' : 'Contents']: contents,
      CommonPrefixes: rows.filter((row) => !row.object).map((row) => ({ Prefix: encode(row.name) })),
    };
    const name = versions ? 'ListVersionsResult' : 'ListBucketResult';
    return { status: 200, headers: xmlHeaders, body: xmlDocument(name, content) };
  };
}

async function describeAll(
  store: ObjectStore,
  bucket: string,
  rows: readonly Row[],
  show: (key: string, stored: Awaited<ReturnType<ObjectStore['describe']>>) => XmlContent,
): Promise<XmlValue[]> {
  const objects = rows.flatMap(({ object }) => (object ? [object] : []));
  const out: XmlContent[] = [];
  const next = objects.entries();
  const worker = async (): Promise<void> => {
    for (const [i, object] of next) out[i] = show(object.key, await store.describe(bucket, object));
  };
  await Promise.all(Array.from({ length: together }, worker));
  return out;
}

/** As S3 does it where `encoding-type=url` is asked for; a slash stays. */
export const encodeKey = (key: string): string => encodeStrict(key).replaceAll('%2F', '/');
const encodeToken = (key: string): string => toBase64(utf8(key));

function decodeToken(token: string): string {
  const bytes = fromBase64(token);
  if (!bytes || bytes.length === 0) throw invalidArgument('The continuation token provided is incorrect');
  return fromUtf8(bytes);
}
