import type { Backend, ByteSource, CallOptions, HashType, ObjectInfo, ReadOptions } from '../../core/backend.ts';
import { closing } from '../../core/bytes.ts';
import { durationOff } from '../../core/duration.ts';
import type { Hashes, Want } from '../../core/entry.ts';
import { isTscloneError, messageOf, throwIfAborted, TscloneError } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import { hashTypes } from '../../core/hash-types.ts';
import { joinPath, trimSlashes } from '../../core/path.ts';
import type { Platform } from '../../core/platform.ts';
import { below, callOnly, layerFeatures, LayerRoots } from '../layer.ts';
import { anyState, type HashCache, type HashRecord } from './cache.ts';
import { runCommand } from './commands.ts';
import { Digests } from './digests.ts';
import { fingerprintOf } from './fingerprint.ts';

/** One opened hasher remote; the backends of all its paths share it. */
export interface HasherContext {
  readonly name: string;
  /** What `remote` points at. */
  readonly base: Backend;
  /** Absent = nothing is kept (`max_age = 0`). */
  readonly cache: HashCache | undefined;
  /** Hashes to keep. */
  readonly keep: readonly HashType[];
  /** ns; `durationOff` = for ever. */
  readonly maxAge: bigint;
  readonly autoBytes: number;
  readonly platform: Platform;
  readonly emit: Emit;
  readonly openRemote: (reference: string) => Promise<Backend>;
}

/** A hasher backend with the place in the wrapped remote that it shows. */
export interface HasherRoot {
  readonly c: HasherContext;
  readonly inner: Backend;
  /** Path in the cache. */
  keyOf(path: string): string;
}

const roots = new LayerRoots<HasherRoot>();

let opened = 0;

export function createHasherBackend(c: HasherContext): Backend {
  return rooted(c, `hasher:${++opened}:${c.base.storeId}`, '');
}

function rooted(c: HasherContext, storeId: string, root: string): Backend {
  const inner = below(c.base, root);
  const keyOf = (path: string): string => joinPath(inner.root, path);
  const place: HasherRoot = { c, inner, keyOf };
  const passed = inner.features.slowHash ? [] : inner.hashes;
  const offered = [...new Set([...passed, ...c.keep, ...inner.hashes])];

  const backend: Backend = {
    type: 'hasher',
    name: c.name,
    root,
    description: `hasher::${c.name}:${root}`,
    storeId,
    features: layerFeatures(c.base, { slowHash: false }),
    hashes: offered,
    precision: inner.precision,
    at: (path) => rooted(c, storeId, trimSlashes(path)),

    list: (dir, o = {}) => inner.list(dir, o),
    async stat(path, o = {}) {
      const want = o.want?.filter((w) => !isHash(w) || inner.hashes.includes(w));
      const info = await inner.stat(path, { ...o, want });
      const missing = o.want?.filter(isHash).filter((w) => info.hashes[w] === undefined && offered.includes(w)) ?? [];
      if (missing.length === 0) return info;
      const hashes: Partial<Record<HashType, string>> = { ...info.hashes };
      for (const type of missing) {
        const digest = await hashOf(path, type, { ...callOnly(o), info });
        if (digest) hashes[type] = digest;
      }
      return { ...info, hashes };
    },
    probe: (path, o = {}) => inner.probe(path, o),

    async read(path, o = {}) {
      const { info, body } = await inner.read(path, o);
      return { info, body: isWhole(o) && c.cache ? hashedWhile(path, info, body, o) : body };
    },

    async write(path, body, o) {
      if (path === '') await refuseNoName().catch(closing(body));
      if (!c.cache) return inner.write(path, body, o);
      // Whatever the write leaves behind, what is known is of the old content.
      await (async () => throwIfAborted(o.signal))()
        .then(() => forget(path))
        .catch(closing(body));
      const digests = new Digests(c.platform, c.keep);
      const stored = await inner.write(path, digests.watch(body), o).catch(closing(body));
      if (digests.ended && digests.total === (stored.size ?? digests.total))
        await remember(path, stored, digests.digest(), o);
      return stored;
    },

    async remove(path, o = {}) {
      await inner.remove(path, o);
      await forget(path);
    },
    mkdir: (dir, o = {}) => inner.mkdir(dir, o),
    rmdir: (dir, o = {}) => inner.rmdir(dir, o),
    hash: (path, type, o = {}) => hashOf(path, type, o),
    command: (name, args, options, o = {}) => runCommand(place, name, args, options, o),
  };

  /** The wrapped remote's own, the kept one, one that is worked out now. */
  async function hashOf(
    path: string,
    type: HashType,
    o: CallOptions & { info?: ObjectInfo | undefined },
  ): Promise<string | undefined> {
    throwIfAborted(o.signal);
    if (passed.includes(type)) {
      const digest = await inner.hash?.(path, type, o);
      if (digest) return digest;
    }
    if (!offered.includes(type)) return undefined;
    const info = o.info ?? (await inner.stat(path, { ...callOnly(o), want: ['modTime'] }));
    const kept = (await recall(path, info, o))?.hashes[type];
    if (kept) return kept;
    if (inner.features.slowHash && inner.hashes.includes(type)) {
      const before = c.cache && (await fingerprintOf(inner, path, info, o));
      const digest = await inner.hash?.(path, type, { ...o, info });
      if (digest && c.keep.includes(type)) await rememberIfSame(path, before, { [type]: digest }, o);
      return digest;
    }
    if (!c.keep.includes(type) || info.size === undefined || info.size >= c.autoBytes) return undefined;
    return (await readForHashes(path, o))[type];
  }

  /** Reads the whole object; what it was is told by the read itself. */
  async function readForHashes(path: string, o: CallOptions): Promise<Hashes> {
    const { info, body } = await inner.read(path, callOnly(o));
    const digests = new Digests(c.platform, c.keep);
    for await (const chunk of digests.watch(body)) void chunk;
    const hashes = digests.digest();
    await remember(path, info, hashes, o);
    return hashes;
  }

  async function* hashedWhile(
    path: string,
    info: ObjectInfo,
    body: ByteSource,
    o: CallOptions,
  ): AsyncGenerator<Uint8Array, void, void> {
    const digests = new Digests(c.platform, c.keep);
    yield* digests.watch(body);
    if (digests.total === (info.size ?? digests.total)) await remember(path, info, digests.digest(), o);
  }

  /** The record of the object in the state that `info` tells of. */
  async function recall(path: string, info: ObjectInfo, o: CallOptions): Promise<HashRecord | undefined> {
    const record = await quietly(async () => c.cache?.get(keyOf(path)));
    if (!record || isTooOld(record)) return undefined;
    if (record.fingerprint === anyState) return record;
    return record.fingerprint === (await fingerprintOf(inner, path, info, o)) ? record : undefined;
  }

  function isTooOld({ created }: HashRecord): boolean {
    return c.maxAge !== durationOff && c.platform.now() - created > c.maxAge;
  }

  async function remember(path: string, info: ObjectInfo, hashes: Hashes, o: CallOptions): Promise<void> {
    await quietly(async () => {
      const state = await fingerprintOf(inner, path, info, o);
      if (state !== undefined) await c.cache?.put(keyOf(path), state, hashes);
    });
  }

  /** The digest came from a read of its own: it counts if the object was in one state before and after it. */
  async function rememberIfSame(
    path: string,
    before: string | undefined,
    hashes: Hashes,
    o: CallOptions,
  ): Promise<void> {
    if (before === undefined) return;
    await quietly(async () => {
      const now = await inner.stat(path, { ...callOnly(o), want: ['modTime'] });
      if (before === (await fingerprintOf(inner, path, now, o))) await c.cache?.put(keyOf(path), before, hashes);
    });
  }

  const forget = (path: string): Promise<void> => quietly(async () => c.cache?.remove(keyOf(path))).then(() => {});

  /** The cache is a convenience: its failures are told and otherwise of no effect. */
  async function quietly<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (e) {
      if (isTscloneError(e) && e.code === 'aborted') throw e;
      c.emit({ type: 'log', level: 'error', subject: backend.description, message: `checksum cache: ${messageOf(e)}` });
      return undefined;
    }
  }

  const rootOf = (from: Backend): HasherRoot => {
    const other = roots.of(from);
    if (!other) throw new TscloneError('unsupported', `${from.description} is no hasher remote`, { retry: 'no' });
    return other;
  };
  /** What is known of the source is known of the copy, if that is in the same state. */
  const transfer =
    (how: 'copy' | 'move'): NonNullable<Backend['copy']> =>
    async (from, info, to, o = {}) => {
      const other = rootOf(from);
      throwIfAborted(o.signal);
      const record = c.cache && (await quietly(() => recallOf(other, info, o)));
      await forget(to);
      const done = (await inner[how]?.(other.inner, info, to, o)) as ObjectInfo;
      if (how === 'move') await quietly(async () => c.cache?.remove(other.keyOf(info.path)));
      if (record && (await fingerprintOf(inner, to, done, o)) === record.fingerprint)
        await remember(to, done, record.hashes, o);
      return done;
    };
  if (inner.copy) backend.copy = transfer('copy');
  if (inner.move) backend.move = transfer('move');

  async function recallOf(other: HasherRoot, info: ObjectInfo, o: CallOptions): Promise<HashRecord | undefined> {
    const record = await c.cache?.get(other.keyOf(info.path));
    if (!record || isTooOld(record) || record.fingerprint === anyState) return undefined;
    return record.fingerprint === (await fingerprintOf(other.inner, info.path, info, o)) ? record : undefined;
  }

  if (inner.moveDir) {
    backend.moveDir = async (from, o = {}) => {
      const other = rootOf(from);
      await inner.moveDir?.(other.inner, o);
      await quietly(async () => c.cache?.moveBelow(other.inner.root, inner.root));
    };
  }
  if (inner.purge) {
    backend.purge = async (dir, o = {}) => {
      await inner.purge?.(dir, o);
      await quietly(async () => c.cache?.moveBelow(keyOf(dir), ''));
    };
  }
  if (inner.removeMany) {
    backend.removeMany = async (paths, o = {}) => {
      const failures = (await inner.removeMany?.(paths, o)) ?? [];
      for (const path of paths) await forget(path);
      return failures;
    };
  }
  if (inner.setModTime) {
    backend.setModTime = async (path, modTime, o = {}) => {
      await inner.setModTime?.(path, modTime, o);
      await forget(path);
    };
  }
  const { statDir, setDirModTime, setDirMetadata, about, publicLink, cleanUp, setTier } = inner;
  if (statDir) backend.statDir = (path, o) => statDir(path, o);
  if (setDirModTime) backend.setDirModTime = (path, modTime, o) => setDirModTime(path, modTime, o);
  if (setDirMetadata) backend.setDirMetadata = (path, metadata, o) => setDirMetadata(path, metadata, o);
  if (about) backend.about = (o) => about(o);
  if (publicLink) backend.publicLink = (path, o) => publicLink(path, o);
  if (cleanUp) backend.cleanUp = (o) => cleanUp(o);
  if (setTier) backend.setTier = (path, tier, o) => setTier(path, tier, o);
  roots.add(backend, place);
  return backend;
}

/** Below a bucket the wrapped remote would take the name of its own directory. */
async function refuseNoName(): Promise<never> {
  throw new TscloneError('bad_path', 'an object needs a name', { path: '', retry: 'no' });
}

const isHash = (want: Want): want is HashType => (hashTypes as readonly string[]).includes(want);

const isWhole = ({ range }: ReadOptions): boolean => !range || (range.start === 0 && range.end === undefined);
