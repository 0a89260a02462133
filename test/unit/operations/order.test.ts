import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ObjectInfo } from '../../../src/core/backend.ts';
import { parseOrder } from '../../../src/operations/order.ts';

const object = (path: string, size: number): { info: ObjectInfo } => ({
  info: { kind: 'object', path, size, hashes: {}, modTime: BigInt(-size) },
});

/** Sizes in the order in which workers take them. */
function taken(order: string, sizes: readonly number[], workers: readonly number[] = [0]): number[] {
  const queue = parseOrder(order)?.queue<{ info: ObjectInfo }>(workers.length);
  for (const [i, size] of sizes.entries()) queue?.add(object(`p${i}`, size));
  const out: number[] = [];
  for (let turn = 0; queue && queue.size > 0; turn++)
    out.push(queue.take(workers[turn % workers.length] as number)?.info.size ?? -1);
  return out;
}
const ascending = (sizes: readonly number[]): number[] => [...sizes].sort((a, b) => a - b);

describe('--order-by', () => {
  test('gives every item once, sorted', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50)), (sizes) => {
        expect(taken('size', sizes)).toEqual(ascending(sizes));
        expect(taken('size,descending', sizes)).toEqual(ascending(sizes).reverse());
        expect(taken('modtime', sizes)).toEqual(ascending(sizes).reverse());
        expect(ascending(taken('size,mixed', sizes, [0, 1]))).toEqual(ascending(sizes));
      }),
    );
  });

  test('mixed serves a share of the workers from the other end', () => {
    expect(taken('size,mixed', [5, 1, 4, 2, 3], [0, 1])).toEqual([1, 5, 2, 4, 3]);
    expect(taken('size,mixed,25', [5, 1, 4, 2, 3, 6], [0, 1, 2, 3])).toEqual([1, 6, 5, 4, 2, 3]);
  });

  test('items that are added between are taken in their place', () => {
    const queue = parseOrder('name')?.queue<{ info: ObjectInfo }>(1);
    for (const name of ['d', 'b']) queue?.add(object(name, 1));
    expect(queue?.take(0)?.info.path).toBe('b');
    for (const name of ['a', 'e', 'c']) queue?.add(object(name, 1));
    expect([0, 1, 2, 3].map(() => queue?.take(0)?.info.path)).toEqual(['a', 'c', 'd', 'e']);
    expect(queue?.take(0)).toBeUndefined();
  });

  test.each([
    ['foo', 'unknown --order-by comparison "foo"'],
    [',mixed', 'unknown --order-by comparison ""'],
    ['name,foo', 'unknown --order-by sort direction "foo"'],
    ['size,mixed,half', 'bad mixed fraction --order-by "half"'],
  ])('refuses %s', (text, message) => {
    expect(() => parseOrder(text)).toThrow(message);
  });

  test('is nothing when nothing is asked', () => expect(parseOrder('')).toBeUndefined());
});
