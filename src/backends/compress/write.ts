import type { Backend, ByteSource, ObjectInfo, WriteOptions } from '../../core/backend.ts';
import { hasCode, leavesDoubt, sizeMismatch, throwIfAborted, TscloneError } from '../../core/errors.ts';
import { toHex } from '../../core/bytes.ts';
import type { Platform } from '../../core/platform.ts';
import { SourceReader } from '../../core/source-reader.ts';
import { callOnly } from '../layer.ts';
import type { CompressContext } from './backend.ts';
import { damaged } from './damaged.ts';
import { ahead, type Compressed, type Encoder, type Piece } from './encoder.ts';
import { createGzipEncoder, gzipLevels } from './gzip.ts';
import { blockBytes, formatMetadata, type FileMetadata } from './metadata.ts';
import { checkName, dataName, metadataName, modes, storedSuffix, type Mode } from './names.ts';
import { sniffType } from './sniff.ts';
import { createZstdEncoder, zstdLevels } from './zstd.ts';

/** A file is compressed when it gets smaller by this factor. */
const worthwhile = 1.1;

/** What was stored: the metadata, and the info of the data object. */
export interface Written {
  readonly m: FileMetadata;
  readonly stored: ObjectInfo;
}

export interface WriteTarget {
  readonly inner: Backend;
  readonly path: string;
  /** Names of the data objects that hold the file now. */
  readonly previous: () => Promise<readonly string[]>;
  /** The metadata that stand there now. */
  readonly current: () => Promise<FileMetadata | undefined>;
}

/**
 * Stores a file: the data object, then its metadata, then the data objects of before go. When the metadata cannot be
 * stored, the data object goes again, unless it took the place of the one before.
 */
export async function writeFile(
  c: CompressContext,
  { inner, path, previous, current }: WriteTarget,
  body: ByteSource,
  o: WriteOptions,
): Promise<Written> {
  const reader = new SourceReader(body, o.signal);
  try {
    throwIfAborted(o.signal);
    checkName(path, inner.root);
    const encoder = await createEncoder(c);
    const before = await previous();
    const data = await writeData({ c, inner, path, before, reader, encoder, o });
    const { name, m } = data;
    const json = formatMetadata(m, configuredMode(c));
    try {
      await inner.write(metadataName(path), oneChunk(json), { ...forBoth(o), size: json.length });
    } catch (e) {
      const isStored = await clearUp({ inner, name, m, before, current });
      if (!isStored || hasCode(e, 'aborted')) throw e;
    }
    for (const old of before) if (old !== name) await removeIfThere(inner, old, o);
    return data;
  } finally {
    await reader.close().catch(() => {});
  }
}

/**
 * After metadata that could not be stored, or not for sure: answers whether they stand there all the same. Otherwise the
 * new data object goes, unless it is all that is left of the file, or nobody can tell what stands there.
 */
export async function clearUp({
  inner,
  name,
  m,
  before,
  current,
}: Pick<WriteTarget, 'inner' | 'current'> & {
  readonly name: string;
  readonly m: FileMetadata;
  readonly before: readonly string[];
}): Promise<boolean> {
  let now: FileMetadata | undefined;
  try {
    now = await current();
  } catch {
    return false;
  }
  if (now && now.mode === m.mode && now.size === m.size && now.md5 === m.md5) return true;
  if (!before.includes(name)) await discard(inner, name);
  return false;
}

interface Job {
  readonly c: CompressContext;
  readonly inner: Backend;
  readonly path: string;
  readonly before: readonly string[];
  readonly reader: SourceReader;
  readonly encoder: Encoder;
  readonly o: WriteOptions;
}

async function writeData(job: Job): Promise<Written & { name: string }> {
  const { c, path, reader, encoder, o } = job;
  const wanted = Math.min(blockBytes, (o.size ?? blockBytes) + 1);
  const first = await reader.read(wanted);
  const ended = first.length < wanted;
  if (ended && o.size !== undefined && o.size !== first.length) throw sizeMismatch(path, o.size, first.length);
  const plain = track(c.platform, path, o.size);
  const piece = { bytes: first, last: ended };
  const sample = first.length < encoder.leastBytes ? undefined : await encoder.sample(piece);
  const mimeType = sniffType(first);
  if (!sample || first.length / sample.total <= worthwhile) {
    const known = o.size ?? (ended ? first.length : undefined);
    const { name, stored } = await writeStored(job, first, plain, known);
    return { name, stored, m: { mode: modes.stored, size: plain.total(), md5: plain.md5(), mimeType } };
  }
  const compressed = sample.reusable ? { compressed: sample.compressed } : {};
  const { name, stored } = await writeCompressed(job, { ...piece, ...compressed }, plain);
  const m = { mode: configuredMode(c), size: plain.total(), md5: plain.md5(), mimeType, index: encoder.index };
  return { name, stored, m };
}

/** One write of a data object; one that failed and may be there all the same goes, unless it holds the file of before. */
async function put({ inner, before }: Job, name: string, body: ByteSource, o: WriteOptions): Promise<ObjectInfo> {
  try {
    return await inner.write(name, body, o);
  } catch (e) {
    if (leavesDoubt(e) && !before.includes(name)) await discard(inner, name);
    throw e;
  }
}

async function writeStored(
  job: Job,
  first: Uint8Array,
  plain: Tracker,
  size: number | undefined,
): Promise<{ name: string; stored: ObjectInfo }> {
  const { inner, path, reader, o } = job;
  async function* source(): AsyncGenerator<Uint8Array, void, void> {
    if (first.length > 0) yield plain.take(first);
    for await (const chunk of reader.remaining()) yield plain.take(chunk);
    plain.end();
  }
  const { mimeType: _type, ...rest } = o;
  const name = path + storedSuffix;
  const stored = await put(job, name, source(), { ...rest, ...(size === undefined ? {} : { size }) });
  await checkStored(inner, name, path, stored, plain.total());
  return { name, stored };
}

async function writeCompressed(job: Job, first: Piece, plain: Tracker): Promise<{ name: string; stored: ObjectInfo }> {
  const { c, inner, path, reader, encoder, o } = job;
  const mode = configuredMode(c);
  const source = encoder.encode(pieces(reader, first, plain));
  try {
    const head = await gather(source, Math.max(0, c.options.ram_cache_limit));
    const complete = head.complete ? head.bytes : undefined;
    const size = complete === undefined ? o.size : plain.total();
    const name = dataName(path, mode, size ?? -1);
    const progress = o.onBytes && createProgress(o.onBytes);
    let total = 0;
    async function* all(): AsyncGenerator<Uint8Array, void, void> {
      for await (const { bytes, plain: n } of chain(head.parts, source)) {
        total += bytes.length;
        progress?.expect(bytes.length, n);
        yield bytes;
      }
    }
    const stored = await put(job, name, all(), {
      ...forBoth(o),
      ...(complete === undefined
        ? {}
        : {
            size: complete,
            sourceHash: async (type) => {
              const hash = c.platform.createHash(type);
              for (const { bytes } of head.parts) hash.update(bytes);
              return toHex(hash.digest());
            },
            reopen: async () => slices(head.parts),
          }),
      ...(progress ? { onBytes: (n: number) => progress.sent(n) } : {}),
    });
    await checkStored(inner, name, path, stored, total);
    if (size !== undefined) return { name, stored };
    const final = dataName(path, mode, plain.total());
    try {
      return { name: final, stored: await rename(inner, { ...stored, path: name, size: total }, final, o) };
    } catch (e) {
      await discard(inner, name);
      if (leavesDoubt(e) && !job.before.includes(final)) await discard(inner, final);
      throw e;
    }
  } finally {
    await source.return();
  }
}

/** The source in blocks, the first of which was read already. Their buffers are used again. */
async function* pieces(reader: SourceReader, first: Piece, plain: Tracker): AsyncGenerator<Piece, void, void> {
  plain.take(first.bytes);
  if (!first.last) {
    yield first;
    const buffers: Uint8Array[] = [];
    for (let i = 0; ; i++) {
      const buffer = (buffers[i % (ahead + 1)] ??= new Uint8Array(blockBytes));
      const bytes = buffer.subarray(0, await reader.fill(buffer));
      plain.take(bytes);
      if (bytes.length < blockBytes) {
        plain.end();
        yield { bytes, last: true };
        return;
      }
      yield { bytes, last: false };
    }
  }
  plain.end();
  yield first;
}

/** Counts and digests the plain data. */
interface Tracker {
  /** @throws corrupted when it is more than was announced */
  take(bytes: Uint8Array): Uint8Array;
  /** @throws corrupted when it was less than was announced */
  end(): void;
  total(): number;
  md5(): string;
}

function track(platform: Platform, path: string, size: number | undefined): Tracker {
  const hash = platform.createHash('md5');
  let total = 0;
  return {
    take(bytes) {
      total += bytes.length;
      if (size !== undefined && total > size) throw sizeMismatch(path, size, `more than ${size}`);
      hash.update(bytes);
      return bytes;
    },
    end() {
      if (size !== undefined && total !== size) throw sizeMismatch(path, size, total);
    },
    total: () => total,
    md5: () => toHex(hash.digest()),
  };
}

/** The parts that fit into `limit` bytes, and whether these are all. */
async function gather(
  source: AsyncIterator<Compressed>,
  limit: number,
): Promise<{ parts: Compressed[]; bytes: number; complete: boolean }> {
  const parts: Compressed[] = [];
  let bytes = 0;
  while (bytes <= limit) {
    const next = await source.next();
    if (next.done) return { parts, bytes, complete: true };
    const { value } = next;
    // A small view may hold a big buffer.
    parts.push(
      value.bytes.buffer.byteLength > 2 * value.bytes.length ? { ...value, bytes: value.bytes.slice() } : value,
    );
    bytes += value.bytes.length;
  }
  return { parts, bytes, complete: false };
}

async function* chain(
  parts: readonly Compressed[],
  rest: AsyncIterable<Compressed>,
): AsyncGenerator<Compressed, void, void> {
  yield* parts;
  yield* rest;
}

/** Copies: chunks belong to the receiver, and these are needed again. */
async function* slices(parts: readonly Compressed[]): AsyncGenerator<Uint8Array, void, void> {
  for (const { bytes } of parts) yield bytes.slice();
}

/** Turns counts of compressed bytes into counts of plain ones. */
function createProgress(onBytes: (bytes: number) => void): {
  expect(bytes: number, plain: number): void;
  sent(bytes: number): void;
} {
  const waiting: { until: number; plain: number }[] = [];
  let expected = 0;
  let sent = 0;
  return {
    expect(bytes, plain) {
      expected += bytes;
      waiting.push({ until: expected, plain });
    },
    sent(bytes) {
      sent += bytes;
      let plain = 0;
      for (let next = waiting[0]; next && next.until <= sent; next = waiting[0]) {
        plain += next.plain;
        waiting.shift();
      }
      if (plain > 0) onBytes(plain);
    },
  };
}

/** A move where the store can, else a copy; a store with neither gets the bytes once more. */
async function rename(inner: Backend, from: ObjectInfo, to: string, o: WriteOptions): Promise<ObjectInfo> {
  const call = callOnly(o);
  if (inner.move) return inner.move(inner, from, to, call);
  let info: ObjectInfo | undefined;
  try {
    info = await inner.copy?.(inner, from, to, call);
  } catch (e) {
    // S3 copies no more than 5 GiB at once.
    if (!hasCode(e, 'unsupported')) throw e;
  }
  if (!info) {
    const { body } = await inner.read(from.path, { ...call, info: from });
    info = await inner.write(to, body, { ...forBoth(o), ...(from.size === undefined ? {} : { size: from.size }) });
  }
  await inner.remove(from.path, call);
  return info;
}

async function checkStored(
  inner: Backend,
  name: string,
  path: string,
  stored: ObjectInfo,
  bytes: number,
): Promise<void> {
  if (stored.size === undefined || stored.size === bytes) return;
  await discard(inner, name);
  throw damaged(path, `${stored.size} bytes are stored where ${bytes} were sent`);
}

/** Takes away what must not stay; the error that led here counts, and a fired signal must not keep it. */
async function discard(inner: Backend, name: string): Promise<void> {
  await inner.remove(name, {}).catch(() => {});
}

export async function removeIfThere(inner: Backend, name: string, o: WriteOptions): Promise<void> {
  try {
    await inner.remove(name, callOnly(o));
  } catch (e) {
    if (!hasCode(e, 'object_not_found')) throw e;
  }
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes;
}

/** Options of a write that go for both objects. */
function forBoth(o: WriteOptions): WriteOptions {
  const { modTime, metadata, tier } = o;
  return { ...callOnly(o), modTime, metadata, tier };
}

/** Files of a remote with another mode can be read, not written. */
export function configuredMode({ options: { mode } }: CompressContext): Mode {
  return mode === 'gzip' ? modes.gzip : mode === 'zstd' ? modes.zstd : modes.stored;
}

/** @throws bad_config for a mode or level that cannot be written */
async function createEncoder(c: CompressContext): Promise<Encoder> {
  const { name, options, platform } = c;
  const fail = (message: string): TscloneError =>
    new TscloneError('bad_config', `remote "${name}": ${message}`, { remote: name, retry: 'no' });
  const mode = configuredMode(c);
  if (mode === modes.stored)
    throw fail(`unsupported compression mode ${JSON.stringify(options.mode)}. Set mode to gzip or zstd`);
  const levels = mode === modes.gzip ? gzipLevels : zstdLevels;
  const level = options.level ?? levels.standard;
  if (level < levels.from || level > levels.to) {
    const words = `${options.mode} has levels ${levels.from} to ${levels.to}`;
    throw fail(`level = ${level} cannot be written (rclone never ends on it): ${words}. Leave it out for the default`);
  }
  const codecs = await platform.codecs();
  return mode === modes.gzip ? createGzipEncoder(codecs, platform, level) : createZstdEncoder(codecs, level);
}
