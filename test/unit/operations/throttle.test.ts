import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { ByteSource } from '../../../src/core/backend.ts';
import type { Event } from '../../../src/core/events.ts';
import { createThrottle, type ThrottleOptions } from '../../../src/operations/throttle.ts';
import { formatRates, parseTimetable, ratesAt } from '../../../src/options/bandwidth.ts';

const vectors = JSON.parse(await readFile(new URL('../../vectors/sizes-times.json', import.meta.url), 'utf8')) as {
  bwlimit: unknown;
};

const second = 1_000_000_000n;

/** A throttle by a clock that goes only while somebody sleeps. */
function setUp(o: Partial<ThrottleOptions>, start = 0n) {
  let now = start;
  const logs: string[] = [];
  const throttle = createThrottle({
    platform: {
      now: () => now,
      async sleep(ms, signal) {
        signal?.throwIfAborted();
        now += BigInt(Math.round(ms * 1e6));
      },
    },
    emit: (e: Event) => void (e.type === 'log' && logs.push(`${e.level} ${e.message}`)),
    bandwidth: [],
    fileBandwidth: [],
    requests: 0,
    burst: 1,
    ...o,
  });
  if (!throttle) throw new Error('nothing is limited');
  const seconds = (): number => Number(now - start) / 1e9;
  return { throttle, logs, seconds, pass: (ns: bigint) => void (now += ns) };
}

async function* chunks(count: number, size: number): ByteSource & AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) yield new Uint8Array(size).fill(i);
}

async function drain(source: ByteSource): Promise<number> {
  let bytes = 0;
  for await (const chunk of source) bytes += chunk.length;
  return bytes;
}

describe('--bwlimit', () => {
  test('nothing is made when nothing is limited', () => {
    expect(createThrottle({ ...({} as ThrottleOptions), bandwidth: [], fileBandwidth: [], requests: 0 })).toBe(
      undefined,
    );
  });

  test('bytes take their time, all of them come, in order', async () => {
    const { throttle, seconds, logs } = setUp({ bandwidth: parseTimetable('1M') });
    const body: Uint8Array[] = [];
    for await (const chunk of throttle.slow(chunks(10, 1024 * 1024), 'up', undefined)) body.push(chunk.slice());
    const all = Buffer.concat(body);
    expect(all.length).toBe(10 * 1024 * 1024);
    expect(all.every((byte, i) => byte === Math.floor(i / (1024 * 1024)))).toBe(true);
    expect(seconds()).toBeGreaterThan(9.9);
    expect(seconds()).toBeLessThanOrEqual(10);
    expect(logs).toEqual(['info Starting bandwidth limiter at 1Mi Byte/s']);
  });

  test('several streams share one limit', async () => {
    const { throttle, seconds } = setUp({ bandwidth: parseTimetable('1M') });
    const streams = [1, 2, 3, 4].map(() => drain(throttle.slow(chunks(1, 1024 * 1024), 'down', undefined)));
    await Promise.all(streams);
    expect(seconds()).toBeGreaterThan(3.9);
  });

  test('up and down have limits of their own', async () => {
    const { throttle, seconds } = setUp({ bandwidth: parseTimetable('1M:off') });
    await drain(throttle.slow(chunks(5, 1024 * 1024), 'down', undefined));
    expect(seconds()).toBe(0);
    await drain(throttle.slow(chunks(2, 1024 * 1024), 'up', undefined));
    expect(seconds()).toBeGreaterThan(1.9);
  });

  test('without a network the higher of both counts, and none when only one is limited', async () => {
    const one = setUp({ bandwidth: parseTimetable('1M:2M') });
    await drain(one.throttle.transfer(chunks(4, 1024 * 1024), undefined));
    expect(one.seconds()).toBeGreaterThan(1.9);
    expect(one.seconds()).toBeLessThanOrEqual(2);
    const other = setUp({ bandwidth: parseTimetable('1M:off') });
    await drain(other.throttle.transfer(chunks(4, 1024 * 1024), undefined));
    expect(other.seconds()).toBe(0);
  });

  test('a table changes the limit on the minute, and says so', async () => {
    // 1970-01-04 was a Sunday.
    const start = BigInt(new Date(1970, 0, 4, 7, 59, 30).getTime()) * 1_000_000n;
    const { throttle, logs, pass } = setUp({ bandwidth: parseTimetable('00:00,1M Sun-08:00,off') }, start);
    await drain(throttle.slow(chunks(1, 1000), 'up', undefined));
    pass(31n * second);
    await drain(throttle.slow(chunks(1, 1000), 'up', undefined));
    expect(logs).toEqual([
      'info Starting bandwidth limiter at 1Mi Byte/s',
      'notice Scheduled bandwidth change. Bandwidth limits disabled',
    ]);
  });

  test('is lifted and put back by a signal, also in the middle of a stream', async () => {
    const { throttle, logs, seconds } = setUp({ bandwidth: parseTimetable('1k') });
    let bytes = 0;
    for await (const chunk of throttle.slow(chunks(100, 1024), 'up', undefined)) {
      bytes += chunk.length;
      if (bytes === 1024) throttle.toggle();
    }
    expect(bytes).toBe(100 * 1024);
    expect(seconds()).toBeLessThanOrEqual(1);
    throttle.toggle();
    expect(logs.slice(1)).toEqual([
      'notice Bandwidth limit disabled by user (now off)',
      'notice Bandwidth limit enabled by user (now 1Ki)',
    ]);
  });

  test('a stream that waits ends when it is aborted, and closes its source', async () => {
    const stop = new AbortController();
    const { throttle } = setUp({ bandwidth: parseTimetable('1k') });
    let closed = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        yield* chunks(100, 1024);
      } finally {
        closed = true;
      }
    }
    const reading = (async () => {
      for await (const _chunk of throttle.slow(source(), 'up', stop.signal)) stop.abort();
    })();
    await expect(reading).rejects.toThrow();
    expect(closed).toBe(true);
  });
});

test('--bwlimit-file counts each transfer by itself', async () => {
  const { throttle, seconds } = setUp({ fileBandwidth: parseTimetable('1M') });
  await drain(throttle.transfer(chunks(2, 1024 * 1024), undefined));
  const first = seconds();
  expect(first).toBeGreaterThan(1.9);
  await drain(throttle.transfer(chunks(1, 1024), undefined));
  expect(seconds()).toBe(first);
});

describe('--tpslimit', () => {
  test('spaces requests', async () => {
    const { throttle, seconds } = setUp({ requests: 4 });
    for (let i = 0; i < 9; i++) await throttle.request(undefined);
    expect(seconds()).toBe(2);
  });

  test('a burst need not wait, after a pause again', async () => {
    const { throttle, seconds, pass } = setUp({ requests: 1, burst: 3 });
    for (let i = 0; i < 3; i++) await throttle.request(undefined);
    expect(seconds()).toBe(0);
    await throttle.request(undefined);
    expect(seconds()).toBe(1);
    pass(100n * second);
    for (let i = 0; i < 3; i++) await throttle.request(undefined);
    expect(seconds()).toBe(101);
  });
});

describe('the syntax of --bwlimit', () => {
  const single = (vectors.bwlimit as { input: string; string?: string; error?: string }[]).filter(
    ({ string: shown }) => shown === undefined || !shown.includes(','),
  );
  test.each(single.map((v) => [v.input, v] as const))('%j as in rclone', (input, { string: shown, error }) => {
    if (error !== undefined) expect(() => parseTimetable(input)).toThrow(error);
    else expect(formatRates(ratesAt(parseTimetable(input), 0n))).toBe(shown);
  });

  test.each([
    ['', 'empty string'],
    ['10M:', 'empty string'],
    ['x', "bad suffix 'x'"],
    ['-1', 'size can\'t be negative "-1"'],
    [' 10M', 'invalid time/bandwidth specification: "10M"'],
    ['08:00,1M,3M', 'invalid time/bandwidth specification: "08:00,1M,3M"'],
    ['8:00,1M', 'invalid time specification (hh:mm): "8:00"'],
    ['25:00,1M', 'invalid hour (must be between 00 and 23): 25'],
    ['08:60,1M', 'invalid minute (must be between 00 and 59): 60'],
    ['Xon-08:00,1M', 'invalid weekday: "xon"'],
    ['Mon-Tue-08:00,1M', 'invalid time specification: "Mon-Tue-08:00"'],
  ])('%j is refused: %s', (text, reason) => {
    expect(() => parseTimetable(text)).toThrow(reason);
  });

  test('the last time of the week holds until the first', () => {
    const table = parseTimetable('Mon-10:00,1M Fri-10:00,2M');
    const at = (day: number, hour: number): number =>
      ratesAt(table, BigInt(new Date(1970, 0, 4 + day, hour).getTime()) * 1_000_000n).up / 1024 / 1024;
    expect([at(0, 0), at(1, 9), at(1, 10), at(4, 23), at(5, 11), at(6, 0)]).toEqual([2, 2, 1, 1, 2, 2]);
  });
});
