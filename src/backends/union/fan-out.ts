import type { ByteSource } from '../../core/backend.ts';
import { TscloneError } from '../../core/errors.ts';
import { pullFrom } from '../../core/pull.ts';

/** One source read by several in step. */
export interface FanOut {
  readonly readers: readonly ByteSource[];
  /** True once every reader was told that nothing more comes: what they store from there on cannot be stopped. */
  readonly ended: boolean;
  /** Ends all readers with an error. */
  stop(): void;
  /** What the source itself failed with. */
  readonly sourceError: unknown;
  close(): Promise<void>;
}

type Step = IteratorResult<Uint8Array, void>;

interface Waiter {
  resolve(step: Step): void;
  reject(e: unknown): void;
}

/**
 * Gives each reader a copy of every chunk. The next chunk is read when all have taken the last one, so that one chunk is
 * all that is held here, and the slowest reader sets the pace. A reader that is closed early is not waited for.
 */
export function fanOut(source: ByteSource, count: number, signal: AbortSignal | undefined): FanOut {
  const input = pullFrom(source, signal);
  const waiting = new Map<number, Waiter>();
  const active = new Set<number>(Array.from({ length: count }, (_, i) => i));
  let pulling = false;
  let ended = false;
  let failure: { error: unknown } | undefined;
  let sourceError: unknown;
  let closed: Promise<void> | undefined;

  const close = (): Promise<void> =>
    (closed ??= ended ? Promise.resolve() : Promise.resolve(input.return?.()).then(() => {}));

  const fail = (error: unknown): void => {
    failure ??= { error };
    for (const { reject } of waiting.values()) reject(failure.error);
    waiting.clear();
  };

  const deliver = (step: Step): void => {
    const waiters = [...waiting.values()];
    waiting.clear();
    if (step.done) ended = true;
    // The last one may have the chunk itself: chunks belong to their receiver.
    waiters.forEach(({ resolve }, i) =>
      resolve(step.done || i === waiters.length - 1 ? step : { done: false, value: step.value.slice() }),
    );
  };

  const pullWhenAllWait = (): void => {
    if (pulling || failure || ended || active.size === 0 || waiting.size < active.size) return;
    pulling = true;
    input.next().then(
      (step) => {
        pulling = false;
        if (!failure) deliver(step);
        // A reader that was closed meanwhile may have been the last that did not wait.
        pullWhenAllWait();
      },
      (e: unknown) => {
        pulling = false;
        sourceError = e;
        fail(e);
      },
    );
  };

  const reader = (i: number): ByteSource => ({
    [Symbol.asyncIterator]: (): AsyncIterator<Uint8Array, void, void> => ({
      next() {
        if (failure) return Promise.reject(failure.error as Error);
        if (ended || !active.has(i)) return Promise.resolve({ done: true, value: undefined });
        return new Promise<Step>((resolve, reject) => {
          waiting.set(i, { resolve, reject });
          pullWhenAllWait();
        });
      },
      async return() {
        active.delete(i);
        waiting.get(i)?.resolve({ done: true, value: undefined });
        waiting.delete(i);
        if (active.size === 0) await close();
        else pullWhenAllWait();
        return { done: true, value: undefined };
      },
    }),
  });

  return {
    readers: Array.from({ length: count }, (_, i) => reader(i)),
    get ended() {
      return ended;
    },
    stop: () => fail(new TscloneError('aborted', 'another upstream failed', { retry: 'high' })),
    get sourceError() {
      return sourceError;
    },
    close,
  };
}
