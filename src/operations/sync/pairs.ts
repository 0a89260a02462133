import type { ObjectInfo } from '../../core/backend.ts';
import { TscloneError } from '../../core/errors.ts';
import { parentsOf } from '../../core/path.ts';
import { settleBeside } from '../beside.ts';
import { log } from '../context.ts';
import { createWorkQueue, type WorkQueue } from '../pool.ts';
import { modTimeOf, needsTransfer, type Held } from '../same.ts';
import { setAside, statOrNothing, transferAsDecided } from '../transfer.ts';
import { fixObjectCase } from './fix-case.ts';
import type { SyncRun } from './run.ts';

/** An object of the source, and what stands at its place. */
export interface Pair {
  readonly info: ObjectInfo;
  /** `unknown`: the destination was not listed. */
  readonly existing: ObjectInfo | 'unknown' | undefined;
}

/** The two stages that every object of the source goes through: compare, then transfer. */
export interface Stages {
  /** Resolves when there is room for more. */
  compare(pair: Pair): Promise<void>;
  /** As `compare`, for what is known to be missing; the log tells the reason. */
  transfer(info: ObjectInfo, reason: string): Promise<void>;
  /** Resolves when everything is done. */
  finish(): Promise<void>;
}

interface Decided {
  readonly info: ObjectInfo;
  readonly existing: ObjectInfo | undefined;
  readonly needed: boolean;
}

export function createStages(run: SyncRun): Stages {
  const { c } = run;
  const { settings } = c;
  const length = settings.maxBacklog < 0 ? Number.POSITIVE_INFINITY : settings.maxBacklog;
  const waiting = { length: settings.checkFirst ? Number.POSITIVE_INFINITY : length, held: settings.checkFirst };
  const inOrder = run.order?.queue<Decided>(settings.transfers);
  const queue = { workers: settings.transfers, ...waiting, ...(inOrder ? { waiting: inOrder } : {}) };
  const transfers = createWorkQueue<Decided>(queue, (decided) =>
    guarded(run, decided.info.path, () => carryOut(run, decided)),
  );
  const checks = createWorkQueue<Pair>({ workers: settings.checkers, length }, (pair) =>
    guarded(run, pair.info.path, () => decide(run, pair, transfers)),
  );
  const say = (message: string): void => {
    if (settings.checkFirst) log(c, 'info', run.dst.description, message);
  };
  say('Running all checks before starting transfers');
  return {
    compare: (pair) => checks.put(pair),
    async transfer(info, reason) {
      log(c, 'debug', info.path, `Need to transfer - ${reason}`);
      const placed = await withOrder(run, { backend: run.src, info });
      await transfers.put({ info: placed, existing: undefined, needed: true });
    },
    async finish() {
      await checks.finish();
      say('Checks finished, now starting transfers');
      transfers.release();
      await transfers.finish();
    },
  };
}

/** A failure of one object is counted; the others go on. */
async function guarded(run: SyncRun, path: string, work: () => Promise<void>): Promise<void> {
  if (run.closing.aborted) {
    run.cut = true;
    return;
  }
  try {
    await work();
  } catch (e) {
    if (run.closing.aborted) run.cut = true;
    run.fail(e);
    await run.report('error', path);
  }
}

async function decide(run: SyncRun, pair: Pair, transfers: WorkQueue<Decided>): Promise<void> {
  const { c, dst } = run;
  const { info } = pair;
  const standing = pair.existing === 'unknown' ? await statOrNothing(c, dst, info.path) : pair.existing;
  const existing = standing && (await fixObjectCase(run, info.path, standing));
  if (existing !== standing) markWritten(run, info.path);
  if (existing && pair.existing === 'unknown') {
    c.accounting.checks += 1;
    // As rclone: a directory that was not looked at gets its time whether something was written or not.
    markWritten(run, existing.path);
  }
  const src = { backend: run.src, info };
  const found = existing && { backend: dst, info: existing };
  if (found) c.emit({ type: 'check.start', path: info.path });
  let needed = await needsTransfer(c, src, found).finally(() => {
    if (found) c.emit({ type: 'check.done', path: info.path });
  });
  await run.report(!existing ? 'srcOnly' : needed ? 'differ' : 'same', info.path);
  const target = { backend: dst, path: existing?.path ?? info.path, existing };
  if (needed && (await settleBeside(c, run.beside, src, target, run.aside))) {
    if (!existing) return;
    needed = false;
  }
  let replaced = existing;
  if (needed && found) {
    if (c.settings.immutable) throw modified(run, found.info.path);
    if (run.aside) {
      await setAside(c, run.aside, found);
      replaced = undefined;
    }
  }
  if (needed || run.options.mode === 'move')
    await transfers.put({ info: await withOrder(run, src), existing: replaced, needed });
}

/** The object with the time that the queue is sorted by. */
async function withOrder({ c, order }: SyncRun, src: Held): Promise<ObjectInfo> {
  if (!order?.needsModTime || src.info.modTime !== undefined) return src.info;
  const modTime = await modTimeOf(c, src);
  return modTime === undefined ? src.info : { ...src.info, modTime };
}

function modified(run: SyncRun, path: string): Error {
  const error = new TscloneError('no_retry', 'immutable file modified', { path, retry: 'no' });
  log(run.c, 'error', path, `Source and destination exist but do not match: ${error.message}`);
  return error;
}

async function carryOut(run: SyncRun, { info, existing, needed }: Decided): Promise<void> {
  const { c, src, dst } = run;
  const path = existing?.path ?? info.path;
  if (needed) markWritten(run, path);
  const mode = run.options.mode === 'move' ? 'move' : 'copy';
  await transferAsDecided(c, { backend: src, info }, { backend: dst, path, existing }, mode, needed);
}

export function markWritten(run: SyncRun, path: string): void {
  for (const dir of parentsOf(path)) run.written.add(dir);
}
