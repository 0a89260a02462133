import type { Backend } from '../../core/backend.ts';
import { hasCode, messageOf } from '../../core/errors.ts';
import { joinPath, trimSlashes } from '../../core/path.ts';
import { overlaps } from '../aside.ts';
import { callOptions, fatal, log, skipped, type OperationContext } from '../context.ts';
import { createParentCheck } from '../filter/apply.ts';

/**
 * Neither side may lie in the other, unless the filter leaves the inner one out: what was copied would be found again as
 * a source, or deleted. @throws fatal
 */
export function refuseOverlap(c: OperationContext, src: Backend, dst: Backend): void {
  if (!(overlaps(src, dst) || liesWithin(src, dst)) || isLeftOut(c, src, dst)) return;
  throw fatal("can't sync or move files on overlapping remotes (try excluding the destination with a filter rule)");
}

/** The same of two remotes with names of their own. One and the same directory is none: it may get other headers. */
function liesWithin(src: Backend, dst: Backend): boolean {
  const [a, b] = [src.place, dst.place];
  if (a === undefined || b === undefined || a === b || src.features.isLocal) return false;
  const inside = (x: string, y: string): boolean => x.startsWith(y.endsWith(':') ? y : `${y}/`);
  return inside(a, b) || inside(b, a);
}

function isLeftOut({ filter }: OperationContext, src: Backend, dst: Backend): boolean {
  const [outer, inner] = src.root.length < dst.root.length ? [src.root, dst.root] : [dst.root, src.root];
  const below = trimSlashes(inner.slice(outer.length));
  return filter?.active === true && below !== '' && !createParentCheck(filter)(joinPath(below, 'x'));
}

/** One rename where both sides lie in one store and the destination does not exist yet. */
export async function moveWholeDirectory(c: OperationContext, src: Backend, dst: Backend): Promise<boolean> {
  if (!dst.moveDir || dst.storeId !== src.storeId || c.filter?.active) return false;
  if (await skipped(c, 'server-side directory move', dst.description)) return true;
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
