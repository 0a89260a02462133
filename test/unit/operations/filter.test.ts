import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ObjectInfo } from '../../../src/core/entry.ts';
import { isTscloneError } from '../../../src/core/errors.ts';
import { nodePlatform } from '../../../src/node/platform.ts';
import { createFilter, type FilterOptions } from '../../../src/operations/filter/filter.ts';
import { compileGlob, globToRegexp } from '../../../src/operations/filter/glob.ts';

interface GlobCase {
  readonly glob: string;
  readonly path?: string;
  readonly error?: string;
  readonly string?: string;
  readonly stringError?: string;
}
interface FilterCase extends FilterOptions {
  readonly name: string;
  readonly error?: string;
  readonly dump?: readonly string[];
  readonly usesDirectoryFilters?: boolean;
  readonly useMetadata?: boolean;
  readonly filesIncluded: readonly string[];
  readonly dirsIncluded: readonly string[];
}
interface Vectors {
  readonly matchNames: readonly string[];
  readonly filterFiles: readonly { path: string; size: number }[];
  readonly filterMetadata: readonly (Record<string, string> | null)[];
  readonly filterDirs: readonly string[];
  readonly globs: readonly GlobCase[];
  readonly matches: readonly { glob: string; ignoreCase: boolean; regexp: string; matches: readonly string[] }[];
  readonly filters: readonly FilterCase[];
}

// What rclone 1.76 makes of globs and rules.
const vectors = JSON.parse(
  readFileSync(new URL('../../vectors/filters.json', import.meta.url), 'utf8'),
) as unknown as Vectors;
const platform = nodePlatform({});

const reasonOf = (work: () => unknown): string => {
  try {
    work();
  } catch (e) {
    return (e as Error).message;
  }
  return '';
};

describe('globs', () => {
  test.each(vectors.globs)('$glob', ({ glob, path, error }) => {
    if (error === undefined) {
      expect(globToRegexp(glob)).toBe(path);
      compileGlob(glob);
    } else expect(reasonOf(() => compileGlob(glob))).toBe(error);
  });

  test.each(vectors.globs)('$glob of a text', ({ glob, string, stringError }) => {
    const of = 'text';
    if (stringError === undefined) expect(globToRegexp(glob, { of })).toBe(string);
    else expect(reasonOf(() => compileGlob(glob, { of }))).toBe(stringError);
  });

  test('a part of a text', () => {
    const glob = compileGlob('b?', { of: 'part', ignoreCase: true });
    expect(['ab', 'ABc', 'b', 'box'].filter((text) => glob.test(text))).toEqual(['ABc', 'box']);
  });

  test.each(vectors.matches)('$glob matches (ignoring case: $ignoreCase)', ({ glob, ignoreCase, regexp, matches }) => {
    const compiled = compileGlob(glob, { ignoreCase });
    expect(compiled.source).toBe(regexp);
    expect(vectors.matchNames.filter((name) => compiled.test(name)).sort()).toEqual(matches.toSorted());
  });
});

describe('rules', () => {
  test.each(vectors.filters)('$name', (given) => {
    if (given.error !== undefined) {
      expect(reasonOf(() => createFilter(given, platform))).toBe(given.error);
      return;
    }
    const filter = createFilter(given, platform);
    expect(filter.dump()).toEqual(given.dump);
    expect(filter.prunes).toBe(given.usesDirectoryFilters);
    const passes = ({ path, size }: { path: string; size: number }, i: number): boolean => {
      const info: ObjectInfo = { kind: 'object', path, size, hashes: {} };
      const metadata = given.useMetadata ? (vectors.filterMetadata[i] ?? {}) : {};
      return filter.includesName(info) && filter.includesFacts(0n, metadata);
    };
    expect(vectors.filterFiles.filter(passes).map((f) => f.path)).toEqual(given.filesIncluded);
    expect(vectors.filterDirs.filter((dir) => filter.includesDirectory(dir))).toEqual(given.dirsIncluded);
  });

  test('mistakes are usage errors', () => {
    try {
      createFilter({ filter: ['x'] }, platform);
    } catch (e) {
      expect(isTscloneError(e) && e.code).toBe('usage');
    }
    expect.assertions(1);
  });
});

describe('options of the library', () => {
  const info = (path: string, size = 0): ObjectInfo => ({ kind: 'object', path, size, hashes: {} });

  test('sizes are numbers of bytes or texts', () => {
    const filter = createFilter({ minSize: 10, maxSize: '1k' }, platform);
    expect([9, 10, 1024, 1025].filter((size) => filter.includesName(info('a', size)))).toEqual([10, 1024]);
  });

  test('ages are milliseconds, durations or dates', () => {
    const now = 1_700_000_000_000_000_000n;
    const at = { ...platform, now: () => now };
    const day = 86_400_000_000_000n;
    const passes = (o: FilterOptions, age: bigint): boolean => createFilter(o, at).includesFacts(now - age, {});
    expect(passes({ maxAge: '1d' }, day - 1n)).toBe(true);
    expect(passes({ maxAge: '1d' }, day)).toBe(false);
    expect(passes({ maxAge: 86_400_000 }, day)).toBe(false);
    expect(passes({ minAge: '1d' }, day)).toBe(true);
    expect(passes({ minAge: '1d' }, day - 2n)).toBe(false);
    expect(passes({ minAge: '1970-01-01T00:00:00Z' }, now)).toBe(true);
    expect(passes({ maxAge: 'off' }, 10n * day)).toBe(true);
  });

  test('a random part is one of the parts', () => {
    const names = Array.from({ length: 64 }, (_, i) => `f${i}`);
    const part = (hashFilter: string): string => {
      const filter = createFilter({ hashFilter }, platform);
      return names.filter((name) => filter.includesPath(name)).join();
    };
    expect(['0/3', '1/3', '2/3'].map(part)).toContain(part('@/3'));
  });

  test('exact paths go with nothing else', () => {
    expect(reasonOf(() => createFilter({ files: ['a'], include: ['b'] }, platform))).toContain('overrides all other');
    const filter = createFilter({ files: ['/dir/sub/a/'] }, platform);
    expect(filter.includesPath('dir/sub/a')).toBe(true);
    expect(filter.includesPath('dir/sub/b')).toBe(false);
    expect(['dir', 'dir/sub', 'dir/sub/a', 'other'].filter((d) => filter.includesDirectory(d))).toEqual([
      'dir',
      'dir/sub',
    ]);
  });

  test('nothing given lets everything through', () => {
    expect(createFilter({}, platform).active).toBe(false);
    expect(createFilter({ files: [] }, platform).includesPath('a')).toBe(false);
  });
});
