import type { ByteSource, TransportThrottle } from '../core/backend.ts';
import type { Emit } from '../core/events.ts';
import type { Platform } from '../core/platform.ts';
import { formatRates, isLimited, noRates, ratesAt, type Rates, type Timetable } from '../options/bandwidth.ts';

export interface ThrottleOptions {
  readonly platform: Pick<Platform, 'now' | 'sleep'>;
  readonly emit: Emit;
  /** --bwlimit */
  readonly bandwidth: Timetable;
  /** --bwlimit-file */
  readonly fileBandwidth: Timetable;
  /** Requests per second; 0 = as many as come. */
  readonly requests: number;
  /** How many may come at once after a pause. */
  readonly burst: number;
}

/** The limits of one process: bytes and requests of all transfers together. */
export interface Throttle extends TransportThrottle {
  /** Single files are limited: one has one body. */
  readonly limitsFiles: boolean;
  /** The body of one transfer: the limits of transfers that touch no network, and of single files. */
  transfer(body: ByteSource, signal: AbortSignal | undefined): ByteSource;
  /** Lifts the limit, or puts it back (rclone's SIGUSR2). */
  toggle(): void;
}

const nsPerSecond = 1_000_000_000;
const mostBytes = 64 * 1024;

/** Undefined = nothing is limited. */
export function createThrottle(o: ThrottleOptions): Throttle | undefined {
  const { platform, emit, bandwidth, fileBandwidth, requests, burst } = o;
  const log = (level: 'info' | 'notice', message: string): void => emit({ type: 'log', level, message });
  if (bandwidth.length === 0 && fileBandwidth.length === 0 && requests <= 0) return undefined;
  const clock = createClock(platform, bandwidth, (rates) =>
    log(
      'notice',
      isLimited(rates)
        ? `Scheduled bandwidth change. Limit set to ${formatRates(rates)} Byte/s`
        : 'Scheduled bandwidth change. Bandwidth limits disabled',
    ),
  );
  if (isLimited(clock.rates())) log('info', `Starting bandwidth limiter at ${formatRates(clock.rates())} Byte/s`);
  if (requests > 0) log('info', `Starting transaction limiter: max ${requests} transactions/s with burst ${burst}`);

  let lifted = false;
  const rates = (): Rates => (lifted ? noRates : clock.rates());
  const pace = { up: createPace(platform), down: createPace(platform), all: createPace(platform) };
  const admission = createPace(platform, Math.max(0, burst - 1));

  return {
    limitsFiles: fileBandwidth.length > 0,
    request: (signal) => (requests > 0 ? admission(nsPerSecond / requests, signal) : Promise.resolve()),
    slow: (body, direction, signal) =>
      bandwidth.length === 0 ? body : slowed(body, () => rates()[direction], pace[direction], signal),
    transfer(body, signal) {
      let slower = bandwidth.length === 0 ? body : slowed(body, () => both(rates()), pace.all, signal);
      const file = ratesAt(fileBandwidth, platform.now());
      if (isLimited(file)) slower = slowed(slower, () => Math.max(file.up, file.down), createPace(platform), signal);
      return slower;
    },
    toggle() {
      if (!isLimited(clock.rates())) return;
      lifted = !lifted;
      log('notice', `Bandwidth limit ${lifted ? 'disabled' : 'enabled'} by user (now ${formatRates(rates())})`);
    },
  };
}

/** What also holds where there is no network, as in rclone: the higher of the two, when both are limited. */
const both = ({ up, down }: Rates): number => (up > 0 && down > 0 ? Math.max(up, down) : 0);

/** Looks at the table once a minute. */
function createClock(
  platform: ThrottleOptions['platform'],
  table: Timetable,
  onChange: (rates: Rates) => void,
): { rates(): Rates } {
  const minute = 60n * BigInt(nsPerSecond);
  let until = 0n;
  let current: Rates | undefined;
  return {
    rates() {
      const now = platform.now();
      if (current && now < until) return current;
      until = (now / minute + 1n) * minute;
      const next = ratesAt(table, now);
      if (current && formatRates(next) !== formatRates(current)) onChange(next);
      return (current = next);
    },
  };
}

type Pace = (ns: number, signal: AbortSignal | undefined) => Promise<void>;

/** Steps one after the other, each of which takes so many ns; up to `ahead` of them need not wait after a pause. */
function createPace(platform: ThrottleOptions['platform'], ahead = 0): Pace {
  let next: bigint | undefined;
  return async (ns, signal) => {
    const now = platform.now();
    const step = BigInt(Math.ceil(ns));
    const earliest = now - step * BigInt(ahead);
    const start = next === undefined || next < earliest ? earliest : next;
    next = start + step;
    const wait = Number(start - now);
    if (wait > 0) await platform.sleep(wait / 1e6, signal);
  };
}

/** Hands on small pieces, none before its time: a change of the rate is felt within a moment. */
async function* slowed(
  body: ByteSource,
  rate: () => number,
  pace: Pace,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of body) {
    for (let at = 0; at < chunk.length;) {
      const bytesPerSecond = rate();
      const most = bytesPerSecond > 0 ? Math.max(1, Math.min(mostBytes, Math.floor(bytesPerSecond / 8))) : chunk.length;
      const piece = chunk.subarray(at, at + most);
      if (bytesPerSecond > 0) await pace((piece.length / bytesPerSecond) * nsPerSecond, signal);
      at += piece.length;
      yield piece;
    }
  }
}
