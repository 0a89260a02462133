import type { Backend, CallOptions, Features, ObjectInfo } from '../../core/backend.ts';
import { closing } from '../../core/bytes.ts';
import { hasCode, TscloneError } from '../../core/errors.ts';
import { parentOf, trimSlashes } from '../../core/path.ts';
import { withoutVersion } from '../../core/version-suffix.ts';
import { createBucket, deleteBucket } from './buckets.ts';
import { placeIdOf, storeIdOf, type S3Connection } from './client.ts';
import { copyObject, rewriteModTime, rewriteTier } from './copy.ts';
import { makeDirectories, removeMarker } from './directory-markers.ts';
import { tellBucketInEndpoint } from './endpoint-bucket.ts';
import { listBuckets, listDir, objectEntry } from './list.ts';
import { publicLink } from './link.ts';
import { listPages } from './list-pages.ts';
import { objectPlace, placeOf, type Place } from './names.ts';
import { abortPending, usualAge } from './pending-uploads.ts';
import { purge } from './purge.ts';
import { headObject, readObject } from './read.ts';
import { removeObject, removeObjects } from './remove.ts';
import { assertPresent, findVersion } from './versions.ts';
import { writeObject } from './write.ts';

/** The backend over a connection, rooted at the remote itself (its buckets). */
export function createS3Backend(c: S3Connection): Backend {
  return rooted(c, featuresOf(c), '');
}

/** The connection behind a backend, for callers who want the configured SDK client. Undefined for other backends. */
export function connectionOf(backend: Backend): S3Connection | undefined {
  return connections.get(backend.read);
}

/** By a method, which a copy of the backend (an alias spreads one) shares. */
const connections = new WeakMap<Backend['read'], S3Connection>();

function featuresOf(c: S3Connection): Features {
  const { features } = c.quirks;
  return {
    bucketBased: true,
    emptyDirs: c.options.directory_markers,
    copy: features.serverSideCopy,
    move: false,
    setModTime: features.setModTime && features.serverSideCopy,
    slowModTime: true,
    slowHash: false,
    readMimeType: true,
    writeMimeType: true,
    userMetadata: true,
    metadata: true,
    fastList: true,
    tiers: features.tiers,
    isLocal: false,
    parallelReads: c.options.download_url === '',
    parallelWrites: c.quirks.use_multipart_uploads,
  };
}

function rooted(c: S3Connection, features: Features, root: string): Backend {
  const at = (path: string) => placeOf(c, root, path);
  const object = (path: string) => objectPlace(c, root, path);
  /** An object that is there, as its name (which may be a version's) or what is known of it tells. */
  const found = async (path: string, o: CallOptions, info?: ObjectInfo): Promise<Place> =>
    (await findVersion(c, object(path), path, o, info?.versionId)).place;
  const written = (path: string): Place => writablePlace(c, object(path), path);
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
    place: placeIdOf(c) + root,
    features,
    hashes: ['md5'],
    precision: 1n,
    at(path) {
      const below = trimSlashes(path);
      if (below !== '') tellBucketInEndpoint(c, placeOf(c, below, '').bucket);
      return rooted(c, features, below);
    },

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
      const { place, version } = await findVersion(c, object(path), path, o);
      return version?.isMarker === true ? objectEntry(c, version, path) : headObject(c, place, path, o);
    },

    probe: async (path, o = {}) => probe(c, at(path), path, o),
    read: async (path, o = {}) => readObject(c, await found(path, o, o.info), path, o),
    async write(path, body, o) {
      const place = await (async () => {
        const to = written(path);
        await makeDirectories(c, root, parentOf(path), { signal: o.signal, budget: o.budget });
        return to;
      })().catch(closing(body));
      return writeObject(c, place, path, body, o);
    },

    async remove(path, o = {}) {
      assertPresent(c);
      const place = await found(path, o);
      await removeObject(c, place, path, o);
      c.versions.forget(object(path));
    },

    async mkdir(dir, o = {}) {
      const { bucket } = at(dir);
      if (bucket === '') return;
      if (c.options.directory_markers && at(dir).key !== '') await makeDirectories(c, root, dir, o);
      else if (c.quirks.createBucket) await createBucket(c, bucket, o);
    },

    async rmdir(dir, o = {}) {
      const place = at(dir);
      if (place.bucket === '') return;
      if (place.key === '') await deleteBucket(c, place.bucket, o);
      else if (c.options.directory_markers) await removeMarker(c, place, dir, o);
    },

    publicLink: async (path, o = {}) => publicLink(c, await found(path, o, o.info), path, description, o),
    cleanUp: async (o = {}) => abortPending(c, at(''), description, usualAge, o),
    async command(name, args, options, o = {}) {
      const { runCommand } = await import('./commands/index.ts');
      return runCommand(c, root, description, name, args, options, o);
    },

    async hash(path, type, o = {}) {
      if (type !== 'md5') return undefined;
      const known = o.info?.hashes.md5;
      // A multipart object tells its MD5 only in its metadata.
      if (known !== undefined || o.info?.metadata !== undefined) return known;
      return (await headObject(c, await found(path, o, o.info), path, o)).hashes.md5;
    },
  };
  if (features.setModTime) {
    backend.setModTime = async (path, modTime, o = {}) => rewriteModTime(c, written(path), path, modTime, o.info, o);
  }
  if (features.copy) {
    backend.copy = async (from, info, to, o = {}) => {
      const source = connectionOf(from) ?? c;
      const named = objectPlace(source, from.root, info.path);
      const { place } = await findVersion(source, named, info.path, o, info.versionId);
      const target = written(to);
      await makeDirectories(c, root, parentOf(to), o);
      return copyObject(c, place, info, target, to, o);
    };
  }
  if (c.quirks.features.bulkRemove) {
    backend.removeMany = async (paths, o = {}) => {
      assertPresent(c);
      const items = [];
      for (const path of paths) items.push({ place: await found(path, o), path });
      const failures = await removeObjects(c, items, o);
      for (const path of paths) c.versions.forget(object(path));
      return failures.map(({ item, error }) => ({ path: item.path, error }));
    };
  }
  if (c.quirks.features.purge) {
    backend.purge = async (dir, o = {}) => {
      assertPresent(c);
      await purge(c, at(dir), dir, o);
    };
  }
  if (c.quirks.features.tiers) {
    backend.setTier = async (path, tier, o = {}) => rewriteTier(c, written(path), path, tier, o);
  }
  connections.set(backend.read, c);
  return backend;
}

/** Where something may be stored: not in the past, and not under the name of an old version. */
function writablePlace(c: S3Connection, place: Place, path: string): Place {
  assertPresent(c);
  if (!c.options.versions || withoutVersion(place.key) === undefined) return place;
  throw new TscloneError(
    'bad_path',
    `${path}: with "versions" this name stands for an old version, which cannot change`,
    {
      path,
      remote: c.remote,
      retry: 'no',
    },
  );
}

/**
 * Does the path name one object? One HEAD (for a version's name, a listing of versions); nothing for a bucket or where
 * `no_head_object` forbids it. When the HEAD is refused, an object below the path as a prefix shows that it is a
 * directory; otherwise the refusal stands.
 */
async function probe(c: S3Connection, named: Place, path: string, o: CallOptions): Promise<ObjectInfo | undefined> {
  if (named.bucket === '' || named.key === '' || c.options.no_head_object) return undefined;
  try {
    const { place, version } = await findVersion(c, named, path, o);
    return version ? objectEntry(c, version, path) : await headObject(c, place, path, o);
  } catch (e) {
    if (hasCode(e, 'object_not_found', 'dir_not_found')) return undefined;
    if (hasCode(e, 'network', 'timeout', 'aborted', 'bad_answer')) throw e;
    for await (const page of listPages(c, named.bucket, `${named.key}/`, false, o, 1)) {
      if (page.objects.length > 0) return undefined;
      break;
    }
    throw e;
  }
}
