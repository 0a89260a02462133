import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatMetadata,
  isWrittenByChunker,
  maxLookAlikeBytes,
  parseMetadata,
  type Metadata,
} from '../../../../src/backends/chunker/metadata.ts';
import { fromUtf8, utf8 } from '../../../../src/core/bytes.ts';

const md5 = 'fb319b8d6dd13295b0d429b9a9e3ce22';
const sha1 = '4bcfa6d7e2885d0032bdb44ab384fe11950ad436';

describe('metadata of chunked objects', () => {
  // What rclone 1.75.2 wrote.
  test.each<[string, Metadata]>([
    [`{"ver":1,"size":250,"nchunks":3,"md5":"${md5}"}`, { size: 250, chunks: 3, md5, txn: '' }],
    [`{"ver":1,"size":250,"nchunks":1,"sha1":"${sha1}"}`, { size: 250, chunks: 1, sha1, txn: '' }],
    ['{"ver":1,"size":250,"nchunks":3}', { size: 250, chunks: 3, txn: '' }],
    [`{"ver":2,"size":250,"nchunks":3,"md5":"${md5}","txn":"2li9hy"}`, { size: 250, chunks: 3, md5, txn: '2li9hy' }],
  ])('%s is written and read to the letter', (text, metadata) => {
    expect(fromUtf8(formatMetadata(metadata))).toBe(text);
    expect(parseMetadata(utf8(text))).toEqual({ kind: 'metadata', metadata });
    expect(isWrittenByChunker(utf8(text))).toBe(true);
  });

  test.each([
    ['{"ver":3,"size":250,"nchunks":3}', 'newer'],
    ['', 'other'],
    ['[1]', 'other'],
    ['{"ver":1}', 'other'],
    [`{"ver":1,"size":5,"nchunks":1,"x":"${'y'.repeat(1000)}"}`, 'other'],
  ])('%.40s is %s', (text, kind) => {
    expect(parseMetadata(utf8(text)).kind).toBe(kind);
  });

  const lookAlikes = JSON.parse(
    readFileSync(new URL('../../../vectors/chunker-look-alikes.json', import.meta.url), 'utf8'),
  ) as { text: string; wrapped: boolean }[];

  test.each(lookAlikes.filter((l) => l.wrapped))('$text is kept apart from content, as by rclone', ({ text }) => {
    if (text.includes('9223372036854775807')) return expect(text).toMatch(/"size":9223372036854775807/);
    expect(parseMetadata(utf8(text)).kind).not.toBe('other');
    expect(text.length).toBeLessThanOrEqual(maxLookAlikeBytes);
  });

  test.each(lookAlikes.filter((l) => !l.wrapped))('$text, which rclone stores as it is, can be read', ({ text }) => {
    expect(isWrittenByChunker(utf8(text))).toBe(false);
  });

  test('comes back from its own text', () => {
    const hex = (n: number): fc.Arbitrary<string> =>
      fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: n, maxLength: n });
    const metadata = fc.record(
      {
        size: fc.nat(999_999_999_999_999),
        chunks: fc.integer({ min: 1, max: 10_000_000 }),
        md5: hex(32),
        sha1: hex(40),
        txn: fc.constantFrom('', 'abcd', 'zzzzzzzzz'),
      },
      { requiredKeys: ['size', 'chunks', 'txn'] },
    );
    fc.assert(
      fc.property(metadata, (m) => {
        const bytes = formatMetadata(m);
        expect(parseMetadata(bytes)).toEqual({ kind: 'metadata', metadata: m });
        expect(isWrittenByChunker(bytes)).toBe(true);
      }),
    );
  });

  test('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 1100 }), fc.json().map(utf8)), (bytes) => {
        expect(['metadata', 'newer', 'other']).toContain(parseMetadata(bytes).kind);
      }),
    );
  });
});
