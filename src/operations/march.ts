import type { Backend, Entry } from '../core/backend.ts';
import { hasCode, messageOf, type TscloneError } from '../core/errors.ts';
import { log, type OperationContext } from './context.ts';
import { createDirectoryReader, type DirectoryReader } from './directories.ts';
import { joinListings, type Meeting } from './join.ts';
import { forEachGrowing } from './pool.ts';

export type { Meeting };

export interface MarchOptions {
  /** What only the destination has is told too, with everything below it. */
  readonly destinationOnly: boolean;
  /** `meet` may rename directories of the destination: they are read only when it has answered. */
  readonly renames?: boolean;
  /** A directory that cannot be read: logged and counted already; the march goes on with the others. */
  readonly onError: (e: Error) => void;
  /**
   * Told of each name; the next one waits until the promise resolves. What only one side has is told once the listing of
   * that directory has ended on the other side, what only the destination has once both have. A directory of the
   * destination may have another name afterwards, which is the answer.
   */
  readonly meet: (meeting: Meeting) => Promise<string | void> | string | void;
}

/** A directory to be read: its path on each side, absent = that side has no such directory. */
interface Job {
  readonly src?: string | undefined;
  readonly dst?: string | undefined;
}

/**
 * Goes through two trees side by side, each directory listed once on both sides, several directories at a time. A
 * destination directory that does not exist is empty; without `dst` all are. Entries that were told are forgotten: what is kept of a directory
 * are its names, and the entries that still wait for the other side.
 */
export async function march(
  c: OperationContext,
  src: Backend,
  dst: Backend | undefined,
  o: MarchOptions,
): Promise<void> {
  // Directories of which not every name could be told.
  const odd = new Set<string>();
  const oddSource = (e: TscloneError): void => {
    odd.add(`src:${e.path}`);
    log(c, 'error', src.description, e.message);
    o.onError(c.accounting.settle(e));
  };
  const oddDestination = (e: TscloneError): void => {
    odd.add(`dst:${e.path}`);
    log(c, 'error', dst?.description ?? '', e.message);
    if (o.destinationOnly) o.onError(c.accounting.settle(e));
  };
  const source = sourceReader(c, src, oddSource);
  const there = c.settings.deleteExcluded ? { ...c, filter: undefined } : c;
  const destination = dst ? destinationReader(there, dst, oddDestination) : nothing;
  await forEachGrowing<Job>([{ src: '', dst: '' }], c.settings.checkers, async (job, add) => {
    if (c.signal?.aborted) return;
    const listings = {
      src: job.src === undefined ? nothing() : source(job.src),
      dst: job.dst === undefined ? nothing() : destination(job.dst),
    };
    try {
      await joinListings(c, listings, async ({ src: from, dst: to }) => {
        if (!from && (!o.destinationOnly || odd.has(`src:${job.src}`) || odd.has(`dst:${job.dst}`))) return;
        if (from?.kind === 'object' && to) c.accounting.checks += 1;
        const entry = (from ?? to) as Entry;
        const isBelow = entry.kind === 'dir' && depthAllows(c, entry.path);
        const renamed = o.renames ? await o.meet({ src: from, dst: to }) : undefined;
        if (isBelow) add({ src: from?.path, dst: renamed ?? to?.path });
        if (!o.renames) await o.meet({ src: from, dst: to });
      });
    } catch (e) {
      // An error of `meet` ends the march, one of a listing this directory.
      if (!(e instanceof UnreadDirectory)) throw e;
      if (!c.signal?.aborted) o.onError(e.error);
    }
  });
}

async function* nothing(): AsyncGenerator<Entry, void, void> {}

function depthAllows(c: OperationContext, dir: string): boolean {
  return c.settings.maxDepth < 0 || dir.split('/').length < c.settings.maxDepth;
}

/** A listing failed; `error` is counted already. */
class UnreadDirectory extends Error {
  readonly error: Error;
  constructor(error: Error) {
    super(error.message);
    this.error = error;
  }
}

function sourceReader(c: OperationContext, src: Backend, onOdd: (e: TscloneError) => void): DirectoryReader {
  const read = createDirectoryReader(c, src, onOdd);
  return async function* (dir) {
    try {
      yield* read(dir);
    } catch (e) {
      throw unread(c, src, 'source', dir, e);
    }
  };
}

/** A destination that does not exist yet is empty; one that cannot be read ends the work on this directory. */
function destinationReader(c: OperationContext, dst: Backend, onOdd: (e: TscloneError) => void): DirectoryReader {
  const read = createDirectoryReader(c, dst, onOdd);
  return async function* (dir) {
    try {
      yield* read(dir);
    } catch (e) {
      if (!hasCode(e, 'dir_not_found')) throw unread(c, dst, 'destination', dir, e);
    }
  };
}

function unread(c: OperationContext, backend: Backend, side: string, dir: string, e: unknown): UnreadDirectory {
  const error = e instanceof Error ? e : new Error(String(e));
  if (c.signal?.aborted) return new UnreadDirectory(error);
  const what = dir === '' ? `${side} root directory` : `${side} directory "${dir}"`;
  log(c, 'error', backend.description, `error reading ${what}: ${messageOf(error)}`);
  return new UnreadDirectory(c.accounting.settle(error));
}
