import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { stat, utimes } from 'node:fs/promises';
import type { Nanos } from '../../core/entry.ts';
import { splitNanos } from '../../core/time.ts';

/**
 * Sets the modification time to the nanosecond. Node takes seconds as a double, which at today's dates is 238 ns wide;
 * times that do not fit go through the system's `touch`, one helper shell for all of them. Without `touch` the time
 * stays within that width. The time of the last read becomes `atime`, absent = now.
 */
export async function setTime(file: string, time: Nanos, atime?: Nanos): Promise<void> {
  const { seconds, nanos } = splitNanos(time);
  const read = atime === undefined ? Date.now() / 1000 : Number(atime) / 1e9;
  const asDouble = Number(seconds) + nanos / 1e9;
  await utimes(file, read, asDouble);
  if ((await stat(file, { bigint: true })).mtimeNs === time) return;
  // Rounding down to whole digits may still hit: half a step up survives the truncation below.
  await utimes(file, read, asDouble + 1e-7);
  if ((await stat(file, { bigint: true })).mtimeNs === time) return;
  await utimes(file, read, asDouble);
  await touch(file, `@${seconds}.${String(nanos).padStart(9, '0')}`);
}

let helper: ChildProcessWithoutNullStreams | undefined;
let queue: (() => void)[] = [];

/** One `sh` that calls `touch` per line pair; file names travel on its stdin, never in argv of ours. */
const script = 'while IFS= read -r t && IFS= read -r f; do touch -m -d "$t" -- "$f" 2>/dev/null; echo; done';

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
