import type { Backend } from '../core/backend.ts';
import { hasCode, messageOf, throwIfAborted, TscloneError } from '../core/errors.ts';
import { parentOf } from '../core/path.ts';
import { log, type OperationContext } from './context.ts';
import { removeDirectory } from './remove.ts';
import { walk } from './walk.ts';

/** Removes the directories in which there is no object, the deepest first; the root too unless it is to stay. */
export async function removeEmptyTree(c: OperationContext, backend: Backend, leaveRoot: boolean): Promise<void> {
  const failures: Error[] = [];
  for (const dir of await emptyDirectories(c, backend, leaveRoot)) {
    try {
      await removeDirectory(c, backend, dir);
    } catch (e) {
      throwIfAborted(c.signal);
      log(c, 'error', dir, `Failed to rmdir: ${messageOf(e)}`);
      failures.push(c.accounting.settle(e));
    }
  }
  const last = failures.at(-1);
  if (!last) return;
  const count = failures.length > 1 ? `${failures.length} errors: last error: ` : '';
  throw c.accounting.conclude(
    new TscloneError('io', `failed to remove directories: ${count}${messageOf(last)}`, { cause: last }),
  );
}

async function emptyDirectories(c: OperationContext, backend: Backend, leaveRoot: boolean): Promise<string[]> {
  const empty = new Map([['', !leaveRoot]]);
  try {
    for await (const entry of walk(c, backend, '', { maxDepth: c.settings.maxDepth, dirs: true })) {
      if (entry.kind === 'dir') {
        if (!empty.has(entry.path)) empty.set(entry.path, true);
        continue;
      }
      for (let dir = parentOf(entry.path); empty.get(dir) !== false; dir = parentOf(dir)) empty.set(dir, false);
    }
  } catch (e) {
    throwIfAborted(c.signal);
    // What could not be read does not count as empty: the store would refuse, but it should not even be asked.
    if (leaveRoot || c.settings.dryRun || !backend.features.isLocal || !hasCode(e, 'dir_not_found'))
      throw c.accounting.error(e);
    const message = `failed to remove directories: ${backend.root}: no such directory`;
    throw c.accounting.error(new TscloneError('io', message, { cause: e }));
  }
  const wanted = (dir: string): boolean => c.filter?.includesPath(`${dir}/`) ?? true;
  return [...empty]
    .filter(([dir, isEmpty]) => isEmpty && wanted(dir))
    .map(([dir]) => dir)
    .sort((a, b) => depthOf(b) - depthOf(a));
}

const depthOf = (dir: string): number => (dir === '' ? 0 : dir.split('/').length);
