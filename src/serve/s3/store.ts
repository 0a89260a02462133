import type { Backend, ByteSource, ObjectInfo } from '../../core/backend.ts';
import { compareUtf8, toHex } from '../../core/bytes.ts';
import { hasCode } from '../../core/errors.ts';
import { parentOf } from '../../core/path.ts';
import type { Platform } from '../../core/platform.ts';
import type { KeptChecksum } from './checksums.ts';
import { createEtags } from './etags.ts';
import { defaultType, fromBackendMetadata, modTimeOf, toBackendMetadata, type ObjectFields } from './fields.ts';
import { Locks } from './locks.ts';
import { bucketOfPath, isInUploads, keyOfPath, pathOfKey, uploadsFolder } from './names.ts';
import { S3Fault } from './protocol.ts';
import { RecentMap } from './recent.ts';

/** What S3 keeps of an object beside its bytes. */
export interface StoredObject extends ObjectFields {
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  /** Headers and conditions know only its whole seconds. */
  readonly lastModified: Date;
  readonly checksum?: KeptChecksum | undefined;
  /** Sizes of the parts it was put together from. */
  readonly parts?: readonly number[] | undefined;
}

export interface PutOptions {
  readonly size?: number | undefined;
  /** Sees what is under the name, right before it is replaced; throws to keep that. */
  readonly check?: ((there: StoredObject | undefined) => void) | undefined;
  /** Facts that are known once the body has ended; the ETag is the MD5 of the bytes otherwise. */
  readonly facts?:
    (() => { etag?: string; checksum?: KeptChecksum | undefined; parts?: readonly number[] }) | undefined;
}

/** A line of a listing before its ETag is known. */
export interface ListedObject {
  readonly key: string;
  /** Absent = an empty directory, which stands for the object `dir/`. */
  readonly info?: ObjectInfo;
}

/** Told of every change that is made through the store; `info` absent = the key is gone. */
export type ChangeListener = (bucket: string, object: ListedObject & { gone: boolean }) => void;

export interface StoreOptions {
  /** Work out the MD5 of an object that the backend does not know, for the ETag. Default true. */
  readonly hashForEtag?: boolean | undefined;
  /** Objects whose headers, metadata and checksums are remembered where the backend cannot keep them. */
  readonly remembered?: number | undefined;
  /** Leave directories that have become empty. */
  readonly keepEmptyDirs?: boolean | undefined;
}

/** Buckets and objects over a backend whose first path segment is the bucket. */
export interface ObjectStore {
  readonly backend: Backend;
  readonly platform: Platform;
  readonly locks: Locks;
  buckets(): Promise<{ name: string; created: Date }[]>;
  hasBucket(bucket: string): Promise<boolean>;
  /** @throws S3Fault NoSuchBucket */
  requireBucket(bucket: string): Promise<void>;
  createBucket(bucket: string): Promise<void>;
  /** @throws S3Fault BucketNotEmpty */
  removeBucket(bucket: string): Promise<void>;
  /** @throws S3Fault NoSuchKey, NoSuchBucket */
  head(bucket: string, key: string): Promise<StoredObject>;
  /** The same, undefined when there is none. */
  find(bucket: string, key: string): Promise<StoredObject | undefined>;
  /** An object and its bytes, which belong together also while it is being replaced. `rangeOf` may throw a fault. */
  open(
    bucket: string,
    key: string,
    rangeOf?: (stored: StoredObject) => { start: number; end: number } | undefined,
  ): Promise<{ stored: StoredObject; range: { start: number; end: number } | undefined; body: ByteSource }>;
  put(bucket: string, key: string, body: ByteSource, fields: ObjectFields, o?: PutOptions): Promise<StoredObject>;
  /** Copies within the store without the bytes coming through here; undefined = it cannot. */
  copy(
    from: { bucket: string; key: string },
    to: { bucket: string; key: string },
    source: StoredObject,
    check: PutOptions['check'],
  ): Promise<StoredObject | undefined>;
  /** Gives an object other fields where its bytes need not be moved for that; undefined = they need. */
  changeFields(
    bucket: string,
    key: string,
    fields: ObjectFields,
    check: PutOptions['check'],
  ): Promise<StoredObject | undefined>;
  remove(bucket: string, key: string, check?: PutOptions['check']): Promise<void>;
  /** Objects below a prefix in the order of S3; with `level` only one level, its directories apart. */
  list(bucket: string, prefix: string, level: boolean): Promise<{ objects: ListedObject[]; prefixes: string[] }>;
  describe(bucket: string, object: ListedObject): Promise<StoredObject>;
  onChange(listener: ChangeListener): void;
}

/** What is remembered, with the facts that show that the object is still the same. */
interface Remembered {
  readonly stored: StoredObject;
  readonly info: Pick<ObjectInfo, 'size' | 'modTime' | 'etag'> | undefined;
}

const emptyMd5 = 'd41d8cd98f00b204e9800998ecf8427e';
const openTries = 4;

export function createObjectStore(backend: Backend, platform: Platform, o: StoreOptions = {}): ObjectStore {
  const memory = new RecentMap<Remembered>(o.remembered ?? 100_000);
  const locks = new Locks();
  const etags = createEtags(backend, platform, o.hashForEtag ?? true);
  const listeners: ChangeListener[] = [];
  const { features } = backend;
  /** Buckets that exist only as the prefix of keys vanish with the last one, unless they were made. */
  const prefixBuckets = !features.emptyDirs && !(features.bucketBased && backend.root === '');
  const made = new Set<string>();
  const known = new RecentMap<number>(1000);
  const writtenNow = (): Date => dateOf(platform.now());
  /** On such a backend an object `dir/` without bytes is the directory itself. */
  const isDirKey = (key: string): boolean => features.emptyDirs && key.endsWith('/');
  const tell = (bucket: string, key: string, info: ObjectInfo | undefined, gone: boolean): void => {
    for (const listener of listeners) listener(bucket, { key, gone, ...(info ? { info } : {}) });
  };

  const describe = async (path: string, info: ObjectInfo): Promise<StoredObject> => {
    const remembered = memory.get(path);
    if (remembered?.info && isSame(remembered.info, info)) return remembered.stored;
    const kept = fromBackendMetadata(features.userMetadata ? info.metadata : undefined, info.modTime);
    return {
      ...kept,
      size: info.size ?? 0,
      etag: await etags.of(path, info),
      lastModified: dateOf(info.serverTime ?? info.modTime ?? 0n),
      mimeType: info.mimeType ?? defaultType,
    };
  };

  const describeDir = (path: string, modTime: bigint | undefined): StoredObject =>
    memory.get(path)?.stored ?? {
      size: 0,
      etag: emptyMd5,
      lastModified: dateOf(modTime ?? 0n),
      mimeType: 'application/x-directory',
      metadata: {},
      systemHeaders: {},
    };

  const statOf = (path: string): Promise<ObjectInfo> =>
    backend.stat(path, { want: ['modTime', 'mimeType', ...(features.userMetadata ? (['metadata'] as const) : [])] });

  const stat = async (bucket: string, key: string): Promise<{ stored: StoredObject; info?: ObjectInfo }> => {
    const path = pathOfKey(bucket, key);
    try {
      const info = await statOf(path);
      return { stored: await describe(path, info), info };
    } catch (e) {
      if (!isDirKey(key) || !isMissing(e)) throw e;
      const dir = await backend.statDir?.(parentOf(path));
      if (!dir) throw e;
      return { stored: describeDir(path, dir.modTime) };
    }
  };

  const missing = async (bucket: string, e: unknown): Promise<unknown> => {
    if (!isMissing(e)) return e;
    await store.requireBucket(bucket);
    return noSuchKey();
  };

  const findNow = async (bucket: string, key: string): Promise<StoredObject | undefined> => {
    try {
      return (await stat(bucket, key)).stored;
    } catch (e) {
      if (isMissing(e)) return undefined;
      throw e;
    }
  };

  const checking = (bucket: string, key: string, check: PutOptions['check']): (() => Promise<void>) | undefined =>
    check && (async () => check(await findNow(bucket, key)));

  const remember = (bucket: string, key: string, info: ObjectInfo | undefined, stored: StoredObject): StoredObject => {
    const path = pathOfKey(bucket, key);
    memory.set(path, { stored, info });
    tell(bucket, key, info, false);
    return stored;
  };

  const putDir = (bucket: string, key: string, body: ByteSource, fields: ObjectFields, p: PutOptions) => {
    const path = pathOfKey(bucket, key);
    return locks.atEnd(path, body, checking(bucket, key, p.check), async (whole) => {
      for await (const _ of whole);
      await backend.mkdir(parentOf(path));
      const facts = { ...p.facts?.() };
      return remember(bucket, key, undefined, {
        ...fields,
        size: 0,
        etag: emptyMd5,
        lastModified: writtenNow(),
        ...facts,
      });
    });
  };

  const store: ObjectStore = {
    backend,
    platform,
    locks,

    async buckets() {
      const found = new Map([...made].map((name) => [name, new Date(0)]));
      try {
        for await (const entry of backend.list(''))
          if (entry.kind === 'dir') found.set(bucketOfPath(entry.path), dateOf(entry.modTime ?? 0n));
      } catch (e) {
        // Not even the root is there yet: the first bucket will make it.
        if (!hasCode(e, 'dir_not_found', 'bucket_not_found')) throw e;
      }
      const now = Number(platform.now() / 1_000_000n);
      for (const name of found.keys()) known.set(name, now);
      return [...found].map(([name, created]) => ({ name, created })).sort((a, b) => compareUtf8(a.name, b.name));
    },

    async hasBucket(bucket) {
      if (made.has(bucket)) return true;
      if (backend.statDir) {
        try {
          await backend.statDir(pathOfKey(bucket, ''));
          return true;
        } catch (e) {
          if (hasCode(e, 'dir_not_found', 'not_directory', 'bucket_not_found', 'object_not_found', 'bad_path'))
            return false;
          throw e;
        }
      }
      const now = Number(platform.now() / 1_000_000n);
      if (now - (known.get(bucket) ?? -Infinity) < knownForMs) return true;
      return (await store.buckets()).some((b) => b.name === bucket);
    },

    async requireBucket(bucket) {
      if (!(await store.hasBucket(bucket))) throw noSuchBucket();
    },

    async createBucket(bucket) {
      await backend.mkdir(pathOfKey(bucket, ''));
      if (prefixBuckets) made.add(bucket);
    },

    async removeBucket(bucket) {
      const notEmpty = new S3Fault(409, 'BucketNotEmpty', 'The bucket you tried to delete is not empty');
      const { objects } = await store.list(bucket, '', false);
      if (objects.length > 0) throw notEmpty;
      await removeUploads(backend, bucket);
      try {
        await backend.rmdir(pathOfKey(bucket, ''));
      } catch (e) {
        if (hasCode(e, 'not_empty')) throw notEmpty;
        if (!(prefixBuckets && hasCode(e, 'dir_not_found'))) throw e;
      }
      made.delete(bucket);
      known.delete(bucket);
    },

    async head(bucket, key) {
      try {
        return (await stat(bucket, key)).stored;
      } catch (e) {
        throw await missing(bucket, e);
      }
    },

    find: findNow,

    async open(bucket, key, rangeOf = () => undefined) {
      const path = pathOfKey(bucket, key);
      for (let tries = 1; ; tries++) {
        try {
          const { stored, info } = await stat(bucket, key);
          const range = rangeOf(stored);
          if (!info || stored.size === 0) return { stored, range, body: nothing() };
          const got = await backend.read(path, { info, ...(range ? { range } : {}) });
          const body = await started(got.body);
          if (isSame(info, got.info)) return { stored, range, body };
          await body.return();
        } catch (e) {
          // It was replaced between the look at it and the first byte.
          if (tries < openTries && (hasCode(e, 'precondition_failed') || (hasCode(e, 'io') && e.retry === 'low')))
            continue;
          throw await missing(bucket, e);
        }
        if (tries >= openTries)
          throw new S3Fault(503, 'SlowDown', 'The object changes faster than it can be read. Please try again.');
      }
    },

    async put(bucket, key, body, fields, p = {}) {
      if (isDirKey(key) && p.size === 0) return putDir(bucket, key, body, fields, p);
      const path = pathOfKey(bucket, key);
      const md5 = platform.createHash('md5');
      async function* hashed(): AsyncGenerator<Uint8Array, void, void> {
        for await (const chunk of body) {
          md5.update(chunk);
          yield chunk;
        }
      }
      const modTime = modTimeOf(fields);
      return locks.atEnd(path, hashed(), checking(bucket, key, p.check), async (whole) => {
        const info = await backend.write(path, whole, {
          ...(p.size === undefined ? {} : { size: p.size }),
          ...(modTime === undefined ? {} : { modTime }),
          mimeType: fields.mimeType,
          ...(features.userMetadata ? { metadata: toBackendMetadata(fields) } : {}),
        });
        return remember(bucket, key, info, {
          ...fields,
          size: info.size ?? p.size ?? 0,
          etag: toHex(md5.digest()),
          lastModified: writtenNow(),
          ...p.facts?.(),
        });
      });
    },

    async copy(from, to, source, check) {
      if (!backend.copy || !features.copy || isDirKey(to.key) || isDirKey(from.key)) return undefined;
      const info = await statOf(pathOfKey(from.bucket, from.key)).catch(async (e: unknown) => {
        throw await missing(from.bucket, e);
      });
      const path = pathOfKey(to.bucket, to.key);
      return locks.run(path, async () => {
        await checking(to.bucket, to.key, check)?.();
        let copied: ObjectInfo | undefined;
        try {
          copied = await backend.copy?.(backend, info, path, {});
        } catch (e) {
          if (hasCode(e, 'unsupported')) return undefined;
          throw e;
        }
        if (!copied || copied.size !== source.size) return undefined;
        const { etag, checksum, parts, ...rest } = source;
        const asOne = copied.hashes.md5;
        // What was put together from parts is one piece after a copy, and its ETag the MD5.
        const facts = asOne === undefined || asOne === etag ? { etag, checksum, parts } : { etag: asOne };
        return remember(to.bucket, to.key, copied, { ...rest, ...facts, lastModified: writtenNow() });
      });
    },

    async changeFields(bucket, key, fields, check) {
      const { setModTime } = backend;
      // A backend that keeps them itself would have to be told.
      if (features.userMetadata || features.slowModTime || !setModTime || isDirKey(key)) return undefined;
      const path = pathOfKey(bucket, key);
      return locks.run(path, async () => {
        await checking(bucket, key, check)?.();
        const { stored } = await stat(bucket, key);
        await setModTime.call(backend, path, modTimeOf(fields) ?? platform.now());
        const info = await statOf(path);
        return remember(bucket, key, info, { ...stored, ...fields, lastModified: writtenNow() });
      });
    },

    async remove(bucket, key, check) {
      const path = pathOfKey(bucket, key);
      await locks.run(path, async () => {
        await checking(bucket, key, check)?.();
        memory.delete(path);
        try {
          await backend.remove(path);
        } catch (e) {
          if (!isMissing(e)) throw e;
          // What cannot be stored is not there either.
          if (!isDirKey(key)) return;
        }
        tell(bucket, key, undefined, true);
        if (features.emptyDirs) await removeEmptyDirs(bucket, key, path);
      });
    },

    async list(bucket, prefix, level) {
      const slash = prefix.lastIndexOf('/');
      const dir = slash < 0 ? '' : prefix.slice(0, slash);
      const root = pathOfKey(bucket, dir);
      const objects: ListedObject[] = [];
      const prefixes: string[] = [];
      /** Directories seen and not yet found to hold something. */
      const hollow = new Set<string>(dir === '' ? [] : [`${dir}/`]);
      let seen = false;
      try {
        for await (const entry of backend.list(root, { recursive: !level })) {
          seen = true;
          const key = keyOfPath(entry.path);
          hollow.delete(key.slice(0, key.lastIndexOf('/') + 1));
          if (isInUploads(key)) continue;
          if (entry.kind === 'object') {
            if (key.startsWith(prefix)) objects.push({ key, info: entry });
          } else if (level) {
            if (`${key}/`.startsWith(prefix)) prefixes.push(`${key}/`);
          } else hollow.add(`${key}/`);
        }
      } catch (e) {
        if (seen || !hasCode(e, 'dir_not_found', 'not_directory', 'bucket_not_found', 'bad_path')) throw e;
        hollow.clear();
      }
      if (features.emptyDirs) for (const key of hollow) if (key.startsWith(prefix)) objects.push({ key });
      objects.sort((a, b) => compareUtf8(a.key, b.key));
      return { objects, prefixes: prefixes.sort(compareUtf8) };
    },

    async describe(bucket, { key, info }) {
      const path = pathOfKey(bucket, key);
      return info ? describe(path, info) : describeDir(path, undefined);
    },

    onChange: (listener) => void listeners.push(listener),
  };

  /** S3 knows no empty directories, save those that were put as objects. */
  async function removeEmptyDirs(bucket: string, key: string, path: string): Promise<void> {
    const bucketPath = pathOfKey(bucket, '');
    let explicit = isDirKey(key);
    for (let dir = parentOf(path); dir !== bucketPath && dir !== ''; dir = parentOf(dir)) {
      if (!explicit && (o.keepEmptyDirs === true || memory.get(pathOfKey(bucket, `${keyOfPath(dir)}/`)))) return;
      explicit = false;
      try {
        await backend.rmdir(dir);
      } catch {
        return;
      }
    }
  }

  return store;
}

/** A bucket seen in a list is taken to be there this long; only for backends that have to list all of them. */
const knownForMs = 5000;

async function removeUploads(backend: Backend, bucket: string): Promise<void> {
  const root = pathOfKey(bucket, uploadsFolder);
  const dirs: string[] = [];
  try {
    for await (const entry of backend.list(root, { recursive: true })) {
      if (entry.kind === 'object') await backend.remove(entry.path);
      else dirs.push(entry.path);
    }
  } catch (e) {
    if (!hasCode(e, 'dir_not_found', 'bucket_not_found')) throw e;
    return;
  }
  for (const dir of [...dirs.reverse(), root]) await backend.rmdir(dir).catch(() => {});
}

/** Are these the facts of the same object? What one of them does not know cannot tell them apart. */
function isSame(
  a: Pick<ObjectInfo, 'size' | 'modTime' | 'etag'>,
  b: Pick<ObjectInfo, 'size' | 'modTime' | 'etag'>,
): boolean {
  return (['size', 'modTime', 'etag'] as const).every(
    (field) => a[field] === undefined || b[field] === undefined || a[field] === b[field],
  );
}

/** Waits for the first chunk: a read that cannot begin fails here and not in the middle of an answer. */
async function started(body: ByteSource): Promise<ByteSource & { return(): Promise<unknown> }> {
  const inner = body[Symbol.asyncIterator]();
  let first: IteratorResult<Uint8Array, unknown> | undefined = await inner.next();
  return {
    async next() {
      const next = first ?? (await inner.next());
      first = undefined;
      return next;
    },
    async return() {
      first = undefined;
      await inner.return?.();
      return { done: true as const, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  } as AsyncIterableIterator<Uint8Array> & { return(): Promise<IteratorResult<Uint8Array>> };
}

async function* nothing(): AsyncGenerator<Uint8Array, void, void> {}

const dateOf = (ns: bigint): Date => new Date(Number(ns / 1_000_000n));

export function noSuchBucket(): S3Fault {
  return new S3Fault(404, 'NoSuchBucket', 'The specified bucket does not exist.');
}

export function noSuchKey(): S3Fault {
  return new S3Fault(404, 'NoSuchKey', 'The specified key does not exist.');
}

const isMissing = (e: unknown): boolean =>
  hasCode(e, 'object_not_found', 'dir_not_found', 'is_directory', 'not_directory', 'bucket_not_found', 'bad_path');
