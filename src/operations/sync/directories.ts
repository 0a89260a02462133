import type { DirInfo } from '../../core/backend.ts';
import { messageOf } from '../../core/errors.ts';
import { formatRfc3339 } from '../../core/time.ts';
import { callOptions, log, skipped } from '../context.ts';
import { carriedDirMetadata } from '../metadata.ts';
import { modifyWindow } from '../same.ts';
import type { SyncRun } from './run.ts';

/** A directory of the source, and the one of that name on the destination. */
export interface DirPair {
  readonly src: DirInfo;
  readonly dst: DirInfo | undefined;
}

/** Makes the directories that the destination lacks, also the empty ones. */
export async function makeDirectories(run: SyncRun, dirs: readonly DirPair[]): Promise<void> {
  const { c, dst } = run;
  for (const dir of topDown(dirs)) {
    if (dir.dst) continue;
    const { path, modTime } = dir.src;
    const dated = modTime !== undefined && setsTimes(run);
    if (!dst.features.emptyDirs) {
      if (!c.settings.dryRun) log(c, 'info', path, 'Making directory');
      continue;
    }
    run.made.add(path);
    run.written.add(path);
    // As rclone: one line tells of both.
    const described = carriesDirMetadata(run);
    if (!(await skipped(c, described ? 'update directory metadata' : 'make directory', path))) {
      await dst.mkdir(path, callOptions(c));
      if (described) continue;
      const made = `Made directory with metadata (mtime=${formatRfc3339(modTime ?? 0n)})`;
      log(c, 'info', path, dated ? made : 'Making directory');
    }
  }
}

const setsTimes = ({ c, dst }: SyncRun): boolean =>
  dst.setDirModTime !== undefined && !c.settings.noUpdateDirModTime && !c.settings.noUpdateModTime;

/**
 * Directories in which something was written, or whose time differs, get the source's time, the deepest first: setting
 * one touches its parent.
 */
export async function copyDirTimes(run: SyncRun, dirs: readonly DirPair[]): Promise<void> {
  const { c, dst } = run;
  if (!dst.setDirModTime || c.settings.noUpdateDirModTime) return;
  for (const dir of topDown(dirs).reverse()) {
    const { modTime } = dir.src;
    const path = dir.dst?.path ?? dir.src.path;
    if (!dir.dst && (await copyDirMetadata(run, dir.src))) continue;
    if (modTime === undefined || !(run.written.has(path) || hasOtherTime(run, dir))) continue;
    if (await skipped(c, 'set directory modification time', path, dir.dst?.size)) continue;
    try {
      await dst.setDirModTime(path, modTime, callOptions(c));
      const how = dir.dst || run.made.has(path) ? 'SetModTime' : 'DirSetModTime';
      log(c, 'info', path, `Set directory modification time (using ${how})`);
    } catch (e) {
      log(c, 'error', path, `Failed to set directory modification time: ${messageOf(e)}`);
      run.fail(e);
    }
  }
}

const carriesDirMetadata = ({ c, src, dst }: SyncRun): boolean =>
  c.settings.metadata && src.statDir !== undefined && src.features.metadata && dst.setDirMetadata !== undefined;

/** --metadata, for a directory that the destination did not have. True = there is nothing more to set. */
async function copyDirMetadata(run: SyncRun, dir: DirInfo): Promise<boolean> {
  const { c, src, dst } = run;
  if (!carriesDirMetadata(run) || !run.written.has(dir.path)) return false;
  if (await skipped(c, 'update directory metadata', dir.path)) return true;
  try {
    const metadata = await carriedDirMetadata(c, src, dst, dir);
    if (!metadata) return false;
    await dst.setDirMetadata?.(dir.path, metadata, callOptions(c));
    log(c, 'info', dir.path, 'Updated directory metadata');
  } catch (e) {
    log(c, 'error', dir.path, `Failed to update directory timestamp or metadata: ${messageOf(e)}`);
    run.fail(e);
  }
  return true;
}

/** The rules for objects, as far as they make sense for a directory. */
function hasOtherTime({ c: { settings }, src, dst }: SyncRun, dir: DirPair): boolean {
  if (dir.dst === undefined || settings.sizeOnly || settings.immutable || settings.ignoreExisting) return false;
  if (settings.ignoreTimes) return true;
  const window = modifyWindow(settings, src, dst);
  const apart = (dir.dst.modTime ?? 0n) - (dir.src.modTime ?? 0n);
  if (window === undefined || (apart < window && apart > -window)) return false;
  return !(settings.update && apart >= window);
}

/** Parents before what is in them. */
export function topDown(dirs: readonly DirPair[]): DirPair[] {
  return [...dirs].sort((a, b) => (a.src.path < b.src.path ? -1 : 1));
}
