import { createCipheriv, createDecipheriv, createHash, randomBytes, scrypt } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { createPureHash, sleepMs } from '../core/edge-platform.ts';
import type { Hasher, Platform, System } from '../core/platform.ts';
import { cacheDir, openLineFiles } from './line-files.ts';
import { openSodium } from './sodium.ts';

/** The platform of Node, Bun and Deno: native hashes, files, streamed request bodies. */
export function nodePlatform(env: Readonly<Record<string, string | undefined>> = process.env): Platform {
  return {
    kind: 'node',
    system: systemOf(process.platform),
    env,
    now: wallClock,
    sleep: sleepMs,
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
    createHash(type) {
      if (type === 'crc32') return nativeCrc32() ?? createPureHash(type);
      if (type === 'blake3') return createPureHash(type);
      const hash = createHash(type);
      return { update: (b) => void hash.update(b), digest: () => new Uint8Array(hash.digest()) };
    },
    scrypt: (password, salt, { length, ...o }) =>
      new Promise((resolve, reject) => {
        scrypt(password, salt, length, { ...o, maxmem: 256 * o.N * o.r }, (e, key) =>
          e ? reject(e) : resolve(new Uint8Array(key)),
        );
      }),
    aesBlocks(key) {
      // Blocks of ECB do not depend on one another: one cipher object each way serves for ever.
      const name = `aes-${key.length * 8}-ecb`;
      const seal = createCipheriv(name, key, null).setAutoPadding(false);
      const open = createDecipheriv(name, key, null).setAutoPadding(false);
      return { encrypt: (blocks) => seal.update(blocks), decrypt: (blocks) => open.update(blocks) };
    },
    secretbox: openSodium,
    codecs: async () => (await import('./codecs.ts')).nodeCodecs,
    streamBody(source) {
      const stream = Readable.from(source, { objectMode: false });
      // The writer sees the error of its own source; the SDK does not always listen and the process would end.
      stream.on('error', () => {});
      return stream;
    },
    async readTextFile(path) {
      try {
        return await readFile(path, 'utf8');
      } catch (e) {
        if ((e as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw e;
      }
    },
    openLines: (name) => openLineFiles(join(cacheDir(env), 'kv', `${name}.d`)),
    proxyAgents: async (proxy, options) => (await import('./proxy-agents.ts')).createProxyAgents(proxy, options),
    expectListeners: (signal) => setMaxListeners(0, signal),
    homeDir: () => env['HOME'] ?? homedir(),
    async awsKeys(o) {
      const { findAwsKeys } = await import('./aws-keys.ts');
      return findAwsKeys(o, env);
    },
  };
}

/** What is neither behaves as Linux. */
export const systemOf = (name: string): System =>
  name === 'win32' ? 'windows' : name === 'darwin' ? 'macos' : 'linux';

/** Wall clock in ns: milliseconds from Date, the rest from the monotonic clock, never going back within a process. */
const wallClock = (() => {
  const offset = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();
  return () => process.hrtime.bigint() + offset;
})();

/** Node has one since 22.2 and 20.15. */
function nativeCrc32(): Hasher | undefined {
  const sum = (zlib as { crc32?: (data: Uint8Array, value: number) => number }).crc32;
  if (sum === undefined) return undefined;
  let crc = 0;
  return {
    update: (bytes) => void (crc = sum(bytes, crc)),
    digest() {
      const out = new Uint8Array(4);
      new DataView(out.buffer).setUint32(0, crc);
      return out;
    },
  };
}
