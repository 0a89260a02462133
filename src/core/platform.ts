import type { HashType, Nanos } from './entry.ts';
import type { LineStore } from './line-store.ts';

/** An incremental digest. `digest` may be called once. */
export interface Hasher {
  update(bytes: Uint8Array): void;
  digest(): Uint8Array;
}

/** `N` iterations, `r` block size, `p` parallelism, `length` of the key in bytes. */
export interface ScryptOptions {
  readonly N: number;
  readonly r: number;
  readonly p: number;
  readonly length: number;
}

/** Options of Node's agents. */
export type AgentOptions = Readonly<Record<'http' | 'https', Readonly<Record<string, unknown>>>>;

export interface Agents {
  readonly httpAgent: object;
  readonly httpsAgent: object;
}

/** Takes any number of whole blocks of 16 bytes. */
export interface BlockCipher {
  encrypt(blocks: Uint8Array): Uint8Array;
  decrypt(blocks: Uint8Array): Uint8Array;
}

/** XSalsa20-Poly1305 under one key: a tag of 16 bytes, then the text. Nonces have 24 bytes. */
export interface Secretbox {
  seal(nonce: Uint8Array, plain: Uint8Array): Uint8Array;
  /** undefined = the tag is wrong. */
  open(nonce: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
}

/** Keys that sign requests to AWS and its like. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** Unix time in ms; absent = they do not expire. */
  readonly expiresAt?: number | undefined;
}

export interface AwsKeysOptions {
  /** '' = the default one. */
  readonly profile: string;
  /** A file of profiles beside the usual ones; '' = none. */
  readonly file: string;
  readonly region: string;
}

/**
 * Compression of pieces of some MiB. Each call stands alone: no window is shared between pieces. A piece that is not
 * valid, or gives more than `limit` bytes, is an error.
 */
export interface Codecs {
  /**
   * Raw deflate (RFC 1951) at level 0 to 9, or with Huffman codes alone. `last` ends the stream; without it the piece
   * ends in a sync flush, so that another can follow.
   */
  deflate(piece: Uint8Array, o: { level: number | 'huffman'; last: boolean }): Promise<Uint8Array>;
  /** The text of such a piece. */
  inflate(piece: Uint8Array, limit: number): Promise<Uint8Array>;
  /** One zstd frame (RFC 8878) with its checksum, at a level of libzstd. Absent = the runtime cannot. */
  zstd?(piece: Uint8Array, level: number): Promise<Uint8Array>;
  /** The text of one zstd frame. The caller has followed its blocks to the end: Node 22 takes a frame cut off for whole. */
  unzstd(frame: Uint8Array, limit: number): Promise<Uint8Array>;
}

export type System = 'linux' | 'macos' | 'windows';

/**
 * What the runtime gives: everything in the edge-safe folders takes it as an argument. `core/edge-platform.ts` is the
 * pure one, `node/platform.ts` the faster one for Node, Bun and Deno.
 */
export interface Platform {
  readonly kind: 'edge' | 'node';
  /** Whose paths and file names the runtime has; absent = as Linux. */
  readonly system?: System;
  /** Environment variables; the edge has none of its own, the caller may give some. */
  readonly env: Readonly<Record<string, string | undefined>>;
  now(): Nanos;
  /** Resolves after `ms`, rejects with the signal's abort error. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  randomBytes(length: number): Uint8Array;
  createHash(type: HashType): Hasher;
  /** scrypt (RFC 7914). */
  scrypt(password: Uint8Array, salt: Uint8Array, o: ScryptOptions): Promise<Uint8Array>;
  /** AES on single blocks (ECB without padding): a building block of other modes, never used on data as it is. */
  aesBlocks(key: Uint8Array): BlockCipher;
  /** NaCl's secretbox, where the runtime has a faster one than `core/secretbox.ts`. */
  secretbox?(key: Uint8Array): Promise<Secretbox>;
  codecs(): Promise<Codecs>;
  /**
   * Turns a source of exactly `size` bytes into what the HTTP handler can send without buffering it; absent = the
   * runtime can only send byte arrays.
   */
  streamBody?(source: AsyncIterable<Uint8Array>, size: number): unknown;
  /** Text of a file, undefined when it does not exist (AWS profile files); absent = no file system. */
  readTextFile?(path: string): Promise<string | undefined>;
  homeDir?(): string | undefined;
  /** Lines that outlive the process; absent = `core/line-store.ts` keeps them as long as it lives. */
  openLines?(name: string): LineStore;
  /**
   * Keys from where AWS programs look for them on a machine: profiles (keys, roles, single sign-on, programs), the
   * container's and the instance's service. Absent = the runtime has none of these. Rejects when there are none.
   */
  awsKeys?(o: AwsKeysOptions): Promise<AwsKeys>;
  /** Agents that go through an http or https proxy; absent = the runtime has no agents. */
  proxyAgents?(proxy: string, options: AgentOptions): Promise<Agents>;
  /** Tells the runtime that hundreds of calls listen to this signal at once: Node takes more than ten for a leak. */
  expectListeners?(signal: AbortSignal): void;
  /** IANA name or undefined for UTC; listings print local times. */
  readonly timeZone?: string;
}
