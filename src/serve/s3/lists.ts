import { compareUtf8, fromBase64, fromUtf8, toBase64, utf8 } from '../../core/bytes.ts';
import { S3Fault, type S3Response } from './protocol.ts';
import { xmlHeaders, type OperationArgs } from './objects.ts';
import { encodeStrict } from './signature.ts';
import type { ListedObject, ObjectStore } from './store.ts';
import { xmlDocument, type XmlContent } from './xml.ts';

/** One line of a listing: an object, or a common prefix. */
type Row = { readonly name: string; readonly object?: ListedObject };

/** Rows that a next page may ask for, so that a long listing does not read the directory once per page. */
const snapshots = new WeakMap<ObjectStore, Map<string, { rows: Row[]; expires: number }>>();
const snapshotMs = 30_000;

async function rowsOf(
  store: ObjectStore,
  bucket: string,
  prefix: string,
  delimiter: string,
  isNext: boolean,
): Promise<Row[]> {
  const cache = snapshots.get(store) ?? new Map<string, { rows: Row[]; expires: number }>();
  snapshots.set(store, cache);
  const name = JSON.stringify([bucket, prefix, delimiter]);
  const now = Date.now();
  for (const [key, value] of cache) if (value.expires < now) cache.delete(key);
  const known = cache.get(name);
  if (isNext && known) return known.rows;
  const rows = await readRows(store, bucket, prefix, delimiter);
  if (rows.length > 1000) cache.set(name, { rows, expires: now + snapshotMs });
  return rows;
}

async function readRows(store: ObjectStore, bucket: string, prefix: string, delimiter: string): Promise<Row[]> {
  const { objects, prefixes } = await store.keys(bucket, prefix, delimiter === '/');
  const rows: Row[] = prefixes.map((name) => ({ name }));
  const folded = new Set(prefixes);
  for (const object of objects) {
    const end = delimiter === '' ? -1 : object.key.indexOf(delimiter, prefix.length);
    if (end < 0) rows.push({ name: object.key, object });
    else {
      const name = object.key.slice(0, end + delimiter.length);
      if (!folded.has(name)) rows.push({ name });
      folded.add(name);
    }
  }
  return rows.sort((a, b) => compareUtf8(a.name, b.name));
}

/** ListObjects and ListObjectsV2. */
export async function listObjects({ store, call }: OperationArgs): Promise<S3Response> {
  const { bucket, query } = call;
  await store.requireBucket(bucket);
  const v2 = call.operation === 'ListObjectsV2';
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const maxKeys = parseMaxKeys(query.get('max-keys'));
  const encode = query.get('encoding-type') === 'url' ? encodeKey : (text: string): string => text;
  const token = query.get('continuation-token');
  const start = v2
    ? token === undefined
      ? (query.get('start-after') ?? '')
      : decodeToken(token)
    : (query.get('marker') ?? '');
  const rows = await rowsOf(store, bucket, prefix, delimiter, start !== '');
  const from = start === '' ? 0 : rows.findIndex((row) => compareUtf8(row.name, start) > 0);
  const page = from < 0 ? [] : rows.slice(from, from + maxKeys);
  const truncated = maxKeys > 0 && from >= 0 && from + maxKeys < rows.length;
  const last = page.at(-1)?.name ?? '';
  const content: XmlContent = {
    Name: bucket,
    Prefix: encode(prefix),
    ...(v2
      ? {
          KeyCount: page.length,
          ContinuationToken: token,
          StartAfter: query.has('start-after') ? encode(query.get('start-after') as string) : undefined,
          NextContinuationToken: truncated ? encodeToken(last) : undefined,
        }
      : { Marker: encode(start), NextMarker: truncated && delimiter !== '' ? encode(last) : undefined }),
    MaxKeys: maxKeys,
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    EncodingType: query.get('encoding-type'),
    IsTruncated: truncated,
    Contents: page.flatMap(({ object }) =>
      object
        ? [
            {
              Key: encode(object.key),
              LastModified: object.stored.lastModified.toISOString(),
              ETag: `"${object.stored.etag}"`,
              Size: object.stored.size,
              StorageClass: 'STANDARD',
            },
          ]
        : [],
    ),
    CommonPrefixes: page.filter((row) => !row.object).map((row) => ({ Prefix: encode(row.name) })),
  };
  return { status: 200, headers: xmlHeaders, body: xmlDocument('ListBucketResult', content) };
}

export function parseMaxKeys(text: string | undefined): number {
  if (text === undefined || text === '') return 1000;
  if (!/^\d+$/.test(text) || Number(text) > 2 ** 31 - 1)
    throw new S3Fault(400, 'InvalidArgument', 'Provided max-keys not an integer or within integer range');
  return Math.min(1000, Number(text));
}

export const encodeKey = (key: string): string => encodeStrict(key).replaceAll('%2F', '/');
const encodeToken = (key: string): string => toBase64(utf8(key));

function decodeToken(token: string): string {
  const bytes = fromBase64(token);
  if (!bytes) throw new S3Fault(400, 'InvalidArgument', 'The continuation token provided is incorrect');
  return fromUtf8(bytes);
}
