import { utf8 } from '../../core/bytes.ts';
import { parseDuration } from '../../core/duration.ts';
import type { Nanos, ObjectInfo } from '../../core/entry.ts';
import { messageOf, TscloneError } from '../../core/errors.ts';
import { parentsOf, trimSlashes } from '../../core/path.ts';
import type { Platform } from '../../core/platform.ts';
import { goQuote } from '../../core/quote.ts';
import { formatSizeUnit, parseSize } from '../../core/size.ts';
import { formatDateTime, parseDateTime } from '../../core/time.ts';
import { compileGlob } from './glob.ts';
import { addFilterRule, addPathRule, Rules } from './rules.ts';

/**
 * What a listing or transfer leaves out, in rclone's words: globs as `--include`, `--exclude` and `--filter` take them,
 * sizes and ages as text (`10M`, `36h`, `2024-05-06`) or as numbers.
 */
export interface FilterOptions {
  /** Only what fits one of these globs. */
  readonly include?: readonly string[] | undefined;
  /** Not what fits one of these globs. */
  readonly exclude?: readonly string[] | undefined;
  /** Rules in order, the first that fits decides: `+ GLOB`, `- GLOB`, `!` forgets those before it. */
  readonly filter?: readonly string[] | undefined;
  /** Exactly these paths and nothing else; goes with no other filter. */
  readonly files?: readonly string[] | undefined;
  /** Globs do not tell upper and lower case apart. */
  readonly ignoreCase?: boolean | undefined;
  /** Bytes, or a text such as `1k`: a number without suffix in a text is KiB. Objects of this size are in. */
  readonly minSize?: number | string | undefined;
  readonly maxSize?: number | string | undefined;
  /** Only objects at least this old: milliseconds, a duration such as `36h` or `7d`, or a date. */
  readonly minAge?: number | string | undefined;
  /** Only objects younger than this. */
  readonly maxAge?: number | string | undefined;
  /** Directories that hold an object of one of these names are left out with all below. */
  readonly excludeIfPresent?: readonly string[] | undefined;
  /** `K/N`: part K of N, by the hash of the path; `@/N` picks K at random. */
  readonly hashFilter?: string | undefined;
  /** Globs on `key=value`. */
  readonly metadataInclude?: readonly string[] | undefined;
  readonly metadataExclude?: readonly string[] | undefined;
  readonly metadataFilter?: readonly string[] | undefined;
}

/** Compiled filter options. Paths are relative to the root of the listing, without slashes at their ends. */
export interface Filter {
  /** False = everything passes. */
  readonly active: boolean;
  /** Directories are left out by rules, so that reading everything at once would read too much. */
  readonly prunes: boolean;
  /** Only listed paths pass. */
  readonly exact: boolean;
  readonly excludeIfPresent: readonly string[];
  /** Facts that are needed beside path and size. */
  readonly needs: readonly ('modTime' | 'metadata')[];
  /** By path alone. */
  includesPath(path: string): boolean;
  includesDirectory(path: string): boolean;
  /** By path and size. */
  includesName(info: ObjectInfo): boolean;
  /** By the facts of `needs`. */
  includesFacts(modTime: Nanos, metadata: Readonly<Record<string, string>>): boolean;
  /** As `--dump filters` shows it. */
  dump(): string[];
}

/** @throws usage when a rule or value is wrong, in rclone's words. */
export function createFilter(o: FilterOptions, platform: Platform): Filter {
  try {
    return compile(o, platform);
  } catch (e) {
    throw new TscloneError('usage', messageOf(e), { retry: 'no', cause: e });
  }
}

function compile(o: FilterOptions, platform: Platform): Filter {
  const ignoreCase = o.ignoreCase ?? false;
  const paths = { files: new Rules(), dirs: new Rules() };
  const addPath = (include: boolean, glob: string): void => addPathRule(paths, include, glob, ignoreCase);
  addRules(o.include, o.exclude, o.filter, addPath, () => {
    paths.files.clear();
    paths.dirs.clear();
  });
  const metadata = new Rules();
  const addMetadata = (include: boolean, glob: string): void => metadata.add(include, compileGlob(glob));
  addRules(o.metadataInclude, o.metadataExclude, o.metadataFilter, addMetadata, () => metadata.clear());

  const [minSize, maxSize] = [sizeOf(o.minSize), sizeOf(o.maxSize)];
  const now = platform.now();
  const [newest, oldest] = [instantOf(o.minAge, now), instantOf(o.maxAge, now)];
  if (newest !== undefined && oldest !== undefined && newest < oldest)
    throw new Error(`filter: --min-age "${o.minAge}" can't be larger than --max-age "${o.maxAge}"`);
  const isInPart = hashPart(o.hashFilter, platform);
  const excludeIfPresent = o.excludeIfPresent ?? [];
  const { files, dirs } = paths;
  const other =
    files.size + dirs.size + metadata.size + excludeIfPresent.length > 0 ||
    [minSize, maxSize, newest, oldest, isInPart].some((rule) => rule !== undefined);
  if (o.files && other)
    throw new Error(
      'the usage of --files-from overrides all other filters, it should be used alone or with --files-from-raw or --files-from0',
    );
  const exact = o.files && exactPaths(o.files);

  const includesPath = (path: string): boolean =>
    exact ? exact.files.has(path) : (isInPart?.(path) ?? true) && files.includes(path);
  return {
    active: other || exact !== undefined,
    prunes: dirs.first !== undefined && !(dirs.first.include && dirs.first.regexp.source === '^.*$'),
    exact: exact !== undefined,
    excludeIfPresent,
    needs: [
      ...(newest === undefined && oldest === undefined ? [] : (['modTime'] as const)),
      ...(metadata.size === 0 ? [] : (['metadata'] as const)),
    ],
    includesPath,
    includesDirectory: (path) => (exact ? exact.dirs.has(path) : dirs.includes(`${path}/`)),
    includesName({ path, size = -1 }) {
      if (minSize !== undefined && size < minSize) return false;
      if (maxSize !== undefined && size > maxSize) return false;
      return includesPath(path);
    },
    includesFacts(modTime, facts) {
      if (oldest !== undefined && modTime < oldest) return false;
      if (newest !== undefined && modTime > newest) return false;
      if (metadata.size === 0) return true;
      const texts = Object.entries(facts).map(([key, value]) => `${key}=${value}`);
      return metadata.includesAny(texts.length > 0 ? texts : ['\0=\0']);
    },
    dump: () => [
      ...(oldest === undefined ? [] : [`Last-modified date must be equal or greater than: ${formatTime(oldest)}`]),
      ...(newest === undefined ? [] : [`Last-modified date must be equal or less than: ${formatTime(newest)}`]),
      ...(minSize === undefined ? [] : [`Minimum size is: ${formatSizeUnit(minSize)}`]),
      ...(maxSize === undefined ? [] : [`Maximum size is: ${formatSizeUnit(maxSize)}`]),
      '--- File filter rules ---',
      ...files.lines(),
      '--- Directory filter rules ---',
      ...dirs.lines(),
      ...(metadata.size > 0 ? ['--- Metadata filter rules ---', ...metadata.lines()] : []),
    ],
  };
}

const formatTime = (t: Nanos): string => `${formatDateTime(t, 'utc', 9)} +0000 UTC`;

/** The one order that rclone takes the kinds of rules in. */
function addRules(
  include: readonly string[] = [],
  exclude: readonly string[] = [],
  filter: readonly string[] = [],
  add: (include: boolean, glob: string) => void,
  clear: () => void,
): void {
  for (const glob of include) add(true, glob);
  for (const glob of exclude) add(false, glob);
  for (const rule of filter) addFilterRule(rule, add, clear);
  if (include.length > 0) add(false, '/**');
}

function sizeOf(size: number | string | undefined): number | undefined {
  const bytes = typeof size === 'string' ? Number(parseSize(size)) : size;
  return bytes === undefined || bytes < 0 ? undefined : bytes;
}

/**
 * The moment an age ago. It is one nanosecond late, because rclone looks at its clock twice: an object exactly as old
 * as the date fails --max-age and passes --min-age.
 */
function instantOf(age: number | string | undefined, now: Nanos): Nanos | undefined {
  if (age === undefined || age === 'off') return undefined;
  if (typeof age === 'number') return now - BigInt(Math.round(age * 1e6)) + 1n;
  return (parseDateTime(age, 'local') ?? now - parseDuration(age, () => now)) + 1n;
}

/** Is a path in the wanted part? The hash is that of its composed, lower-case form. */
function hashPart(text: string | undefined, platform: Platform): ((path: string) => boolean) | undefined {
  if (text === undefined || text === '') return undefined;
  const slash = text.indexOf('/');
  if (slash < 0) throw new Error('filter: --hash-filter: no / found');
  const n = parseUnsigned('N', text.slice(slash + 1));
  if (n === 0n) throw new Error('filter: --hash-filter: N must be greater than 0');
  const k = text.slice(0, slash);
  const part = (k === '@' ? littleEndian(platform.randomBytes(8)) : parseUnsigned('K', k)) % n;
  return (path) => {
    const hash = platform.createHash('md5');
    hash.update(utf8(path.normalize().toLowerCase()));
    return littleEndian(hash.digest()) % n === part;
  };
}

function parseUnsigned(name: string, text: string): bigint {
  const value = /^\d+$/.test(text) ? BigInt(text) : undefined;
  const reason = value === undefined ? 'invalid syntax' : value >= 2n ** 64n ? 'value out of range' : undefined;
  if (value === undefined || reason !== undefined) {
    const shown = goQuote(text);
    throw new Error(
      `filter: --hash-filter: can't parse ${name}=${shown}: strconv.ParseUint: parsing ${shown}: ${reason}`,
    );
  }
  return value;
}

const littleEndian = (bytes: Uint8Array): bigint =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true);

function exactPaths(paths: readonly string[]): { files: ReadonlySet<string>; dirs: ReadonlySet<string> } {
  const files = new Set<string>();
  const dirs = new Set<string>();
  for (const path of paths.map(trimSlashes)) {
    files.add(path);
    for (const parent of parentsOf(path)) dirs.add(parent);
  }
  return { files, dirs };
}
