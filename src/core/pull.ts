import type { ByteSource } from './backend.ts';
import { abortError, throwIfAborted } from './errors.ts';

/**
 * Reads a source chunk by chunk. `next` rejects as soon as the signal fires, also while a chunk is awaited; `return`
 * closes the source and does not wait for a chunk that may never come.
 */
export function pullFrom(source: ByteSource, signal: AbortSignal | undefined): AsyncIterator<Uint8Array, void, void> {
  const inner = source[Symbol.asyncIterator]();
  let waiting = false;

  async function step(): Promise<IteratorResult<Uint8Array, unknown>> {
    waiting = true;
    try {
      return await inner.next();
    } finally {
      waiting = false;
    }
  }

  return {
    async next() {
      throwIfAborted(signal);
      const r = await (signal ? unlessAborted(step(), signal) : step());
      return r.done ? { done: true, value: undefined } : r;
    },
    async return() {
      // A Node stream that was never read, or that waits for data, is closed by `destroy` alone.
      (source as { destroy?: () => void }).destroy?.();
      const closed = Promise.resolve(inner.return?.()).catch(() => {});
      if (!waiting) await closed;
      return { done: true, value: undefined };
    },
  };
}

function unlessAborted<T>(wanted: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(abortError(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    wanted.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** The source until the signal fires: then it is closed and the error of the signal thrown. */
export async function* untilAborted(
  source: ByteSource,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  const iterator = pullFrom(source, signal);
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await iterator.next();
      if (done) {
        ended = true;
        return;
      }
      yield value;
    }
  } finally {
    if (!ended) await iterator.return?.();
  }
}
