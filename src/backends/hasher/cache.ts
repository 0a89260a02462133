import type { Hashes, HashType } from '../../core/entry.ts';
import { utf8 } from '../../core/bytes.ts';
import type { LineStore } from '../../core/line-store.ts';
import type { Platform } from '../../core/platform.ts';

/** What is known of one object in one state. */
export interface HashRecord {
  /** The state: see `fingerprint.ts`. `anyState` = all of them. */
  readonly fingerprint: string;
  /** Time of the last change, ns. */
  readonly created: bigint;
  readonly hashes: Hashes;
}

/** Of a record that was imported without looking at the object. */
export const anyState = '*';

/** One change of the cache, as it is kept. `f` and `h` are absent when the object's record was removed. */
interface Line {
  readonly k: string;
  /** ns since the epoch, decimal. */
  readonly t: string;
  readonly f?: string;
  readonly h?: Hashes;
}

/**
 * Checksums by path. Each change is one more line in the shard of its path, so that programs that share the cache need
 * no turns; the newest lines of a path tell what is known.
 */
export class HashCache {
  readonly #lines: LineStore;
  readonly #platform: Platform;

  constructor(lines: LineStore, platform: Platform) {
    this.#lines = lines;
    this.#platform = platform;
  }

  async get(path: string): Promise<HashRecord | undefined> {
    return fold(await this.#lines.read(this.#shardOf(path)), path).get(path);
  }

  /** Hashes of the same state are added to those that are known. */
  async put(path: string, fingerprint: string, hashes: Hashes): Promise<void> {
    const shard = this.#shardOf(path);
    await this.#lines.add(shard, this.#line({ k: path, f: fingerprint, h: hashes }));
    const lines = await this.#lines.read(shard);
    if (lines.length < 64) return;
    if (lines.length > 4 * fold(lines).size) await this.#lines.compact(shard, compacted);
  }

  async remove(path: string): Promise<void> {
    const shard = this.#shardOf(path);
    if (fold(await this.#lines.read(shard), path).has(path)) await this.#lines.add(shard, this.#line({ k: path }));
  }

  /** Every record, in no order. */
  async *all(): AsyncGenerator<readonly [path: string, record: HashRecord], void, void> {
    for (const shard of await this.#lines.shards()) yield* fold(await this.#lines.read(shard));
  }

  /** Gives the records below one directory to the same names below another; '' = takes them away. */
  async moveBelow(from: string, to: string): Promise<void> {
    for await (const [path, { fingerprint, hashes }] of this.all()) {
      if (!isBelow(path, from)) continue;
      if (to !== '') await this.put(to + path.slice(from.length), fingerprint, hashes);
      await this.remove(path);
    }
  }

  clear(): Promise<void> {
    return this.#lines.clear();
  }

  #line(line: Omit<Line, 't'>): string {
    const { k, ...rest } = line;
    return JSON.stringify({ k, t: String(this.#platform.now()), ...rest });
  }

  /** One of 4096: small enough to be read for one path, and no file for each. */
  #shardOf(path: string): string {
    const hash = this.#platform.createHash('crc32');
    hash.update(utf8(path));
    const [a = 0, b = 0] = hash.digest();
    return ((a << 4) | (b >> 4)).toString(16).padStart(3, '0');
  }
}

export const isBelow = (path: string, dir: string): boolean =>
  dir === '' || dir === '/' ? true : path.startsWith(`${dir}/`);

/** The records that lines tell of, oldest line first; with `only`, of that path. */
function fold(lines: readonly string[], only?: string): Map<string, HashRecord> {
  const start = only === undefined ? '{' : `{"k":${JSON.stringify(only)},`;
  const changes = lines.filter((text) => text.startsWith(start)).flatMap(parseLine);
  changes.sort((a, b) => (a.created < b.created ? -1 : a.created > b.created ? 1 : 0));
  const records = new Map<string, HashRecord>();
  for (const { path, fingerprint, created, hashes } of changes) {
    if (fingerprint === undefined) {
      records.delete(path);
      continue;
    }
    const before = records.get(path);
    const same = before?.fingerprint === fingerprint ? before.hashes : {};
    records.set(path, { fingerprint, created, hashes: { ...same, ...hashes } });
  }
  return records;
}

interface Change {
  readonly path: string;
  readonly created: bigint;
  readonly fingerprint: string | undefined;
  readonly hashes: Hashes;
}

/** Nothing for what is no line of ours: a process died while it wrote, or somebody edited. */
function parseLine(text: string): Change[] {
  try {
    const { k, t, f, h } = JSON.parse(text) as Partial<Line>;
    if (typeof k !== 'string' || typeof t !== 'string' || !/^\d+$/.test(t)) return [];
    const hashes = Object.entries(h ?? {}).filter(([, digest]) => typeof digest === 'string');
    const fingerprint = typeof f === 'string' ? f : undefined;
    return [
      { path: k, created: BigInt(t), fingerprint, hashes: Object.fromEntries(hashes) as Record<HashType, string> },
    ];
  } catch {
    return [];
  }
}

const compacted = (lines: readonly string[]): string[] =>
  [...fold(lines)].map(([k, { fingerprint: f, created, hashes: h }]) =>
    JSON.stringify({ k, t: String(created), f, h }),
  );
