import type { Backend, ObjectInfo } from '../../core/backend.ts';
import { hasCode, messageOf } from '../../core/errors.ts';
import { toHex } from '../../core/bytes.ts';
import { joinPath } from '../../core/path.ts';
import { callOptions, log, skipped } from '../context.ts';
import { moveObject } from '../transfer.ts';
import type { SyncRun } from './run.ts';

/** Is the destination's name the source's but for the case? */
function differs({ c: { settings } }: SyncRun, wanted: string, found: string): boolean {
  return (
    settings.fixCase &&
    !settings.immutable &&
    wanted.normalize() !== found.normalize() &&
    wanted.normalize().toLowerCase() === found.normalize().toLowerCase()
  );
}

/** --fix-case for an object. Answers what stands there then. */
export async function fixObjectCase(run: SyncRun, wanted: string, existing: ObjectInfo): Promise<ObjectInfo> {
  if (!differs(run, wanted, existing.path)) return existing;
  const { c, dst } = run;
  await moveObject(c, { backend: dst, info: existing }, { backend: dst, path: wanted }, 'check');
  log(c, 'info', existing.path, `Fixed case by renaming to: ${wanted}`);
  return c.settings.dryRun ? existing : { ...existing, path: wanted };
}

/**
 * --fix-case for a directory, by way of another name: to some file systems both are one. Answers its name then. Where
 * directories are only parts of names the objects bring it along.
 */
export async function fixDirCase(run: SyncRun, wanted: string, found: string): Promise<string> {
  const { c, dst } = run;
  if (!dst.moveDir || !differs(run, wanted, found)) return found;
  if (await skipped(c, 'dirMove', found)) return found;
  const at = (path: string): Backend => dst.at(joinPath(dst.root, path));
  const between = `${wanted}-rclone-move-${toHex(c.platform.randomBytes(4))}`;
  try {
    await at(between).moveDir?.(at(found), callOptions(c));
    await at(wanted).moveDir?.(at(between), callOptions(c));
  } catch (e) {
    if (hasCode(e, 'unsupported')) return found;
    log(c, 'error', found, `Failed to fix the case: ${messageOf(e)}`);
    run.fail(e);
    return found;
  }
  log(c, 'info', found, `Fixed case by renaming to: ${wanted}`);
  return wanted;
}
