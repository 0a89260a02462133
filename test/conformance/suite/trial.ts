import { createCipheriv, createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { blake3 } from '@noble/hashes/blake3.js';
import { expect } from 'vitest';
import type {
  Backend,
  ByteRange,
  ByteSource,
  Entry,
  HashType,
  ObjectInfo,
  WriteOptions,
} from '../../../src/core/backend.ts';
import { collect } from '../../../src/core/bytes.ts';
import { isTscloneError, type ErrorCode, type TscloneError } from '../../../src/core/errors.ts';

export interface Opened {
  readonly backend: Backend;
  cleanup(): Promise<void>;
}

/** One thing that a backend must do. */
export interface Case {
  readonly title: string;
  /** Absent = every backend. */
  readonly needs?: (backend: Backend) => boolean;
  readonly run: (t: Trial) => Promise<void>;
}

/** A backend and a directory in it that no other case uses. */
export interface Trial {
  readonly backend: Backend;
  readonly dir: string;
  /** A path in the directory. */
  at(name: string): string;
  put(name: string, content?: string | Uint8Array, o?: WriteOptions): Promise<ObjectInfo>;
  get(name: string, range?: ByteRange): Promise<Buffer>;
  /** Paths below the directory without it, directories with a slash at the end, in the order given. */
  names(recursive?: boolean): Promise<string[]>;
}

export function newTrial(backend: Backend, dir: string): Trial {
  const at = (name: string): string => `${dir}/${name}`;
  return {
    backend,
    dir,
    at,
    put(name, content = name, o = {}) {
      const bytes = typeof content === 'string' ? Buffer.from(content) : content;
      return backend.write(at(name), inChunks(bytes), { size: bytes.length, ...o });
    },
    async get(name, range) {
      const { body } = await backend.read(at(name), range ? { range } : {});
      return Buffer.from(await collect(body));
    },
    async names(recursive) {
      const entries = await listAll(backend, dir, recursive);
      return entries.map((e) => e.path.slice(dir.length + 1) + (e.kind === 'dir' ? '/' : ''));
    },
  };
}

export async function listAll(backend: Backend, dir: string, recursive?: boolean): Promise<Entry[]> {
  const out: Entry[] = [];
  for await (const entry of backend.list(dir, { recursive })) out.push(entry);
  return out;
}

/** What `sampleBytes` gives in this file's tests: noise, or as much of it as hexadecimal digits, which compress. */
export const samples: { kind: 'noise' | 'digits' } = { kind: 'noise' };

/** Bytes that repeat nowhere, the same in every run. */
export function sampleBytes(length: number): Buffer {
  const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16)).update(Buffer.alloc(length));
  return samples.kind === 'noise' ? noise : Buffer.from(noise.toString('hex').slice(0, length));
}

export const digestOf = (type: HashType, bytes: Uint8Array): string =>
  type === 'crc32'
    ? crc32(bytes).toString(16).padStart(8, '0')
    : type === 'blake3'
      ? Buffer.from(blake3(bytes)).toString('hex')
      : createHash(type).update(bytes).digest('hex');

/** A source in chunks that fit no part size; small views, as a network stream gives them. */
export async function* inChunks(bytes: Uint8Array, chunk = 65_537): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += chunk) yield Uint8Array.from(bytes.subarray(at, at + chunk));
}

/** A source that tells whether it was closed, and may do something odd after `oddAfter` bytes. */
export function watchedSource(
  bytes: Uint8Array,
  o: { oddAfter?: number; odd?: () => void | Promise<void>; chunk?: number | undefined } = {},
): { body: ByteSource; state: { closed: boolean; given: number } } {
  const { oddAfter = Infinity, odd = () => {}, chunk: chunkBytes } = o;
  const state = { closed: false, given: 0 };
  async function* give(): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of inChunks(bytes, chunkBytes)) {
      if (state.given <= oddAfter && state.given + chunk.length > oddAfter) await odd();
      state.given += chunk.length;
      yield chunk;
    }
  }
  const inner = give();
  const iterator: AsyncIterator<Uint8Array, void, void> = {
    async next() {
      const r = await inner.next();
      if (r.done) state.closed = true;
      return r;
    },
    async return() {
      state.closed = true;
      void inner.return();
      return { done: true, value: undefined };
    },
  };
  return { body: { [Symbol.asyncIterator]: () => iterator }, state };
}

/** The error that a call ends in; the case fails when it ends well or with something else than a TscloneError. */
export async function failureOf(call: Promise<unknown>): Promise<TscloneError> {
  const e = await call.then(
    (value) => new Error(`it ended well with ${String(value)}`),
    (error: unknown) => error,
  );
  if (!isTscloneError(e)) throw e instanceof Error ? e : new Error(`thrown: ${String(e)}`);
  return e;
}

export async function expectCode(call: Promise<unknown>, ...codes: ErrorCode[]): Promise<TscloneError> {
  const e = await failureOf(call);
  expect(codes, e.message).toContain(e.code);
  return e;
}

/** Nothing stands under the name: neither for `stat` nor in the listing, and no partial file beside it. */
export async function expectNothing(t: Trial, name: string): Promise<void> {
  await expectCode(t.backend.stat(t.at(name)), 'object_not_found');
  const names = await t.names(true).catch((e: unknown) => {
    if (isTscloneError(e) && e.code === 'dir_not_found') return [];
    throw e;
  });
  expect(names.filter((n) => n.startsWith(name))).toEqual([]);
}
