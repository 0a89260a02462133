import type { ByteSource, CallOptions, HashType, Nanos, ObjectInfo, WriteOptions } from '../../core/backend.ts';
import { TscloneError } from '../../core/errors.ts';
import { callOnly } from '../layer.ts';
import { sumUp, type Failure } from './each.ts';
import { fanOut } from './fan-out.ts';
import { chooseNew, chooseObjects, findAll, isDirectory, modTimeOf, searchOrder, type Found } from './find.ts';
import type { Branch, UnionRoot } from './upstreams.ts';

/** Where an object goes, and what stands there now. */
export interface Targets {
  readonly branches: readonly Branch[];
  readonly replaced: readonly Found[];
}

/**
 * Replaces the object where the action policy says, or makes it where the create policy says. Several upstreams are
 * written at once from one read of the source; when one fails before the end nothing is stored anywhere.
 */
export async function writeObject(
  u: UnionRoot,
  path: string,
  body: ByteSource,
  given: WriteOptions,
): Promise<ObjectInfo> {
  if (path === '') throw isDirectory(path);
  // All copies get one and the same time.
  const o = { ...given, modTime: given.modTime ?? u.c.platform.now() };
  const targets = await chooseTargets(u, path, o.modTime, o);
  const stored = await store(u, path, body, o, targets);
  stored.forEach(({ branch, info }) => {
    const before = targets.replaced.find((r) => r.branch === branch)?.info;
    branch.up.space.added((info.size ?? 0) - (before?.size ?? 0), before ? 0 : 1);
  });
  return (stored[0] as Found).info;
}

/** @throws is_directory, permission_denied */
export async function chooseTargets(
  u: UnionRoot,
  path: string,
  modTime: Nanos | undefined,
  o: CallOptions,
): Promise<Targets> {
  const { objects, dirs } = await findAll(u, path, callOnly(o));
  if (dirs.length > 0) throw isDirectory(path);
  // Where every copy is read-only the new one goes beside them.
  const replaceable = objects.some(({ branch }) => branch.up.writable);
  const replaced = replaceable ? await chooseObjects(u, objects, o) : [];
  const branches = replaceable ? replaced.map(({ branch }) => branch) : await chooseNew(u, path, o);
  await refuseHidden(u, path, branches, objects, modTime, o);
  return { branches, replaced };
}

/**
 * A copy that stays as it is may be the one that is read afterwards: then the write would seem to have changed nothing.
 * @throws permission_denied
 */
async function refuseHidden(
  u: UnionRoot,
  path: string,
  targets: readonly Branch[],
  objects: readonly Found[],
  modTime: Nanos | undefined,
  o: CallOptions,
): Promise<void> {
  const others = objects.filter(({ branch }) => !targets.includes(branch));
  if (others.length === 0) return;
  const hiding = await shownInstead(u, targets, others, modTime, o);
  if (!hiding) return;
  const why = hiding.branch.up.writable ? 'action_policy leaves it alone' : 'it is read-only';
  throw new TscloneError(
    'permission_denied',
    `permission denied: upstream ${hiding.branch.up.label} holds ${path} too, ${why}, and search_policy would go on showing it. Put the upstream to be written before it, or use search_policy = newest`,
    { path, remote: u.c.name, retry: 'no' },
  );
}

async function shownInstead(
  u: UnionRoot,
  targets: readonly Branch[],
  others: readonly Found[],
  modTime: Nanos | undefined,
  o: CallOptions,
): Promise<Found | undefined> {
  const { preference } = u.c.search;
  // Any of them may be shown.
  if (preference === 'random') return others[0];
  const order = await searchOrder(u, o);
  const place = (branch: Branch): number => order.indexOf(branch);
  const first = Math.min(...targets.map(place));
  if (preference !== 'newest') return others.find(({ branch }) => place(branch) < first);
  for (const other of others) {
    const time = (await modTimeOf(other, o)) ?? 0n;
    if (modTime !== undefined && (time > modTime || (time === modTime && place(other.branch) < first))) return other;
  }
  return undefined;
}

async function store(
  u: UnionRoot,
  path: string,
  body: ByteSource,
  o: WriteOptions,
  { branches, replaced }: Targets,
): Promise<Found[]> {
  const [only] = branches;
  if (only && branches.length === 1) return [{ branch: only, info: await only.inner.write(path, body, o) }];
  const fan = fanOut(body, branches.length, o.signal);
  const progress = slowest(branches.length, o.onBytes);
  const sourceHash = o.sourceHash && once(o.sourceHash);
  const failures: Failure[] = [];
  const stored: Found[] = [];
  await Promise.all(
    branches.map(async (branch, i) => {
      const reader = fan.readers[i] as ByteSource;
      try {
        const info = await branch.inner.write(path, reader, {
          ...o,
          ...(o.metadata ? { metadata: { ...o.metadata } } : {}),
          sourceHash,
          onBytes: (bytes) => progress(i, bytes),
        });
        stored.push({ branch, info });
      } catch (error) {
        // Those that were stopped because of the first add nothing.
        if (fan.ended || failures.length === 0) failures.push({ branch, error });
        if (!fan.ended) fan.stop();
      } finally {
        await reader[Symbol.asyncIterator]().return?.();
      }
    }),
  );
  await fan.close();
  if (failures.length === 0) return branches.flatMap((branch) => stored.filter((s) => s.branch === branch));
  if (fan.sourceError !== undefined) throw fan.sourceError;
  throw sumUp(failures, await undo(path, stored, replaced));
}

/**
 * After a failure at the very end: what came into being elsewhere is removed, unless another writer has replaced it since;
 * what was replaced cannot come back.
 */
async function undo(path: string, stored: readonly Found[], replaced: readonly Found[]): Promise<string> {
  const left: string[] = [];
  for (const { branch, info } of stored) {
    const isNew = !replaced.some((r) => r.branch === branch);
    const remove = async (): Promise<boolean> => {
      const now = await branch.inner.stat(path);
      const isOther = now.etag !== undefined && info.etag !== undefined && now.etag !== info.etag;
      if (!isOther && now.size === info.size) await branch.inner.remove(path);
      return true;
    };
    if (!isNew || !(await remove().catch(() => false))) left.push(branch.up.label);
  }
  return left.length === 0 ? '' : ` (${left.join(', ')} has the new content)`;
}

/** Reports what even the slowest of several writers has taken. */
function slowest(count: number, report: ((bytes: number) => void) | undefined): (i: number, bytes: number) => void {
  const taken: number[] = Array.from({ length: count }, () => 0);
  let reported = 0;
  return (i, bytes) => {
    taken[i] = (taken[i] ?? 0) + bytes;
    const least = Math.min(...taken);
    if (least > reported) report?.(least - reported);
    reported = Math.max(reported, least);
  };
}

function once(hash: NonNullable<WriteOptions['sourceHash']>): NonNullable<WriteOptions['sourceHash']> {
  const known = new Map<HashType, Promise<string | undefined>>();
  return (type) => {
    const digest = known.get(type) ?? hash(type);
    known.set(type, digest);
    return digest;
  };
}
