import type { Backend, DirInfo, Entry, ObjectInfo } from '../../core/backend.ts';
import { closing } from '../../core/bytes.ts';
import { hasCode, throwIfAborted, TscloneError } from '../../core/errors.ts';
import { trimSlashes } from '../../core/path.ts';
import {
  below,
  LayerRoots,
  callOnly,
  commonFeatures,
  commonHashes,
  commonPrecision,
  commonUsage,
  forPath,
} from '../layer.ts';
import {
  copyObject,
  makeDir,
  moveObject,
  moveTree,
  objectsToChange,
  removeDir,
  removeMany,
  removeObject,
} from './change.ts';
import { absent, inBranch, onEach } from './each.ts';
import { chooseDirs, dirNotFound, findAll, findShown, searchOrder } from './find.ts';
import { listUnion, mergeDirs } from './list.ts';
import { readObject } from './read.ts';
import type { Branch, UnionContext, UnionRoot } from './upstreams.ts';
import { writeObject } from './write.ts';

const roots = new LayerRoots<UnionRoot>();

let opened = 0;

export function createUnionBackend(given: Omit<UnionContext, 'storeId'>): Backend {
  return rooted({ ...given, storeId: `union:${++opened}` }, '');
}

function rooted(c: UnionContext, root: string): Backend {
  const branches = c.upstreams.map((up): Branch => ({ up, inner: below(up.base, root) }));
  const u: UnionRoot = { c, root, branches };
  const bases = c.upstreams.map(({ base }) => base);
  const inners = branches.map(({ inner }) => inner);
  const every = (method: keyof Backend): boolean => inners.every((b) => b[method] !== undefined);
  const canMove = inners.every((b) => b.move !== undefined || b.copy !== undefined);
  const features = commonFeatures(inners, { move: canMove });
  /** Only a hint: an object listed here a moment ago is looked for first where it was. */
  const listedIn = new WeakMap<ObjectInfo, Branch>();

  const backend: Backend = {
    type: 'union',
    name: c.name,
    root,
    description: `union root '${root}'`,
    storeId: c.storeId,
    features,
    hashes: commonHashes(inners),
    precision: commonPrecision(inners),
    at: (path) => rooted(c, trimSlashes(path)),

    async *list(dir, o = {}): AsyncGenerator<Entry, void, void> {
      yield* listUnion(u, dir, o, (info, branch) => listedIn.set(info, branch));
    },
    stat: (path, o = {}) => forPath(path, async () => (await findShown(u, path, o)).info),
    probe: (path, o = {}) =>
      forPath(path, async () => {
        if (path === '') return undefined;
        if (c.search.preference === 'newest') {
          const { objects } = await findAll(u, path, callOnly(o));
          return objects.length === 0 ? undefined : (await findShown(u, path, callOnly(o))).info;
        }
        for (const { inner } of await searchOrder(u, o)) {
          const info = await inner.probe(path, callOnly(o));
          if (info) return info;
        }
        return undefined;
      }),
    read: (path, o = {}) => forPath(path, () => readObject(u, path, o, (info) => info && listedIn.get(info))),
    write: (path, body, o) =>
      forPath(path, async () => {
        throwIfAborted(o.signal);
        return writeObject(u, path, body, o);
      }).catch(closing(body)),
    remove: (path, o = {}) => forPath(path, () => removeObject(u, path, o)),
    mkdir: (dir, o = {}) => forPath(dir, () => makeDir(u, dir, o)),
    rmdir: (dir, o = {}) => forPath(dir, () => removeDir(u, dir, o)),
  };

  if (every('copy')) {
    backend.copy = (from, info, to, o = {}) => forPath(to, () => copyObject(u, rootOf(from), info, to, o));
  }
  if (canMove) {
    backend.move = (from, info, to, o = {}) => forPath(to, () => moveObject(u, rootOf(from), info, to, o));
  }
  if (every('moveDir')) backend.moveDir = (from, o = {}) => moveTree(u, rootOf(from), o);
  if (every('statDir')) {
    backend.statDir = (path, o = {}) =>
      forPath(path, async () => {
        let isFile: unknown;
        const there = await onEach(
          inBranch(await searchOrder(u, o)),
          async ({ branch }) => {
            try {
              return (await branch.inner.statDir?.(path, { ...callOnly(o), want: o.want })) as DirInfo;
            } catch (e) {
              if (hasCode(e, 'not_directory')) isFile ??= e;
              throw e;
            }
          },
          absent,
        );
        if (there.length > 0) return { ...mergeDirs(there.map(({ value }) => value)), path };
        if (isFile !== undefined) throw isFile;
        throw dirNotFound(path);
      });
  }
  if (every('setModTime')) {
    backend.setModTime = (path, modTime, o = {}) =>
      forPath(path, async () => {
        const objects = await objectsToChange(u, path, o);
        await onEach(
          objects,
          ({ branch, info }) => branch.inner.setModTime?.(path, modTime, { ...callOnly(o), info }) as Promise<void>,
        );
      });
  }
  if (every('setDirModTime')) {
    backend.setDirModTime = (path, modTime, o = {}) =>
      forPath(path, async () => {
        const dirs = await chooseDirs(u, path, o);
        await onEach(
          inBranch(dirs),
          ({ branch }) => branch.inner.setDirModTime?.(path, modTime, callOnly(o)) as Promise<void>,
        );
      });
  }
  if (every('setDirMetadata')) {
    backend.setDirMetadata = (path, metadata, o = {}) =>
      forPath(path, async () => {
        const dirs = await chooseDirs(u, path, o);
        await onEach(
          inBranch(dirs),
          ({ branch }) => branch.inner.setDirMetadata?.(path, metadata, callOnly(o)) as Promise<void>,
        );
      });
  }
  if (every('removeMany') && c.action.many) backend.removeMany = (paths, o = {}) => removeMany(u, paths, o);
  if (every('purge')) {
    backend.purge = (dir, o = {}) =>
      forPath(dir, async () => {
        const dirs = await chooseDirs(u, dir, o);
        await onEach(inBranch(dirs), ({ branch }) => branch.inner.purge?.(dir, callOnly(o)) as Promise<void>, absent);
      });
  }
  if (every('hash')) {
    backend.hash = (path, type, o = {}) =>
      forPath(path, async () => {
        if (!backend.hashes.includes(type)) return undefined;
        const known = o.info && listedIn.get(o.info);
        if (known) return known.inner.hash?.(path, type, o);
        const { branch, info } = await findShown(u, path, callOnly(o));
        return branch.inner.hash?.(path, type, { ...callOnly(o), info });
      });
  }
  if (every('about')) backend.about = (o = {}) => commonUsage(bases, o);
  if (every('publicLink')) {
    backend.publicLink = (path, o = {}) =>
      forPath(
        path,
        async () => (await findShown(u, path, callOnly(o))).branch.inner.publicLink?.(path, o) as Promise<string>,
      );
  }
  if (inners.some((b) => b.cleanUp)) {
    backend.cleanUp = async (o = {}) => {
      const able = branches.filter(({ up, inner }) => up.writable && inner.cleanUp);
      await onEach(inBranch(able), ({ branch }) => branch.inner.cleanUp?.(o) as Promise<void>);
    };
  }
  if (every('setTier')) {
    backend.setTier = (path, tier, o = {}) =>
      forPath(path, async () => {
        const objects = await objectsToChange(u, path, o);
        await onEach(objects, ({ branch }) => branch.inner.setTier?.(path, tier, callOnly(o)) as Promise<void>);
      });
  }
  roots.add(backend, u);
  return backend;
}

/** @throws unsupported when the backend is no union */
function rootOf(backend: Backend): UnionRoot {
  const u = roots.of(backend);
  if (u) return u;
  throw new TscloneError('unsupported', `${backend.description} is no union`, { retry: 'no' });
}
