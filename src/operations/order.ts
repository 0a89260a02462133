import type { ObjectInfo } from '../core/backend.ts';
import { compareUtf8 } from '../core/bytes.ts';
import { fatal } from './context.ts';
import type { Waiting } from './fifo.ts';

/** The order in which objects are transferred: --order-by. */
export interface Order {
  /** What is compared has to be asked for where a listing does not give it. */
  readonly needsModTime: boolean;
  /** A queue in this order; the first `share` percent of the workers take from its beginning, the others from its end. */
  queue<T extends { readonly info: ObjectInfo }>(workers: number): Waiting<T>;
}

type Compare = (a: ObjectInfo, b: ObjectInfo) => number;

const by: Readonly<Record<string, Compare>> = {
  size: (a, b) => (a.size ?? -1) - (b.size ?? -1),
  name: (a, b) => compareUtf8(a.path, b.path),
  modtime: (a, b) => Number((a.modTime ?? 0n) - (b.modTime ?? 0n)),
};

/** Reads `size`, `name` or `modtime`, `,ascending`, `,descending` or `,mixed[,PERCENT]`; '' = as they come. @throws fatal */
export function parseOrder(text: string): Order | undefined {
  if (text === '') return undefined;
  const [what = '', direction = 'ascending', percent = '50'] = text.split(',').map((word) => word.toLowerCase());
  const compare = by[what];
  if (!compare) throw fatal(`unknown --order-by comparison ${JSON.stringify(what)}`);
  const backwards = ['descending', 'desc'].includes(direction);
  const mixed = direction === 'mixed';
  if (!backwards && !mixed && !['ascending', 'asc'].includes(direction))
    throw fatal(`unknown --order-by sort direction ${JSON.stringify(direction)}`);
  if (mixed && !/^[+-]?\d+$/.test(percent)) throw fatal(`bad mixed fraction --order-by ${JSON.stringify(percent)}`);
  const share = mixed ? Number(percent) : 100;
  const ordered: Compare = backwards ? (a, b) => compare(b, a) : compare;
  return {
    needsModTime: what === 'modtime',
    queue: (workers) =>
      createOrderedQueue(
        (a, b) => ordered(a.info, b.info),
        (worker) => 100 * worker < share * workers,
      ),
  };
}

interface Slot<T> {
  readonly item: T;
  /** Equal items keep the order in which they came. */
  readonly number: number;
  taken: boolean;
}

/** Two heaps over the same items, one for each end. */
function createOrderedQueue<T>(compare: (a: T, b: T) => number, takesFirst: (worker: number) => boolean): Waiting<T> {
  const inOrder = (a: Slot<T>, b: Slot<T>): number => compare(a.item, b.item) || a.number - b.number;
  const first = createHeap(inOrder);
  const last = createHeap<Slot<T>>((a, b) => inOrder(b, a));
  let size = 0;
  let number = 0;
  return {
    get size() {
      return size;
    },
    add(item) {
      const slot = { item, number: number++, taken: false };
      first.add(slot);
      last.add(slot);
      size += 1;
    },
    take(worker) {
      const heap = takesFirst(worker) ? first : last;
      for (let slot = heap.take(); slot; slot = heap.take()) {
        if (slot.taken) continue;
        slot.taken = true;
        size -= 1;
        return slot.item;
      }
      return undefined;
    },
  };
}

function createHeap<T>(compare: (a: T, b: T) => number): { add(item: T): void; take(): T | undefined } {
  const items: T[] = [];
  const before = (i: number, j: number): boolean => compare(items[i] as T, items[j] as T) < 0;
  const swap = (i: number, j: number): void => {
    const kept = items[i] as T;
    items[i] = items[j] as T;
    items[j] = kept;
  };
  return {
    add(item) {
      items.push(item);
      for (let i = items.length - 1; i > 0;) {
        const parent = (i - 1) >> 1;
        if (!before(i, parent)) break;
        swap(i, parent);
        i = parent;
      }
    },
    take() {
      if (items.length === 0) return undefined;
      swap(0, items.length - 1);
      const item = items.pop();
      for (let i = 0; ;) {
        const left = 2 * i + 1;
        const right = left + 1;
        let least = i;
        if (left < items.length && before(left, least)) least = left;
        if (right < items.length && before(right, least)) least = right;
        if (least === i) return item;
        swap(i, least);
        i = least;
      }
    },
  };
}
