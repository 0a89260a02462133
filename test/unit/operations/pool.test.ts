import { describe, expect, test } from 'vitest';
import { createChannel } from '../../../src/operations/channel.ts';
import { Fifo } from '../../../src/operations/fifo.ts';
import { createWorkQueue, forEachGrowing, forEachLimit } from '../../../src/operations/pool.ts';

/** Work that is done when the test says so. */
function gate() {
  const open: (() => void)[] = [];
  const begun: number[] = [];
  return {
    begun,
    work: (n: number) => {
      begun.push(n);
      return new Promise<void>((resolve) => open.push(resolve));
    },
    /** Lets the oldest piece of work end. */
    async next() {
      open.shift()?.();
      await settled();
    },
  };
}
const settled = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await Promise.resolve();
};

describe('a work queue', () => {
  test('runs as many as it has workers and keeps the order', async () => {
    const { begun, work, next } = gate();
    const queue = createWorkQueue<number>({ workers: 2, length: 10 }, work);
    for (const n of [1, 2, 3, 4]) await queue.put(n);
    expect(begun).toEqual([1, 2]);
    await next();
    expect(begun).toEqual([1, 2, 3]);
    const done = queue.finish().then(() => 'done');
    for (let i = 0; i < 3; i++) await next();
    expect(await done).toBe('done');
    expect(begun).toEqual([1, 2, 3, 4]);
  });

  test('makes the giver wait when the queue is full', async () => {
    const { work, next } = gate();
    const queue = createWorkQueue<number>({ workers: 1, length: 1 }, work);
    await queue.put(1);
    await queue.put(2);
    let room = false;
    const third = queue.put(3).then(() => (room = true));
    await settled();
    expect(room).toBe(false);
    await next();
    await third;
    for (let i = 0; i < 3; i++) await next();
    await queue.finish();
  });

  test('holds everything back until it is released', async () => {
    const { begun, work, next } = gate();
    const queue = createWorkQueue<number>({ workers: 3, length: Number.POSITIVE_INFINITY, held: true }, work);
    for (const n of [1, 2]) await queue.put(n);
    expect(begun).toEqual([]);
    queue.release();
    expect(begun).toEqual([1, 2]);
    for (let i = 0; i < 2; i++) await next();
    await queue.finish();
  });

  test('an empty one is finished at once', async () => {
    await createWorkQueue<number>({ workers: 1, length: 1 }, async () => {}).finish();
  });
});

test('forEachLimit stops taking items after an error and throws it when all has ended', async () => {
  const taken: string[] = [];
  const ended: string[] = [];
  const work = forEachLimit(['1', '2', '3', '4', '5'], 2, async (n) => {
    taken.push(n);
    await settled();
    if (n === '2') throw new Error('two');
    ended.push(n);
  });
  await expect(work).rejects.toThrow('two');
  expect(taken.length).toBeLessThan(5);
  expect(ended.sort()).toEqual(taken.filter((n) => n !== '2').sort());
});

describe('work over a list that grows', () => {
  test('ends when everything that was added is done', async () => {
    const seen: string[] = [];
    await forEachGrowing<string>([''], 3, async (path, add) => {
      seen.push(path);
      await settled();
      if (path.length < 3) for (const step of 'ab') add(path + step);
    });
    expect(seen.sort()).toEqual([
      '',
      'a',
      'aa',
      'aaa',
      'aab',
      'ab',
      'aba',
      'abb',
      'b',
      'ba',
      'baa',
      'bab',
      'bb',
      'bba',
      'bbb',
    ]);
  });

  test('throws the first error once nothing runs any more', async () => {
    let running = 0;
    const work = forEachGrowing<number>([1, 2, 3], 3, async (n) => {
      running += 1;
      await settled();
      running -= 1;
      if (n === 2) throw new Error('two');
    });
    await expect(work).rejects.toThrow('two');
    expect(running).toBe(0);
  });

  test('has nothing to do with an empty list', async () => {
    await forEachGrowing([], 2, async () => {});
  });
});

test('a fifo gives back in order and frees what was taken', () => {
  const fifo = new Fifo<number>();
  let expected = 0;
  for (let i = 0; i < 5000; i++) {
    fifo.add(i);
    if (i % 3 === 0) expect(fifo.take()).toBe(expected++);
  }
  while (fifo.size > 0) expect(fifo.take()).toBe(expected++);
  expect(expected).toBe(5000);
  expect(fifo.take()).toBeUndefined();
});

describe('a channel', () => {
  test('gives the items in order and makes the giver wait', async () => {
    const channel = createChannel<number>(1);
    await channel.put(1);
    let room = false;
    const second = channel.put(2).then(() => (room = true));
    await settled();
    expect(room).toBe(false);
    const read: number[] = [];
    const reading = (async () => {
      for await (const n of channel.items) read.push(n);
    })();
    await second;
    channel.end();
    await reading;
    expect(read).toEqual([1, 2]);
  });

  test('does not hold up a giver when the reader has left', async () => {
    const channel = createChannel<number>(0);
    const first = channel.put(1);
    for await (const n of channel.items) {
      expect(n).toBe(1);
      break;
    }
    await first;
    await channel.put(2);
  });
});
