import { ecb } from '@noble/ciphers/aes.js';
import { blake3 } from '@noble/hashes/blake3.js';
import { md5, sha1 } from '@noble/hashes/legacy.js';
import { scryptAsync } from '@noble/hashes/scrypt.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { crc32 } from './crc32.ts';
import { abortError } from './errors.ts';
import type { HashType } from './entry.ts';
import type { Hasher, Platform } from './platform.ts';

/**
 * The platform in pure JavaScript: Workers, browsers, any runtime with web APIs. `env` is what the caller passes (a
 * Worker's bindings, for example).
 */
export function edgePlatform(env: Readonly<Record<string, string | undefined>> = {}): Platform {
  return {
    kind: 'edge',
    env,
    now: () => BigInt(Date.now()) * 1_000_000n,
    sleep: sleepMs,
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    createHash: createPureHash,
    scrypt: (password, salt, { length, ...o }) => scryptAsync(password, salt, { ...o, dkLen: length }),
    aesBlocks(key) {
      // `ecb` keeps state for one call, so each gets its own.
      const cipher = () => ecb(key, { disablePadding: true });
      return { encrypt: (blocks) => cipher().encrypt(blocks), decrypt: (blocks) => cipher().decrypt(blocks) };
    },
    codecs: async () => (await import('./pure-codecs.ts')).pureCodecs,
  };
}

export function createPureHash(type: HashType): Hasher {
  switch (type) {
    case 'md5':
      return wrap(md5.create());
    case 'sha1':
      return wrap(sha1.create());
    case 'sha256':
      return wrap(sha256.create());
    case 'sha512':
      return wrap(sha512.create());
    case 'blake3':
      return wrap(blake3.create({}));
    case 'crc32':
      return crc32();
  }
}

function wrap(h: { update(b: Uint8Array): unknown; digest(): Uint8Array }): Hasher {
  return { update: (b) => void h.update(b), digest: () => h.digest() };
}

/** Waits `ms`; rejects with the signal's abort error as soon as it fires. */
export function sleepMs(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(abortError(signal));
      return;
    }
    const onAbort = (): void => {
      clearTimeout(timer);
      if (signal) reject(abortError(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
