import { Fifo, type Waiting } from './fifo.ts';

/** Runs `work` over `items`, at most `limit` at once. The first error stops taking new items and is thrown at the end. */
export async function forEachLimit<T>(
  items: AsyncIterable<T> | Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  const queue = createWorkQueue<T>({ workers: limit, length: 0 }, (item) =>
    work(item).catch((e: unknown) => void failures.push(e)),
  );
  try {
    for await (const item of items) {
      await queue.put(item);
      if (failures.length > 0) break;
    }
  } finally {
    await queue.finish();
  }
  if (failures.length > 0) throw failures[0];
}

/**
 * Runs `work` over a list that grows while it runs, at most `limit` at once. What was added last is begun first, so that
 * the list of a deep tree stays short. The first error is thrown once nothing runs any more.
 */
export async function forEachGrowing<T>(
  first: readonly T[],
  limit: number,
  work: (item: T, add: (item: T) => void) => Promise<void>,
): Promise<void> {
  const items = [...first];
  const failures: unknown[] = [];
  let running = 0;
  await new Promise<void>((resolve) => {
    const add = (item: T): void => {
      items.push(item);
      start();
    };
    const start = (): void => {
      while (running < limit && items.length > 0 && failures.length === 0) {
        running += 1;
        void work(items.pop() as T, add)
          .catch((e: unknown) => void failures.push(e))
          .then(() => {
            running -= 1;
            start();
          });
      }
      if (running === 0) resolve();
    };
    start();
  });
  if (failures.length > 0) throw failures[0];
}

/** Maps in parallel, at most `limit` at once, and yields in the order of the input. */
export async function* mapOrdered<T, R>(
  items: AsyncIterable<T> | Iterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R, void, void> {
  const queue: Promise<R>[] = [];
  try {
    for await (const item of items) {
      const task = work(item);
      // Its error is thrown when its turn comes; until then it must not count as unhandled.
      task.catch(() => {});
      queue.push(task);
      if (queue.length >= limit) yield await (queue.shift() as Promise<R>);
    }
    while (queue.length > 0) yield await (queue.shift() as Promise<R>);
  } finally {
    await Promise.allSettled(queue);
  }
}

/** Work that waits for one of a fixed number of workers. */
export interface WorkQueue<T> {
  /** Resolves when the queue has room for more. */
  put(item: T): Promise<void>;
  /** Lets the workers of a held queue begin. */
  release(): void;
  /** Nothing more comes: resolves when everything is done. */
  finish(): Promise<void>;
}

export interface WorkQueueOptions<T> {
  readonly workers: number;
  /** Items that may wait; `put` of one more waits itself. */
  readonly length: number;
  /** The workers do nothing before `release`. */
  readonly held?: boolean;
  /** Where items wait; default: first come, first served. */
  readonly waiting?: Waiting<T>;
}

/** Runs `work`, which must not throw, on every item. Each step costs the same however many items wait. */
export function createWorkQueue<T>(o: WorkQueueOptions<T>, work: (item: T) => Promise<void>): WorkQueue<T> {
  const waiting = o.waiting ?? new Fifo<T>();
  const idle = Array.from({ length: Math.max(1, o.workers) }, (_, worker) => worker).reverse();
  const workers = idle.length;
  const blocked = new Fifo<() => void>();
  let held = o.held === true;
  let finished: (() => void) | undefined;

  const settle = (): void => {
    while (blocked.size > 0 && waiting.size <= o.length) blocked.take()?.();
    if (finished && waiting.size === 0 && idle.length === workers) finished();
  };
  const start = (): void => {
    while (!held && waiting.size > 0 && idle.length > 0) {
      const worker = idle.pop() as number;
      void work(waiting.take(worker) as T).then(() => {
        idle.push(worker);
        start();
        settle();
      });
    }
  };
  return {
    put(item) {
      waiting.add(item);
      start();
      return waiting.size <= o.length ? Promise.resolve() : new Promise((resolve) => blocked.add(resolve));
    },
    release() {
      held = false;
      start();
      settle();
    },
    finish: () =>
      new Promise((resolve) => {
        finished = resolve;
        settle();
      }),
  };
}
