/**
 * What `f` makes of the items, in their order, with up to `ahead` further calls under way. `f` is called in order. An
 * item may be reused once `ahead` + 1 later ones were given. All calls have ended when this ends.
 */
export async function* mapAhead<T, R>(
  source: AsyncIterable<T>,
  ahead: number,
  f: (item: T) => Promise<R>,
): AsyncGenerator<R, void, void> {
  const running: Promise<R>[] = [];
  try {
    for await (const item of source) {
      const call = f(item);
      // Whoever waits for it sees the error; until then it is no unhandled one.
      call.catch(() => {});
      running.push(call);
      if (running.length > ahead) yield await (running.shift() as Promise<R>);
    }
    for (let next = running.shift(); next; next = running.shift()) yield await next;
  } finally {
    await Promise.allSettled(running);
  }
}
