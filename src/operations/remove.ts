import type { Backend, ObjectInfo } from '../core/backend.ts';
import { hasCode, messageOf, TscloneError } from '../core/errors.ts';
import { callOptions, fatal, log, skipped, type OperationContext } from './context.ts';
import { notAnObject, type Located } from './locate.ts';
import { forEachLimit } from './pool.ts';
import { unreachableError } from './unreachable.ts';
import { walk } from './walk.ts';

/** Objects handed to the store in one go where it can remove many. */
const batchSize = 1000;

/** What is done with an object that has to go. */
export interface Disposal {
  /** `delete`: Skipped delete as …, Couldn't delete: … */
  readonly verb: string;
  readonly done: string;
  /** Absent: the object is deleted. */
  readonly dispose?: (info: ObjectInfo) => Promise<void>;
}

const deletion: Disposal = { verb: 'delete', done: 'Deleted' };

/**
 * Removes objects, many per request where the store can, as many as --max-delete and --max-delete-size allow. Failures
 * are logged and counted.
 * @throws other, fatal: how many could not be removed
 */
export async function removeObjects(
  c: OperationContext,
  backend: Backend,
  objects: AsyncIterable<ObjectInfo> | Iterable<ObjectInfo>,
  disposal: Disposal = deletion,
): Promise<void> {
  const { failures, refused } = await removeEach(c, backend, objects, disposal);
  if (failures === 0) return;
  const message = `failed to delete ${failures} files`;
  throw refused ? fatal(message) : new TscloneError('other', message);
}

interface Removal {
  readonly failures: number;
  /** A limit kept some of them. */
  readonly refused: boolean;
  readonly last: Error | undefined;
}

async function removeEach(
  c: OperationContext,
  backend: Backend,
  objects: AsyncIterable<ObjectInfo> | Iterable<ObjectInfo>,
  disposal: Disposal,
): Promise<Removal> {
  const { verb, dispose } = disposal;
  let failures = 0;
  let refused = false;
  let last: Error | undefined;
  const failed = (path: string, e: unknown): void => {
    log(c, 'error', path, `Couldn't ${verb}: ${messageOf(e)}`);
    last = c.accounting.settle(e);
    failures += 1;
  };
  const done = (info: ObjectInfo): void => {
    log(c, 'info', info.path, disposal.done);
    c.emit({ type: 'delete', path: info.path });
  };
  /** The objects that may go; each counts as deleted from here on. */
  async function* allowed(): AsyncGenerator<ObjectInfo, void, void> {
    for await (const info of objects) {
      const limit = overLimit(c, info);
      if (limit) {
        log(c, 'error', info.path, `Got fatal error on delete: ${limit.message}`);
        last = c.accounting.settle(limit);
        failures += 1;
        refused = true;
        // As many lines as rclone's workers write before they stop.
        if (failures >= c.settings.checkers) return;
        continue;
      }
      if (info.unreachable !== undefined) {
        failed(info.path, unreachableError(info.path, [info.unreachable]));
        continue;
      }
      c.accounting.deletes += 1;
      c.accounting.deletedBytes += info.size ?? 0;
      if (!(await skipped(c, verb, info.path, info.size))) yield info;
    }
  }
  const removeBatch = async (batch: readonly ObjectInfo[]): Promise<void> => {
    const paths = batch.map((i) => i.path);
    const answers = (await backend.removeMany?.(paths, callOptions(c))) ?? [];
    const errors = new Map(answers.map((f) => [f.path, f.error]));
    for (const info of batch) {
      const error = errors.get(info.path);
      if (error) failed(info.path, error);
      else done(info);
    }
  };
  const removeOne = async (info: ObjectInfo): Promise<void> => {
    try {
      await (dispose ? dispose(info) : backend.remove(info.path, callOptions(c)));
      done(info);
    } catch (e) {
      if (c.signal?.aborted) throw e;
      failed(info.path, e);
    }
  };

  if (backend.removeMany && !dispose)
    await forEachLimit(inBatches(allowed(), batchSize), 2, (batch) =>
      batch.length === 1 ? removeOne(batch[0] as ObjectInfo) : removeBatch(batch),
    );
  else await forEachLimit(allowed(), c.settings.checkers, removeOne);
  return { failures, refused, last };
}

/** The error of an object that would be one too many. */
function overLimit({ accounting, settings }: OperationContext, info: ObjectInfo): TscloneError | undefined {
  const { maxDelete, maxDeleteSize } = settings;
  if (maxDelete >= 0 && accounting.deletes >= maxDelete) return fatal('--max-delete threshold reached');
  if (maxDeleteSize >= 0 && accounting.deletedBytes + (info.size ?? 0) > maxDeleteSize)
    return fatal('--max-delete-size threshold reached');
  return undefined;
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

/** The objects below the root that filters and --max-depth choose. */
export async function* objectsBelow(c: OperationContext, backend: Backend): AsyncGenerator<ObjectInfo, void, void> {
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
  const { last } = await removeEach(c, backend, [file.info], deletion);
  if (last) throw last;
}

/** Removes an empty directory. */
export async function removeDirectory(c: OperationContext, backend: Backend, dir = ''): Promise<void> {
  if (await skipped(c, 'remove directory', dir === '' ? backend.description : dir)) return;
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
      c.accounting.deletes += 1;
      c.accounting.deletedBytes += info.size ?? 0;
      log(c, 'info', info.path, 'Deleted');
      c.emit({ type: 'delete', path: info.path });
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
