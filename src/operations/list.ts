import type { Entry, ObjectInfo, Want } from '../core/backend.ts';
import { callOptions, type OperationContext } from './context.ts';
import type { Located } from './locate.ts';
import { mapOrdered } from './pool.ts';
import { walk } from './walk.ts';

export interface ListEntriesOptions {
  readonly recursive: boolean;
  readonly dirs: boolean;
  readonly files: boolean;
  /** Facts that cost a request per object where the listing does not give them. */
  readonly want: readonly Want[];
}

/** Entries of a directory or the one object of a reference, with the facts that are wanted. */
export async function* listEntries(
  c: OperationContext,
  { backend, file }: Located,
  o: ListEntriesOptions,
): AsyncGenerator<Entry, void, void> {
  const lacking = (entry: ObjectInfo): boolean => o.want.some((want) => lacks(entry, want));
  const complete = async (entry: Entry): Promise<Entry> => {
    const want = { ...callOptions(c), want: o.want };
    if (entry.kind === 'object')
      return lacking(entry) ? { ...entry, ...(await backend.stat(entry.path, want)) } : entry;
    const more = o.want.includes('metadata') ? await backend.statDir?.(entry.path, want) : undefined;
    return more?.metadata ? { ...entry, metadata: more.metadata } : entry;
  };
  if (file) {
    if (o.files) yield await complete(file.info);
    return;
  }
  const entries = walk(c, backend, '', { maxDepth: listingDepth(c, o.recursive), dirs: o.dirs });
  const wanted = filter(entries, (entry) => (entry.kind === 'dir' ? o.dirs : o.files));
  if (o.want.length === 0) yield* wanted;
  else yield* mapOrdered(wanted, c.settings.checkers, complete);
}

/** How deep a listing goes: `--max-depth`, if it is given, also says so without `--recursive`. */
export function listingDepth({ settings }: OperationContext, recursive: boolean): number {
  return recursive || settings.maxDepth >= 0 ? settings.maxDepth : 1;
}

async function* filter<T>(items: AsyncIterable<T>, keep: (item: T) => boolean): AsyncGenerator<T, void, void> {
  for await (const item of items) if (keep(item)) yield item;
}

function lacks(info: ObjectInfo, want: Want): boolean {
  if (want === 'modTime' || want === 'mimeType' || want === 'metadata') return info[want] === undefined;
  return info.hashes[want] === undefined;
}

/** Number and size of all objects; `sizeless` ones tell no size. */
export async function measure(
  c: OperationContext,
  located: Located,
): Promise<{ count: number; bytes: number; sizeless: number }> {
  const sum = { count: 0, bytes: 0, sizeless: 0 };
  for await (const entry of listEntries(c, located, { recursive: true, dirs: false, files: true, want: [] })) {
    if (entry.kind !== 'object') continue;
    sum.count += 1;
    if (entry.size === undefined) sum.sizeless += 1;
    else sum.bytes += entry.size;
  }
  return sum;
}
