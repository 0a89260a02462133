import type { Backend, CallOptions, CopyOptions, ObjectInfo, StatOptions } from '../../core/backend.ts';
import { concatBytes } from '../../core/bytes.ts';
import { hasCode, isTscloneError, messageOf, throwIfAborted, TscloneError } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import { parentOf, trimSlashes } from '../../core/path.ts';
import type { Platform } from '../../core/platform.ts';
import { SourceReader } from '../../core/source-reader.ts';
import { below, callOnly, forPath, layerFeatures, passOn } from '../layer.ts';
import { listPlain, readEntries } from './list.ts';
import { parseMetadata, type FileMetadata } from './metadata.ts';
import { checkName, dataName, metadataName } from './names.ts';
import type { CompressOptions } from './options.ts';
import { readPlain } from './read.ts';
import { clearUp, removeIfThere, writeFile } from './write.ts';

/** One opened compress remote; the backends of all its paths share it. */
export interface CompressContext {
  readonly name: string;
  readonly options: CompressOptions;
  /** What `remote` points at. */
  readonly base: Backend;
  readonly platform: Platform;
  readonly emit: Emit;
}

/** The place in the wrapped remote behind every compress backend. */
const inners = new WeakMap<Backend, Backend>();

let opened = 0;

export function createCompressBackend(c: CompressContext): Backend {
  return rooted(c, `compress:${++opened}:${c.base.storeId}`, '');
}

function rooted(c: CompressContext, storeId: string, root: string): Backend {
  const { base, platform } = c;
  const inner = below(base, root);

  const dataOf = (path: string, m: FileMetadata): string => dataName(path, m.mode, m.size);
  const load = (path: string, o: CallOptions): Promise<FileMetadata> => loadMetadata(inner, path, o);
  const loadIfThere = (path: string, o: CallOptions): Promise<FileMetadata | undefined> => ifThere(load(path, o));

  const plainInfo = (stored: ObjectInfo, path: string, m: FileMetadata): ObjectInfo => {
    const { size: _size, mimeType: _type, metadata: _metadata, ...rest } = stored;
    return {
      ...rest,
      path,
      size: m.size,
      hashes: m.md5 === '' ? {} : { md5: m.md5 },
      ...(m.mimeType === '' ? {} : { mimeType: m.mimeType }),
    };
  };

  /** Names of the data objects of a file: by its metadata, and where these cannot be read by the listing. */
  async function dataObjects(path: string, o: CallOptions): Promise<string[]> {
    try {
      const m = await loadIfThere(path, o);
      return m ? [dataOf(path, m)] : [];
    } catch (e) {
      if (!hasCode(e, 'corrupted')) throw e;
      return listedData(path, o);
    }
  }

  async function listedData(path: string, o: CallOptions): Promise<string[]> {
    const names: string[] = [];
    try {
      for await (const entry of readEntries({ ...c, emit: () => {} }, inner, parentOf(path), callOnly(o)))
        if ('stored' in entry && entry.path === path) names.push(entry.stored.path);
    } catch (e) {
      // Where there is no directory there is no file in it.
      if (!hasCode(e, 'dir_not_found')) throw e;
    }
    return names;
  }

  async function statFile(path: string, m: FileMetadata, { want, ...o }: StatOptions): Promise<ObjectInfo> {
    const stored = await inner.stat(dataOf(path, m), { ...callOnly(o), want: want?.filter((w) => w === 'modTime') });
    const info = plainInfo(stored, path, m);
    if (!want?.includes('metadata')) return info;
    const { metadata } = await inner.stat(metadataName(path), { ...callOnly(o), want: ['metadata'] });
    return { ...info, ...(metadata ? { metadata } : {}) };
  }

  /** The data first: metadata without data is no file, data without metadata shows as one that cannot be read. */
  async function remove(path: string, o: CallOptions): Promise<void> {
    const call = callOnly(o);
    const names = await dataObjects(path, call);
    if (names.length === 0) names.push(...(await listedData(path, call)));
    if (names.length === 0) throw new TscloneError('object_not_found', 'object not found', { path, retry: 'no' });
    for (const name of [...names, metadataName(path)]) await removeIfThere(inner, name, call);
  }

  const backend: Backend = {
    type: 'compress',
    name: c.name,
    root,
    description: `Compressed: ${c.name}:${root}`,
    storeId,
    features: layerFeatures(base, {
      readMimeType: true,
      writeMimeType: false,
      slowHash: false,
      // Only whole reads are checked in full.
      parallelReads: false,
    }),
    hashes: ['md5'],
    precision: base.precision,
    at: (path) => rooted(c, storeId, trimSlashes(path)),

    async *list(dir, o = {}) {
      const nameOf = async (path: string): Promise<string | undefined> => {
        const m = await loadIfThere(path, o).catch(() => undefined);
        return m && dataOf(path, m);
      };
      yield* listPlain(c, inner, dir, nameOf, o);
    },

    stat: (path, o = {}) => forPath(path, async () => statFile(path, await load(path, o), o)),

    probe: (path, o = {}) =>
      forPath(path, async () => {
        if (path === '') return undefined;
        const m = await loadIfThere(path, o);
        return m && ifThere(statFile(path, m, o));
      }),

    read: (path, o = {}) =>
      forPath(path, async () => {
        const m = await load(path, o);
        const { info, body } = await readPlain({ inner, name: dataOf(path, m), path, m, platform }, o);
        return { info: plainInfo(info, path, m), body };
      }),

    write: (path, body, o) =>
      forPath(path, async () => {
        const target = {
          inner,
          path,
          previous: () => dataObjects(path, callOnly(o)),
          current: () => loadIfThere(path, {}),
        };
        const { m, stored } = await writeFile(c, target, body, { ...o, modTime: o.modTime ?? platform.now() });
        return plainInfo(stored, path, m);
      }),

    remove: (path, o = {}) => forPath(path, () => remove(path, o)),
    mkdir: (dir, o = {}) => inner.mkdir(dir, callOnly(o)),
    rmdir: (dir, o = {}) => inner.rmdir(dir, callOnly(o)),

    hash: (path, type, o = {}) =>
      forPath(path, async () => (type === 'md5' ? (await load(path, o)).md5 || undefined : undefined)),
  };

  /** Copies or moves both objects; what stood under the new name goes. */
  async function transfer(
    verb: 'copy' | 'move',
    from: Backend,
    path: string,
    to: string,
    o: CopyOptions,
  ): Promise<ObjectInfo> {
    const source = inners.get(from);
    if (!source) throw notCompress(from, path);
    checkName(to, root);
    const call = callOnly(o);
    const m = await loadMetadata(source, path, call);
    const previous = await dataObjects(to, call);
    const data = dataOf(to, m);
    const carry = async (old: string, name: string): Promise<ObjectInfo> => {
      const known = await source.stat(old, call);
      return (await inner[verb]?.(source, known, name, o)) as ObjectInfo;
    };
    const stored = await carry(dataOf(path, m), data);
    try {
      await carry(metadataName(path), metadataName(to));
    } catch (e) {
      // The file must not be torn apart.
      if (verb === 'move') {
        await source.move?.(inner, { ...stored, path: data }, dataOf(path, m), {}).catch(() => {});
        throw e;
      }
      const current = (): Promise<FileMetadata | undefined> => loadIfThere(to, {});
      const isStored = await clearUp({ inner, name: data, m, before: previous, current });
      if (!isStored || hasCode(e, 'aborted')) throw e;
    }
    for (const old of previous) if (old !== data) await removeIfThere(inner, old, call);
    return plainInfo(stored, to, m);
  }

  if (inner.copy)
    backend.copy = (from, info, to, o = {}) => forPath(to, () => transfer('copy', from, info.path, to, o));
  if (inner.move)
    backend.move = (from, info, to, o = {}) => forPath(to, () => transfer('move', from, info.path, to, o));
  if (inner.moveDir) {
    backend.moveDir = async (from, o = {}) => {
      const source = inners.get(from);
      if (!source) throw notCompress(from, '');
      await inner.moveDir?.(source, callOnly(o));
    };
  }
  if (inner.setModTime) {
    backend.setModTime = (path, modTime, o = {}) =>
      forPath(path, async () => inner.setModTime?.(dataOf(path, await load(path, o)), modTime, callOnly(o)));
  }
  if (inner.setTier) {
    backend.setTier = (path, tier, o = {}) =>
      forPath(path, async () => inner.setTier?.(dataOf(path, await load(path, o)), tier, callOnly(o)));
  }
  const { publicLink } = inner;
  if (publicLink) {
    backend.publicLink = (path, o = {}) =>
      forPath(path, async () => {
        const m = path === '' ? undefined : await loadIfThere(path, callOnly(o));
        const { expireMs, unlink } = o;
        return publicLink.call(inner, m ? dataOf(path, m) : path, { ...callOnly(o), expireMs, unlink });
      });
  }
  if (inner.removeMany) {
    backend.removeMany = async (paths, o = {}) => {
      throwIfAborted(o.signal);
      const files = new Map<string, string>();
      const failures: { path: string; error: Error }[] = [];
      await eachOf(paths, async (path) => {
        try {
          const names = await dataObjects(path, o);
          if (names.length === 0) names.push(...(await listedData(path, o)));
          for (const name of [...names, metadataName(path)]) files.set(name, path);
        } catch (e) {
          failures.push({ path, error: isTscloneError(e) ? e : new Error(messageOf(e)) });
        }
      });
      const failed = (await inner.removeMany?.([...files.keys()], callOnly(o))) ?? [];
      for (const { path, error } of failed) failures.push({ path: files.get(path) ?? path, error });
      return [...new Map(failures.map((f) => [f.path, f])).values()];
    };
  }
  const { statDir } = inner;
  if (statDir) {
    backend.statDir = async (dir, o = {}) => {
      try {
        return await statDir.call(inner, dir, { ...callOnly(o), want: o.want });
      } catch (e) {
        if (!hasCode(e, 'dir_not_found') || dir === '' || !(await loadIfThere(dir, callOnly(o)))) throw e;
        throw new TscloneError('not_directory', `${dir}: is an object, not a directory`, { path: dir, retry: 'no' });
      }
    };
  }
  passOn(backend, inner, ['setDirModTime', 'setDirMetadata', 'purge', 'about', 'cleanUp']);
  inners.set(backend, inner);
  return backend;
}

/** Metadata that are read at once. */
const readers = 8;

async function eachOf<T>(items: readonly T[], f: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: readers }, async () => {
      for (const item of queue) await f(item);
    }),
  );
}

/** @throws object_not_found, corrupted */
async function loadMetadata(inner: Backend, path: string, o: CallOptions): Promise<FileMetadata> {
  checkName(path, inner.root);
  const { body } = await inner.read(metadataName(path), callOnly(o));
  const reader = new SourceReader(body, o.signal);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of reader.remaining()) {
    length += chunk.length;
    if (length > mostMetadata) {
      await reader.close();
      throw new TscloneError('corrupted', 'error decoding metadata: the .json object is too big', {
        path,
        retry: 'no',
      });
    }
    chunks.push(chunk);
  }
  return parseMetadata(concatBytes(chunks), path);
}

/** The blocks of a file of many terabytes. */
const mostMetadata = 256 * 1024 * 1024;

async function ifThere<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (e) {
    if (hasCode(e, 'object_not_found', 'bucket_not_found', 'dir_not_found', 'is_directory')) return undefined;
    throw e;
  }
}

const notCompress = (from: Backend, path: string): TscloneError =>
  new TscloneError('unsupported', `${from.description} is no compress remote`, { path, retry: 'no' });
