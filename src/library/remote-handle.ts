import type { Backend, ByteRange, ByteSource, Entry, ObjectInfo, Want } from '../core/backend.ts';
import { collect, fromUtf8 } from '../core/bytes.ts';
import { hasCode, TscloneError } from '../core/errors.ts';
import type { Emit } from '../core/events.ts';
import { trimSlashes } from '../core/path.ts';
import type { Platform } from '../core/platform.ts';
import { Accounting } from '../operations/accounting.ts';
import { defaultSettings } from '../operations/settings.ts';
import { createFilter, type FilterOptions } from '../operations/filter/filter.ts';
import { walk } from '../operations/walk.ts';
import { quietly } from './quietly.ts';
import { toByteSource, toWebStream, type BodyInput } from './sources.ts';

export interface HandleCallOptions {
  /** Aborting rejects with code `aborted`; uploads that are under way are aborted on the service too. */
  signal?: AbortSignal | undefined;
}

export interface HandleListOptions extends HandleCallOptions {
  /** Everything below, not only one level. */
  recursive?: boolean | undefined;
  /** What the listing leaves out. Paths in its rules are relative to where the remote was opened. */
  filter?: FilterOptions | undefined;
}

export interface HandleReadOptions extends HandleCallOptions {
  /** Bytes from `start` to `end` (exclusive); a negative start counts from the end. */
  range?: ByteRange | undefined;
}

export interface HandleWriteOptions extends HandleCallOptions {
  /** Bytes that will come, where they are known; more or fewer is an error and nothing is stored. */
  size?: number | undefined;
  /** Modification time to keep: a Date, or nanoseconds since the epoch. Default: now. */
  modTime?: Date | bigint | undefined;
  mimeType?: string | undefined;
  /** User metadata, keys in lower case. */
  metadata?: Readonly<Record<string, string>> | undefined;
  /** Bytes that the store has taken so far. What it throws is ignored: `signal` is what stops a write. */
  onProgress?: ((bytes: number) => void) | undefined;
}

/**
 * The body of an object, to be read once, in one of these forms; asking for a second one is an error (`usage`). Each fails
 * unless every byte came as announced.
 */
export interface ReadResult {
  readonly info: ObjectInfo;
  /** As a web stream. */
  readonly body: ReadableStream<Uint8Array>;
  /** As an async iterable. */
  chunks(): ByteSource;
  /** Whole, in memory. */
  bytes(): Promise<Uint8Array>;
  /** Whole, as UTF-8. */
  text(): Promise<string>;
}

/** A remote (or a path in one), opened. Paths given to it are relative to where it was opened. */
export interface RemoteHandle {
  /** The reference that it was opened with. */
  readonly reference: string;
  /** What stands behind it, for calls that have no method here; its paths are the same. */
  readonly backend: Backend;
  /**
   * Entries of a directory ('' or absent = all of the remote), as they come: names in the order of their UTF-8 bytes, page
   * by page. With `recursive` also directories, but only where the store has real ones. On S3 a request for a thousand.
   * @throws TscloneError dir_not_found where the store knows that it does not exist
   */
  list(dir?: string, o?: HandleListOptions): AsyncIterable<Entry>;
  /**
   * What is known of one object. `want` asks for facts that may cost more: on S3 the times, types and metadata come with
   * the one HEAD that it costs, on local files a hash costs a read.
   * @throws TscloneError object_not_found, is_directory
   */
  stat(path: string, o?: HandleCallOptions & { want?: readonly Want[] }): Promise<ObjectInfo>;
  /** Is there an object of this name? A directory is none. */
  exists(path: string, o?: HandleCallOptions): Promise<boolean>;
  /**
   * Starts to read an object, or a range of it.
   * @throws TscloneError object_not_found; the body fails with corrupted or network unless every byte came
   */
  read(path: string, o?: HandleReadOptions): Promise<ReadResult>;
  /**
   * Stores a body of known or unknown size in place of what is there. Resolves only when what is stored is what was given;
   * after an error nothing new stands under the name.
   */
  write(path: string, body: BodyInput, o?: HandleWriteOptions): Promise<ObjectInfo>;
  /** Copies an object within this remote, on the service where it can. */
  copy(from: string, to: string, o?: HandleCallOptions): Promise<ObjectInfo>;
  /** Renames an object within this remote. */
  move(from: string, to: string, o?: HandleCallOptions): Promise<ObjectInfo>;
  /**
   * An address under which anybody can read the object as it is stored, for `expiresIn` seconds: on S3 a week at most and
   * by default. `presigner` signs more than this.
   * @throws unsupported, object_not_found
   */
  link(path: string, o?: HandleCallOptions & { expiresIn?: number }): Promise<string>;
  /** Removes an object. @throws TscloneError object_not_found where the store can tell */
  remove(path: string, o?: HandleCallOptions): Promise<void>;
  /** Makes a directory with its parents; one that is there is fine. On S3: the bucket. */
  mkdir(dir: string, o?: HandleCallOptions): Promise<void>;
  /** Removes an empty directory, on S3 an empty bucket. @throws TscloneError not_empty, dir_not_found */
  rmdir(dir: string, o?: HandleCallOptions): Promise<void>;
}

export function createRemoteHandle(
  reference: string,
  backend: Backend,
  { platform, emit }: { platform: Platform; emit: Emit },
): RemoteHandle {
  const copy: RemoteHandle['copy'] = async (from, to, o = {}) => {
    if (isSamePath(from, to)) return backend.stat(from, o);
    try {
      if (backend.copy) return await backend.copy(backend, await backend.stat(from, o), to, o);
    } catch (e) {
      if (!hasCode(e, 'unsupported')) throw e;
    }
    const { info, body } = await backend.read(from, o);
    return backend.write(to, body, { ...o, size: info.size, modTime: info.modTime, mimeType: info.mimeType });
  };
  return {
    reference,
    backend,
    list(dir = '', o = {}) {
      if (!o.filter) return backend.list(dir, o);
      const filter = createFilter(o.filter, platform);
      const accounting = new Accounting();
      const c = { platform, emit, accounting, signal: o.signal, settings: defaultSettings, filter };
      // As without a filter: a whole tree of a store without real directories is its objects.
      const dirs = !o.recursive || !backend.features.fastList;
      return walk(c, backend, dir, { maxDepth: o.recursive ? -1 : 1, dirs });
    },
    stat: (path, o = {}) => backend.stat(path, o),
    async exists(path, o = {}) {
      try {
        await backend.stat(path, o);
        return true;
      } catch (e) {
        if (hasCode(e, 'object_not_found', 'is_directory', 'dir_not_found')) return false;
        throw e;
      }
    },
    async read(path, o = {}) {
      checkRange(o.range);
      const { info, body } = await backend.read(path, o);
      return readResult(info, body);
    },
    async write(path, input, o = {}) {
      if (o.size !== undefined && !isCount(o.size))
        throw misused(`write: size ${String(o.size)} is no number of bytes`);
      const modTime = o.modTime === undefined ? undefined : nanosOf(o.modTime);
      const { source, size } = toByteSource(input);
      let taken = 0;
      const tell = o.onProgress && quietly(o.onProgress);
      return backend.write(path, source, {
        signal: o.signal,
        size: o.size ?? size,
        modTime,
        mimeType: o.mimeType,
        metadata: o.metadata,
        onBytes: (bytes) => tell?.((taken += bytes)),
      });
    },
    copy,
    async move(from, to, o = {}) {
      // What is copied onto itself must not be removed afterwards.
      if (isSamePath(from, to)) return backend.stat(from, o);
      try {
        if (backend.move) return await backend.move(backend, await backend.stat(from, o), to, o);
      } catch (e) {
        if (!hasCode(e, 'unsupported')) throw e;
      }
      const info = await copy(from, to, o);
      await backend.remove(from, o);
      return info;
    },
    async link(path, { signal, expiresIn } = {}) {
      if (!backend.publicLink)
        throw new TscloneError('unsupported', `${backend.description} doesn't support public links`, { retry: 'no' });
      return backend.publicLink(path, { signal, expireMs: expiresIn === undefined ? undefined : expiresIn * 1000 });
    },
    remove: (path, o = {}) => backend.remove(path, o),
    mkdir: (dir, o = {}) => backend.mkdir(dir, o),
    rmdir: (dir, o = {}) => backend.rmdir(dir, o),
  };
}

const isSamePath = (a: string, b: string): boolean => trimSlashes(a) === trimSlashes(b);

const misused = (message: string): TscloneError => new TscloneError('usage', message, { retry: 'no' });

const isCount = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;

function nanosOf(time: Date | bigint): bigint {
  if (typeof time === 'bigint') return time;
  const ms = time instanceof Date ? time.getTime() : Number.NaN;
  if (Number.isNaN(ms)) throw misused('write: modTime is neither a valid Date nor nanoseconds as a bigint');
  return BigInt(ms) * 1_000_000n;
}

/** Backends take numbers as they come: what makes no sense would be another range in each of them. */
function checkRange(range: ByteRange | undefined): void {
  if (range === undefined) return;
  const { start, end } = range;
  const isRange = isCount(start) && (end === undefined || isCount(end));
  const isTail = end === undefined && Number.isSafeInteger(start) && start < 0;
  if (!isRange && !isTail)
    throw misused(
      'read: a range is { start, end } in whole bytes, end exclusive and optional, or { start } below 0 for the last bytes',
    );
}

function readResult(info: ObjectInfo, source: ByteSource): ReadResult {
  let stream: ReadableStream<Uint8Array> | undefined;
  let isTaken = false;
  // A stream that is spent looks like an empty one.
  const taken = (): ByteSource => {
    if (isTaken) throw misused(`${info.path}: this body was read already: call read again`);
    isTaken = true;
    return source;
  };
  return {
    info,
    get body() {
      return (stream ??= toWebStream(taken()));
    },
    chunks: taken,
    bytes: async () => collect(taken()),
    text: async () => fromUtf8(await collect(taken())),
  };
}
