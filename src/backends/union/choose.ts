import type { CallOptions, Nanos } from '../../core/backend.ts';
import { TscloneError } from '../../core/errors.ts';
import type { Platform } from '../../core/platform.ts';
import { callOnly } from '../layer.ts';
import type { Policy, Preference } from './policies.ts';
import type { SpaceFact } from './space.ts';
import type { Branch, UnionContext } from './upstreams.ts';

/** One of several things that lie in an upstream each. */
interface InBranch {
  readonly branch: Branch;
}

/** When a thing was changed last; undefined = long ago. */
export type Age<T> = (item: T) => Promise<Nanos | undefined>;

/**
 * What a policy picks for a change: all, or the one that it prefers. `items` come in the order of the upstreams and are
 * not empty. @throws other when no upstream has enough free space
 */
export async function choose<T extends InBranch>(
  c: UnionContext,
  policy: Policy,
  items: readonly T[],
  age: Age<T>,
  o: CallOptions,
): Promise<T[]> {
  if (policy.many) return [...items];
  if (policy.preference === 'newest') return [await newest(items, age)];
  const { ranked, qualified } = await rank(c, policy.preference, items, o);
  if (qualified === 0)
    throw new TscloneError('other', 'no upstreams found with more than min_free_space space spare', { retry: 'no' });
  return ranked.slice(0, 1);
}

/** The newest; of equals the first. */
export async function newest<T>(items: readonly T[], age: Age<T>): Promise<T> {
  const times = await Promise.all(items.map(async (item) => (await age(item)) ?? 0n));
  let best = 0;
  times.forEach((time, i) => {
    if (time > (times[best] as bigint)) best = i;
  });
  return items[best] as T;
}

/** The items, the preferred first; those behind the first `qualified` lie where too little space is left. */
export async function rank<T extends InBranch>(
  c: UnionContext,
  preference: Exclude<Preference, 'newest'>,
  items: readonly T[],
  o: CallOptions,
): Promise<{ ranked: T[]; qualified: number }> {
  const all = (ranked: T[]): { ranked: T[]; qualified: number } => ({ ranked, qualified: ranked.length });
  // With one item there is nothing to compare, and no upstream is asked for its space.
  if (preference === 'order' || (items.length === 1 && preference !== 'leastFree')) return all([...items]);
  if (preference === 'random') return all(shuffled(items, c.platform));
  const fact: SpaceFact = preference === 'leastUsed' ? 'used' : preference === 'fewestObjects' ? 'objects' : 'free';
  const amounts = new Map<T, number>();
  await Promise.all(items.map(async (item) => amounts.set(item, await item.branch.up.space.get(fact, callOnly(o)))));
  const amount = (item: T): number => amounts.get(item) ?? 0;
  const least = (list: readonly T[]): T[] => list.toSorted((a, b) => compare(amount(a), amount(b)));
  if (preference === 'mostFree') return all(items.toSorted((a, b) => compare(amount(b), amount(a))));
  if (preference !== 'leastFree') return all(least(items));
  const roomy = items.filter((item) => amount(item) > c.minFree);
  const full = items.filter((item) => amount(item) <= c.minFree);
  return { ranked: [...least(roomy), ...full], qualified: roomy.length };
}

/** Of two infinite amounts neither is larger. */
const compare = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1);

function shuffled<T>(items: readonly T[], platform: Platform): T[] {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const bytes = platform.randomBytes(4);
    const random = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) / 2 ** 32;
    const j = Math.floor(random * (i + 1));
    [out[i], out[j]] = [out[j] as T, out[i] as T];
  }
  return out;
}
