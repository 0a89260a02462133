import type { CallOptions, ObjectInfo } from '../../core/backend.ts';
import { hasCode, leavesDoubt, throwIfAborted, type ErrorCode } from '../../core/errors.ts';
import { parentOf } from '../../core/path.ts';
import { callOnly } from '../layer.ts';
import type { ChunkerRoot } from './context.ts';
import { refuseChunkName } from './find.ts';
import { addToGroups, canBeMetadata, findGroup, listIfThere, readMain, type Group } from './layout.ts';
import { parseMetadata } from './metadata.ts';

/**
 * The chunks that belong to what stands under `path`, and those that lost their metadata. Without a chunk in sight the
 * directory is not listed: that would make every write cost what the directory is long.
 */
export async function lookFor(
  root: ChunkerRoot,
  path: string,
  o: CallOptions,
): Promise<{ main: ObjectInfo | undefined; chunks: readonly ObjectInfo[] }> {
  const { c, inner } = root;
  const absent = ['object_not_found', 'dir_not_found', 'bucket_not_found', 'is_directory'] as const;
  const [main, first] = await Promise.all([
    statIfThere(path, absent),
    // A name that is too long for a chunk is none that a chunk could have.
    statIfThere(c.names.nameOf(path, 0, ''), [...absent, 'bad_path', 'invalid_request', 'io']),
  ]);
  if (!first && (!main || !c.useMeta || !canBeMetadata(main))) return { main, chunks: [] };
  if (!first && main && parseMetadata((await readMain(inner, main, o)).bytes).kind === 'other')
    return { main, chunks: [] };
  const group = await findGroup(root, path, o);
  return { main, chunks: await ownChunks(root, group, o) };

  async function statIfThere(name: string, codes: readonly ErrorCode[]): Promise<ObjectInfo | undefined> {
    try {
      return await inner.stat(name, callOnly(o));
    } catch (e) {
      if (hasCode(e, ...codes)) return undefined;
      throw e;
    }
  }
}

/** Chunks under their last names, and those of the transaction that the metadata tells of; not those of other uploads. */
export async function ownChunks(root: ChunkerRoot, group: Group, o: CallOptions): Promise<readonly ObjectInfo[]> {
  const { main, chunks } = group;
  const ofTxn = (txn: string): ObjectInfo[] => [...(chunks.get(txn)?.values() ?? []), ...(group.odd.get(txn) ?? [])];
  const last = ofTxn('').sort((a, b) => order(root, a) - order(root, b));
  if (!root.c.useMeta || !main || !canBeMetadata(main) || chunks.size === (chunks.has('') ? 1 : 0)) return last;
  const parsed = parseMetadata((await readMain(root.inner, main, o)).bytes);
  const txn = parsed.kind === 'metadata' ? parsed.metadata.txn : '';
  return txn === '' ? last : [...last, ...ofTxn(txn)];
}

const order = ({ c }: ChunkerRoot, { path }: ObjectInfo): number => c.names.parse(path)?.index ?? 0;

/** The metadata goes first: an object without it is not seen, one without some of its chunks would be. */
export async function removeObject(root: ChunkerRoot, path: string, o: CallOptions): Promise<void> {
  refuseChunkName(root.c, path);
  throwIfAborted(o.signal);
  const { main, chunks } = await lookFor(root, path, o);
  const seen = main !== undefined || (!root.c.useMeta && chunks.length > 0);
  if (main || !seen) await root.inner.remove(path, callOnly(o));
  if (seen) await removeParts(root, chunks, o);
}

/** Removes many objects by bulk removals of the wrapped remote; each directory is listed once. */
export async function removeObjects(
  root: ChunkerRoot,
  paths: readonly string[],
  o: CallOptions,
): Promise<{ path: string; error: Error }[]> {
  const { c, inner } = root;
  const groups = new Map<string, Group>();
  for (const dir of new Set(paths.map(parentOf))) {
    for await (const entry of listIfThere(inner, dir, '', o))
      if (entry.kind === 'object') addToGroups(c, groups, entry);
  }
  const chunks = new Map<string, string>();
  for (const path of paths) {
    const group = groups.get(path);
    if (!group || (c.useMeta && !group.main)) continue;
    for (const chunk of await ownChunks(root, group, o)) chunks.set(chunk.path, path);
  }
  const bulk = async (list: readonly string[]): Promise<readonly { path: string; error: Error }[]> =>
    list.length === 0 ? [] : ((await inner.removeMany?.(list, callOnly(o))) ?? []);
  // What the listing does not show is left to the service: it says whether it was there.
  const failures = [...(await bulk(paths.filter((path) => c.useMeta || groups.get(path)?.main)))];
  const failed = new Set(failures.map(({ path }) => path));
  const rest = [...chunks].filter(([, path]) => !failed.has(path)).map(([chunk]) => chunk);
  for (const { path, error } of await bulk(rest)) failures.push({ path: chunks.get(path) ?? path, error });
  return failures;
}

/** The first chunk goes first: without it the others make no object. */
export async function removeParts(root: ChunkerRoot, parts: readonly ObjectInfo[], o: CallOptions): Promise<void> {
  const { c, inner } = root;
  const [first, ...rest] = parts.map(({ path }) => path);
  if (first !== undefined) await remove(first);
  if (inner.removeMany && rest.length > 1) {
    const [failure] = await inner.removeMany(rest, callOnly(o));
    if (failure) throw failure.error;
    return;
  }
  for (let at = 0; at < rest.length; at += c.atOnce) await Promise.all(rest.slice(at, at + c.atOnce).map(remove));

  async function remove(path: string): Promise<void> {
    try {
      await inner.remove(path, callOnly(o));
    } catch (e) {
      if (!hasCode(e, 'object_not_found')) throw e;
    }
  }
}

/**
 * Removes the chunks of an object whose place a plain one has taken. A short one beside some of them would be taken for
 * damaged metadata: a removal that was stopped, or whose answer was lost, is done once more.
 */
export async function removeReplaced(root: ChunkerRoot, parts: readonly ObjectInfo[], o: CallOptions): Promise<void> {
  try {
    await removeParts(root, parts, o);
  } catch (e) {
    if (!leavesDoubt(e)) throw e;
    await removeParts(root, parts, {});
    throwIfAborted(o.signal);
  }
}

/** For what an operation that failed leaves behind: its own error is the one that counts, also when it was a signal. */
export async function removeQuietly(root: ChunkerRoot, parts: readonly ObjectInfo[]): Promise<void> {
  await removeParts(root, parts, {}).catch(() => {});
}
