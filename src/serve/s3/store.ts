import type { Backend, ByteSource, ObjectInfo } from '../../core/backend.ts';
import { compareUtf8, toHex } from '../../core/bytes.ts';
import { hasCode } from '../../core/errors.ts';
import { parentOf } from '../../core/path.ts';
import type { Platform } from '../../core/platform.ts';
import { formatMtimeSeconds, parseMtimeSeconds } from '../../core/time.ts';
import { S3Fault, type S3Request } from './protocol.ts';

/** Top-level folder for the parts of unfinished uploads; no bucket can have this name. */
export const uploadsFolder = '.tsclone-uploads';

/** What S3 keeps of an object beside its bytes. */
export interface StoredObject {
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  readonly lastModified: Date;
  readonly mimeType: string;
  /** User metadata, keys in lower case. */
  readonly metadata: Readonly<Record<string, string>>;
  /** `cache-control`, `content-encoding` … */
  readonly systemHeaders: Readonly<Record<string, string>>;
}

/** Facts that the backend may not be able to keep, with what shows that the object is still the same. */
interface Remembered extends StoredObject {
  readonly modTime: bigint | undefined;
}

export const systemHeaderNames = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
];

/** Buckets and objects over a backend whose first path segment is the bucket. */
export interface ObjectStore {
  readonly backend: Backend;
  readonly platform: Platform;
  buckets(): Promise<{ name: string; created: Date }[]>;
  /** @throws S3Fault NoSuchBucket */
  requireBucket(bucket: string): Promise<void>;
  /** @throws S3Fault NoSuchKey, NoSuchBucket */
  head(bucket: string, key: string): Promise<StoredObject>;
  read(bucket: string, key: string, range?: { start: number; end: number }): Promise<ByteSource>;
  /** `etag` overrides the MD5 of the bytes (multipart). */
  put(
    bucket: string,
    key: string,
    body: ByteSource,
    fields: ObjectFields,
    o?: { size?: number | undefined; etag?: string },
  ): Promise<StoredObject>;
  remove(bucket: string, key: string): Promise<void>;
  /** Keys and sizes below a prefix in the order of S3; with `delimiter` only one level, its directories apart. */
  keys(bucket: string, prefix: string, delimiter: boolean): Promise<{ objects: ListedObject[]; prefixes: string[] }>;
}

export interface ListedObject {
  readonly key: string;
  readonly stored: StoredObject;
}

export interface ObjectFields {
  readonly mimeType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly systemHeaders: Readonly<Record<string, string>>;
}

/** The fields that a request gives to a new object. */
export function fieldsOf(r: S3Request): ObjectFields {
  const metadata: Record<string, string> = {};
  const systemHeaders: Record<string, string> = {};
  for (const [name, value] of Object.entries(r.headers)) {
    if (name.startsWith('x-amz-meta-')) metadata[name.slice('x-amz-meta-'.length)] = value;
    else if (systemHeaderNames.includes(name)) {
      const text = name === 'content-encoding' ? value.replace(/\s*aws-chunked\s*,?/g, '').trim() : value;
      if (text !== '') systemHeaders[name] = text;
    }
  }
  return { mimeType: r.headers['content-type'] ?? 'binary/octet-stream', metadata, systemHeaders };
}

export function createObjectStore(backend: Backend, platform: Platform): ObjectStore {
  const memory = new Map<string, Remembered>();
  const pathOf = (bucket: string, key: string): string => (key === '' ? bucket : `${bucket}/${key}`);

  const describe = (path: string, info: ObjectInfo): StoredObject => {
    const known = memory.get(path);
    if (known && known.size === info.size && known.modTime === info.modTime) return known;
    return {
      size: info.size ?? 0,
      etag: info.hashes.md5 ?? inventedEtag(platform, info),
      lastModified: dateOf(info.modTime ?? platform.now()),
      mimeType: info.mimeType ?? 'binary/octet-stream',
      metadata: {
        ...info.metadata,
        ...(info.modTime === undefined ? {} : { mtime: formatMtimeSeconds(info.modTime) }),
      },
      systemHeaders: {},
    };
  };

  const store: ObjectStore = {
    backend,
    platform,

    async buckets() {
      const out: { name: string; created: Date }[] = [];
      for await (const entry of backend.list('')) {
        if (entry.kind !== 'dir' || entry.path === uploadsFolder) continue;
        out.push({ name: entry.path, created: dateOf(entry.modTime ?? 0n) });
      }
      return out.sort((a, b) => compareUtf8(a.name, b.name));
    },

    async requireBucket(bucket) {
      const there = backend.statDir
        ? await backend.statDir(bucket).then(
            () => true,
            () => false,
          )
        : (await store.buckets()).some((b) => b.name === bucket);
      if (!there || bucket === uploadsFolder) throw noSuchBucket();
    },

    async head(bucket, key) {
      try {
        const path = pathOf(bucket, key);
        return describe(path, await backend.stat(path));
      } catch (e) {
        throw await missing(store, bucket, e);
      }
    },

    async read(bucket, key, range) {
      try {
        return (await backend.read(pathOf(bucket, key), range ? { range } : {})).body;
      } catch (e) {
        throw await missing(store, bucket, e);
      }
    },

    async put(bucket, key, body, fields, o = {}) {
      const path = pathOf(bucket, key);
      const md5 = platform.createHash('md5');
      const modTime = parseMtimeSeconds(fields.metadata['mtime'] ?? '');
      async function* hashed(): AsyncGenerator<Uint8Array, void, void> {
        for await (const chunk of body) {
          md5.update(chunk);
          yield chunk;
        }
      }
      const info = await backend.write(path, hashed(), {
        ...(o.size === undefined ? {} : { size: o.size }),
        ...(modTime === undefined ? {} : { modTime }),
        mimeType: fields.mimeType,
      });
      const stored: Remembered = {
        ...fields,
        size: info.size ?? 0,
        etag: o.etag ?? toHex(md5.digest()),
        lastModified: new Date(Math.floor(Number(platform.now() / 1_000_000n) / 1000) * 1000),
        modTime: info.modTime,
      };
      memory.set(path, stored);
      return stored;
    },

    async remove(bucket, key) {
      const path = pathOf(bucket, key);
      memory.delete(path);
      try {
        await backend.remove(path);
      } catch (e) {
        if (!hasCode(e, 'object_not_found', 'is_directory', 'dir_not_found')) throw e;
        return;
      }
      if (backend.features.emptyDirs) await removeEmptyParents(backend, bucket, path);
    },

    async keys(bucket, prefix, delimiter) {
      const slash = prefix.lastIndexOf('/');
      const dir = slash < 0 ? '' : prefix.slice(0, slash);
      const objects: ListedObject[] = [];
      const prefixes = new Set<string>();
      const cut = bucket.length + 1;
      try {
        for await (const entry of backend.list(pathOf(bucket, dir), { recursive: !delimiter })) {
          const key = entry.path.slice(cut);
          if (entry.kind === 'dir') {
            if (delimiter && `${key}/`.startsWith(prefix)) prefixes.add(`${key}/`);
          } else if (key.startsWith(prefix)) objects.push({ key, stored: describe(entry.path, entry) });
        }
      } catch (e) {
        if (!hasCode(e, 'dir_not_found', 'not_directory')) throw e;
      }
      objects.sort((a, b) => compareUtf8(a.key, b.key));
      return { objects, prefixes: [...prefixes].sort(compareUtf8) };
    },
  };
  return store;
}

/** S3 knows no empty directories. */
async function removeEmptyParents(backend: Backend, bucket: string, path: string): Promise<void> {
  for (let dir = parentOf(path); dir !== bucket && dir !== ''; dir = parentOf(dir)) {
    try {
      await backend.rmdir(dir);
    } catch {
      return;
    }
  }
}

/** Not an MD5 and not to be taken for one: the file would have to be read for that. */
function inventedEtag(platform: Platform, info: ObjectInfo): string {
  const hash = platform.createHash('md5');
  hash.update(new TextEncoder().encode(`${info.size} ${info.modTime}`));
  return `${toHex(hash.digest())}-1`;
}

const dateOf = (ns: bigint): Date => new Date(Math.floor(Number(ns / 1_000_000n) / 1000) * 1000);

export function noSuchBucket(): S3Fault {
  return new S3Fault(404, 'NoSuchBucket', 'The specified bucket does not exist.');
}

async function missing(store: ObjectStore, bucket: string, e: unknown): Promise<unknown> {
  if (!hasCode(e, 'object_not_found', 'dir_not_found', 'is_directory', 'not_directory', 'bucket_not_found')) return e;
  await store.requireBucket(bucket);
  return new S3Fault(404, 'NoSuchKey', 'The specified key does not exist.');
}
