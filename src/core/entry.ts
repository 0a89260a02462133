/** Time in nanoseconds since the Unix epoch, UTC. rclone keeps nanoseconds, which a Date would lose. */
export type Nanos = bigint;

/** Hash names as rclone's lsjson prints them. */
export type HashType = 'md5' | 'sha1' | 'sha256' | 'crc32' | 'sha512' | 'blake3';

/** Digests in lower-case hex. */
export type Hashes = Readonly<Partial<Record<HashType, string>>>;

/** A stored object: plain data that survives structuredClone. Absent means unknown. */
export interface ObjectInfo {
  readonly kind: 'object';
  /** Relative to the backend's root, in rclone's standard form (`core/encoding.ts`), no leading slash. */
  readonly path: string;
  /** Bytes; absent = unknown (rclone's -1). */
  readonly size?: number;
  /** Absent = it did not come for free; ask with `want: ['modTime']`. */
  readonly modTime?: Nanos;
  readonly hashes: Hashes;
  /** As the service gave it, without quotes. */
  readonly etag?: string;
  readonly mimeType?: string;
  /** Storage class. */
  readonly tier?: string;
  readonly versionId?: string;
  /** User and system metadata, keys in lower case (rclone's `--metadata` names). */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The service's own time of the last write, where it is not the modTime. */
  readonly serverTime?: Nanos;
  /** Set = the store has it under this name, to which no path leads: it is shown and cannot be asked for. */
  readonly unreachable?: string;
}

export interface DirInfo {
  readonly kind: 'dir';
  readonly path: string;
  readonly modTime?: Nanos;
  /** Bytes, where the store says so (local: the inode's size). */
  readonly size?: number;
  readonly isBucket?: boolean;
  /** As of an object, where the store keeps any for directories and it was asked for. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** As of an object. */
  readonly unreachable?: string;
}

export type Entry = ObjectInfo | DirInfo;

/** A costly fact that the caller needs: S3 modTime, mimeType and metadata cost a HEAD, a local hash costs a read. */
export type Want = 'modTime' | 'mimeType' | 'metadata' | HashType;

/** Bytes `start` to `end` (exclusive; absent = to the end), counted from 0. A negative start counts from the end. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}
