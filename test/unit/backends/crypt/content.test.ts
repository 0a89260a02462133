import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  addToNonce,
  decryptedSize,
  decrypt,
  encrypt,
  encryptedSize,
  headerBytes,
  plainProgress,
  readHeader,
} from '../../../../src/backends/crypt/content.ts';
import { deriveKeys } from '../../../../src/backends/crypt/keys.ts';
import { collect, fromHex, toHex, utf8 } from '../../../../src/core/bytes.ts';
import { edgePlatform } from '../../../../src/core/edge-platform.ts';
import type { Secretbox } from '../../../../src/core/platform.ts';
import { pureSecretbox } from '../../../../src/core/secretbox.ts';
import { SourceReader } from '../../../../src/core/source-reader.ts';
import { chunks, obscured, platform, put, sessionWith } from '../../../support/layered.ts';

interface Encrypted {
  seed: number;
  size: number;
  nonce: string;
  plainSha256: string;
  encryptedSize: number;
  encryptedSha256: string;
  encryptedBase64?: string;
}
interface Outcome {
  catExit: number;
  catSize: number;
  catSha256: string;
  lsSize: number | null;
  messages: string[];
}
const vectors = JSON.parse(readFileSync(new URL('../../../vectors/crypt-content.json', import.meta.url), 'utf8')) as {
  password: string;
  password2: string;
  keys: { password: string; password2: string; dataKey: string; nameKey: string; nameTweak: string }[];
  fixedNonce: (Encrypted & { password2: string })[];
  real: Encrypted[];
  sizes: { n: number; encryptedSize: number; decryptedSize: number; decryptedSizeError: string | null }[];
  damaged: {
    name: string;
    what: string;
    encryptedBase64?: string;
    normal: Outcome;
    passBadBlocks: Outcome;
    wrongPassword: Outcome;
  }[];
};

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function plainBytes({ seed, size }: { seed: number; size: number }): Uint8Array {
  const out = new Uint8Array(size);
  let x = seed >>> 0;
  for (let i = 0; i < size; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    out[i] = x & 255;
  }
  return out;
}

async function boxes(password2: string): Promise<Record<'libsodium' | 'pure', Secretbox>> {
  const { data } = await deriveKeys(platform, utf8(vectors.password), utf8(password2));
  const libsodium = await platform.secretbox?.(data);
  if (!libsodium) throw new Error('libsodium did not load');
  return { libsodium, pure: pureSecretbox(data) };
}

async function decryptAll(box: Secretbox, bytes: Uint8Array, path = 'f'): Promise<Uint8Array> {
  const reader = new SourceReader(chunks(bytes, 10_007));
  const nonce = readHeader(await reader.read(headerBytes), path);
  return collect(decrypt(reader, box, { path, nonce, skip: 0, limit: Number.POSITIVE_INFINITY }));
}

test.each(vectors.keys)('derives the keys of $password with $password2', async (k) => {
  for (const p of [platform, edgePlatform()]) {
    const keys = await deriveKeys(p, utf8(k.password), utf8(k.password2));
    expect([keys.data, keys.name, keys.nameTweak].map(toHex)).toEqual([k.dataKey, k.nameKey, k.nameTweak]);
  }
});

test.each(vectors.fixedNonce)('encrypts $size bytes under $nonce to the bytes of rclone', async (v) => {
  const plain = plainBytes(v);
  expect(sha256(plain)).toBe(v.plainSha256);
  for (const box of Object.values(await boxes(v.password2))) {
    const sealed = await collect(encrypt(chunks(plain, 7_001), box, { path: 'f', nonce: fromHex(v.nonce) }));
    expect(sealed.length).toBe(v.encryptedSize);
    expect(sha256(sealed)).toBe(v.encryptedSha256);
    expect(sha256(await decryptAll(box, sealed))).toBe(v.plainSha256);
  }
});

const small = vectors.real.filter((v) => v.encryptedBase64 !== undefined);
test.each(small)('decrypts a file of $size bytes that rclone wrote', async (v) => {
  const { libsodium } = await boxes(vectors.password2);
  const bytes = new Uint8Array(Buffer.from(v.encryptedBase64 ?? '', 'base64'));
  expect(sha256(bytes)).toBe(v.encryptedSha256);
  expect(sha256(await decryptAll(libsodium, bytes))).toBe(v.plainSha256);
});

test.each(vectors.real)('encrypts $size bytes as the file that rclone wrote', async (v) => {
  const { pure } = await boxes(vectors.password2);
  const sealed = await collect(encrypt(chunks(plainBytes(v)), pure, { path: 'f', nonce: fromHex(v.nonce) }));
  expect(sha256(sealed)).toBe(v.encryptedSha256);
});

test.each(vectors.sizes)('knows the sizes of $n bytes', (v) => {
  expect(encryptedSize(v.n)).toBe(v.encryptedSize);
  expect(decryptedSize(v.n)).toBe(v.decryptedSizeError ?? v.decryptedSize);
});

test('counts nonces as a number of 24 bytes that wraps', () => {
  const all = new Uint8Array(24).fill(255);
  expect(toHex(addToNonce(all, 1))).toBe('00'.repeat(24));
  expect(toHex(addToNonce(new Uint8Array(24), 0x1_02_03_04_05))).toBe(`0504030201${'00'.repeat(19)}`);
  let step = fromHex('feff00ff'.padEnd(48, '0'));
  const far = addToNonce(step, 70_000);
  for (let i = 0; i < 70_000; i++) step = addToNonce(step, 1);
  expect(toHex(step)).toBe(toHex(far));
});

test('tells progress that adds up to the plain size', () => {
  for (const size of [0, 1, 65_536, 65_537, 1_000_000]) {
    let told = 0;
    const report = plainProgress((n) => (told += n));
    for (let left = encryptedSize(size); left > 0; left -= 9999) report(Math.min(left, 9999));
    expect(told).toBe(size);
  }
});

/** The file that the vectors damage, sealed anew: `real` gives the nonce. */
async function damagedBytes(name: string, base64: string | undefined): Promise<Uint8Array> {
  if (base64 !== undefined) return new Uint8Array(Buffer.from(base64, 'base64'));
  const v = vectors.real.find((r) => r.size === 131_073) as Encrypted;
  const { libsodium } = await boxes(vectors.password2);
  const sealed = await collect(encrypt(chunks(plainBytes(v)), libsodium, { path: 'f', nonce: fromHex(v.nonce) }));
  const flip = (at: number): Uint8Array => sealed.map((b, i) => (i === at ? b ^ 1 : b));
  const make: Record<string, () => Uint8Array> = {
    'bad-block1': () => flip(148),
    'bad-block2': () => flip(65_605),
    'bad-last': () => flip(sealed.length - 1),
    trunc: () => sealed.slice(0, 65_584),
    trunc2: () => sealed.slice(0, 65_594),
  };
  const bytes = make[name]?.();
  if (!bytes) throw new Error(`no recipe for ${name}`);
  return bytes;
}

describe.each(vectors.damaged)('$name: $what', ({ name, encryptedBase64, ...outcomes }) => {
  test.each(['normal', 'passBadBlocks', 'wrongPassword'] as const)('%s', async (kind) => {
    const expected = outcomes[kind];
    const session = sessionWith({
      m: { type: 'memory' },
      c: {
        type: 'crypt',
        remote: 'm:b',
        filename_encryption: 'off',
        password: obscured(kind === 'wrongPassword' ? 'wrong' : vectors.password),
        password2: obscured(vectors.password2),
        pass_bad_blocks: String(kind === 'passBadBlocks'),
      },
    });
    await put(await session.open('m:b'), `${name}.bin`, await damagedBytes(name, encryptedBase64));
    const crypt = await session.open('c:');
    expect((await crypt.stat(name)).size).toBe(expected.lsSize);

    const got: Uint8Array[] = [];
    let message: string | undefined;
    try {
      for await (const chunk of (await crypt.read(name)).body) got.push(chunk);
    } catch (e) {
      message = (e as Error).message;
    }
    const text = Buffer.concat(got);
    expect({ size: text.length, sha256: sha256(text) }).toEqual({ size: expected.catSize, sha256: expected.catSha256 });
    const last = expected.messages.at(-1);
    expect(message).toBe(expected.catExit === 0 ? undefined : last?.replace('NOTICE: Failed to cat: ', ''));
    const logged = session.events.flatMap((e) => (e.type === 'log' ? [`ERROR : ${e.message}`] : []));
    expect(logged).toEqual(expected.messages.filter((m) => m.startsWith('ERROR : crypt:')));
  });
});

test('a password that is no UTF-8 counts byte by byte', async () => {
  const none = new Uint8Array(0);
  const latin1 = await deriveKeys(edgePlatform({}), Uint8Array.of(0x66, 0xfc, 0x72), none);
  const replaced = await deriveKeys(edgePlatform({}), utf8('f\ufffdr'), none);
  expect(toHex(latin1.data)).not.toBe(toHex(replaced.data));
});
