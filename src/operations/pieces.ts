import type { ByteSource, HashType, ObjectInfo, PieceWriter, WriteOptions } from '../core/backend.ts';
import { closing, toHex } from '../core/bytes.ts';
import { hasCode, sizeMismatch, TscloneError } from '../core/errors.ts';
import { callOptions, throttled, type OperationContext } from './context.ts';
import { withinLimit } from './limits.ts';
import { forEachLimit } from './pool.ts';
import type { Held } from './same.ts';
import { describedWrite, type Passing, type Target } from './transfer.ts';

interface Piece {
  readonly start: number;
  readonly end: number;
}

/** Would rclone call this a multi-thread copy? Its log lines are what programs look for. */
export function isMultiThread(c: OperationContext, { backend, info }: Held, dst: Target): boolean {
  const { multiThreadCutoff: cutoff, multiThreadStreams } = c.settings;
  if (multiThreadStreams < 2 || cutoff < 0 || (info.size ?? 0) < cutoff) return false;
  const { isLocal, parallelWrites } = dst.backend.features;
  return parallelWrites === true || (dst.backend.writePieces !== undefined && !(isLocal && backend.features.isLocal));
}

/** Is the object large enough, and are both sides made for it? */
export function readsInPieces(c: OperationContext, { backend, info }: Held, dst: Target): boolean {
  const { multiThreadCutoff: cutoff, multiThreadStreams, multiThreadChunkSize } = c.settings;
  if (multiThreadStreams < 2 || cutoff < 0 || c.throttle?.limitsFiles) return false;
  if (!backend.features.parallelReads || !dst.backend.writePieces) return false;
  return info.size !== undefined && info.size >= cutoff && info.size > multiThreadChunkSize;
}

/**
 * Copies an object in ranges, several at once, into a file that takes its name at the end. All ranges are of one object:
 * the etag of the first answer is asked for with the others. Memory is a write buffer for each of them. Answers false, with
 * nothing done, when the service does not tell what it would take to be sure.
 */
export async function copyInPieces(c: OperationContext, src: Held, dst: Target, p: Passing): Promise<boolean> {
  const { backend, info } = src;
  const stop = new AbortController();
  const signal = c.signal ? AbortSignal.any([c.signal, stop.signal]) : stop.signal;
  c.platform.expectListeners?.(signal);
  const within = { ...c, signal };
  const pieces = piecesOf(info.size ?? 0, c.settings.multiThreadChunkSize);
  const [first] = pieces as [Piece];
  const read = (piece: Piece, known: ObjectInfo) =>
    backend.read(info.path, { ...callOptions(within), info: known, range: piece, verify: false });

  const opened = await read(first, info).catch((e: unknown) => {
    // The service does not know ranges.
    if (hasCode(e, 'bad_answer')) return undefined;
    throw e;
  });
  if (!opened) return false;
  const { info: seen, body } = opened;
  if (seen.size !== info.size || seen.etag === undefined) {
    await body[Symbol.asyncIterator]().return?.();
    return false;
  }
  const known: ObjectInfo = { ...info, etag: seen.etag };
  const o = await describedWrite(within, src, dst, seen, p).catch(closing(body));
  const writer = await openWriter(dst, o).catch(closing(body));
  try {
    const digest = p.verify ? digestOf(c, seen, writer, pieces) : undefined;
    await forEachLimit(pieces, c.settings.multiThreadStreams, async (piece) => {
      try {
        const source = piece === first ? body : (await read(piece, known)).body;
        await writePiece(within, writer, piece, source, src, p);
        digest?.add(piece);
      } catch (e) {
        // The others end at once; this error is the one that counts.
        stop.abort(e);
        throw e;
      }
    });
    await digest?.compare(src, dst);
    await writer.finish();
    return true;
  } catch (e) {
    stop.abort(e);
    throw e;
  } finally {
    await writer.abandon();
  }
}

async function openWriter({ backend, path }: Target, o: WriteOptions): Promise<PieceWriter> {
  if (backend.writePieces) return backend.writePieces(path, o);
  throw new TscloneError('unsupported', `${backend.description} takes objects in one piece`, { path, retry: 'no' });
}

function piecesOf(size: number, pieceSize: number): Piece[] {
  const pieces: Piece[] = [];
  for (let start = 0; start < size; start += pieceSize) pieces.push({ start, end: Math.min(size, start + pieceSize) });
  return pieces;
}

async function writePiece(
  c: OperationContext,
  writer: PieceWriter,
  { start, end }: Piece,
  body: ByteSource,
  { info }: Held,
  p: Passing,
): Promise<void> {
  let at = start;
  for await (const bytes of gathered(
    withinLimit(c, throttled(c, body), p.onRead),
    c.settings.multiThreadWriteBufferSize,
  )) {
    if (at + bytes.length > end) throw sizeMismatch(info.path, end - start, `more than ${end - start}`);
    await writer.write(at, bytes);
    at += bytes.length;
    p.onBytes(bytes.length);
  }
  if (at !== end) throw sizeMismatch(info.path, end - start, at - start);
}

/** Chunks put together until there are `size` bytes. */
async function* gathered(source: ByteSource, size: number): ByteSource {
  let waiting: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    waiting.push(chunk);
    length += chunk.length;
    if (length < size) continue;
    yield joined(waiting, length);
    waiting = [];
    length = 0;
  }
  if (length > 0) yield joined(waiting, length);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0] as Uint8Array;
  const out = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.length;
  }
  return out;
}

interface Digest {
  /** A piece has been written. */
  add(piece: Piece): void;
  /** @throws corrupted when what was written is not what the source says of itself */
  compare(src: Held, dst: Target): Promise<void>;
}

/** Reads what was written, in order and as soon as it is there; undefined = the source tells no digest. */
function digestOf(
  c: OperationContext,
  seen: ObjectInfo,
  writer: PieceWriter,
  pieces: readonly Piece[],
): Digest | undefined {
  const [type, expected] = Object.entries(seen.hashes)[0] ?? [];
  if (type === undefined || expected === undefined) return undefined;
  const hasher = c.platform.createHash(type as HashType);
  const written = new Set<Piece>();
  let next = 0;
  let reading = Promise.resolve();
  const readPiece = async ({ start, end }: Piece): Promise<void> => {
    for await (const bytes of writer.read(start, end)) hasher.update(bytes);
  };
  return {
    add(piece) {
      written.add(piece);
      for (let ready = pieces[next]; ready && written.has(ready); ready = pieces[++next]) {
        const one = ready;
        reading = reading.then(() => readPiece(one));
        // Whoever compares sees the error; until then it is no unhandled one.
        reading.catch(() => {});
      }
    },
    async compare(src, dst) {
      await reading;
      const found = toHex(hasher.digest());
      if (found === expected) return;
      const message = `corrupted on transfer: ${type} hashes differ src(${src.info.path}) ${JSON.stringify(expected)} vs dst(${dst.path}) ${JSON.stringify(found)}`;
      throw new TscloneError('corrupted', message, { path: src.info.path, retry: 'low' });
    },
  };
}
