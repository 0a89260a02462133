import type { Backend, ObjectInfo } from '../core/backend.ts';
import { hasCode, messageOf, TscloneError } from '../core/errors.ts';
import { callOptions, log, skipped, type OperationContext } from './context.ts';
import { notAnObject, type Located } from './locate.ts';
import { forEachLimit } from './pool.ts';
import { walk } from './walk.ts';

/** Objects handed to the store in one go where it can remove many. */
const batchSize = 1000;

/**
 * Removes objects, many per request where the store can. Failures are logged and counted; the first is thrown at the
 * end.
 */
export async function removeObjects(
  c: OperationContext,
  backend: Backend,
  objects: AsyncIterable<ObjectInfo> | Iterable<ObjectInfo>,
): Promise<void> {
  let failure: Error | undefined;
  const failed = (path: string, e: unknown): void => {
    log(c, 'error', path, `Couldn't delete: ${messageOf(e)}`);
    const error = c.accounting.settle(e);
    failure ??= error;
  };
  const done = (info: ObjectInfo): void => removed(c, info);
  const removeBatch = async (batch: readonly ObjectInfo[]): Promise<void> => {
    const failures = new Map(
      (
        (await backend.removeMany?.(
          batch.map((i) => i.path),
          callOptions(c),
        )) ?? []
      ).map((f) => [f.path, f.error]),
    );
    for (const info of batch) {
      const error = failures.get(info.path);
      if (error) failed(info.path, error);
      else done(info);
    }
  };
  const removeOne = async (info: ObjectInfo): Promise<void> => {
    try {
      await backend.remove(info.path, callOptions(c));
      done(info);
    } catch (e) {
      if (c.signal?.aborted) throw e;
      failed(info.path, e);
    }
  };

  const wanted = notSkipped(c, objects);
  if (backend.removeMany)
    await forEachLimit(inBatches(wanted, batchSize), 2, (batch) =>
      batch.length === 1 ? removeOne(batch[0] as ObjectInfo) : removeBatch(batch),
    );
  else await forEachLimit(wanted, c.settings.checkers, removeOne);
  if (failure) throw failure;
}

function removed(c: OperationContext, info: ObjectInfo): void {
  c.accounting.deletes += 1;
  c.accounting.deletedBytes += info.size ?? 0;
  log(c, 'info', info.path, 'Deleted');
  c.emit({ type: 'delete', path: info.path });
}

async function* notSkipped(
  c: OperationContext,
  objects: AsyncIterable<ObjectInfo> | Iterable<ObjectInfo>,
): AsyncGenerator<ObjectInfo, void, void> {
  for await (const info of objects) if (!skipped(c, 'delete', info.path, info.size)) yield info;
}

async function* inBatches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[], void, void> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function* objectsBelow(c: OperationContext, backend: Backend): AsyncGenerator<ObjectInfo, void, void> {
  for await (const entry of walk(c, backend, '', { maxDepth: c.settings.maxDepth, dirs: false }))
    if (entry.kind === 'object') yield entry;
}

/** Removes the objects below a directory, or the one object; directories stay. */
export async function deleteObjects(c: OperationContext, { backend, file }: Located): Promise<void> {
  await removeObjects(c, backend, file ? [file.info] : objectsBelow(c, backend));
}

/** Removes exactly one object. @throws object_not_found, also for directories */
export async function deleteFile(c: OperationContext, { backend, file, reference }: Located): Promise<void> {
  if (!file) throw notAnObject(reference);
  await removeObjects(c, backend, [file.info]);
}

/** Removes an empty directory. */
export async function removeDirectory(c: OperationContext, backend: Backend, dir = ''): Promise<void> {
  if (skipped(c, 'remove directory', dir === '' ? backend.description : dir)) return;
  try {
    await backend.rmdir(dir, callOptions(c));
  } catch (e) {
    if (dir !== '' || !backend.features.isLocal || !hasCode(e, 'dir_not_found')) throw e;
    // What cannot be removed is no missing source: rclone ends with 1 here, not with 3.
    throw new TscloneError('io', `${backend.root}: no such directory`, { cause: e });
  }
  c.accounting.deletedDirs += 1;
  log(c, 'info', dir === '' ? backend.description : dir, 'Removing directory');
}

/** Removes a directory with all that is in it. @throws usage with a filter: what it keeps would be lost */
export async function purge(c: OperationContext, backend: Backend): Promise<void> {
  if (c.filter?.active) throw new TscloneError('usage', 'purge goes with no filter', { retry: 'no' });
  if (backend.purge && !c.settings.dryRun) return purgeByStore(c, backend);
  const dirs: string[] = [];
  let any = false;
  async function* contents(): AsyncGenerator<ObjectInfo, void, void> {
    for await (const entry of walk(c, backend, '', { maxDepth: -1, dirs: backend.features.emptyDirs })) {
      any = true;
      if (entry.kind === 'object') yield entry;
      else dirs.push(entry.path);
    }
  }
  try {
    await removeObjects(c, backend, contents());
  } catch (e) {
    if (!backend.features.isLocal || !hasCode(e, 'dir_not_found')) throw e;
    throw new TscloneError('io', `failed to remove directories: ${backend.root}: no such directory`, { cause: e });
  }
  // What lies deepest goes first.
  for (const dir of dirs.reverse()) await removeDirectory(c, backend, dir);
  if (!any && backend.features.bucketBased && backend.root.includes('/')) await refuseObject(c, backend);
  await removeDirectory(c, backend);
}

async function purgeByStore(c: OperationContext, backend: Backend): Promise<void> {
  let any = false;
  await backend.purge?.('', {
    ...callOptions(c),
    onRemoved(info) {
      any = true;
      removed(c, info);
    },
  });
  if (!any && backend.features.bucketBased && backend.root.includes('/')) await refuseObject(c, backend);
  c.accounting.deletedDirs += 1;
  log(c, 'info', backend.description, 'Removing directory');
}

/** An empty prefix may be the name of an object: then the caller meant something else. */
async function refuseObject(c: OperationContext, backend: Backend): Promise<void> {
  const slash = backend.root.lastIndexOf('/');
  const info = await backend.at(backend.root.slice(0, slash)).probe(backend.root.slice(slash + 1), callOptions(c));
  if (info) throw isFile();
}

export function isFile(): TscloneError {
  return new TscloneError('not_directory', 'is a file not a directory', { retry: 'no' });
}

/** Removes the directories among `dirs` (deepest first) that are empty; others stay. */
export async function removeEmptyDirectories(
  c: OperationContext,
  backend: Backend,
  dirs: readonly string[],
): Promise<void> {
  for (const dir of dirs) {
    try {
      await removeDirectory(c, backend, dir);
    } catch (e) {
      if (hasCode(e, 'not_empty', 'dir_not_found')) continue;
      log(c, 'error', dir, `Failed to remove directory: ${messageOf(e)}`);
      c.accounting.settle(e);
    }
  }
}
