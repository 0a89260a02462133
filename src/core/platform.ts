import type { HashType, Nanos } from './entry.ts';

/** An incremental digest. `digest` may be called once. */
export interface Hasher {
  update(bytes: Uint8Array): void;
  digest(): Uint8Array;
}

/**
 * What the runtime gives: everything in the edge-safe folders takes it as an argument. `core/edge-platform.ts` is the
 * pure one, `node/platform.ts` the faster one for Node, Bun and Deno.
 */
export interface Platform {
  readonly kind: 'edge' | 'node';
  /** Environment variables; the edge has none of its own, the caller may give some. */
  readonly env: Readonly<Record<string, string | undefined>>;
  now(): Nanos;
  /** Resolves after `ms`, rejects with the signal's abort error. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  randomBytes(length: number): Uint8Array;
  createHash(type: HashType): Hasher;
  /**
   * Turns a source of exactly `size` bytes into what the HTTP handler can send without buffering it; absent = the
   * runtime can only send byte arrays.
   */
  streamBody?(source: AsyncIterable<Uint8Array>, size: number): unknown;
  /** Text of a file, undefined when it does not exist (AWS profile files); absent = no file system. */
  readTextFile?(path: string): Promise<string | undefined>;
  homeDir?(): string | undefined;
  /** IANA name or undefined for UTC; listings print local times. */
  readonly timeZone?: string;
}
