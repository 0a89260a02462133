import type { ByteSource } from '../../core/backend.ts';
import { readWebStream } from '../../core/bytes.ts';
import { abortError, TscloneError } from '../../core/errors.ts';

/** The bytes of a small answer, whatever kind of stream it is. */
export function streamOf(body: unknown): AsyncIterable<Uint8Array> {
  return chunksOf(body, 60_000, undefined);
}

/** Unpacks gzip; what is packed wrong or cut off is an error. */
export async function* gunzip(path: string, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  let failure: { readonly error: unknown } | undefined;
  const iterator = source[Symbol.asyncIterator]();
  const packed = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      try {
        const next = await iterator.next();
        if (next.done) controller.close();
        else controller.enqueue(next.value as Uint8Array<ArrayBuffer>);
      } catch (error) {
        failure = { error };
        controller.error(error);
      }
    },
    async cancel() {
      await iterator.return?.();
    },
  });
  try {
    yield* readWebStream(packed.pipeThrough(new DecompressionStream('gzip')));
  } catch (e) {
    if (failure) throw failure.error;
    throw new TscloneError('corrupted', `${path}: the object is not valid gzip, although it says so`, {
      path,
      cause: e,
    });
  }
}

/** A body that nobody reads must not raise an unhandled error when its connection breaks. */
export function quiet(stream: unknown): void {
  const emitter = stream as { on?: (event: string, f: () => void) => unknown } | undefined;
  if (typeof emitter?.on === 'function') emitter.on('error', () => {});
}

/** Frees the connection of a body that will not be read. */
export async function discard(stream: unknown): Promise<void> {
  const s = stream as { destroy?: () => void; cancel?: () => Promise<void> } | undefined;
  if (typeof s?.destroy === 'function') s.destroy();
  else await s?.cancel?.().catch(() => {});
}

/** Chunks of a Node or web stream with an idle time-out that counts only while a chunk is wanted. */
export async function* chunksOf(
  stream: unknown,
  idleMs: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  if (stream === undefined || stream === null) return;
  const source = pullFrom(stream);
  let ended = false;
  try {
    for (;;) {
      const chunk = await withTimeout(source.next(), idleMs, signal);
      if (chunk === undefined) {
        ended = true;
        return;
      }
      if (chunk.length > 0) yield chunk;
    }
  } finally {
    if (!ended) source.stop();
  }
}

function pullFrom(stream: unknown): { next: () => Promise<Uint8Array | undefined>; stop: () => void } {
  if (typeof (stream as { getReader?: unknown }).getReader === 'function') {
    const reader = (stream as ReadableStream<Uint8Array>).getReader();
    return {
      next: async () => (await reader.read()).value,
      stop: () => void reader.cancel().catch(() => {}),
    };
  }
  const iterator = (stream as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  return {
    next: async () => {
      const r = await iterator.next();
      return r.done ? undefined : r.value;
    },
    stop: () => {
      (stream as { destroy?: () => void }).destroy?.();
      void Promise.resolve(iterator.return?.()).catch(() => {});
    },
  };
}

function withTimeout<T>(wanted: Promise<T>, ms: number, signal: AbortSignal | undefined): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      if (signal) reject(abortError(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      reject(new TscloneError('timeout', `no data came for ${ms / 1000} s`, { retry: 'low' }));
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    wanted.then(
      (value) => {
        done();
        resolve(value);
      },
      (e: unknown) => {
        done();
        reject(e instanceof Error ? e : new Error(String(e)));
      },
    );
  });
}

/**
 * A generator that is ended before its first step never runs: then `release` lets go of what it holds, such as the
 * connection of an answer.
 */
export function releasing(source: AsyncGenerator<Uint8Array, void, void>, release: () => Promise<void>): ByteSource {
  let begun = false;
  return {
    [Symbol.asyncIterator]: () => ({
      next() {
        begun = true;
        return source.next();
      },
      async return() {
        if (!begun) await release();
        begun = true;
        await source.return();
        return { done: true, value: undefined };
      },
    }),
  };
}
