import type { Backend, DirInfo, ObjectInfo } from '../core/backend.ts';
import { hasCode, messageOf } from '../core/errors.ts';
import { callOptions, fatal, log, skipped, type OperationContext } from './context.ts';
import { march } from './march.ts';
import { createLimiter } from './pool.ts';
import { removeEmptyDirectories, removeObjects } from './remove.ts';
import { needsTransfer } from './same.ts';
import { transferAsDecided } from './transfer.ts';

export interface SyncOptions {
  readonly mode: 'copy' | 'sync' | 'move';
  readonly createEmptySrcDirs: boolean;
  /** After a move. */
  readonly deleteEmptySrcDirs: boolean;
}

/** Tasks that may wait at once; bounds the memory that a large directory takes. */
const backlog = 1000;

/**
 * Makes the destination hold what the source holds: `copy` adds and replaces, `sync` also deletes what the source does
 * not have, `move` deletes the source's objects. Each directory is listed once on both sides. Nothing is deleted unless
 * every listing came whole and every transfer went well.
 */
export async function syncDirectories(c: OperationContext, src: Backend, dst: Backend, o: SyncOptions): Promise<void> {
  if (o.mode !== 'copy') refuseOverlap(src, dst);
  if (o.mode === 'move' && (await moveWholeDirectory(c, src, dst))) return;
  const errorsBefore = c.accounting.errors;
  const transfersBefore = c.accounting.transfers;
  const plan = await transferAll(c, src, dst, o);
  if (o.createEmptySrcDirs) await makeDirectories(c, dst, plan.srcDirs);
  if (o.mode === 'sync') await deleteExtras(c, dst, plan, c.accounting.errors > errorsBefore);
  await copyDirTimes(c, dst, plan.srcDirs);
  if (o.mode === 'move' && o.deleteEmptySrcDirs && c.accounting.errors === errorsBefore)
    await removeEmptyDirectories(c, src, deepestFirst(plan.srcDirs));
  if (c.accounting.transfers === transfersBefore && c.accounting.errors === errorsBefore)
    log(c, 'info', '', 'There was nothing to transfer');
  if (plan.failure !== undefined) throw plan.failure;
}

function refuseOverlap(src: Backend, dst: Backend): void {
  if (src.storeId !== dst.storeId) return;
  const a = `${src.root}/`;
  const b = `${dst.root}/`;
  if (src.root !== '' && dst.root !== '' && !a.startsWith(b) && !b.startsWith(a)) return;
  throw fatal("can't sync or move files on overlapping remotes (try excluding the destination with a filter rule)");
}

/** One rename where both sides lie in one store and the destination does not exist yet. */
async function moveWholeDirectory(c: OperationContext, src: Backend, dst: Backend): Promise<boolean> {
  if (!dst.moveDir || dst.storeId !== src.storeId || c.filter?.active) return false;
  if (skipped(c, 'server-side directory move', dst.description)) return true;
  try {
    await dst.moveDir(src, callOptions(c));
  } catch (e) {
    if (!hasCode(e, 'already_exists', 'unsupported')) {
      log(c, 'error', dst.description, `Server side directory move failed: ${messageOf(e)}`);
      throw c.accounting.settle(e);
    }
    log(c, 'info', dst.description, `Server side directory move failed - fallback to file moves: ${messageOf(e)}`);
    return false;
  }
  log(c, 'info', dst.description, 'Server side directory move succeeded');
  return true;
}

interface Plan {
  readonly srcDirs: DirInfo[];
  readonly extraFiles: ObjectInfo[];
  readonly extraDirs: string[];
  failure: Error | undefined;
}

/** Lists both sides directory by directory and transfers what has to be. */
async function transferAll(c: OperationContext, src: Backend, dst: Backend, o: SyncOptions): Promise<Plan> {
  const plan: Plan = { srcDirs: [], extraFiles: [], extraDirs: [], failure: undefined };
  const check = createLimiter(c.settings.checkers);
  const transfer = createLimiter(c.settings.transfers);
  const running = new Set<Promise<void>>();
  const spawn = async (work: () => Promise<void>): Promise<void> => {
    while (running.size >= backlog) await Promise.race(running);
    const task: Promise<void> = work()
      .catch((e: unknown) => void (plan.failure ??= c.accounting.settle(e)))
      .then(() => void running.delete(task));
    running.add(task);
  };
  const file = (info: ObjectInfo, existing: ObjectInfo | undefined): Promise<void> =>
    spawn(async () => {
      const from = { backend: src, info };
      const found = existing && { backend: dst, info: existing };
      // A comparison must not wait behind transfers.
      const needed = await check(() => needsTransfer(c, from, found));
      const mode = o.mode === 'move' ? 'move' : 'copy';
      await transfer(() =>
        transferAsDecided(c, from, { backend: dst, path: existing?.path ?? info.path, existing }, mode, needed),
      );
    });

  const meetings = march(c, src, dst, {
    destinationOnly: o.mode === 'sync',
    onError: (e) => void (plan.failure ??= e),
  });
  for await (const { src: from, dst: to } of meetings) {
    if (from?.kind === 'dir') plan.srcDirs.push(from);
    else if (from) await file(from, to as ObjectInfo | undefined);
    else if (to?.kind === 'dir') plan.extraDirs.push(to.path);
    else if (to) {
      c.accounting.checks += 1;
      plan.extraFiles.push(to);
    }
  }
  await Promise.all(running);
  if (c.signal?.aborted) throw plan.failure ?? new Error('stopped');
  return plan;
}

async function deleteExtras(c: OperationContext, dst: Backend, plan: Plan, failed: boolean): Promise<void> {
  if (failed) {
    log(c, 'error', dst.description, 'not deleting files as there were IO errors');
    log(c, 'error', dst.description, 'not deleting directories as there were IO errors');
    return;
  }
  try {
    await removeObjects(c, dst, plan.extraFiles);
  } catch (e) {
    plan.failure ??= e as Error;
    return;
  }
  if (dst.features.emptyDirs) await removeEmptyDirectories(c, dst, plan.extraDirs.slice().reverse());
}

async function makeDirectories(c: OperationContext, dst: Backend, dirs: readonly DirInfo[]): Promise<void> {
  if (!dst.features.emptyDirs) return;
  for (const { path } of dirs) {
    if (await existingDir(c, dst, path)) continue;
    if (!skipped(c, 'make directory', path)) {
      await dst.mkdir(path, callOptions(c));
      log(c, 'info', path, 'Making directory');
    }
  }
}

const existingDir = (c: OperationContext, backend: Backend, path: string): Promise<DirInfo | undefined> =>
  backend.statDir?.(path, callOptions(c)).catch(() => undefined) ?? Promise.resolve(undefined);

/** Directories that exist on both sides get the source's time, the deepest first: setting one touches its parent. */
async function copyDirTimes(c: OperationContext, dst: Backend, dirs: readonly DirInfo[]): Promise<void> {
  if (!dst.setDirModTime) return;
  for (const dir of dirs.toReversed()) {
    if (dir.modTime === undefined) continue;
    if (c.settings.dryRun) {
      skipped(c, 'set directory modification time', dir.path);
      continue;
    }
    const there = await existingDir(c, dst, dir.path);
    if (!there || there.modTime === dir.modTime) continue;
    try {
      await dst.setDirModTime(dir.path, dir.modTime, callOptions(c));
      log(c, 'info', dir.path, 'Set directory modification time (using DirSetModTime)');
    } catch (e) {
      log(c, 'error', dir.path, `Failed to set directory modification time: ${messageOf(e)}`);
      c.accounting.settle(e);
    }
  }
}

const deepestFirst = (dirs: readonly DirInfo[]): string[] => dirs.map((d) => d.path).reverse();
