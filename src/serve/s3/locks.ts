import type { ByteSource } from '../../core/backend.ts';

/** Mutual exclusion by name, first come first served. */
export class Locks {
  readonly #tails = new Map<string, Promise<void>>();

  /** Resolves with the release once everybody before has released. */
  async take(name: string): Promise<() => void> {
    const before = this.#tails.get(name);
    const { promise, resolve } = deferred();
    const tail = (before ?? Promise.resolve()).then(() => promise);
    this.#tails.set(name, tail);
    await before;
    return () => {
      resolve();
      if (this.#tails.get(name) === tail) this.#tails.delete(name);
    };
  }

  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const release = await this.take(name);
    try {
      return await work();
    } finally {
      release();
    }
  }

  /**
   * Runs a write whose body takes the lock when its source has ended: however slow the client, nobody waits longer than
   * the store needs to put the object under its name. `check` runs under the lock before that.
   */
  async atEnd<T>(
    name: string,
    body: ByteSource,
    check: (() => Promise<void>) | undefined,
    write: (body: ByteSource) => Promise<T>,
  ): Promise<T> {
    let release: (() => void) | undefined;
    let over = false;
    const take = async (): Promise<void> => {
      release = await this.take(name);
      // The write gave up while it waited.
      if (over) release();
    };
    async function* until(): AsyncGenerator<Uint8Array, void, void> {
      yield* body;
      await take();
      await check?.();
    }
    try {
      return await write(until());
    } finally {
      over = true;
      release?.();
    }
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((r) => (resolve = r));
  return { promise, resolve };
}
