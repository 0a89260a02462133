import { defaultNetwork, type NetworkSettings } from './network.ts';
import type { ByteRange, DirInfo, Entry, Hashes, HashType, Nanos, ObjectInfo, Want } from './entry.ts';
import type { TscloneError } from './errors.ts';
import type { Emit } from './events.ts';
import type { Platform } from './platform.ts';

/** A stream of bytes. Node Readables and web ReadableStreams both are one. Chunks belong to the receiver. */
export type ByteSource = AsyncIterable<Uint8Array>;

/** What an operation may still use up. Operations check it before they start a part, a page or an object. */
export interface Budget {
  /** Unix time in ms after which nothing new is started. */
  readonly deadline?: number;
  /** Requests that may still be sent; the holder counts it down. */
  requests?: number;
}

/** Serialisable progress of one long operation; `kind` and `version` guard against other operations and releases. */
export interface Checkpoint {
  readonly version: 1;
  readonly kind: string;
  /** JSON data, no secrets. */
  readonly state: Readonly<Record<string, unknown>>;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  budget?: Budget | undefined;
  /** Where an earlier call of the same operation stopped. An operation that cannot resume refuses it. */
  checkpoint?: Checkpoint | undefined;
  /** Told after every step that can be resumed from. */
  onCheckpoint?: ((checkpoint: Checkpoint) => void) | undefined;
}

export interface ListOptions extends CallOptions {
  /** All objects below `dir`, and the directories only where the store has real ones. Default: one level. */
  recursive?: boolean | undefined;
  /** Only names that start so are of interest: a store that can leaves the others out, others may give them. */
  startsWith?: string | undefined;
  /** Told of an entry that is there and cannot be looked at; the listing goes on. Absent = that ends it. */
  onUnreadable?: ((e: TscloneError) => void) | undefined;
}

export interface StatOptions extends CallOptions {
  want?: readonly Want[] | undefined;
}

export interface ReadOptions extends CallOptions {
  range?: ByteRange | undefined;
  /** What the caller knows of the object: spares a request, and the read fails when the etag has changed. */
  info?: ObjectInfo | undefined;
  /** false = the bytes are not compared with the object's hash. The length always counts. */
  verify?: boolean | undefined;
}

export interface WriteOptions extends CallOptions {
  /** Bytes that `body` will give; more or fewer is an error and nothing is left under the name. Absent = unknown. */
  size?: number | undefined;
  /** Absent = now. */
  modTime?: Nanos | undefined;
  mimeType?: string | undefined;
  /** User and system metadata under rclone's names (lower-case keys). A time in it counts more than `modTime`. */
  metadata?: Readonly<Record<string, string>> | undefined;
  /** Digest of the source, worked out only if the backend needs it before the first byte is sent. */
  sourceHash?: ((type: HashType) => Promise<string | undefined>) | undefined;
  /** The same bytes once more, where that is cheap: for a backend that needs a digest of what it makes of them. */
  reopen?: (() => Promise<ByteSource>) | undefined;
  /** Called with the number of further bytes that the store has taken. */
  onBytes?: ((bytes: number) => void) | undefined;
  tier?: string | undefined;
  /** false = what is stored is not compared with the hash of what was sent. The length always counts. */
  verify?: boolean | undefined;
  /** Writes under the final name at once, where the store would take another name first: what stood there is lost when it fails. */
  inPlace?: boolean | undefined;
  /** Ending of that other name; default `.partial`. */
  partialSuffix?: string | undefined;
}

export interface CopyOptions extends CallOptions {
  modTime?: Nanos | undefined;
  /** Set = the copy gets this metadata in place of the source's. */
  metadata?: Readonly<Record<string, string>> | undefined;
  /** Metadata was asked for: what it says of the source beside its keys (an object's lock) counts too. */
  carriesMetadata?: boolean | undefined;
}

/** What a store says of its space. Bytes; `objects` is a number of objects. Absent = it does not say. */
export interface Usage {
  readonly total?: number;
  readonly used?: number;
  readonly free?: number;
  readonly trashed?: number;
  readonly other?: number;
  readonly objects?: number;
}

export interface LinkOptions extends CallOptions {
  /** Milliseconds that the link works; absent = as long as the service allows. */
  expireMs?: number | undefined;
  /** Takes an existing link back instead. */
  unlink?: boolean | undefined;
  /** What the caller knows of the object: spares the request that looks for it. */
  info?: ObjectInfo | undefined;
}

export interface CommandOptions extends CallOptions {
  /** Asked before each change; false = leave it. Absent = everything is done. */
  confirm?: ((verb: string, subject: string, size?: number) => Promise<boolean>) | undefined;
  /** Which objects below the root a command over many works on. Absent = all of them. */
  objects?: AsyncIterable<ObjectInfo> | undefined;
}

export interface PurgeOptions extends CallOptions {
  /** Told of each object (or version of one) that is gone. */
  onRemoved?: ((info: ObjectInfo) => void) | undefined;
}

/** An object that is being written piece by piece. */
export interface PieceWriter {
  /** Several may be under way at once. */
  write(at: number, bytes: Uint8Array): Promise<void>;
  /** What was written from `start` to `end`, for a digest of the whole. */
  read(start: number, end: number): ByteSource;
  /** Gives the object its name. @throws corrupted when its size is not the announced one */
  finish(): Promise<ObjectInfo>;
  /** Leaves nothing of it; without effect after `finish`. */
  abandon(): Promise<void>;
}

/** Capabilities as data; a conformance case runs exactly where its feature says so. */
export interface Features {
  /** The first path segment is a bucket; directories exist only as prefixes. */
  readonly bucketBased: boolean;
  /** Empty directories can be made and listed. */
  readonly emptyDirs: boolean;
  /** `copy` between paths of the same store is done by the service. */
  readonly copy: boolean;
  /** `move` between paths of the same store is one step. */
  readonly move: boolean;
  readonly setModTime: boolean;
  /** `setModTime` costs about as much as the copy of the object (S3). */
  readonly slowModTime: boolean;
  readonly slowHash: boolean;
  readonly readMimeType: boolean;
  readonly writeMimeType: boolean;
  /** Any keys that the user likes are kept. */
  readonly userMetadata: boolean;
  /** `stat` and `statDir` with `want: ['metadata']` tell some, and writes take it. */
  readonly metadata: boolean;
  /** `list({ recursive })` costs fewer requests than the walk by directory. */
  readonly fastList: boolean;
  readonly tiers: boolean;
  readonly isLocal: boolean;
  /** Ranges of one object may be read at the same time and are faster so; they name the object's etag. */
  readonly parallelReads?: boolean | undefined;
  /** A large object goes up in parts that are under way at the same time. */
  readonly parallelWrites?: boolean | undefined;
}

/**
 * An opened storage, rooted at a path. Paths given to it are relative to the root, in rclone's standard form.
 * All calls are stateless, take a signal and reject with a TscloneError.
 */
export interface Backend {
  /** Backend type: `s3`, `local` … */
  readonly type: string;
  /** Name of the remote it was opened from: `r2`, `:s3`, `local`. */
  readonly name: string;
  /** Path of the root within the remote, no leading slash except for local; '' = the remote itself. */
  readonly root: string;
  /** rclone's words for it in log lines: `S3 bucket b path p`, `Local file system at /x`. */
  readonly description: string;
  /**
   * Equal for two backends between which `copy` and `move` can work without moving bytes through here, and in which equal
   * paths below the remote are the same object.
   */
  readonly storeId: string;
  /**
   * Where the root lies, whatever the remote is called: equal for two remotes with other names and options on one
   * directory. Absent = not known.
   */
  readonly place?: string | undefined;
  /** Set and equal = `copy` and `move` can work between the two, although they are different stores. */
  readonly copyGroup?: string | undefined;
  readonly features: Features;
  /** Hashes it can give; the first is the cheapest. */
  readonly hashes: readonly HashType[];
  /** Smallest step of a modTime in ns, or 'none' when it cannot keep one. */
  readonly precision: Nanos | 'none';

  /** The same remote rooted at another path (counted from the remote, not from this root). No request. */
  at(root: string): Backend;

  /**
   * Entries below `dir` ('' = the root) in the order of their UTF-8 bytes within each page of the store. A layer gives
   * a recursive listing in the order of the names that the wrapped remote knows.
   * @throws dir_not_found when the store knows that it does not exist.
   */
  list(dir: string, o?: ListOptions): AsyncIterable<Entry>;

  /** @throws object_not_found, is_directory */
  stat(path: string, o?: StatOptions): Promise<ObjectInfo>;

  /** The directory itself. @throws dir_not_found, not_directory */
  statDir?(path: string, o?: StatOptions): Promise<DirInfo>;

  /**
   * Is this path one object? Decides whether a reference on the command line names an object or a directory.
   * Answers undefined for "take it as a directory".
   */
  probe(path: string, o?: CallOptions): Promise<ObjectInfo | undefined>;

  /**
   * Starts a read. The body ends only after every byte that was announced (and, for whole objects with a known hash,
   * the right ones) came; otherwise it throws `corrupted` or `network`.
   */
  read(path: string, o?: ReadOptions): Promise<{ info: ObjectInfo; body: ByteSource }>;

  /**
   * Stores `body` under `path`, replacing what is there. Resolves only when what is stored is what was read; on any
   * error nothing new stands under the name. The source is closed (`return()`) when the write stops early.
   */
  write(path: string, body: ByteSource, o: WriteOptions): Promise<ObjectInfo>;

  /**
   * Opens an object whose bytes come in any order. Nothing stands under its name before `finish`; with `inPlace` it may.
   * Every writer ends with `finish` or `abandon`.
   */
  writePieces?(path: string, o: WriteOptions): Promise<PieceWriter>;

  /** @throws object_not_found where the store can tell. */
  remove(path: string, o?: CallOptions): Promise<void>;

  /** Makes the directory and its parents; existing is fine. S3: creates the bucket. */
  mkdir(dir: string, o?: CallOptions): Promise<void>;

  /** @throws not_empty, dir_not_found */
  rmdir(dir: string, o?: CallOptions): Promise<void>;

  /** Server-side copy from a backend with the same storeId or copyGroup. @throws unsupported: the caller copies through. */
  copy?(from: Backend, info: ObjectInfo, to: string, o?: CopyOptions): Promise<ObjectInfo>;

  /**
   * Server-side move (rename) from a backend with the same storeId or copyGroup.
   * @throws unsupported: the caller copies and removes.
   */
  move?(from: Backend, info: ObjectInfo, to: string, o?: CopyOptions): Promise<ObjectInfo>;

  /**
   * Moves the whole tree at the root of `from` (same storeId) to this root in one step.
   * @throws already_exists, unsupported: the caller moves object by object; dir_not_found
   */
  moveDir?(from: Backend, o?: CallOptions): Promise<void>;

  /** Sets the modTime of a stored object. `info` is what the caller knows of it. */
  setModTime?(path: string, modTime: Nanos, o?: CallOptions & { info?: ObjectInfo | undefined }): Promise<void>;

  setDirModTime?(path: string, modTime: Nanos, o?: CallOptions): Promise<void>;

  /** Gives a directory the metadata of another one, its time included. */
  setDirMetadata?(path: string, metadata: Readonly<Record<string, string>>, o?: CallOptions): Promise<void>;

  /** Removes many objects with fewer requests; answers the failures. */
  removeMany?(paths: readonly string[], o?: CallOptions): Promise<readonly { path: string; error: Error }[]>;

  /**
   * Removes the directory and everything below it, where the store does it better than the walk (S3: with all old
   * versions).
   */
  purge?(dir: string, o?: PurgeOptions): Promise<void>;

  /** The digest of a stored object, read from the store or worked out; undefined = it has none. */
  hash?(path: string, type: HashType, o?: CallOptions & { info?: ObjectInfo | undefined }): Promise<string | undefined>;

  /** Space of the store. */
  about?(o?: CallOptions): Promise<Usage>;

  /** An address under which anybody can read the object. */
  publicLink?(path: string, o?: LinkOptions): Promise<string>;

  /** Removes what the store keeps and nobody lists: unfinished uploads, old versions, the bin. */
  cleanUp?(o?: CallOptions): Promise<void>;

  /** Moves an object to another storage class. */
  setTier?(path: string, tier: string, o?: CallOptions): Promise<void>;

  /**
   * One of the backend's own commands (`tsclone backend NAME remote:`); the result is JSON data, undefined for none.
   * @throws unsupported for a name that it does not know.
   */
  command?(
    name: string,
    args: readonly string[],
    options: Readonly<Record<string, string>>,
    o?: CommandOptions,
  ): Promise<unknown>;
}

/** What a backend is opened with. */
export interface OpenArgs<O> {
  readonly name: string;
  readonly options: O;
  readonly platform: Platform;
  readonly emit: Emit;
  readonly limits: TransportLimits;
  /** Opens another remote; for backends that wrap one. */
  readonly openRemote: (reference: string) => Promise<Backend>;
}

/** What keeps requests and bytes from going as fast as they could. */
export interface TransportThrottle {
  /** Resolves when one more request may be sent. */
  request(signal: AbortSignal | undefined): Promise<void>;
  /** The same bytes, as fast as they may go over the network. */
  slow(body: ByteSource, direction: 'up' | 'down', signal: AbortSignal | undefined): ByteSource;
}

/** Global settings that backends need. Times in ms. */
export interface TransportLimits {
  readonly lowLevelRetries: number;
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly transfers: number;
  readonly checkers: number;
  /** Parallel reads of one object in a transfer. */
  readonly streams: number;
  /** Streams up to this are read whole and sent in one request (rclone's `--streaming-upload-cutoff`). */
  readonly streamingUploadCutoff: number;
  readonly userAgent: string;
  readonly useServerModTime: boolean;
  /** Sent with every request, unsigned (rclone's `--header`). */
  readonly headers: readonly HttpHeader[];
  /** For objects that are stored; each backend takes those that it knows (`--header-upload`). */
  readonly uploadHeaders: readonly HttpHeader[];
  /** Sent with reads of objects (`--header-download`). */
  readonly downloadHeaders: readonly HttpHeader[];
  readonly network: NetworkSettings;
  /** Absent = nothing is slowed down. */
  readonly throttle?: TransportThrottle | undefined;
}

export type HttpHeader = readonly [name: string, value: string];

export const defaultLimits: TransportLimits = {
  lowLevelRetries: 10,
  timeoutMs: 300_000,
  connectTimeoutMs: 60_000,
  transfers: 4,
  checkers: 8,
  streams: 4,
  streamingUploadCutoff: 100 * 1024,
  userAgent: 'tsclone',
  useServerModTime: false,
  network: defaultNetwork,
  headers: [],
  uploadHeaders: [],
  downloadHeaders: [],
};

export type { ByteRange, DirInfo, Entry, Hashes, HashType, Nanos, ObjectInfo, Want };
