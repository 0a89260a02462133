import type { Backend, CallOptions, Usage } from '../../core/backend.ts';
import { hasCode } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import type { Platform } from '../../core/platform.ts';

/** What policies ask of an upstream's space. */
export type SpaceFact = 'free' | 'used' | 'objects';

/** The space of one upstream, asked for at most once per `cacheMs` and corrected by what is written meanwhile. */
export interface SpaceMeter {
  get(fact: SpaceFact, o: CallOptions): Promise<number>;
  added(bytes: number, objects: number): void;
}

/** What a store counts as that does not tell: full of room, and empty. */
const unknown: Readonly<Record<SpaceFact, { value: number; words: string }>> = {
  free: { value: Number.POSITIVE_INFINITY, words: 'free space: it counts as unlimited' },
  used: { value: 0, words: 'used space: it counts as 0' },
  objects: { value: 0, words: 'number of objects: it counts as 0' },
};

export function createSpaceMeter(
  upstream: Backend,
  { cacheMs, platform, emit }: { cacheMs: number; platform: Platform; emit: Emit },
): SpaceMeter {
  let known: Usage = {};
  let askedAt: bigint | undefined;
  const complained = new Set<SpaceFact>();

  const refresh = async (o: CallOptions): Promise<void> => {
    const now = platform.now();
    if (askedAt !== undefined && now - askedAt < BigInt(cacheMs) * 1_000_000n) return;
    try {
      known = (await upstream.about?.(o)) ?? {};
    } catch (e) {
      if (!hasCode(e, 'dir_not_found', 'bucket_not_found', 'unsupported')) throw e;
      known = {};
    }
    askedAt = now;
  };

  return {
    async get(fact, o) {
      await refresh(o);
      const value = known[fact];
      if (value !== undefined) return value;
      if (!complained.has(fact)) {
        complained.add(fact);
        const message = `Upstream ${upstream.name} does not tell its ${unknown[fact].words}`;
        emit({ type: 'log', level: 'notice', message });
      }
      return unknown[fact].value;
    },
    added(bytes, objects) {
      const { free, used, objects: count } = known;
      known = {
        ...known,
        ...(free === undefined ? {} : { free: Math.max(0, free - bytes) }),
        ...(used === undefined ? {} : { used: Math.max(0, used + bytes) }),
        ...(count === undefined ? {} : { objects: Math.max(0, count + objects) }),
      };
    },
  };
}
