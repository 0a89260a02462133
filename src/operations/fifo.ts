/** Items that wait to be taken. */
export interface Waiting<T> {
  readonly size: number;
  add(item: T): void;
  /** The next item; `worker` (from 0) takes it. */
  take(worker: number): T | undefined;
}

/** First in, first out; both ends cost the same however many items wait. */
export class Fifo<T> implements Waiting<T> {
  #items: (T | undefined)[] = [];
  #first = 0;

  get size(): number {
    return this.#items.length - this.#first;
  }

  add(item: T): void {
    this.#items.push(item);
  }

  take(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#first];
    this.#items[this.#first++] = undefined;
    if (this.#first > 1000 && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }
}
