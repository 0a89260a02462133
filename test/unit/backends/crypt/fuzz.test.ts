import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deriveKeys } from '../../../../src/backends/crypt/keys.ts';
import { NameError } from '../../../../src/backends/crypt/name-error.ts';
import { createNameCipher, type NameCipher, type NameOptions } from '../../../../src/backends/crypt/names.ts';
import type { Backend } from '../../../../src/core/backend.ts';
import { collect, utf8 } from '../../../../src/core/bytes.ts';
import { isTscloneError } from '../../../../src/core/errors.ts';
import { chunks, obscured, platform, put, sessionWith } from '../../../support/layered.ts';

const blockBytes = 65_536;
const headerBytes = 32;
const sealBytes = 16;

/** Segments of plain paths: well-formed text, short enough for every encoding. */
const segment = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((s) => !/[/\0]/.test(s) && s !== '.' && s !== '..');
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((s) => s.join('/'));

async function cipherOf(mode: NameOptions['mode'], encoding: string): Promise<NameCipher> {
  const keys = await deriveKeys(platform, utf8('correct horse'), utf8('pepper'));
  return createNameCipher(platform, keys, { mode, encoding, encryptDirectories: true, suffix: '.bin' });
}

describe.each([
  ['standard', 'base32'],
  ['standard', 'base64'],
  ['standard', 'base32768'],
  ['obfuscate', 'base32'],
  ['off', 'base32'],
] as const)('names, %s in %s', (mode, encoding) => {
  test('come back from what they are encrypted to', async () => {
    const names = await cipherOf(mode, encoding);
    fc.assert(
      fc.property(path, (p) => {
        expect(names.decryptFile(names.encryptFile(p))).toBe(p);
        expect(names.decryptDir(names.encryptDir(p))).toBe(p);
      }),
      { numRuns: 400 },
    );
  });

  test('any other text is a name or an error of its own kind', async () => {
    const names = await cipherOf(mode, encoding);
    const text = fc.oneof(
      path,
      fc.stringMatching(/^[0-9a-v]{1,64}$/),
      fc.stringMatching(/^[0-9]{1,4}\..{0,20}$/),
      // An encrypted name with one character changed.
      fc.tuple(segment, fc.nat(), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 })).map(([s, at, by]) => {
        const stored = [...names.encryptFile(s)];
        stored[at % stored.length] = by;
        return stored.join('');
      }),
    );
    fc.assert(
      fc.property(text, (t) => {
        try {
          expect(typeof names.decryptFile(t)).toBe('string');
        } catch (e) {
          if (!(e instanceof NameError)) throw e;
        }
      }),
      { numRuns: 600 },
    );
  });
});

async function open(): Promise<{ remote: Backend; below: Backend }> {
  const session = sessionWith({
    m: { type: 'memory' },
    c: { type: 'crypt', remote: 'm:b', password: obscured('correct horse'), filename_encryption: 'off' },
  });
  const below = await session.open('m:b');
  await below.mkdir('');
  return { remote: await session.open('c:'), below };
}

const read = async (b: Backend, name: string, range?: { start: number; end: number }): Promise<Buffer> =>
  Buffer.from(await collect((await b.read(name, range ? { range } : {})).body));

/** Bytes whose every position differs from its neighbours in other blocks. */
function plainOf(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >>> 8) * 7 + seed) & 0xff;
  return bytes;
}

const lengths = fc.oneof(
  fc.nat(300),
  fc.integer({ min: blockBytes - 3, max: blockBytes + 3 }),
  fc.integer({ min: 0, max: 4 * blockBytes }),
);

describe('content', () => {
  test('of any length, written in any pieces, comes back whole and in every range', async () => {
    const { remote } = await open();
    await fc.assert(
      fc.asyncProperty(
        lengths,
        fc.nat(255),
        fc.integer({ min: 1, max: 100_000 }),
        fc.nat(),
        fc.nat(),
        async (...given) => {
          const [length, seed, piece, a, b] = given;
          const plain = plainOf(length, seed);
          await remote.write('f', chunks(plain, piece), {});
          expect((await remote.stat('f')).size).toBe(length);
          expect((await read(remote, 'f')).equals(plain)).toBe(true);
          const [start, end] = [a % (length + 1), b % (length + 1)].sort((x, y) => x - y) as [number, number];
          if (start < end)
            expect((await read(remote, 'f', { start, end })).equals(plain.subarray(start, end))).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('that was changed anywhere gives an error, or the bytes before the change', async () => {
    const { remote, below } = await open();
    const plain = plainOf(2 * blockBytes + 777, 5);
    await remote.write('f', chunks(plain), {});
    const stored = await read(below, 'f.bin');
    const anyByte = fc.oneof(fc.nat(headerBytes + 40), fc.nat(stored.length - 1));
    type Change = (b: Buffer) => Buffer;
    const change: fc.Arbitrary<Change> = fc.oneof(
      fc.tuple(anyByte, fc.integer({ min: 1, max: 255 })).map(([at, bits]): Change => (b) => {
        b[at] = (b[at] as number) ^ bits;
        return b;
      }),
      // A cut between two blocks is a shorter file in this format: nothing can tell.
      anyByte
        .filter((n) => n < headerBytes || (n - headerBytes) % (blockBytes + sealBytes) !== 0)
        .map(
          (n): Change =>
            (b) =>
              b.subarray(0, n),
        ),
      fc.uint8Array({ minLength: 1, maxLength: 100 }).map(
        (more): Change =>
          (b) =>
            Buffer.concat([b, more]),
      ),
      fc.constant<Change>((b) => {
        const [first, second] = [0, 1].map((i) => headerBytes + i * (blockBytes + sealBytes)) as [number, number];
        const copy = Buffer.from(b);
        b.copy(copy, first, second, second + blockBytes + sealBytes);
        b.copy(copy, second, first, second);
        return copy;
      }),
    );
    await fc.assert(
      fc.asyncProperty(change, async (f) => {
        await put(below, 'f.bin', f(Buffer.from(stored)));
        const got: Buffer[] = [];
        try {
          for await (const piece of (await remote.read('f')).body) got.push(Buffer.from(piece));
          expect.unreachable('it was read to its end');
        } catch (e) {
          if (!isTscloneError(e)) throw e;
          expect(e.code).toBe('corrupted');
        }
        const seen = Buffer.concat(got);
        expect(seen.equals(plain.subarray(0, seen.length))).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});
