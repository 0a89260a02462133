import { randomBytes } from 'node:crypto';
import { open, readFile, stat, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { TscloneError } from '../core/errors.ts';

/** Writers hold the lock for milliseconds; an older one belongs to a program that was killed. */
const staleMs = 30_000;
/** Clearing a lock takes less still. */
const staleGuardMs = 2_000;
const patienceMs = 60_000;

interface Holder {
  readonly token: string;
  readonly pid: number;
  readonly host: string;
}

export interface Lock {
  /** Name for an unfinished file beside the target; whoever clears the lock of a killed program removes it too. */
  readonly partial: string;
  /** False when somebody took the lock for a stale one. */
  isHeld(): Promise<boolean>;
}

/**
 * Runs `work` while no other tsclone writes `target`. The lock is a file beside it that names its process, so that a
 * killed one does not block the next.
 */
export async function withLock<T>(target: string, work: (lock: Lock) => Promise<T>): Promise<T> {
  const path = `${target}.lock`;
  const holder: Holder = { token: randomBytes(6).toString('hex'), pid: process.pid, host: hostname() };
  const giveUp = Date.now() + patienceMs;
  while (!(await take(path, holder))) {
    if (!(await clearStale(target, path))) {
      if (Date.now() > giveUp) throw busy(target, path);
      await wait(5 + Math.random() * 25);
    }
  }
  try {
    return await work({
      partial: partialOf(target, holder.token),
      isHeld: async () => (await read(path))?.token === holder.token,
    });
  } finally {
    if ((await read(path))?.token === holder.token) await unlink(path).catch(() => {});
  }
}

const partialOf = (target: string, token: string): string => `${target}.${token}.partial`;

async function take(path: string, holder: Holder): Promise<boolean> {
  try {
    const handle = await open(path, 'wx', 0o600);
    try {
      await handle.writeFile(JSON.stringify(holder));
    } finally {
      await handle.close();
    }
    return true;
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw e;
  }
}

/** Removes the lock of a program that is gone; true when it is worth trying again at once. */
async function clearStale(target: string, path: string): Promise<boolean> {
  if (!(await isStale(path))) return false;
  // One at a time looks again and removes: nobody else can take or give back the lock of a dead program meanwhile.
  const guard = `${path}.clearing`;
  try {
    await (await open(guard, 'wx', 0o600)).close();
  } catch {
    if ((await age(guard)) > staleGuardMs) await unlink(guard).catch(() => {});
    return false;
  }
  try {
    const held = await read(path);
    if (!(await isStale(path))) return false;
    await unlink(path);
    if (held && /^[0-9a-f]+$/.test(held.token)) await unlink(partialOf(target, held.token)).catch(() => {});
    return true;
  } catch {
    return false;
  } finally {
    await unlink(guard).catch(() => {});
  }
}

async function isStale(path: string): Promise<boolean> {
  if ((await age(path)) > staleMs) return true;
  const held = await read(path);
  return held?.host === hostname() && !isAlive(held.pid);
}

/** Milliseconds since the last change; 0 when the file is gone. */
function age(path: string): Promise<number> {
  return stat(path).then(
    (s) => Date.now() - s.mtimeMs,
    () => 0,
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (e) {
    return (e as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** undefined = no lock, or one whose writer has not got to its content yet. */
async function read(path: string): Promise<Holder | undefined> {
  try {
    const holder = JSON.parse(await readFile(path, 'utf8')) as Partial<Holder>;
    return typeof holder.token === 'string' && typeof holder.pid === 'number' ? (holder as Holder) : undefined;
  } catch {
    return undefined;
  }
}

function busy(target: string, path: string): TscloneError {
  return new TscloneError(
    'io',
    `config file "${target}": another program has been writing it for a minute. If none is running, remove ${path}`,
    { retry: 'no' },
  );
}
