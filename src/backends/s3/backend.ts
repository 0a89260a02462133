import type { Backend, Features, ObjectInfo } from '../../core/backend.ts';
import { closing } from '../../core/bytes.ts';
import { hasCode, TscloneError } from '../../core/errors.ts';
import { trimSlashes } from '../../core/path.ts';
import { createBucket, deleteBucket } from './buckets.ts';
import { storeIdOf, type S3Connection } from './client.ts';
import { copyObject, rewriteModTime } from './copy.ts';
import { listBuckets, listDir, listPages } from './list.ts';
import { objectPlace, placeOf } from './names.ts';
import { headObject, readObject } from './read.ts';
import { removeObject, removeObjects } from './remove.ts';
import { writeObject } from './write.ts';

/** The backend over a connection, rooted at the remote itself (its buckets). */
export function createS3Backend(c: S3Connection): Backend {
  return rooted(c, featuresOf(c), '');
}

/** The connection behind a backend, for callers who want the configured SDK client. Undefined for other backends. */
export function connectionOf(backend: Backend): S3Connection | undefined {
  return connections.get(backend);
}

const connections = new WeakMap<Backend, S3Connection>();

function featuresOf(c: S3Connection): Features {
  const { features } = c.quirks;
  return {
    bucketBased: true,
    emptyDirs: false,
    copy: features.serverSideCopy,
    move: false,
    setModTime: features.setModTime && features.serverSideCopy,
    slowModTime: true,
    slowHash: false,
    readMimeType: true,
    writeMimeType: true,
    userMetadata: true,
    fastList: true,
    tiers: features.tiers,
    isLocal: false,
  };
}

function rooted(c: S3Connection, features: Features, root: string): Backend {
  const at = (path: string) => placeOf(c, root, path);
  const object = (path: string) => objectPlace(c, root, path);
  const slash = root.indexOf('/');
  const description =
    root === ''
      ? 'S3 root'
      : slash < 0
        ? `S3 bucket ${root}`
        : `S3 bucket ${root.slice(0, slash)} path ${root.slice(slash + 1)}`;

  const backend: Backend = {
    type: 's3',
    name: c.remote,
    root,
    description,
    storeId: storeIdOf(c),
    features,
    hashes: ['md5'],
    precision: c.limits.useServerModTime ? 1_000_000n : 1n,
    at: (path) => rooted(c, features, trimSlashes(path)),

    async *list(dir, o = {}) {
      const { bucket, key } = at(dir);
      if (bucket !== '') {
        yield* listDir(c, bucket, key, dir, o);
        return;
      }
      for (const entry of await listBuckets(c, o)) {
        yield entry;
        if (o.recursive) yield* listDir(c, placeOf(c, root, entry.path).bucket, '', entry.path, o);
      }
    },

    async stat(path, o = {}) {
      if (c.options.no_head_object) throw new TscloneError('object_not_found', 'object not found', { path });
      return headObject(c, object(path), path, o);
    },

    probe: async (path, o = {}) => probe(c, at(path), path, o),
    read: async (path, o = {}) => readObject(c, object(path), path, o),
    async write(path, body, o) {
      const place = await (async () => object(path))().catch(closing(body));
      return writeObject(c, place, path, body, o);
    },
    remove: async (path, o = {}) => removeObject(c, object(path), path, o),

    async mkdir(dir, o = {}) {
      const { bucket } = at(dir);
      if (bucket !== '' && c.quirks.createBucket) await createBucket(c, bucket, o);
    },

    async rmdir(dir, o = {}) {
      const { bucket, key } = at(dir);
      if (bucket !== '' && key === '') await deleteBucket(c, bucket, o);
    },

    async setModTime(path, modTime, o = {}) {
      await rewriteModTime(c, object(path), path, modTime, o.info, o);
    },

    async hash(path, type, o = {}) {
      if (type !== 'md5') return undefined;
      const known = o.info?.hashes.md5;
      // A multipart object tells its MD5 only in its metadata.
      if (known !== undefined || o.info?.metadata !== undefined) return known;
      return (await headObject(c, object(path), path, o)).hashes.md5;
    },
  };
  if (features.copy) {
    backend.copy = async (from, info, to, o = {}) =>
      copyObject(c, objectPlace(c, from.root, info.path), info, object(to), to, o);
  }
  if (c.quirks.features.bulkRemove) {
    backend.removeMany = async (paths, o = {}) =>
      removeObjects(
        c,
        paths.map((path) => ({ place: object(path), path })),
        o,
      );
  }
  connections.set(backend, c);
  return backend;
}

/**
 * Does the path name one object? One HEAD; nothing for a bucket or where `no_head_object` forbids it. When the HEAD is
 * refused, an object below the path as a prefix shows that it is a directory; otherwise the refusal stands.
 */
async function probe(
  c: S3Connection,
  place: { bucket: string; key: string },
  path: string,
  o: Parameters<Backend['probe']>[1] & object,
): Promise<ObjectInfo | undefined> {
  if (place.bucket === '' || place.key === '' || c.options.no_head_object) return undefined;
  try {
    return await headObject(c, place, path, o);
  } catch (e) {
    if (hasCode(e, 'object_not_found')) return undefined;
    if (hasCode(e, 'network', 'timeout', 'aborted', 'bad_answer')) throw e;
    for await (const page of listPages(c, place.bucket, `${place.key}/`, false, o, 1)) {
      if (page.objects.length > 0) return undefined;
      break;
    }
    throw e;
  }
}
