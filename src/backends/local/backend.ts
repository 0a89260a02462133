import { realpathSync, type BigIntStats } from 'node:fs';
import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';
import type {
  Backend,
  DirInfo,
  Entry,
  Features,
  Hashes,
  HashType,
  ListOptions,
  Nanos,
  ObjectInfo,
  WriteOptions,
} from '../../core/backend.ts';
import { closing, compareUtf8, toHex } from '../../core/bytes.ts';
import { hasCode, throwIfAborted, TscloneError } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import { hashTypes } from '../../core/hash-types.ts';
import { mimeTypeOf } from '../../core/mime.ts';
import { joinPath, leafOf } from '../../core/path.ts';
import type { Platform } from '../../core/platform.ts';
import type { LocalOptions } from './definition.ts';
import { errnoOf, localError, lookupError } from './errors.ts';
import { linkLacksSuffix, linkSuffix, targetRange, writeLink } from './links.ts';
import { applyMetadata, fileMetadata } from './metadata.ts';
import { fileNames, parentFile, type FileNames } from './names.ts';
import { openPieces } from './pieces.ts';
import { readFileRange } from './read.ts';
import { systemPaths } from './system.ts';
import { setTime } from './times.ts';
import { writeFile } from './write.ts';

export interface LocalContext {
  readonly name: string;
  readonly options: LocalOptions;
  readonly platform: Platform;
  readonly emit: Emit;
}

/** Which time of a file is shown as its modification time. */
const shownTimes = { mtime: 'mtimeNs', atime: 'atimeNs', btime: 'birthtimeNs', ctime: 'ctimeNs' } as const;

interface Found {
  readonly file: string;
  readonly s: BigIntStats;
  /** A symbolic link that is shown as an object of its own. */
  readonly isLink: boolean;
}

const features: Features = {
  bucketBased: false,
  emptyDirs: true,
  copy: false,
  move: true,
  setModTime: true,
  slowModTime: false,
  slowHash: true,
  readMimeType: true,
  writeMimeType: false,
  userMetadata: false,
  metadata: true,
  fastList: false,
  tiers: false,
  isLocal: true,
};

/** Files below an absolute directory; log lines show it as it was `given`. */
export function createLocalBackend(c: LocalContext, root: string, given = root): Backend {
  const paths = systemPaths(c.platform.system);
  const names = fileNames(root, c.options.encoding, c.platform.system);
  const fileOf = (path: string): string => names.toFile(path);

  const targetOf = async (path: string): Promise<string> => {
    const file = fileOf(path);
    await names.guardParent(file, path, c.options.copy_links);
    return file;
  };

  const timeOf = (s: BigIntStats): Nanos => s[shownTimes[c.options.time_type]];

  const objectInfo = (path: string, s: BigIntStats): ObjectInfo => ({
    kind: 'object',
    path,
    size: Number(s.size),
    modTime: timeOf(s),
    hashes: {},
    mimeType: mimeTypeOf(path),
  });
  const dirInfo = (path: string, s: BigIntStats): DirInfo => ({
    kind: 'dir',
    path,
    modTime: timeOf(s),
    size: Number(s.size),
  });

  /** What stands under a path, as the options show it. @throws object_not_found */
  const find = async (path: string): Promise<Found> => {
    const link = linkOf(path);
    const linked = link === undefined ? undefined : await fs.lstat(link, { bigint: true }).catch(() => undefined);
    if (link !== undefined && linked?.isSymbolicLink()) return { file: link, s: linked, isLink: true };
    const file = fileOf(path);
    try {
      return { file, s: await (c.options.copy_links ? fs.stat : fs.lstat)(file, { bigint: true }), isLink: false };
    } catch (e) {
      throw lookupError(e, path, 'object');
    }
  };

  /** The link that an object stands for; undefined = it stands for none. */
  const linkOf = (path: string): string | undefined =>
    c.options.links && path.endsWith(linkSuffix) && leafOf(path) !== linkSuffix
      ? fileOf(path.slice(0, -linkSuffix.length))
      : undefined;

  const describe = (
    file: string,
    path: string,
    metadata: WriteOptions['metadata'],
    modTime: Nanos | undefined,
    isLink = false,
  ): Promise<void> =>
    applyMetadata(file, metadata, {
      path,
      isLink,
      emit: c.emit,
      specialBits: c.options.metadata_restore_special_bits,
      modTime: c.options.no_set_modtime ? undefined : modTime,
    });

  const sourceOf = async (from: Backend, path: string): Promise<{ source: string; isLink: boolean }> => {
    const there = fileNames(from.root, c.options.encoding, c.platform.system);
    if (c.options.links && path.endsWith(linkSuffix) && leafOf(path) !== linkSuffix) {
      const source = there.toFile(path.slice(0, -linkSuffix.length));
      if ((await fs.lstat(source).catch(() => undefined))?.isSymbolicLink()) return { source, isLink: true };
    }
    return { source: there.toFile(path), isLink: false };
  };

  const hash = async (path: string, type: HashType, signal: AbortSignal | undefined): Promise<string> => {
    throwIfAborted(signal);
    const h = c.platform.createHash(type);
    const { file, isLink } = c.options.links ? await find(path) : { file: fileOf(path), isLink: false };
    const bytes = isLink
      ? targetRange(file, path, undefined)
      : readFileRange(file, path, undefined, { signal, checkUpdated: !c.options.no_check_updated });
    for await (const chunk of bytes) h.update(chunk);
    return toHex(h.digest());
  };

  let place: string | undefined;
  const backend: Backend = {
    type: 'local',
    name: c.name,
    root,
    description: `Local file system at ${given}`,
    storeId: 'local',
    // Asked of each object that is moved; a root that is not there yet has none.
    get place() {
      return (place ??= realPlace(root));
    },
    features,
    hashes: hashTypes,
    // What nobody sets says nothing about the content.
    precision: c.options.no_set_modtime ? 'none' : 1n,
    at: (path) => createLocalBackend(c, paths.resolve(root, path), path === '' ? root : paths.shown(path)),

    list: (dir, o = {}) => listDirectory(c, names, dir, objectInfo, dirInfo, o),

    async stat(path, o = {}) {
      throwIfAborted(o.signal);
      const { s, isLink } = await find(path);
      if (s.isDirectory()) throw new TscloneError('is_directory', 'is a directory not a file', { path, retry: 'no' });
      if (!s.isFile() && !isLink) throw new TscloneError('object_not_found', 'object not found', { path, retry: 'no' });
      const hashes: Partial<Record<HashType, string>> = {};
      for (const want of o.want ?? []) if (isHash(want)) hashes[want] = await hash(path, want, o.signal);
      const info = { ...objectInfo(path, s), hashes: hashes as Hashes };
      return o.want?.includes('metadata') ? { ...info, metadata: fileMetadata(s) } : info;
    },

    async statDir(path, o = {}) {
      throwIfAborted(o.signal);
      let s: BigIntStats;
      try {
        s = await fs.stat(fileOf(path), { bigint: true });
      } catch (e) {
        throw lookupError(e, path, 'dir');
      }
      if (!s.isDirectory()) throw new TscloneError('not_directory', 'is a file not a directory', { path, retry: 'no' });
      const info = dirInfo(path, s);
      return o.want?.includes('metadata') ? { ...info, metadata: fileMetadata(s) } : info;
    },

    async about(o = {}) {
      throwIfAborted(o.signal);
      try {
        const s = await fs.statfs(root, { bigint: true });
        const bytes = (blocks: bigint): number => Number(blocks * s.bsize);
        return { total: bytes(s.blocks), used: bytes(s.blocks - s.bfree), free: bytes(s.bavail) };
      } catch (e) {
        throw localError(e, '', 'dir');
      }
    },

    async probe(path, o = {}) {
      throwIfAborted(o.signal);
      try {
        if (c.options.links) {
          const { s, isLink } = await find(path);
          if (isLink) return objectInfo(path, s);
          if (s.isSymbolicLink()) throw linkLacksSuffix(path);
        }
        const s = await fs.stat(fileOf(path), { bigint: true });
        return s.isDirectory() ? undefined : objectInfo(path, s);
      } catch (e) {
        if (errnoOf(e) === 'ENOENT' || errnoOf(e) === 'ENOTDIR' || hasCode(e, 'object_not_found')) return undefined;
        throw localError(e, path, 'object');
      }
    },

    async read(path, o = {}) {
      throwIfAborted(o.signal);
      const found = c.options.links ? await find(path) : undefined;
      if (found?.isLink) return { info: objectInfo(path, found.s), body: targetRange(found.file, path, o.range) };
      const s = await fs.stat(fileOf(path), { bigint: true }).catch((e: unknown) => {
        throw lookupError(e, path, 'object');
      });
      if (s.isDirectory()) throw new TscloneError('is_directory', 'is a directory not a file', { path, retry: 'no' });
      const body = readFileRange(fileOf(path), path, o.range, {
        signal: o.signal,
        checkUpdated: !c.options.no_check_updated,
        found: c.options.no_check_updated ? undefined : s,
      });
      return { info: objectInfo(path, s), body };
    },

    async write(path, body, o) {
      const link = linkOf(path);
      const isLink = link !== undefined;
      const file = await (async () => {
        await names.guardParent(link ?? fileOf(path), path, c.options.copy_links);
        return link ?? fileOf(path);
      })().catch(closing(body));
      const finish = (partial: string): Promise<void> => describe(partial, path, o.metadata, o.modTime, isLink);
      const size = await (isLink ? writeLink : writeFile)(file, path, body, o, c.platform, finish);
      const s = await (isLink ? fs.lstat : fs.stat)(file, { bigint: true });
      return { ...objectInfo(path, s), size };
    },

    async writePieces(path, o) {
      if (linkOf(path) !== undefined) throw new TscloneError('unsupported', `${path}: is a link`, { path });
      const file = await targetOf(path);
      const finish = (partial: string): Promise<void> => describe(partial, path, o.metadata, o.modTime, false);
      const done = async (): Promise<ObjectInfo> => objectInfo(path, await fs.stat(file, { bigint: true }));
      return openPieces(file, path, o, c.platform, finish, done);
    },

    async remove(path, o = {}) {
      throwIfAborted(o.signal);
      const { file, s, isLink } = c.options.links ? await find(path) : { file: fileOf(path) };
      // A link took the place of the file of this name.
      if (s?.isSymbolicLink() && !isLink) return;
      await fs.unlink(file).catch((e: unknown) => {
        throw lookupError(e, path, 'object');
      });
    },

    async mkdir(dir, o = {}) {
      throwIfAborted(o.signal);
      await fs.mkdir(fileOf(dir), { recursive: true }).catch((e: unknown) => {
        throw localError(e, dir, 'dir');
      });
    },

    async rmdir(dir, o = {}) {
      throwIfAborted(o.signal);
      await fs.rmdir(fileOf(dir)).catch((e: unknown) => {
        throw localError(e, dir, 'dir');
      });
    },

    async move(from, info, to, o = {}) {
      throwIfAborted(o.signal);
      const { source, isLink } = await sourceOf(from, info.path);
      const link = linkOf(to);
      if (isLink !== (link !== undefined))
        throw new TscloneError('unsupported', `${to}: a link and a file are stored apart`, { path: to, retry: 'no' });
      const file = link ?? (await targetOf(to));
      if (link !== undefined) await names.guardParent(link, to, c.options.copy_links);
      try {
        await fs.mkdir(parentFile(file), { recursive: true });
        await fs.rename(source, file);
        if (o.metadata) await describe(file, to, o.metadata, undefined, isLink);
      } catch (e) {
        if (errnoOf(e) === 'EXDEV')
          throw new TscloneError('unsupported', `${to}: the file lies on another disk`, { path: to, retry: 'no' });
        throw localError(e, info.path, 'object');
      }
      return objectInfo(to, await (isLink ? fs.lstat : fs.stat)(file, { bigint: true }));
    },

    async moveDir(from, o = {}) {
      throwIfAborted(o.signal);
      if (await fs.stat(root).catch(() => undefined))
        throw new TscloneError('already_exists', "can't copy directory - destination already exists", { retry: 'no' });
      try {
        await fs.mkdir(dirname(root), { recursive: true });
        await fs.rename(from.root, root);
      } catch (e) {
        if (errnoOf(e) === 'EXDEV') throw new TscloneError('unsupported', 'the directory lies on another disk');
        if (errnoOf(e) === 'ENOENT')
          throw new TscloneError('io', `rename ${from.root} ${root}: no such file or directory`, { cause: e });
        throw localError(e, root, 'dir');
      }
    },

    async setModTime(path, modTime, o = {}) {
      throwIfAborted(o.signal);
      if (c.options.no_set_modtime) return;
      const { file, isLink } = c.options.links ? await find(path) : { file: fileOf(path), isLink: false };
      await setTime(file, modTime, { isLink }).catch((e: unknown) => {
        throw localError(e, path, 'object');
      });
    },

    async setDirModTime(path, modTime, o = {}) {
      throwIfAborted(o.signal);
      if (c.options.no_set_modtime) return;
      await setTime(fileOf(path), modTime).catch((e: unknown) => {
        throw localError(e, path, 'dir');
      });
    },

    async setDirMetadata(path, metadata, o = {}) {
      throwIfAborted(o.signal);
      await describe(fileOf(path), path, metadata, undefined).catch((e: unknown) => {
        throw localError(e, path, 'dir');
      });
    },

    hash: (path, type, o = {}) => hash(path, type, o.signal),
  };
  return backend;
}

const isHash = (want: string): want is HashType => (hashTypes as readonly string[]).includes(want);

async function* listDirectory(
  c: LocalContext,
  names: FileNames,
  dir: string,
  objectInfo: (path: string, s: BigIntStats) => ObjectInfo,
  dirInfo: (path: string, s: BigIntStats) => DirInfo,
  { recursive, startsWith, signal, onUnreadable }: ListOptions,
): AsyncGenerator<Entry, void, void> {
  let entries;
  try {
    entries = await fs.readdir(names.toFile(dir), { withFileTypes: true, encoding: 'buffer' });
  } catch (e) {
    if (errnoOf(e) === 'ENOTDIR')
      throw new TscloneError('not_directory', 'is a file not a directory', { path: dir, retry: 'no' });
    throw localError(e, dir, 'dir');
  }
  const wanted = startsWith === undefined ? '' : joinPath(dir, startsWith);
  const found = entries
    .map((entry) => ({ path: joinPath(dir, names.toName(entry.name)), isLink: entry.isSymbolicLink() }))
    .map((f) => ({ ...f, shown: f.isLink && c.options.links ? f.path + linkSuffix : f.path }))
    .filter(({ shown }) => shown.startsWith(wanted));
  found.sort((a, b) => compareUtf8(a.shown, b.shown));
  const say = (path: string, message: string): void => c.emit({ type: 'log', level: 'notice', subject: path, message });
  for (const { path, isLink, shown } of found) {
    throwIfAborted(signal);
    if (isLink && !c.options.copy_links && !c.options.links) {
      if (!c.options.skip_links) say(path, "Can't follow symlink without -L/--copy-links");
      continue;
    }
    let s: BigIntStats;
    try {
      s = await (isLink && !c.options.links ? fs.stat : fs.lstat)(names.toFile(path), { bigint: true });
    } catch (e) {
      // Gone since the directory was read.
      if (errnoOf(e) === 'ENOENT' && !isLink) continue;
      const error = isLink ? brokenLink(e, path) : localError(e, path, 'object');
      if (!onUnreadable) throw error;
      onUnreadable(error);
      continue;
    }
    if (s.isSymbolicLink()) yield objectInfo(shown, s);
    else if (s.isDirectory()) {
      if (c.options.one_file_system && s.dev !== (await device(c, names.toFile('')))) continue;
      yield dirInfo(path, s);
      if (recursive)
        yield* ifStillThere(
          path,
          listDirectory(c, names, path, objectInfo, dirInfo, { recursive, signal, onUnreadable }),
        );
    } else if (s.isFile()) yield objectInfo(path, s);
    else if (!c.options.skip_specials) say(path, "Can't transfer non file/directory");
  }
}

function brokenLink(e: unknown, path: string): TscloneError {
  const { message } = localError(e, path, 'object');
  const why = errnoOf(e) === 'ENOENT' ? 'it points to nothing' : message;
  return new TscloneError('no_retry', `cannot follow the symbolic link ${path}: ${why}`, {
    path,
    cause: e,
    retry: 'no',
  });
}

const devices = new WeakMap<LocalContext, Map<string, Promise<bigint>>>();

/** The disk that the root lies on. */
function device(c: LocalContext, root: string): Promise<bigint> {
  const known = devices.get(c) ?? new Map<string, Promise<bigint>>();
  devices.set(c, known);
  let dev = known.get(root);
  if (!dev) known.set(root, (dev = fs.stat(root, { bigint: true }).then((s) => s.dev)));
  return dev;
}

/** A directory that vanished since its parent was read is no error of the parent. */
async function* ifStillThere(dir: string, entries: AsyncIterable<Entry>): AsyncGenerator<Entry, void, void> {
  try {
    yield* entries;
  } catch (e) {
    if (!(hasCode(e, 'dir_not_found') && e.path === dir)) throw e;
  }
}

/** The directory behind any links; undefined where there is none yet. */
function realPlace(root: string): string | undefined {
  try {
    return `local:${realpathSync(root)}`;
  } catch {
    return undefined;
  }
}
