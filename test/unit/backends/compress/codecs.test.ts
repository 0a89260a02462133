import { randomBytes } from 'node:crypto';
import * as zlib from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unzstdWhole } from '../../../../src/backends/compress/zstd.ts';
import { collect, concatBytes } from '../../../../src/core/bytes.ts';
import { createPureHash } from '../../../../src/core/edge-platform.ts';
import { pureCodecs } from '../../../../src/core/pure-codecs.ts';
import { SourceReader } from '../../../../src/core/source-reader.ts';
import { xxh64Low } from '../../../../src/core/xxh64.ts';
import { nodeCodecs } from '../../../../src/node/codecs.ts';
import { sourceBytes, vectors } from '../../../support/compress-vectors.ts';
import { platform } from '../../../support/layered.ts';

const all = { node: nodeCodecs, pure: pureCodecs };
const pieces = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ maxLength: 900 }).map((s) => Buffer.from(s.repeat(3))),
  ),
  {
    maxLength: 4,
  },
);

describe.each(Object.entries(all))('%s', (_name, codecs) => {
  test.each([0, 1, 4, 9] as const)(
    'pieces of level %s make one stream, and can be inflated one by one',
    async (level) => {
      await fc.assert(
        fc.asyncProperty(pieces, async (texts) => {
          const parts: Uint8Array[] = [];
          for (const [i, text] of texts.entries())
            parts.push(await codecs.deflate(text, { level, last: i === texts.length - 1 }));
          if (texts.length > 0) expect(zlib.inflateRawSync(concatBytes(parts)).equals(Buffer.concat(texts))).toBe(true);
          for (const [i, part] of parts.entries())
            for (const reader of Object.values(all))
              expect(Buffer.from(await reader.inflate(part, texts[i]?.length ?? 0))).toEqual(
                Buffer.from(texts[i] ?? []),
              );
        }),
        { numRuns: 40 },
      );
    },
  );

  test('a piece in the middle ends in a sync flush', async () => {
    const piece = await codecs.deflate(Buffer.from('text '.repeat(100)), { level: 4, last: false });
    expect(Buffer.from(piece.subarray(-4)).toString('hex')).toBe('0000ffff');
  });

  test('whole blocks, of text and of noise', async () => {
    for (const text of [sourceBytes('lines-1048576'), randomBytes(1_048_576)])
      for (const last of [false, true]) {
        const piece = await codecs.deflate(text, { level: 4, last });
        const end = last ? new Uint8Array(0) : await codecs.deflate(new Uint8Array(0), { level: 4, last: true });
        expect(zlib.inflateRawSync(concatBytes([piece, end])).equals(text)).toBe(true);
        expect(Buffer.from(await codecs.inflate(piece, text.length)).equals(text)).toBe(true);
      }
  });

  test('gives no more than was asked for', async () => {
    const bomb = zlib.deflateRawSync(Buffer.alloc(50_000_000));
    await expect(codecs.inflate(bomb, 1_048_576)).rejects.toThrow();
  });

  test('damaged pieces are errors or other bytes, never a hang', async () => {
    const piece = await codecs.deflate(sourceBytes('text50000.txt'), { level: 4, last: false });
    await fc.assert(
      fc.asyncProperty(fc.nat(piece.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const wrong = Uint8Array.from(piece);
        wrong[at] = (wrong[at] as number) ^ change;
        const text = await codecs.inflate(wrong, 50_000).catch(() => undefined);
        expect(text === undefined || text.length <= 50_000).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('reads the frames that rclone wrote, and sees damage by their checksum', async () => {
    const tree = vectors.trees.find((t) => t.name === 'zstd-2');
    const stored = tree?.underlying?.find((u) => u.path.startsWith('text1000.txt.') && u.base64 !== undefined);
    const object = Buffer.from(stored?.base64 ?? '', 'base64');
    const frame = object.subarray(0, object.length - 29);
    const text = sourceBytes('text1000.txt');
    expect(Buffer.from(await codecs.unzstd(frame, 1000)).equals(text)).toBe(true);
    await expect(codecs.unzstd(frame, 999)).rejects.toThrow();
    expect(frame.readUInt32LE(frame.length - 4)).toBe(xxh64Low(text));
    // Read as a file is: with its blocks followed from header to header.
    const read = (bytes: Uint8Array): Promise<Uint8Array> =>
      collect(unzstdWhole(new SourceReader(ReadableStream.from([bytes])), codecs, 'file'));
    expect(Buffer.from(await read(frame)).equals(text)).toBe(true);
    for (let bit = 8 * 4; bit < 8 * frame.length; bit++) {
      const wrong = Buffer.from(frame);
      wrong[bit >> 3] = (wrong[bit >> 3] as number) ^ (1 << (bit & 7));
      const got = await read(wrong).catch(() => undefined);
      if (got) expect(Buffer.from(got).equals(text), `bit ${bit}`).toBe(true);
    }
    for (let length = 1; length < frame.length; length++)
      await expect(read(frame.subarray(0, length)), `${length} bytes`).rejects.toThrow();
  });
});

test('Huffman codes alone', async () => {
  const text = Buffer.from('aaaaaaab'.repeat(1000));
  const piece = await nodeCodecs.deflate(text, { level: 'huffman', last: true });
  expect(piece.length).toBeGreaterThan(text.length / 10);
  expect(zlib.inflateRawSync(piece).equals(text)).toBe(true);
  await expect(pureCodecs.deflate(text, { level: 'huffman', last: true })).rejects.toThrow('Huffman');
});

// Values of the reference implementation (seed 0, low half).
test.each([
  ['', 0x51d8e999],
  ['a', 0xa98c6e5b],
  ['abc', 0xad770999],
])('XXH64 of %j', (text, low) => {
  expect(xxh64Low(Buffer.from(text)).toString(16)).toBe(low.toString(16));
});

test.skipIf(!nodeCodecs.zstd)('XXH64 is what zstd puts behind a frame', async () => {
  for (let length = 0; length < 200; length++) {
    const text = randomBytes(length);
    const frame = (await nodeCodecs.zstd?.(text, 1)) as Buffer;
    expect(xxh64Low(text)).toBe(Buffer.from(frame).readUInt32LE(frame.length - 4));
  }
});

test('the CRC-32 of the platform is the pure one', () => {
  const [a, b] = [platform.createHash('crc32'), createPureHash('crc32')];
  for (const chunk of [Buffer.from('123456789'), randomBytes(1000)]) {
    a.update(chunk);
    b.update(chunk);
  }
  expect(a.digest()).toEqual(b.digest());
});
