import type { ByteSource } from './backend.ts';
import { pullFrom } from './pull.ts';

/** Cuts a source into buffers of a given length. Incoming views are copied, so no slab behind a small view stays alive. */
export class SourceReader {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);
  #ended = false;
  /** Bytes handed out so far. */
  total = 0;

  constructor(source: ByteSource, signal?: AbortSignal) {
    this.#iterator = pullFrom(source, signal);
  }

  /** Fills `buffer` as far as the source goes; fewer bytes than its length mean that the source has ended. */
  async fill(buffer: Uint8Array): Promise<number> {
    let at = 0;
    while (at < buffer.length) {
      if (this.#rest.length === 0) {
        if (this.#ended) break;
        const next = await this.#iterator.next();
        if (next.done) {
          this.#ended = true;
          break;
        }
        this.#rest = next.value;
        continue;
      }
      const n = Math.min(this.#rest.length, buffer.length - at);
      buffer.set(n === this.#rest.length ? this.#rest : this.#rest.subarray(0, n), at);
      this.#rest = n === this.#rest.length ? none : this.#rest.subarray(n);
      at += n;
    }
    this.total += at;
    return at;
  }

  /** Up to `length` bytes in an array of their own. */
  async read(length: number): Promise<Uint8Array> {
    const buffer = new Uint8Array(length);
    return buffer.subarray(0, await this.fill(buffer));
  }

  /** True when nothing more comes. Reads one chunk ahead to know. */
  async atEnd(): Promise<boolean> {
    while (this.#rest.length === 0 && !this.#ended) {
      const next = await this.#iterator.next();
      if (next.done) this.#ended = true;
      else this.#rest = next.value;
    }
    return this.#rest.length === 0;
  }

  /** What is left, or the next `limit` bytes of it, as a stream. The end of that stream does not close the source. */
  async *remaining(limit = Number.POSITIVE_INFINITY): AsyncGenerator<Uint8Array, void, void> {
    let left = limit;
    while (left > 0 && !(await this.atEnd())) {
      const chunk = this.#rest.length <= left ? this.#rest : this.#rest.subarray(0, left);
      this.#rest = this.#rest.length <= left ? none : this.#rest.subarray(left);
      this.total += chunk.length;
      left -= chunk.length;
      yield chunk;
    }
  }

  /** Closes a source that was not read to its end. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#iterator.return?.();
  }
}

const none = new Uint8Array(0);
