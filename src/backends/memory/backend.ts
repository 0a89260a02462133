import type { Backend, ByteRange, Entry, Features, ObjectInfo, WriteOptions } from '../../core/backend.ts';
import { compareUtf8, concatBytes, toHex } from '../../core/bytes.ts';
import { sizeMismatch, throwIfAborted, TscloneError } from '../../core/errors.ts';
import { mimeTypeOf } from '../../core/mime.ts';
import { joinPath, trimSlashes } from '../../core/path.ts';
import { untilAborted } from '../../core/pull.ts';
import type { Platform } from '../../core/platform.ts';
import { timestampOf } from '../../core/time.ts';

interface Stored {
  readonly bytes: Uint8Array;
  readonly info: ObjectInfo;
}

interface Store {
  /** Bucket → key → object. */
  readonly buckets: Map<string, Map<string, Stored>>;
  readonly id: string;
}

const features: Features = {
  bucketBased: true,
  emptyDirs: false,
  copy: true,
  move: false,
  setModTime: true,
  slowModTime: false,
  slowHash: false,
  readMimeType: true,
  writeMimeType: true,
  userMetadata: true,
  metadata: true,
  fastList: true,
  tiers: false,
  isLocal: false,
};

let stores = 0;

/** A whole store in one screen: the first path segment is the bucket, the rest the key. */
export function createMemoryBackend(name: string, platform: Platform): Backend {
  return rooted({ buckets: new Map(), id: `memory:${++stores}` }, name, platform, '');
}

function rooted(store: Store, name: string, platform: Platform, root: string): Backend {
  /** Bucket and key of a path below the root. */
  const locate = (path: string): [bucket: string, key: string] => {
    const whole = joinPath(root, path);
    const slash = whole.indexOf('/');
    return slash < 0 ? [whole, ''] : [whole.slice(0, slash), whole.slice(slash + 1)];
  };

  const find = (path: string): Stored => {
    const [bucket, key] = locate(path);
    const stored = store.buckets.get(bucket)?.get(key);
    if (!stored) throw new TscloneError('object_not_found', `${path}: object not found`, { path, retry: 'no' });
    return { ...stored, info: { ...stored.info, path } };
  };

  const save = (path: string, bytes: Uint8Array, o: WriteOptions): ObjectInfo => {
    const [bucket, key] = locate(path);
    if (bucket === '' || key === '') {
      throw new TscloneError('bad_path', `${path || root}: a bucket and a name are needed to store an object`, {
        path,
        retry: 'no',
      });
    }
    const md5 = platform.createHash('md5');
    md5.update(bytes);
    const info: ObjectInfo = {
      kind: 'object',
      path: key,
      size: bytes.length,
      modTime: timestampOf(o.metadata?.['mtime'] ?? '') ?? o.modTime ?? platform.now(),
      hashes: { md5: toHex(md5.digest()) },
      mimeType: o.mimeType ?? mimeTypeOf(path),
      ...(o.metadata ? { metadata: { ...o.metadata } } : {}),
    };
    bucketOf(bucket).set(key, { bytes, info });
    return { ...info, path };
  };

  const bucketOf = (bucket: string): Map<string, Stored> => {
    let objects = store.buckets.get(bucket);
    if (!objects) store.buckets.set(bucket, (objects = new Map()));
    return objects;
  };

  return {
    type: 'memory',
    name,
    root,
    description: `Memory root '${root}'`,
    storeId: store.id,
    features,
    hashes: ['md5'],
    precision: 1n,
    at: (path) => rooted(store, name, platform, trimSlashes(path)),

    async *list(dir, o = {}): AsyncGenerator<Entry, void, void> {
      const [bucket, key] = locate(dir);
      const entries =
        bucket === '' ? listBuckets(store, o.recursive) : listBucket(store, bucket, key, dir, o.recursive);
      for (const entry of entries) {
        throwIfAborted(o.signal);
        yield entry;
      }
    },

    stat: async (path, o) => {
      throwIfAborted(o?.signal);
      return find(path).info;
    },

    async probe(path, o) {
      throwIfAborted(o?.signal);
      const [bucket, key] = locate(path);
      return key === '' || !store.buckets.get(bucket)?.has(key) ? undefined : find(path).info;
    },

    async read(path, o = {}) {
      throwIfAborted(o.signal);
      const { bytes, info } = find(path);
      const [start, end] = resolveRange(bytes.length, o.range);
      return { info, body: chunksOf(bytes.subarray(start, end), o.signal) };
    },

    async write(path, body, o) {
      const chunks: Uint8Array[] = [];
      let total = 0;
      for await (const chunk of untilAborted(body, o.signal)) {
        chunks.push(chunk.slice());
        total += chunk.length;
        o.onBytes?.(chunk.length);
      }
      throwIfAborted(o.signal);
      if (o.size !== undefined && o.size !== total) throw sizeMismatch(path, o.size, total);
      return save(path, concatBytes(chunks), o);
    },

    async remove(path, o) {
      throwIfAborted(o?.signal);
      find(path);
      const [bucket, key] = locate(path);
      store.buckets.get(bucket)?.delete(key);
    },

    async mkdir(dir, o) {
      throwIfAborted(o?.signal);
      const [bucket] = locate(dir);
      if (bucket !== '') bucketOf(bucket);
    },

    async rmdir(dir, o) {
      throwIfAborted(o?.signal);
      const [bucket, key] = locate(dir);
      if (key !== '' || bucket === '') return;
      const objects = store.buckets.get(bucket);
      if (!objects) throw new TscloneError('dir_not_found', `${dir || root}: directory not found`, { path: dir });
      if (objects.size > 0) throw new TscloneError('not_empty', `${dir || root}: bucket not empty`, { path: dir });
      store.buckets.delete(bucket);
    },

    async copy(from, info, to, o = {}) {
      const { body, info: source } = await from.read(info.path, { signal: o.signal });
      const chunks: Uint8Array[] = [];
      for await (const c of body) chunks.push(c);
      return save(to, concatBytes(chunks), {
        modTime: o.modTime ?? source.modTime,
        mimeType: source.mimeType,
        metadata: o.metadata ?? source.metadata,
      });
    },

    async setModTime(path, modTime, o) {
      throwIfAborted(o?.signal);
      const { bytes, info } = find(path);
      const [bucket, key] = locate(path);
      bucketOf(bucket).set(key, { bytes, info: { ...info, path: key, modTime } });
    },

    async hash(path, type, o) {
      throwIfAborted(o?.signal);
      return type === 'md5' ? find(path).info.hashes.md5 : undefined;
    },
  };
}

const chunkBytes = 256 * 1024;

/** Copies in pieces: chunks belong to the receiver, and a reader may stop between two of them. */
async function* chunksOf(bytes: Uint8Array, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    throwIfAborted(signal);
    yield bytes.slice(at, at + chunkBytes);
  }
}

/** First byte and the byte behind the last one of a range in an object of `size` bytes. */
export function resolveRange(size: number, range: ByteRange | undefined): [start: number, end: number] {
  if (!range) return [0, size];
  const start = range.start < 0 ? Math.max(0, size + range.start) : Math.min(range.start, size);
  const end = range.end === undefined ? size : Math.min(Math.max(range.end, start), size);
  return [start, end];
}

function listBuckets(store: Store, recursive: boolean | undefined): Entry[] {
  const names = [...store.buckets.keys()].sort(compareUtf8);
  const out: Entry[] = [];
  for (const name of names) {
    out.push({ kind: 'dir', path: name, isBucket: true });
    if (recursive) out.push(...listBucket(store, name, '', name, true));
  }
  return out;
}

function listBucket(store: Store, bucket: string, key: string, dir: string, recursive: boolean | undefined): Entry[] {
  const objects = store.buckets.get(bucket);
  if (!objects) throw new TscloneError('dir_not_found', 'directory not found', { path: dir, retry: 'no' });
  const prefix = key === '' ? '' : `${key}/`;
  const out = new Map<string, Entry>();
  for (const [name, { info }] of objects) {
    if (!name.startsWith(prefix)) continue;
    const below = name.slice(prefix.length);
    const slash = below.indexOf('/');
    if (slash < 0 || recursive) {
      out.set(name, { ...info, path: joinPath(dir, below) });
    } else {
      const path = joinPath(dir, below.slice(0, slash));
      out.set(`${prefix}${below.slice(0, slash)}/`, { kind: 'dir', path });
    }
  }
  return [...out].sort(([a], [b]) => compareUtf8(a, b)).map(([, entry]) => entry);
}
