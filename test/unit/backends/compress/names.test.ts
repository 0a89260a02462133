import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dataName, modes, parseDataName, sizeToken, tokenSize } from '../../../../src/backends/compress/names.ts';
import { formatMetadata, parseMetadata } from '../../../../src/backends/compress/metadata.ts';
import { isTscloneError } from '../../../../src/core/errors.ts';

const leaf = fc.string({ unit: 'binary', minLength: 1 }).filter((s) => !s.includes('/'));
const path = fc.array(leaf, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const size = fc.maxSafeNat();

describe('names of data objects', () => {
  test('every name comes back from what is stored', () => {
    fc.assert(
      fc.property(path, size, fc.constantFrom(modes.gzip, modes.zstd), (p, n, mode) => {
        expect(parseDataName(dataName(p, mode, n))).toEqual({ path: p, size: n });
        expect(parseDataName(dataName(p, modes.stored, n))).toEqual({ path: p });
      }),
    );
  });

  test('no text makes the parser fail, and what it takes has a name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const found = parseDataName(text);
        if (typeof found !== 'string') expect(text.startsWith(`${found.path}.`) && found.path !== '').toBe(true);
      }),
    );
  });

  test('tokens stand for 64 bits', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (n) => {
        expect(tokenSize(sizeToken(n))).toBe(n);
      }),
    );
    expect(sizeToken(-1)).toBe('__________8');
  });

  test.each([
    ['plain', 'file name has no extension'],
    ['dir.d/plain', 'file name has no extension'],
    ['a.gz', 'invalid filename'],
    ['.AAAAAAAAAAA.gz', 'invalid filename'],
    ['d/.bin', 'invalid filename'],
    ['a.AAAAAAAAAA.gz', 'invalid filename'],
    ['a.AAAAAAAAAA=.gz', 'invalid filename'],
    ['a._v________8.gz', 'could not decode size'],
  ])('%s is none: %s', (name, reason) => {
    expect(parseDataName(name)).toBe(reason);
  });

  test('an upload under way has no size yet', () => {
    expect(parseDataName('a.__________8.gz')).toEqual({ path: 'a', size: 'unknown' });
  });
});

describe('metadata', () => {
  const index = fc.record({
    blockSize: fc.constant(1_048_576),
    blockData: fc.array(fc.nat(), { minLength: 3, maxLength: 5 }),
  });

  test('comes back from what is stored', () => {
    const m = fc.record({
      mode: fc.constantFrom(modes.gzip, modes.zstd),
      size: fc.nat(2_000_000),
      md5: fc.constantFrom('', 'd41d8cd98f00b204e9800998ecf8427e'),
      mimeType: fc.string(),
      index,
    });
    fc.assert(
      fc.property(m, (given) => {
        expect(parseMetadata(formatMetadata(given, given.mode), 'f')).toEqual(given);
      }),
    );
  });

  test('escapes as Go does', () => {
    const json = new TextDecoder().decode(
      formatMetadata({ mode: modes.stored, size: 1, md5: '', mimeType: '<a & b>' }, modes.zstd),
    );
    expect(json).toBe(
      '{"Mode":0,"Size":1,"MD5":"","MimeType":"\\u003ca \\u0026 b\\u003e","CompressionMetadataGzip":null,"CompressionMetadataZstd":{"BlockSize":0,"Size":0,"BlockData":null}}',
    );
  });

  test('other JSON is refused', () => {
    const right = { Mode: 2, Size: 5, MD5: '', MimeType: 'a/b', CompressionMetadataGzip: null as unknown };
    const gzip = { BlockSize: 1_048_576, Size: 5, BlockData: [10, 9] };
    const parse = (json: unknown): unknown => parseMetadata(new TextEncoder().encode(JSON.stringify(json)), 'f');
    expect(parse({ ...right, CompressionMetadataGzip: gzip })).toMatchObject({ mode: 2, size: 5 });
    for (const wrong of [
      right,
      null,
      [],
      7,
      'text',
      { ...right, Mode: 3 },
      { ...right, Mode: 4, CompressionMetadataGzip: gzip },
      ...[
        { BlockSize: 0 },
        { BlockSize: -1 },
        { BlockSize: 2 ** 40 },
        { BlockSize: 1.5 },
        { Size: 6 },
        { BlockData: [10] },
        { BlockData: null },
        { BlockData: [10, '9'] },
        { BlockData: [10, -1] },
      ].map((change) => ({ ...right, CompressionMetadataGzip: { ...gzip, ...change } })),
      ...[{ Size: -1 }, { Size: '5' }, { Size: 2 ** 60 }, { MD5: 'xyz' }, { MD5: undefined }].map((change) => ({
        ...right,
        CompressionMetadataGzip: gzip,
        ...change,
      })),
    ])
      expect(() => parse(wrong), JSON.stringify(wrong)).toThrow('error decoding metadata');
  });

  test('no bytes make the parser fail in another way', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json().map((j) => new TextEncoder().encode(j)),
          fc.uint8Array(),
        ),
        (bytes) => {
          try {
            parseMetadata(bytes, 'f');
          } catch (e) {
            expect(isTscloneError(e)).toBe(true);
          }
        },
      ),
    );
  });
});
