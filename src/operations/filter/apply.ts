import type { Backend, Entry, ObjectInfo } from '../../core/backend.ts';
import { hasCode } from '../../core/errors.ts';
import { joinPath, leafOf, parentOf } from '../../core/path.ts';
import { callOptions, log, type OperationContext } from '../context.ts';
import { systemMetadata } from '../metadata.ts';
import { mapOrdered } from '../pool.ts';
import type { Filter } from './filter.ts';

/** Can the rules only be applied directory by directory, without reading what they leave out? */
export function readsByDirectory(filter: Filter | undefined): boolean {
  return filter !== undefined && (filter.prunes || filter.exact || filter.excludeIfPresent.length > 0);
}

/** The entries of one directory that the filter of the context lets through. */
export async function includedOf(
  c: OperationContext,
  backend: Backend,
  dir: string,
  entries: readonly Entry[],
): Promise<Entry[]> {
  const { filter } = c;
  if (!filter?.active) return entries as Entry[];
  const marked = entries.some((e) => e.kind === 'object' && filter.excludeIfPresent.includes(leafOf(e.path)));
  if (marked) {
    log(c, 'debug', dir, 'Excluded');
    return [];
  }
  const kept: Entry[] = [];
  for await (const entry of included(c, backend, entries)) kept.push(entry);
  return kept;
}

/** The entries that the filter of the context lets through, in their order. Rules on directories look at each entry alone. */
export async function* included(
  c: OperationContext,
  backend: Backend,
  entries: AsyncIterable<Entry> | Iterable<Entry>,
): AsyncGenerator<Entry, void, void> {
  const { filter } = c;
  if (!filter?.active) yield* entries;
  else if (filter.needs.length > 0 || filter.excludeIfPresent.length > 0) {
    const judged = mapOrdered(entries, c.settings.checkers, (entry) => judge(c, filter, backend, entry));
    for await (const entry of judged) if (entry) yield entry;
  } else
    for await (const entry of entries) {
      if (entry.kind === 'dir' ? filter.includesDirectory(entry.path) : filter.includesName(entry)) yield entry;
      else excluded(c, entry);
    }
}

/** The entry, with what had to be asked for; undefined = left out. Rules that cost nothing come first. */
async function judge(c: OperationContext, filter: Filter, backend: Backend, entry: Entry): Promise<Entry | undefined> {
  if (entry.kind === 'dir') {
    const wanted = filter.includesDirectory(entry.path) && !(await isMarked(c, filter, backend, entry.path));
    return wanted ? entry : excluded(c, entry);
  }
  if (!filter.includesName(entry)) return excluded(c, entry);
  const info = await withFacts(c, filter, backend, entry);
  return filter.includesFacts(info.modTime ?? c.settings.defaultTime, systemMetadata(info)) ? info : excluded(c, entry);
}

function excluded(c: OperationContext, entry: Entry): undefined {
  log(c, 'debug', entry.path, 'Excluded');
}

async function withFacts(c: OperationContext, filter: Filter, backend: Backend, info: ObjectInfo): Promise<ObjectInfo> {
  const lacking = filter.needs.filter((want) => want !== 'modTime' || info.modTime === undefined);
  if (lacking.length === 0) return info;
  const want = lacking.includes('metadata') ? (['modTime', 'mimeType', 'metadata'] as const) : (['modTime'] as const);
  return { ...info, ...(await backend.stat(info.path, { ...callOptions(c), want })) };
}

/** Does the directory hold an object of `--exclude-if-present`? */
async function isMarked(c: OperationContext, filter: Filter, backend: Backend, dir: string): Promise<boolean> {
  for (const name of filter.excludeIfPresent) {
    try {
      await backend.stat(joinPath(dir, name), callOptions(c));
      return true;
    } catch (e) {
      if (!hasCode(e, 'object_not_found', 'dir_not_found', 'is_directory', 'not_directory')) throw e;
    }
  }
  return false;
}

/** Answers whether all directories above a path are let through; each is judged once. For listings of whole trees. */
export function createParentCheck(filter: Filter): (path: string) => boolean {
  const verdicts = new Map<string, boolean>();
  const verdict = (dir: string): boolean => {
    const known = verdicts.get(dir);
    if (known !== undefined) return known;
    const above = parentOf(dir);
    const wanted = (above === '' || verdict(above)) && filter.includesDirectory(dir);
    verdicts.set(dir, wanted);
    return wanted;
  };
  return (path) => {
    const dir = parentOf(path);
    return dir === '' || verdict(dir);
  };
}
