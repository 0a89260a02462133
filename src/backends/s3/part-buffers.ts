/** A fixed number of equal buffers, made when first needed and used again: the bound of an upload's memory. */
export class BufferPool {
  readonly #free: Uint8Array[] = [];
  readonly #waiting: ((buffer: Uint8Array) => void)[] = [];
  readonly #bytes: number;
  #mayMake: number;

  constructor(count: number, bytes: number) {
    this.#mayMake = count;
    this.#bytes = bytes;
  }

  async take(): Promise<Uint8Array> {
    const free = this.#free.pop();
    if (free) return free;
    if (this.#mayMake > 0) {
      this.#mayMake -= 1;
      return new Uint8Array(this.#bytes);
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  give(buffer: Uint8Array): void {
    const waiting = this.#waiting.shift();
    if (waiting) waiting(buffer);
    else this.#free.push(buffer);
  }
}
