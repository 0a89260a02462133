import type { Backend, DirInfo, Entry, ObjectInfo } from '../../core/backend.ts';
import { closing, compareUtf8 } from '../../core/bytes.ts';
import { throwIfAborted, TscloneError, type ErrorCode } from '../../core/errors.ts';
import { joinPath, trimSlashes } from '../../core/path.ts';
import {
  below,
  callOnly,
  commonFeatures,
  commonHashes,
  commonPrecision,
  commonUsage,
  forPath,
  LayerRoots,
} from '../layer.ts';

/** Where a path of the combine lies: in one of the upstreams. */
interface Place {
  readonly inner: Backend;
  /** Path for `inner`. */
  readonly path: string;
  /** What stands in front of the paths of `inner` in paths of the combine. */
  readonly prefix: string;
}

/** Finds the place of a path; undefined = the root of the combine, or a directory that it does not have. */
type Locate = (path: string) => Place | undefined;

const locators = new LayerRoots<Locate>();

let opened = 0;

/** Shows each upstream as a directory of the root. */
export function createCombineBackend(name: string, upstreams: ReadonlyMap<string, Backend>): Backend {
  return rooted(name, upstreams, `combine:${++opened}`, '');
}

function rooted(name: string, upstreams: ReadonlyMap<string, Backend>, storeId: string, root: string): Backend {
  const bases = [...upstreams.values()];
  const locate = locator(upstreams, root);

  /** @throws what stands for a path that lies in no upstream */
  const placeOf = (path: string, missing: ErrorCode): Place => {
    const place = locate(path);
    if (place) return place;
    if (missing === 'object_not_found') throw new TscloneError(missing, 'object not found', { path, retry: 'no' });
    throw new TscloneError(missing, `combine for remote "${path}": directory not found`, { path, retry: 'no' });
  };
  const object = (path: string, missing: ErrorCode = 'object_not_found'): Place => {
    const place = path === '' ? undefined : placeOf(path, missing);
    // The root or the directory of an upstream.
    if (!place || place.path === '')
      throw new TscloneError('is_directory', 'is a directory not a file', { path, retry: 'no' });
    return place;
  };
  const target = (path: string): Place => object(path, 'dir_not_found');
  const isRoot = (path: string): boolean => root === '' && path === '';
  const shown = (place: Place, info: ObjectInfo): ObjectInfo => ({ ...info, path: joinPath(place.prefix, info.path) });
  const within = (place: Place, info: ObjectInfo | undefined): ObjectInfo | undefined =>
    info && (info.path === place.path ? info : { ...info, path: place.path });
  const every = (method: keyof Backend): boolean => bases.every((b) => b[method] !== undefined);
  /** The upstreams at this root: all of them, or the one that it lies in. */
  const here = (): Backend[] => (root === '' ? bases : [placeOf('', 'dir_not_found').inner]);

  const backend: Backend = {
    type: 'combine',
    name,
    root,
    description: `combine root '${root}'`,
    storeId,
    features: commonFeatures(bases, { bucketBased: false, fastList: bases.some((b) => b.features.fastList) }),
    hashes: commonHashes(bases),
    precision: commonPrecision(bases),
    at: (path) => rooted(name, upstreams, storeId, trimSlashes(path)),

    async *list(dir, o = {}): AsyncGenerator<Entry, void, void> {
      if (!isRoot(dir)) {
        yield* listPlace(placeOf(dir, 'dir_not_found'), dir);
        return;
      }
      const names = [...upstreams.keys()];
      // What lies below a directory sorts by its name with the slash.
      const key = (at: string): string => (o.recursive ? `${at}/` : at);
      for (const at of names.sort((a, b) => compareUtf8(key(a), key(b)))) {
        throwIfAborted(o.signal);
        yield { kind: 'dir', path: at };
        if (o.recursive) yield* listPlace(placeOf(at, 'dir_not_found'), at);
      }

      async function* listPlace(place: Place, path: string): AsyncGenerator<Entry, void, void> {
        const entries = place.inner.list(place.path, { ...callOnly(o), recursive: o.recursive });
        const iterator = entries[Symbol.asyncIterator]();
        try {
          for (;;) {
            const next = await forPath(path, () => iterator.next());
            if (next.done) return;
            yield { ...next.value, path: joinPath(place.prefix, next.value.path) };
          }
        } finally {
          await iterator.return?.();
        }
      }
    },

    stat: (path, o = {}) =>
      forPath(path, async () => {
        const place = object(path);
        return shown(place, await place.inner.stat(place.path, o));
      }),
    probe: (path, o = {}) =>
      forPath(path, async () => {
        const place = locate(path);
        const info = place && place.path !== '' ? await place.inner.probe(place.path, o) : undefined;
        return info && place && shown(place, info);
      }),
    read: (path, o = {}) =>
      forPath(path, async () => {
        const place = object(path);
        const { info, body } = await place.inner.read(place.path, { ...o, info: within(place, o.info) });
        return { info: shown(place, info), body };
      }),
    write: (path, body, o) =>
      forPath(path, async () => {
        const place = await (async () => target(path))().catch(closing(body));
        return shown(place, await place.inner.write(place.path, body, o));
      }),
    remove: (path, o = {}) =>
      forPath(path, async () => {
        const place = object(path);
        await place.inner.remove(place.path, o);
      }),
    mkdir: (path, o = {}) =>
      forPath(path, async () => {
        throwIfAborted(o.signal);
        if (isRoot(path)) return;
        const place = placeOf(path, 'dir_not_found');
        await place.inner.mkdir(place.path, o);
      }),
    rmdir: (path, o = {}) =>
      forPath(path, async () => {
        throwIfAborted(o.signal);
        // The root is not stored anywhere: as in rclone there is nothing to remove.
        if (isRoot(path)) return;
        const place = placeOf(path, 'dir_not_found');
        await place.inner.rmdir(place.path, o);
      }),
  };

  /** Both places of a server-side copy or move. @throws unsupported when they lie in different stores */
  const between = (from: Backend, info: ObjectInfo, to: string, method: 'copy' | 'move'): [Place, Place] => {
    const source = locators.of(from)?.(info.path);
    const dst = target(to);
    if (!source || source.inner.storeId !== dst.inner.storeId || !dst.inner[method])
      throw new TscloneError('unsupported', `${from.description} and ${backend.description} lie in different stores`, {
        path: to,
        retry: 'no',
      });
    return [source, dst];
  };
  for (const method of ['copy', 'move'] as const) {
    // A move between two stores is refused at the call, and the caller copies.
    if (method === 'copy' ? !every('copy') : !every('move')) continue;
    backend[method] = (from, info, to, o = {}) =>
      forPath(to, async () => {
        const [source, dst] = between(from, info, to, method);
        const moved = await dst.inner[method]?.(source.inner, within(source, info) as ObjectInfo, dst.path, o);
        return shown(dst, moved as ObjectInfo);
      });
  }
  if (every('moveDir')) {
    backend.moveDir = async (from, o = {}) => {
      const source = locators.of(from)?.('');
      const dst = locate('');
      if (!source || !dst || source.inner.storeId !== dst.inner.storeId)
        throw new TscloneError('unsupported', `${from.description} and ${backend.description} lie in different stores`);
      await dst.inner.moveDir?.(source.inner, callOnly(o));
    };
  }
  if (every('statDir')) {
    backend.statDir = (path, o = {}) =>
      forPath(path, async (): Promise<DirInfo> => {
        if (isRoot(path)) return { kind: 'dir', path };
        const place = placeOf(path, 'dir_not_found');
        return { ...((await place.inner.statDir?.(place.path, o)) as DirInfo), path };
      });
  }
  if (every('setModTime')) {
    backend.setModTime = (path, modTime, o = {}) =>
      forPath(path, async () => {
        const place = object(path);
        await place.inner.setModTime?.(place.path, modTime, { ...o, info: within(place, o.info) });
      });
  }
  if (every('setDirModTime')) {
    backend.setDirModTime = (path, modTime, o = {}) =>
      forPath(path, async () => {
        const place = placeOf(path, 'dir_not_found');
        await place.inner.setDirModTime?.(place.path, modTime, o);
      });
  }
  if (every('setDirMetadata')) {
    backend.setDirMetadata = (path, metadata, o = {}) =>
      forPath(path, async () => {
        const place = placeOf(path, 'dir_not_found');
        await place.inner.setDirMetadata?.(place.path, metadata, o);
      });
  }
  if (every('removeMany')) {
    backend.removeMany = async (paths, o = {}) => {
      const failures: { path: string; error: Error }[] = [];
      const byInner = new Map<Backend, Map<string, string>>();
      for (const path of paths) {
        try {
          const place = object(path);
          const batch = byInner.get(place.inner) ?? new Map<string, string>();
          byInner.set(place.inner, batch.set(place.path, path));
        } catch (error) {
          failures.push({ path, error: error as Error });
        }
      }
      for (const [inner, batch] of byInner)
        for (const { path, error } of (await inner.removeMany?.([...batch.keys()], o)) ?? [])
          failures.push({ path: batch.get(path) ?? path, error });
      return failures;
    };
  }
  if (every('purge')) {
    backend.purge = (path, o = {}) =>
      forPath(path, async () => {
        if (isRoot(path)) {
          for (const base of bases) await base.purge?.('', o);
          return;
        }
        const place = placeOf(path, 'dir_not_found');
        await place.inner.purge?.(place.path, o);
      });
  }
  if (every('hash')) {
    backend.hash = (path, type, o = {}) =>
      forPath(path, async () => {
        const place = object(path);
        if (!backend.hashes.includes(type)) return undefined;
        return place.inner.hash?.(place.path, type, { ...o, info: within(place, o.info) });
      });
  }
  // rclone sums up all upstreams, also below one of them.
  if (every('about')) backend.about = (o = {}) => commonUsage(bases, o);
  if (every('publicLink')) {
    backend.publicLink = (path, o = {}) =>
      forPath(path, async () => {
        const place = object(path);
        return (await place.inner.publicLink?.(place.path, o)) as string;
      });
  }
  if (bases.some((b) => b.cleanUp)) {
    backend.cleanUp = async (o = {}) => {
      for (const inner of here()) await inner.cleanUp?.(o);
    };
  }
  if (every('setTier')) {
    backend.setTier = (path, tier, o = {}) =>
      forPath(path, async () => {
        const place = object(path);
        await place.inner.setTier?.(place.path, tier, o);
      });
  }
  locators.add(backend, locate);
  return backend;
}

function locator(upstreams: ReadonlyMap<string, Backend>, root: string): Locate {
  const split = (whole: string): { dir: string; rest: string } => {
    const slash = whole.indexOf('/');
    return slash < 0 ? { dir: whole, rest: '' } : { dir: whole.slice(0, slash), rest: whole.slice(slash + 1) };
  };
  if (root !== '') {
    const { dir, rest } = split(root);
    const base = upstreams.get(dir);
    const inner = base && below(base, rest);
    return (path) => inner && { inner, path, prefix: '' };
  }
  return (path) => {
    const { dir, rest } = split(path);
    const inner = upstreams.get(dir);
    return inner && { inner, path: rest, prefix: dir };
  };
}
