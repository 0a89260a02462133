import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chunkNames } from '../../../../src/backends/chunker/names.ts';

const usual = chunkNames('*.rclone_chunk.###', 1);

describe('names of chunks', () => {
  test.each([
    ['big.rclone_chunk.001', { main: 'big', index: 0, txn: '' }],
    ['a/b/big.rclone_chunk.012', { main: 'a/b/big', index: 11, txn: '' }],
    ['big.rclone_chunk.1000', { main: 'big', index: 999, txn: '' }],
    ['big.rclone_chunk.0001', { main: 'big', index: 0, txn: '' }],
    ['big.rclone_chunk.001_2lhg81', { main: 'big', index: 0, txn: '2lhg81' }],
    ['big.rclone_chunk.001_abcd', { main: 'big', index: 0, txn: 'abcd' }],
    ['big.rclone_chunk.001..tmp_1234567890', { main: 'big', index: 0, txn: '..tmp_1234567890' }],
    ['big.rclone_chunk._meta', { main: 'big', txn: '' }],
    ['big.rclone_chunk._meta_abcd', { main: 'big', txn: 'abcd' }],
    ['eq.rclone_chunk.001.rclone_chunk.001', { main: 'eq.rclone_chunk.001', index: 0, txn: '' }],
    ['line\nbreak.rclone_chunk.001', { main: 'line\nbreak', index: 0, txn: '' }],
  ])('%j is one', (path, name) => {
    expect(usual.parse(path)).toEqual(name);
  });

  // Each of these is an object of its own for rclone 1.75.2.
  test.each([
    'big',
    '.rclone_chunk.001',
    'dir.rclone_chunk.001/a',
    'big.rclone_chunk.000',
    'big.rclone_chunk.01',
    'big.rclone_chunk.00a',
    'big.rclone_chunk.001_abc',
    'big.rclone_chunk.001_abcdefghij',
    'big.rclone_chunk.001_ABCD',
    'big.rclone_chunk._ab',
    'big.rclone_chunk._1abc',
    'big.rclone_chunk._abcdefgh',
    'f.rclone_chunk.99999999999999999999',
    'big_rclone_chunk_001',
  ])('%j is none', (path) => {
    expect(usual.parse(path)).toBeUndefined();
  });

  test.each([
    ['*.##x', 0, 0, '', 'big.00x'],
    ['*.##x', 0, 100, 'abcd', 'big.100x_abcd'],
    ['*#', 1, 11, '', 'big12'],
    ['*.#(x)$', 9, 0, '', 'big.9(x)$'],
    ['*-###-é', 1, 1, '', 'big-002-é'],
  ])('follow %s from %i', (format, start, index, txn, name) => {
    const names = chunkNames(format, start);
    expect(names.nameOf('big', index, txn)).toBe(name);
    expect(names.parse(name)).toEqual({ main: 'big', index, txn });
  });

  test.each([
    ['a', 'pattern must have exactly one asterisk (*)'],
    ['**#', 'pattern must have exactly one asterisk (*)'],
    ['*', 'pattern must have a hash character (#)'],
    ['*-#-#', 'hashes (#) in pattern must be consecutive'],
    ['#*', 'asterisk (*) in pattern must come before hashes (#)'],
    ['*#/', 'directory separator prohibited'],
    ['a/*#', 'directory separator prohibited'],
    ['p*s.##x', 'pattern must start with asterisk'],
  ])('have no format %j', (format, why) => {
    expect(() => chunkNames(format, 1)).toThrow(`invalid name format '${format}': ${why}`);
  });

  test('are read back as they were made', () => {
    // A number follows what ends in no digit, else nobody can tell where it begins.
    const text = fc.string({ unit: fc.constantFrom(...'ab.-_()[]^$\\+é💾'), maxLength: 6 }).map((s) => `${s}x`);
    const leaf = fc.string({ unit: fc.constantFrom(...'abc.-_ é\n'), minLength: 1, maxLength: 12 });
    const txn = fc.constantFrom('', 'abcd', '0123z', 'zzzzzzzzz');
    fc.assert(
      fc.property(
        text,
        text,
        fc.nat(4),
        fc.nat(3),
        leaf,
        fc.nat(9999),
        txn,
        (before, behind, more, start, main, i, t) => {
          const names = chunkNames(`*${before}${'#'.repeat(more + 1)}${behind}`, start);
          const parsed = names.parse(`d/${names.nameOf(main, i, t).replaceAll('/', '')}`);
          expect(parsed).toEqual({ main: `d/${main}`, index: i, txn: t });
        },
      ),
    );
  });
});
