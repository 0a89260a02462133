import type { Entry } from '../core/backend.ts';
import { leafOf } from '../core/path.ts';
import { log, type OperationContext } from './context.ts';

/** A name that one side has, or both with the same kind of entry. */
export interface Meeting {
  readonly src?: Entry | undefined;
  readonly dst?: Entry | undefined;
}

/**
 * Brings the entries of one directory together by name. Both listings are read in step, so that listings in about the
 * same order meet early and little waits; any other order gives the same result. An entry is told alone only after the
 * other side has ended, one of the destination only after both have: before that nobody knows that it has no partner.
 */
export async function joinListings(
  c: OperationContext,
  listings: { readonly src: AsyncIterable<Entry>; readonly dst: AsyncIterable<Entry> },
  meet: (meeting: Meeting) => Promise<void>,
): Promise<void> {
  const keyOf = keyMaker(c);
  const src = createSide(listings.src, 'source');
  const dst = createSide(listings.dst, 'destination');
  const left = async (side: Side, told: (entry: Entry) => Meeting): Promise<void> => {
    for (const [key, entry] of side.waiting) {
      side.waiting.delete(key);
      await meet(told(entry));
    }
  };
  try {
    for (;;) {
      const [a, b] = await Promise.all([src.peek(), dst.peek()]);
      if (!b) await left(src, (entry) => ({ src: entry }));
      if (!a && !b) break;
      const [from, to] = !b || (a && keyOf(a) <= keyOf(b)) ? [src, dst] : [dst, src];
      const entry = (await from.take()) as Entry;
      const key = keyOf(entry);
      if (from.seen.has(key)) {
        log(c, 'notice', entry.path, `Duplicate object found in ${from.name} - ignoring`);
        continue;
      }
      from.seen.add(key);
      const partner = to.waiting.get(key);
      to.waiting.delete(key);
      if (partner) await meet(from === src ? { src: entry, dst: partner } : { src: partner, dst: entry });
      else if (from === src && !b) await meet({ src: entry });
      else from.waiting.set(key, entry);
    }
    await left(dst, (entry) => ({ dst: entry }));
  } finally {
    await Promise.all([src.close(), dst.close()]);
  }
}

interface Side {
  readonly name: string;
  /** Names that came. */
  readonly seen: Set<string>;
  /** Entries whose partner has not come. */
  readonly waiting: Map<string, Entry>;
  /** The next entry; undefined = the listing has ended. */
  peek(): Promise<Entry | undefined>;
  take(): Promise<Entry | undefined>;
  close(): Promise<void>;
}

/** The first pages of both sides are asked for at once. */
function createSide(entries: AsyncIterable<Entry>, name: string): Side {
  const iterator = entries[Symbol.asyncIterator]();
  const fetch = (): Promise<Entry | undefined> => {
    const wanted = iterator.next().then((r) => (r.done ? undefined : r.value));
    // Its error is thrown where the entry is looked at.
    wanted.catch(() => {});
    return wanted;
  };
  let lead = fetch();
  return {
    name,
    seen: new Set(),
    waiting: new Map(),
    peek: () => lead,
    take() {
      const taken = lead;
      lead = fetch();
      return taken;
    },
    close: async () => void (await iterator.return?.()),
  };
}

const notAscii = /[^\0-\x7f]/;

/** The form in which names are compared: without differences of Unicode forms, and of case if that is wanted. */
export function comparableName({ settings }: OperationContext, name: string): string {
  const composed = settings.normalizeNames && notAscii.test(name) ? name.normalize() : name;
  return settings.ignoreCaseSync ? composed.toLowerCase() : composed;
}

/** What makes two entries of a directory one and the same on both sides. */
function keyMaker(c: OperationContext): (entry: Entry) => string {
  return (entry) => {
    const name = comparableName(c, leafOf(entry.path));
    // As the wire orders them: a directory by its name with the slash.
    return entry.kind === 'dir' ? `${name}/` : name;
  };
}
