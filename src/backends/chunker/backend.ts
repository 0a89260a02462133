import type { Backend, CallOptions, DirInfo, Features, HashType, ObjectInfo } from '../../core/backend.ts';
import { hasCode, throwIfAborted, TscloneError } from '../../core/errors.ts';
import { trimSlashes } from '../../core/path.ts';
import { below, callOnly, forPath, layerFeatures, LayerRoots } from '../layer.ts';
import type { ChunkerContext, ChunkerRoot } from './context.ts';
import { transfer } from './copy.ts';
import { find, findFrom, hashesOf, infoOf, knownLayout, refuseChunkName, withMetadata, withModTime } from './find.ts';
import { listObjects } from './list.ts';
import { readObject } from './read.ts';
import { removeObject, removeObjects } from './remove.ts';
import { writeObject } from './write.ts';

const roots = new LayerRoots<ChunkerRoot>();

let opened = 0;

export function createChunkerBackend(c: ChunkerContext): Backend {
  return rooted(c, `chunker:${++opened}:${c.base.storeId}`, '');
}

/** What the wrapped remote tells of its objects goes for ours only as far as it goes for metadata and chunks too. */
const ownFeatures: Partial<Features> = {
  slowHash: false,
  readMimeType: false,
  writeMimeType: false,
  userMetadata: false,
  metadata: false,
  fastList: false,
  tiers: false,
  // Chunks are objects of their own.
  parallelReads: false,
};

function rooted(c: ChunkerContext, storeId: string, root: string): Backend {
  const inner = below(c.base, root);
  const place: ChunkerRoot = { c, inner };

  const backend: Backend = {
    type: 'chunker',
    name: c.name,
    root,
    description: `Chunked '${c.name}:${root}'`,
    storeId,
    features: layerFeatures(c.base, ownFeatures),
    hashes: hashesOffered(c),
    precision: c.base.precision,
    at: (path) => rooted(c, storeId, trimSlashes(path)),

    list: (dir, o = {}) => listObjects(place, dir, o),

    async stat(path, o = {}) {
      let layout = await find(place, path, o);
      if (layout.kind === 'chunked') {
        if (o.want?.some((w) => w === 'md5' || w === 'sha1')) layout = await withMetadata(place, path, layout, o);
        const [first, ...rest] = layout.chunks as [ObjectInfo, ...ObjectInfo[]];
        if (!layout.main && o.want?.includes('modTime') && first.modTime === undefined)
          layout = { ...layout, chunks: [await withModTime(place, first, o), ...rest] };
      }
      return infoOf(place, path, layout);
    },

    async probe(path, o = {}) {
      throwIfAborted(o.signal);
      if (path === '') return undefined;
      try {
        refuseChunkName(c, path);
        const main = await inner.probe(path, callOnly(o));
        return main || !c.useMeta ? infoOf(place, path, await findFrom(place, path, main, o)) : undefined;
      } catch (e) {
        if (hasCode(e, 'object_not_found')) return undefined;
        throw e;
      }
    },

    read: (path, o = {}) => forPath(path, () => readObject(place, path, o)),
    write: (path, body, o) => forPath(path, () => writeObject(place, path, body, o)),
    remove: (path, o = {}) => forPath(path, () => removeObject(place, path, o)),
    mkdir: (dir, o = {}) => inner.mkdir(dir, callOnly(o)),
    rmdir: (dir, o = {}) => inner.rmdir(dir, callOnly(o)),

    hash: (path, type, o = {}) => forPath(path, () => hashOf(path, type, o)),
  };

  async function hashOf(
    path: string,
    type: HashType,
    o: CallOptions & { info?: ObjectInfo | undefined },
  ): Promise<string | undefined> {
    throwIfAborted(o.signal);
    const layout = knownLayout(place, path, o.info) ?? (await find(place, path, callOnly(o)));
    if (layout.kind === 'plain') return inner.hash?.(path, type, { ...callOnly(o), info: layout.main });
    return hashesOf(layout.metadata ?? (await withMetadata(place, path, layout, o)).metadata)[type];
  }

  const rootOf = (from: Backend): ChunkerRoot => {
    const other = roots.of(from);
    if (!other) throw new TscloneError('unsupported', `${from.description} is no chunker remote`, { retry: 'no' });
    return other;
  };
  if (inner.copy)
    backend.copy = (from, info, to, o = {}) =>
      forPath(to, async () => transfer('copy', rootOf(from), info, place, to, o));
  if (inner.move)
    backend.move = (from, info, to, o = {}) =>
      forPath(to, async () => transfer('move', rootOf(from), info, place, to, o));
  if (inner.moveDir) backend.moveDir = async (from, o = {}) => inner.moveDir?.(rootOf(from).inner, callOnly(o));
  if (inner.statDir) {
    backend.statDir = async (path, o = {}) => {
      try {
        return (await inner.statDir?.(path, callOnly(o))) as DirInfo;
      } catch (e) {
        // Nothing stands under the name of an object without metadata.
        if (c.useMeta || !hasCode(e, 'dir_not_found') || !(await backend.probe(path, callOnly(o)))) throw e;
        throw new TscloneError('not_directory', 'is a file not a directory', { path, retry: 'no', cause: e });
      }
    };
  }
  if (inner.setModTime) {
    backend.setModTime = (path, modTime, o = {}) =>
      forPath(path, async () => {
        refuseChunkName(c, path);
        const layout = c.useMeta ? undefined : await find(place, path, callOnly(o));
        const shown = layout?.kind === 'chunked' ? (layout.chunks[0] as ObjectInfo).path : path;
        await inner.setModTime?.(shown, modTime, callOnly(o));
      });
  }
  if (inner.setDirModTime) {
    backend.setDirModTime = async (path, modTime, o = {}) => inner.setDirModTime?.(path, modTime, callOnly(o));
  }
  if (inner.removeMany) backend.removeMany = async (paths, o = {}) => removeObjects(place, paths, o);
  if (inner.purge) backend.purge = async (dir, o = {}) => inner.purge?.(dir, callOnly(o));
  if (inner.about) backend.about = async (o = {}) => inner.about?.(callOnly(o)) as never;
  if (inner.cleanUp) backend.cleanUp = async (o = {}) => inner.cleanUp?.(callOnly(o));
  roots.add(backend, place);
  return backend;
}

/** Only a hash that chunked and plain objects have alike. */
function hashesOffered({ base, hash }: ChunkerContext): readonly HashType[] {
  const { type, all, quick } = hash;
  return type && !quick && (all || base.hashes.includes(type)) ? [type] : [];
}
