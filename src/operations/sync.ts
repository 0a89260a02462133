import type { Backend, DirInfo, Entry, ObjectInfo } from '../core/backend.ts';
import { hasCode, messageOf } from '../core/errors.ts';
import { callOptions, fatal, log, skipped, type OperationContext } from './context.ts';
import { createDirectoryReader, type DirectoryReader } from './directories.ts';
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
  const plan = await march(c, src, dst, o);
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
  if (!dst.moveDir || dst.storeId !== src.storeId) return false;
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
async function march(c: OperationContext, src: Backend, dst: Backend, o: SyncOptions): Promise<Plan> {
  const plan: Plan = { srcDirs: [], extraFiles: [], extraDirs: [], failure: undefined };
  const readers = { src: createDirectoryReader(c, src), dst: createDirectoryReader(c, dst) };
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

  const pending: { dir: string; inDst: boolean }[] = [{ dir: '', inDst: true }];
  for (let next = pending.shift(); next; next = pending.shift()) {
    if (c.signal?.aborted) break;
    const { dir, inDst } = next;
    const [from, to] = await Promise.all([
      readSource(c, readers.src, src, dir),
      inDst ? readDestination(c, readers.dst, dst, dir) : [],
    ]).catch((e: unknown) => {
      plan.failure ??= e as Error;
      return [undefined, undefined];
    });
    if (!from || !to) continue;
    const there = new Map(to.map((e) => [keyOf(c, e), e]));
    const met = new Set<string>();
    for (const entry of from) {
      const key = keyOf(c, entry);
      if (met.has(key)) {
        log(c, 'notice', entry.path, 'Duplicate object found in source - ignoring');
        continue;
      }
      met.add(key);
      const match = there.get(key);
      there.delete(key);
      if (entry.kind === 'object') {
        if (match) c.accounting.checks += 1;
        await file(entry, match as ObjectInfo | undefined);
      } else {
        plan.srcDirs.push(entry);
        if (depthAllows(c, entry.path)) pending.push({ dir: entry.path, inDst: match !== undefined });
      }
    }
    if (o.mode === 'sync') await collectExtras(c, readers.dst, dst, there.values(), plan);
  }
  await Promise.all(running);
  if (c.signal?.aborted) throw plan.failure ?? new Error('stopped');
  return plan;
}

/** What makes two entries one and the same on both sides. */
function keyOf(c: OperationContext, entry: Entry): string {
  return `${entry.kind}:${c.settings.normalizeNames ? entry.path.normalize() : entry.path}`;
}

function depthAllows(c: OperationContext, dir: string): boolean {
  return c.settings.maxDepth <= 0 || dir.split('/').length < c.settings.maxDepth;
}

async function readSource(c: OperationContext, read: DirectoryReader, src: Backend, dir: string): Promise<Entry[]> {
  try {
    return await read(dir);
  } catch (e) {
    const what = dir === '' ? 'source root directory' : `source directory "${dir}"`;
    log(c, 'error', src.description, `error reading ${what}: ${messageOf(e)}`);
    throw c.accounting.settle(e);
  }
}

/** A destination that does not exist yet is empty; one that cannot be read ends the work on this directory. */
async function readDestination(
  c: OperationContext,
  read: DirectoryReader,
  dst: Backend,
  dir: string,
): Promise<Entry[]> {
  try {
    return await read(dir);
  } catch (e) {
    if (hasCode(e, 'dir_not_found')) return [];
    const what = dir === '' ? 'destination root directory' : `destination directory "${dir}"`;
    log(c, 'error', dst.description, `error reading ${what}: ${messageOf(e)}`);
    throw c.accounting.settle(e);
  }
}

/** Entries that only the destination has, with everything below. */
async function collectExtras(
  c: OperationContext,
  read: DirectoryReader,
  dst: Backend,
  entries: Iterable<Entry>,
  plan: Plan,
): Promise<void> {
  for (const entry of entries) {
    if (entry.kind === 'object') {
      c.accounting.checks += 1;
      plan.extraFiles.push(entry);
      continue;
    }
    plan.extraDirs.push(entry.path);
    try {
      await collectExtras(c, read, dst, await readDestination(c, read, dst, entry.path), plan);
    } catch (e) {
      plan.failure ??= e as Error;
    }
  }
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
