import type { ByteSource, HashType } from '../../core/backend.ts';
import { toHex } from '../../core/bytes.ts';
import type { Hashes } from '../../core/entry.ts';
import type { Hasher, Platform } from '../../core/platform.ts';

/** Works several hashes out while bytes go by. */
export class Digests {
  readonly #hashers: readonly (readonly [HashType, Hasher])[];
  /** Bytes so far. */
  total = 0;
  /** The whole source went by. */
  ended = false;

  constructor(platform: Platform, types: readonly HashType[]) {
    this.#hashers = types.map((type) => [type, platform.createHash(type)]);
  }

  async *watch(source: ByteSource): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of source) {
      this.#update(chunk);
      yield chunk;
    }
    this.ended = true;
  }

  /** Once. */
  digest(): Hashes {
    return Object.fromEntries(this.#hashers.map(([type, h]) => [type, toHex(h.digest())])) as Hashes;
  }

  #update(chunk: Uint8Array): void {
    this.total += chunk.length;
    for (const [, hasher] of this.#hashers) hasher.update(chunk);
  }
}
