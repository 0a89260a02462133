import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { lstat, lutimes, stat, utimes } from 'node:fs/promises';
import type { Nanos } from '../../core/entry.ts';
import { splitNanos } from '../../core/time.ts';

export interface TimeOptions {
  /** Time of the last read; absent = now. */
  readonly atime?: Nanos | undefined;
  /** Of the link itself, not of what it points to. */
  readonly isLink?: boolean;
}

/**
 * Sets the modification time to the nanosecond. Node takes seconds as a double, which at today's dates is 238 ns wide;
 * times that do not fit go through the system's `touch`, one helper shell for all of them. Without `touch` the time
 * stays within that width.
 */
export async function setTime(file: string, time: Nanos, o: TimeOptions = {}): Promise<void> {
  const set = o.isLink ? lutimes : utimes;
  const look = o.isLink ? lstat : stat;
  const { atime } = o;
  const { seconds, nanos } = splitNanos(time);
  const read = atime === undefined ? Date.now() / 1000 : Number(atime) / 1e9;
  const asDouble = Number(seconds) + nanos / 1e9;
  await set(file, read, asDouble);
  if ((await look(file, { bigint: true })).mtimeNs === time) return;
  // Rounding down to whole digits may still hit: half a step up survives the truncation below.
  await set(file, read, asDouble + 1e-7);
  if ((await look(file, { bigint: true })).mtimeNs === time) return;
  await set(file, read, asDouble);
  await touch(file, `${o.isLink ? 'h' : 'f'}@${seconds}.${String(nanos).padStart(9, '0')}`);
}

let helper: ChildProcessWithoutNullStreams | undefined;
let queue: (() => void)[] = [];

/** One `sh` that calls `touch` per line pair; file names travel on its stdin, never in argv of ours. */
const script =
  'while IFS= read -r t && IFS= read -r f; do case $t in h*) l=-h;; *) l=;; esac; touch $l -m -d "${t#?}" -- "$f" 2>/dev/null; echo; done';

async function touch(file: string, time: string): Promise<void> {
  if (process.platform === 'win32' || typeof file !== 'string' || file.includes('\n')) return;
  helper ??= start();
  const child = helper;
  await new Promise<void>((resolve) => {
    queue.push(resolve);
    child.ref();
    child.stdin.write(`${time}\n${file}\n`);
  });
}

function start(): ChildProcessWithoutNullStreams {
  const child = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'pipe'] });
  const finish = (): void => {
    helper = undefined;
    const waiting = queue;
    queue = [];
    for (const done of waiting) done();
  };
  child.on('error', finish);
  child.on('exit', finish);
  child.stdin.on('error', () => {});
  child.stdout.on('data', (data: Buffer) => {
    for (const byte of data) if (byte === 0x0a) queue.shift()?.();
    if (queue.length === 0) child.unref();
  });
  // An idle helper must not keep the process alive.
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr])
    (stream as unknown as { unref?: () => void }).unref?.();
  return child;
}
