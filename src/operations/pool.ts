/** Runs `work` over `items`, at most `limit` at once. The first error stops taking new items and is thrown at the end. */
export async function forEachLimit<T>(
  items: AsyncIterable<T> | Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for await (const item of items) {
    const task: Promise<void> = work(item).then(
      () => void running.delete(task),
      (e: unknown) => {
        running.delete(task);
        failures.push(e);
      },
    );
    running.add(task);
    if (running.size >= limit) await Promise.race(running);
    if (failures.length > 0) break;
  }
  await Promise.all(running);
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

/** A gate that lets at most `limit` callers work at once. */
export function createLimiter(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = Math.max(1, limit);
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
