import type { Backend, CallOptions, DirInfo, Nanos, ObjectInfo, StatOptions } from '../../core/backend.ts';
import { hasCode, TscloneError } from '../../core/errors.ts';
import { joinPath, parentOf } from '../../core/path.ts';
import { callOnly } from '../layer.ts';
import { choose, newest, rank } from './choose.ts';
import { absent, inBranch, onEach } from './each.ts';
import type { Branch, UnionRoot } from './upstreams.ts';

/** An object and the upstream that it was found in. */
export interface Found {
  readonly branch: Branch;
  readonly info: ObjectInfo;
}

/** What the upstreams hold under one path. */
export interface Candidates {
  readonly objects: readonly Found[];
  /** Where the path is a directory. */
  readonly dirs: readonly Branch[];
}

/** Asks all upstreams at once. @throws when one of them does not answer */
export async function findAll(u: UnionRoot, path: string, o: StatOptions): Promise<Candidates> {
  const answers = await onEach(
    inBranch(u.branches),
    async ({ branch }): Promise<ObjectInfo | 'dir'> => {
      try {
        return await branch.inner.stat(path, o);
      } catch (e) {
        if (hasCode(e, 'is_directory')) return 'dir';
        throw e;
      }
    },
    absent,
  );
  const objects: Found[] = [];
  const dirs: Branch[] = [];
  for (const { item, value } of answers) {
    if (value === 'dir') dirs.push(item.branch);
    else objects.push({ branch: item.branch, info: value });
  }
  return { objects, dirs };
}

/**
 * The object that the union shows. Where the order of the upstreams decides they are asked one after the other, and
 * none behind the first that has it. @throws object_not_found, is_directory
 */
export async function findShown(u: UnionRoot, path: string, o: StatOptions): Promise<Found> {
  let found: Found | undefined;
  let isDir = false;
  if (u.c.search.preference === 'newest') {
    const want = [...(o.want ?? []), 'modTime' as const];
    const { objects, dirs } = await findAll(u, path, { ...o, want });
    isDir = dirs.length > 0;
    if (objects.length > 0) found = await newest(objects, async ({ info }) => info.modTime);
  } else {
    for (const branch of await searchOrder(u, o)) {
      try {
        found = { branch, info: await branch.inner.stat(path, o) };
        break;
      } catch (e) {
        if (hasCode(e, 'is_directory')) isDir = true;
        else if (!hasCode(e, ...absent)) throw e;
      }
    }
  }
  if (found) return found;
  throw isDir ? isDirectory(path) : notFound(path);
}

/** The branches in the order in which they are searched. Not for `newest`, where the objects decide. */
export async function searchOrder(u: UnionRoot, o: CallOptions): Promise<Branch[]> {
  const { preference } = u.c.search;
  if (preference === 'newest') return [...u.branches];
  return (await rank(u.c, preference, inBranch(u.branches), o)).ranked.map(({ branch }) => branch);
}

/** The objects that a change is made to. @throws permission_denied when all lie in read-only upstreams */
export async function chooseObjects(u: UnionRoot, objects: readonly Found[], o: CallOptions): Promise<Found[]> {
  const writable = objects.filter(({ branch }) => branch.up.writable);
  if (writable.length === 0) throw denied(objects[0]?.info.path ?? '');
  return choose(u.c, u.c.action, writable, (found) => modTimeOf(found, o), o);
}

export async function modTimeOf({ branch, info }: Found, o: CallOptions): Promise<Nanos | undefined> {
  if (info.modTime !== undefined) return info.modTime;
  return (await branch.inner.stat(info.path, { ...callOnly(o), want: ['modTime'] })).modTime;
}

/** The branches whose directory `dir` a change is made to. @throws dir_not_found, permission_denied */
export async function chooseDirs(u: UnionRoot, dir: string, o: CallOptions): Promise<Branch[]> {
  const writable = u.branches.filter(({ up }) => up.writable);
  if (writable.length === 0) throw denied(dir);
  const there = await existing(writable, joinPath(u.root, dir), o);
  if (there.length === 0) throw dirNotFound(dir);
  return (await choose(u.c, u.c.action, there, async ({ modTime }) => modTime, o)).map(({ branch }) => branch);
}

/**
 * The branches that get a new file or directory. Under a policy of existing paths those that have its directory, else
 * the nearest directory above it; where not even the roots exist, all count as if they did.
 * @throws permission_denied when no upstream may get anything new
 */
export async function chooseNew(u: UnionRoot, path: string, o: CallOptions): Promise<Branch[]> {
  const { create } = u.c;
  const creatable = u.branches.filter(({ up }) => up.creatable);
  if (creatable.length === 0) throw denied(path);
  let there: { branch: Branch; modTime?: Nanos | undefined }[] = [];
  if (create.existingPath) {
    const parent = parentOf(joinPath(u.root, path));
    for (let dir = parent; ; dir = parentOf(dir)) {
      there = await existing(creatable, dir, o);
      // As in rclone a root with nothing above it is made everywhere.
      if (there.length === 0 && path === '') return creatable;
      if (there.length > 0 || dir === '') break;
    }
  }
  const items = there.length > 0 ? there : inBranch(creatable);
  const chosen = await choose<{ branch: Branch; modTime?: Nanos | undefined }>(
    u.c,
    create,
    items,
    async ({ modTime }) => modTime,
    o,
  );
  return chosen.map(({ branch }) => branch);
}

/** The branches whose upstream has the directory; `dir` counts from the root of the upstreams. */
export async function existing(
  branches: readonly Branch[],
  dir: string,
  o: CallOptions,
): Promise<{ branch: Branch; modTime?: Nanos | undefined }[]> {
  const answers = await onEach(inBranch(branches), ({ branch }) => findDir(branch, dir, o), absent);
  return answers.flatMap(({ item, value }) => (value ? [{ branch: item.branch, modTime: value.modTime }] : []));
}

/** Does the path name a whole bucket? */
export const isBucket = (base: Backend, dir: string): boolean =>
  base.features.bucketBased && !joinPath(base.root, dir).includes('/');

/** The directory in one upstream. A store without real directories has it when anything lies in it. */
async function findDir({ up }: Branch, dir: string, o: CallOptions): Promise<DirInfo | undefined> {
  // All roots count as equally old.
  if (up.base.statDir)
    return dir === ''
      ? { ...(await up.base.statDir(dir, callOnly(o))), modTime: 0n }
      : up.base.statDir(dir, callOnly(o));
  for await (const _entry of up.base.list(dir, callOnly(o))) return { kind: 'dir', path: dir };
  // An empty bucket exists; an empty prefix does not.
  return dir === '' || isBucket(up.base, dir) ? { kind: 'dir', path: dir } : undefined;
}

export const notFound = (path: string): TscloneError =>
  new TscloneError('object_not_found', 'object not found', { path, retry: 'no' });
export const dirNotFound = (path: string): TscloneError =>
  new TscloneError('dir_not_found', 'directory not found', { path, retry: 'no' });
export const isDirectory = (path: string): TscloneError =>
  new TscloneError('is_directory', 'is a directory not a file', { path, retry: 'no' });
const denied = (path: string): TscloneError =>
  new TscloneError('permission_denied', 'permission denied', { path, retry: 'no' });
