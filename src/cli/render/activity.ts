import type { Event } from '../../core/events.ts';

/** One object under way. */
export interface Work {
  readonly name: string;
  /** Absent = unknown. */
  readonly size?: number;
  readonly bytes: number;
  /** Bytes per second over the last seconds; 0 until there is a second to look at. */
  readonly speed: number;
}

interface Running {
  readonly size?: number;
  bytes: number;
  readonly meter: Meter;
}

/** What is going on now, learned from events. Times are seconds since the start. */
export class Activity {
  readonly #now: () => number;
  readonly #transfers = new Map<string, Running>();
  readonly #checks = new Map<string, number>();
  readonly #total: Meter;
  #bytes = 0;
  #busySeconds = 0;
  #busySince = 0;

  constructor(now: () => number) {
    this.#now = now;
    this.#total = new Meter(now());
  }

  onEvent(event: Event): void {
    switch (event.type) {
      case 'transfer.start':
        if (this.#transfers.size === 0) this.#busySince = this.#now();
        this.#transfers.set(event.path, {
          bytes: 0,
          meter: new Meter(this.#now()),
          ...(event.size === undefined ? {} : { size: event.size }),
        });
        break;
      case 'transfer.bytes': {
        const now = this.#now();
        this.#bytes += event.bytes;
        this.#total.add(now, this.#bytes);
        const running = this.#transfers.get(event.path);
        if (!running) break;
        running.bytes += event.bytes;
        running.meter.add(now, running.bytes);
        break;
      }
      case 'transfer.done':
      case 'transfer.failed':
        this.#transfers.delete(event.path);
        if (this.#transfers.size === 0) this.#busySeconds += this.#now() - this.#busySince;
        break;
      case 'check.start':
        this.#checks.set(event.path, (this.#checks.get(event.path) ?? 0) + 1);
        break;
      case 'check.done':
        this.#checks.delete(event.path);
        break;
      default:
    }
  }

  get elapsed(): number {
    return this.#now();
  }

  /** Bytes per second of everything. */
  get speed(): number {
    return this.#total.speed(this.#now());
  }

  /** Seconds in which something was transferred. */
  get transferTime(): number {
    return this.#busySeconds + (this.#transfers.size > 0 ? this.#now() - this.#busySince : 0);
  }

  /** In the order of their start. */
  get transferring(): Work[] {
    const now = this.#now();
    return [...this.#transfers].map(([name, { size, bytes, meter }]) => ({
      name,
      bytes,
      speed: meter.speed(now),
      ...(size === undefined ? {} : { size }),
    }));
  }

  get checking(): string[] {
    return [...this.#checks.keys()].filter((name) => !this.#transfers.has(name));
  }
}

/** How many bytes a second came over the last seconds. */
class Meter {
  static readonly #windowSeconds = 10;
  readonly #points: { at: number; bytes: number }[];

  constructor(at: number) {
    this.#points = [{ at, bytes: 0 }];
  }

  add(at: number, bytes: number): void {
    const points = this.#points;
    const last = points.at(-1) as { at: number; bytes: number };
    // Ten points a second are enough; the first stays as it is.
    if (points.length > 1 && at - last.at < 0.1) last.bytes = bytes;
    else points.push({ at, bytes });
    while (points.length > 2 && at - (points[1] as { at: number }).at > Meter.#windowSeconds) points.shift();
  }

  speed(now: number): number {
    const first = this.#points[0] as { at: number; bytes: number };
    const last = this.#points.at(-1) as { at: number; bytes: number };
    // What ended is shown with the speed that it had.
    const span = Math.max(last.at, Math.min(now, last.at + 5)) - first.at;
    return span < 1 ? 0 : (last.bytes - first.bytes) / span;
  }
}
