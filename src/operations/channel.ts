import { Fifo } from './fifo.ts';

/** A stream whose items come one by one from elsewhere. */
export interface Channel<T> {
  /** Resolves when there is room for more, or when nobody reads any longer. */
  put(item: T): Promise<void>;
  end(): void;
  /** To be read once. */
  readonly items: AsyncIterable<T>;
}

export function createChannel<T>(length: number): Channel<T> {
  const items = new Fifo<T>();
  const blocked = new Fifo<() => void>();
  let wake: () => void = () => {};
  let ended = false;
  let unread = false;
  async function* read(): AsyncGenerator<T, void, void> {
    try {
      for (;;) {
        while (items.size > 0) {
          const item = items.take() as T;
          if (items.size <= length) blocked.take()?.();
          yield item;
        }
        if (ended) return;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      unread = true;
      while (blocked.size > 0) blocked.take()?.();
    }
  }
  return {
    put(item) {
      if (unread) return Promise.resolve();
      items.add(item);
      wake();
      return items.size <= length ? Promise.resolve() : new Promise((resolve) => blocked.add(resolve));
    },
    end() {
      ended = true;
      wake();
    },
    items: { [Symbol.asyncIterator]: read },
  };
}
