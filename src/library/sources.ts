import { readWebStream, utf8 } from '../core/bytes.ts';
import type { ByteSource } from '../core/backend.ts';
import { isTscloneError, messageOf, TscloneError } from '../core/errors.ts';

/** Anything that can be written: streams of unknown size are welcome. Strings are written as UTF-8. */
export type BodyInput =
  | string
  | Uint8Array
  | ArrayBuffer
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array | string>;

/** One stream of bytes out of any body, and its size where it is known without reading. */
export function toByteSource(body: BodyInput): { source: ByteSource; size?: number } {
  if (typeof body === 'string') return ofBytes(utf8(body));
  if (body instanceof Uint8Array) return ofBytes(body);
  if (body instanceof ArrayBuffer) return ofBytes(new Uint8Array(body));
  if (typeof Blob !== 'undefined' && body instanceof Blob)
    return { source: fromIterable(readWebStream(body.stream())), size: body.size };
  if (typeof body !== 'object' || body === null) throw noBody();
  if (isWebStream(body)) {
    if (body.locked) throw unusable('is locked: somebody else reads it');
    return { source: fromIterable(readWebStream(body)) };
  }
  if (isNodeStream(body)) {
    // One that has ended gives nothing more: an empty object would be stored.
    if (body.readableEnded || body.destroyed) throw unusable('was read to its end or closed before');
    // It may break before the first chunk is asked for; the iterator tells of it then.
    body.on('error', () => {});
  }
  if (Symbol.asyncIterator in body || Symbol.iterator in body) return { source: fromIterable(body) };
  throw noBody();
}

const noBody = (): TscloneError =>
  new TscloneError('usage', 'write: the body is none of string, bytes, Blob, stream or iterable of bytes', {
    retry: 'no',
  });

const unusable = (why: string): TscloneError =>
  new TscloneError('usage', `write: the stream ${why}; give one that nobody has read`, { retry: 'no' });

function ofBytes(bytes: Uint8Array): { source: ByteSource; size: number } {
  return { source: fromIterable([bytes]), size: bytes.length };
}

async function* fromIterable(
  chunks: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    for await (const chunk of chunks) yield asBytes(chunk);
  } catch (e) {
    if (isTscloneError(e)) throw e;
    throw new TscloneError('io', `reading the body failed: ${messageOf(e)}`, { cause: e, retry: 'no' });
  }
}

function asBytes(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk === 'string') return utf8(chunk);
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  throw new TscloneError('usage', `write: the stream gave a ${typeof chunk} where bytes are needed`, { retry: 'no' });
}

function isWebStream(body: object): body is ReadableStream<Uint8Array> {
  return 'getReader' in body && typeof body.getReader === 'function';
}

interface NodeStream {
  readonly readableEnded: boolean;
  readonly destroyed: boolean;
  on(event: 'error', listener: () => void): unknown;
}

function isNodeStream(body: object): body is NodeStream {
  return 'readableEnded' in body && 'on' in body && typeof body.on === 'function';
}

/** A web stream over a byte source: pulls one chunk at a time; cancelling closes the source. */
export function toWebStream(source: ByteSource): ReadableStream<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await iterator.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}
