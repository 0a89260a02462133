/**
 * Lines of text in shards. Every line that was added stays until its shard is compacted, whoever adds or compacts
 * others at the same time; they come back in no order that means anything.
 */
export interface LineStore {
  read(shard: string): Promise<readonly string[]>;
  /** One line, without its end, at once or not at all. */
  add(shard: string, line: string): Promise<void>;
  /** Replaces the lines of a shard by fewer that say the same. */
  compact(shard: string, fewer: (lines: readonly string[]) => readonly string[]): Promise<void>;
  /** Those with lines. */
  shards(): Promise<readonly string[]>;
  clear(): Promise<void>;
}

/** Lines that live as long as the process. */
export function openLineMemory(): LineStore {
  const shards = new Map<string, readonly string[]>();
  return {
    read: async (shard) => shards.get(shard) ?? [],
    add: async (shard, line) => void shards.set(shard, [...(shards.get(shard) ?? []), line]),
    compact: async (shard, fewer) => void shards.set(shard, fewer(shards.get(shard) ?? [])),
    shards: async () => [...shards.keys()],
    clear: async () => shards.clear(),
  };
}
