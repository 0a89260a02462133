import type { Backend, CallOptions, CopyOptions, HashType, ObjectInfo } from '../../core/backend.ts';
import { hasCode, TscloneError } from '../../core/errors.ts';
import { joinPath, parentOf } from '../../core/path.ts';
import { callOnly } from '../layer.ts';
import { absent, inBranch, onEach } from './each.ts';
import {
  chooseDirs,
  chooseNew,
  chooseObjects,
  existing,
  findAll,
  findShown,
  isBucket,
  isDirectory,
  notFound,
  type Found,
} from './find.ts';
import type { Branch, UnionRoot } from './upstreams.ts';
import { chooseTargets } from './write.ts';

/** The objects that the action policy picks for a change. @throws object_not_found, is_directory, permission_denied */
export async function objectsToChange(u: UnionRoot, path: string, o: CallOptions): Promise<Found[]> {
  const { objects, dirs } = await findAll(u, path, callOnly(o));
  if (objects.length === 0) throw dirs.length > 0 ? isDirectory(path) : notFound(path);
  return chooseObjects(u, objects, o);
}

export async function removeObject(u: UnionRoot, path: string, o: CallOptions): Promise<void> {
  await removeFrom(await objectsToChange(u, path, o), o);
}

async function removeFrom(objects: readonly Found[], o: CallOptions): Promise<void> {
  // What somebody else removed meanwhile is gone, too.
  await onEach(objects, ({ branch, info }) => branch.inner.remove(info.path, callOnly(o)), ['object_not_found']);
  for (const { branch, info } of objects) branch.up.space.added(-(info.size ?? 0), -1);
}

/** Objects up to this many in one directory are asked for one by one. */
const fewPaths = 2;
/** Entries of a directory that cost about as much as one object asked for by itself. */
const entriesPerRequest = 1000;

/**
 * Removes many objects with the bulk calls of the upstreams. Only for action policies that change all copies. Where
 * the objects lie is learnt from listings where that takes fewer requests.
 */
export async function removeMany(
  u: UnionRoot,
  paths: readonly string[],
  o: CallOptions,
): Promise<{ path: string; error: Error }[]> {
  const failures = new Map<string, Error>();
  const held = new Map<Branch, string[]>(u.branches.map((branch) => [branch, []]));
  const found = new Set<string>();
  for (const [dir, names] of byDirectory(paths)) {
    const located = await onEach(inBranch(u.branches), ({ branch }) => locateIn(branch, dir, names, o), absent);
    for (const { item, value } of located) {
      for (const path of value) {
        held.get(item.branch)?.push(path);
        found.add(path);
      }
    }
  }
  for (const path of paths) if (!found.has(path)) failures.set(path, notFound(path));
  const removals = await onEach(
    [...held].map(([branch, list]) => ({ branch, list })),
    async ({ branch, list }) => {
      if (list.length === 0) return [];
      if (!branch.up.writable) return [];
      return (await branch.inner.removeMany?.(list, callOnly(o))) ?? [];
    },
  );
  const writable = new Set([...held].flatMap(([branch, list]) => (branch.up.writable ? list : [])));
  for (const path of found)
    if (!writable.has(path))
      failures.set(path, new TscloneError('permission_denied', 'permission denied', { path, retry: 'no' }));
  for (const { value } of removals)
    for (const { path, error } of value) if (!hasCode(error, 'object_not_found')) failures.set(path, error);
  return [...failures].map(([path, error]) => ({ path, error }));
}

function byDirectory(paths: readonly string[]): Map<string, string[]> {
  const out = new Map<string, string[]>();
  for (const path of paths) {
    const dir = parentOf(path);
    const names = out.get(dir);
    if (names) names.push(path);
    else out.set(dir, [path]);
  }
  return out;
}

/** Those of `paths`, which lie in one directory, that the branch has. */
async function locateIn(branch: Branch, dir: string, paths: readonly string[], o: CallOptions): Promise<string[]> {
  const wanted = new Set(paths);
  const there: string[] = [];
  let complete = false;
  if (paths.length > fewPaths) {
    let entries = 0;
    for await (const { kind, path } of branch.inner.list(dir, callOnly(o))) {
      if (kind === 'object' && wanted.delete(path)) there.push(path);
      entries += 1;
      if (wanted.size === 0 || entries >= paths.length * entriesPerRequest) break;
    }
    complete = entries < paths.length * entriesPerRequest;
  }
  if (complete) return there;
  for (const path of wanted) {
    try {
      await branch.inner.stat(path, callOnly(o));
      there.push(path);
    } catch (e) {
      if (!hasCode(e, 'is_directory', ...absent)) throw e;
    }
  }
  return there;
}

/** Makes the directory where the create policy says. */
export async function makeDir(u: UnionRoot, dir: string, o: CallOptions): Promise<void> {
  const branches = await chooseNew(u, dir, o);
  await onEach(inBranch(branches), ({ branch }) => branch.inner.mkdir(dir, callOnly(o)));
}

/**
 * Removes the directory where the action policy says. An upstream that knows it only as a prefix has nothing to remove.
 * @throws dir_not_found, not_empty
 */
export async function removeDir(u: UnionRoot, dir: string, o: CallOptions): Promise<void> {
  const isReal = ({ up, inner }: Branch): boolean =>
    inner.features.emptyDirs || joinPath(u.root, dir) === '' || isBucket(up.base, joinPath(u.root, dir));
  const real = u.branches.filter(isReal);
  if (real.length === 0) return;
  const branches = await chooseDirs({ ...u, branches: real }, dir, o);
  // Where some upstreams have no empty directories the union has none: those of the others are nothing to its callers.
  const onlyPrefixes = u.branches.some(({ inner }) => !inner.features.emptyDirs);
  await onEach(inBranch(branches), async ({ branch: { inner } }) => {
    if (onlyPrefixes && inner.features.emptyDirs) await removeEmptyDirs(inner, dir, o);
    await inner.rmdir(dir, callOnly(o));
  });
}

/** Removes the directories below `dir`, the deepest first, when there is no object below it. */
async function removeEmptyDirs(inner: Backend, dir: string, o: CallOptions): Promise<void> {
  const dirs: string[] = [];
  for await (const { kind, path } of inner.list(dir, { ...callOnly(o), recursive: true })) {
    if (kind === 'object') return;
    dirs.push(path);
  }
  for (const path of dirs.sort().reverse()) await inner.rmdir(path, callOnly(o));
}

/**
 * Copies inside each upstream that gets the object. Bytes move through here only to an upstream that neither holds the
 * same object nor is the same store as the one that does.
 */
export async function copyObject(
  u: UnionRoot,
  from: UnionRoot,
  info: ObjectInfo,
  to: string,
  o: CopyOptions,
): Promise<ObjectInfo> {
  const source = await findShown(from, info.path, callOnly(o));
  const modTime = o.modTime ?? source.info.modTime ?? info.modTime;
  const { branches, replaced } = await chooseTargets(u, to, modTime, o);
  const others = branches.some((branch) => !canCopy(branch, source))
    ? await findAll(from, info.path, { ...callOnly(o), want: ['modTime'] })
    : undefined;
  const copied = await onEach(inBranch(branches), async ({ branch }) => {
    const near = canCopy(branch, source)
      ? source
      : others?.objects.find((other) => canCopy(branch, other) && isSame(other, source, others.objects));
    if (!near) return copyThrough(branch.inner, source, to, o);
    return (await branch.inner.copy?.(near.branch.inner, near.info, to, o)) as ObjectInfo;
  });
  for (const { item, value } of copied) {
    const before = replaced.find((r) => r.branch === item.branch)?.info.size;
    item.branch.up.space.added((value.size ?? 0) - (before ?? 0), before === undefined ? 1 : 0);
  }
  return copied[0]?.value as ObjectInfo;
}

const canCopy = ({ inner }: Branch, { branch }: Found): boolean =>
  inner.copy !== undefined && inner.storeId === branch.inner.storeId;

/** Two copies of one file, by all that the stores tell without a read. */
function isSame(other: Found, source: Found, told: readonly Found[]): boolean {
  const a = other.info;
  const b = told.find(({ branch }) => branch.up === source.branch.up)?.info ?? source.info;
  const equalHash = Object.entries(a.hashes).some(([type, hash]) => hash === b.hashes[type as HashType]);
  return (
    a.size !== undefined && a.size === b.size && (equalHash || (a.modTime !== undefined && a.modTime === b.modTime))
  );
}

/**
 * Renames every copy that the action policy picks inside its own upstream, then removes what stood under the new name
 * in the others.
 */
export async function moveObject(
  u: UnionRoot,
  from: UnionRoot,
  info: ObjectInfo,
  to: string,
  o: CopyOptions,
): Promise<ObjectInfo> {
  const sources = await objectsToChange(from, info.path, o);
  const { objects, dirs } = await findAll(u, to, callOnly(o));
  if (dirs.length > 0) throw isDirectory(to);
  const moves = sources.map((source) => ({ branch: counterpart(u, source.branch), source }));
  const stale = objects.filter(({ branch }) => !moves.some((m) => m.branch === branch));
  if (stale.some(({ branch }) => !branch.up.writable))
    throw new TscloneError('permission_denied', 'permission denied', { path: to, retry: 'no' });
  const moved = await onEach(moves, ({ branch, source }) => moveWithin(branch, source, to, o));
  await removeFrom(stale, o);
  return moved[0]?.value as ObjectInfo;
}

/** The same upstream at another root. @throws unsupported when it belongs to another union */
function counterpart(u: UnionRoot, { up }: Branch): Branch {
  const branch = u.branches.find((b) => b.up === up);
  if (branch) return branch;
  throw new TscloneError('unsupported', `${up.base.description} is no upstream of ${u.c.name}`, { retry: 'no' });
}

/** One step where the store has it, else a copy and a removal. */
async function moveWithin(branch: Branch, source: Found, to: string, o: CopyOptions): Promise<ObjectInfo> {
  const { inner } = branch;
  if (inner.move) {
    try {
      return await inner.move(source.branch.inner, source.info, to, o);
    } catch (e) {
      if (!hasCode(e, 'unsupported')) throw e;
    }
  }
  const copied = inner.copy
    ? await inner.copy(source.branch.inner, source.info, to, o)
    : await copyThrough(inner, source, to, o);
  await source.branch.inner.remove(source.info.path, callOnly(o));
  return copied;
}

async function copyThrough(inner: Backend, source: Found, to: string, o: CopyOptions): Promise<ObjectInfo> {
  const { info, body } = await source.branch.inner.read(source.info.path, { ...callOnly(o), info: source.info });
  const modTime = o.modTime ?? source.info.modTime ?? info.modTime;
  const metadata = o.metadata ?? info.metadata;
  return inner.write(to, body, {
    ...callOnly(o),
    ...(info.size === undefined ? {} : { size: info.size }),
    ...(modTime === undefined ? {} : { modTime }),
    ...(inner.features.writeMimeType && info.mimeType !== undefined ? { mimeType: info.mimeType } : {}),
    ...(inner.features.userMetadata && metadata ? { metadata } : {}),
  });
}

/**
 * Moves the whole tree inside each upstream that the action policy picks.
 * @throws already_exists, dir_not_found
 */
export async function moveTree(u: UnionRoot, from: UnionRoot, o: CallOptions): Promise<void> {
  const sources = await chooseDirs(from, '', o);
  // In any upstream: two trees that become one may hold the same names, and the old ones would be shown.
  if ((await existing(u.branches, u.root, o)).length > 0)
    throw new TscloneError('already_exists', "can't copy directory - destination already exists", { retry: 'no' });
  await onEach(
    sources.map((source) => ({ branch: counterpart(u, source), source })),
    ({ branch, source }) => branch.inner.moveDir?.(source.inner, callOnly(o)) as Promise<void>,
  );
}
