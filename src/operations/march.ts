import type { Backend, Entry } from '../core/backend.ts';
import { hasCode, messageOf } from '../core/errors.ts';
import { log, type OperationContext } from './context.ts';
import { createDirectoryReader, type DirectoryReader } from './directories.ts';

/** A name that one side has, or both with the same kind of entry. */
export interface Meeting {
  readonly src?: Entry | undefined;
  readonly dst?: Entry | undefined;
}

export interface MarchOptions {
  /** What only the destination has is told too, with everything below it. */
  readonly destinationOnly: boolean;
  /** A directory that cannot be read: logged and counted already; the march goes on with the others. */
  readonly onError: (e: Error) => void;
}

/**
 * Goes through two trees side by side, each directory listed once on both sides. A destination directory that does not
 * exist is empty.
 */
export async function* march(
  c: OperationContext,
  src: Backend,
  dst: Backend,
  o: MarchOptions,
): AsyncGenerator<Meeting, void, void> {
  const there = c.settings.deleteExcluded ? { ...c, filter: undefined } : c;
  const readers = { src: createDirectoryReader(c, src), dst: createDirectoryReader(there, dst) };
  const pending: { dir: string; inDst: boolean }[] = [{ dir: '', inDst: true }];
  for (let next = pending.shift(); next; next = pending.shift()) {
    if (c.signal?.aborted) return;
    const { dir, inDst } = next;
    const [from, to] = await Promise.all([
      readSource(c, readers.src, src, dir),
      inDst ? readDestination(c, readers.dst, dst, dir) : [],
    ]).catch((e: unknown) => {
      o.onError(e as Error);
      return [undefined, undefined];
    });
    if (!from || !to) continue;
    const unmet = new Map(to.map((e) => [keyOf(c, e), e]));
    const met = new Set<string>();
    for (const entry of from) {
      const key = keyOf(c, entry);
      if (met.has(key)) {
        log(c, 'notice', entry.path, 'Duplicate object found in source - ignoring');
        continue;
      }
      met.add(key);
      const match = unmet.get(key);
      unmet.delete(key);
      if (entry.kind === 'object' && match) c.accounting.checks += 1;
      if (entry.kind === 'dir' && depthAllows(c, entry.path))
        pending.push({ dir: entry.path, inDst: match !== undefined });
      yield { src: entry, dst: match };
    }
    if (o.destinationOnly) yield* onlyThere(c, readers.dst, dst, unmet.values(), o);
  }
}

/** Entries that only the destination has, with everything below. */
async function* onlyThere(
  c: OperationContext,
  read: DirectoryReader,
  dst: Backend,
  entries: Iterable<Entry>,
  o: MarchOptions,
): AsyncGenerator<Meeting, void, void> {
  for (const entry of entries) {
    yield { dst: entry };
    if (entry.kind === 'object' || !depthAllows(c, entry.path)) continue;
    try {
      yield* onlyThere(c, read, dst, await readDestination(c, read, dst, entry.path), o);
    } catch (e) {
      o.onError(e as Error);
    }
  }
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
