import type { Backend, HashType, ObjectInfo } from '../core/backend.ts';
import { hasCode, messageOf, throwIfAborted, TscloneError } from '../core/errors.ts';
import { callOptions, log, skipped, type OperationContext } from './context.ts';
import { mapOrdered } from './pool.ts';
import { removeObjects } from './remove.ts';
import { modTimeOf } from './same.ts';
import { walk } from './walk.ts';

export const dedupeModes = [
  'interactive',
  'skip',
  'first',
  'newest',
  'oldest',
  'rename',
  'largest',
  'smallest',
  'list',
] as const;
export type DedupeMode = (typeof dedupeModes)[number];

/** Objects with one digest, with their times. */
export interface Duplicates {
  readonly digest: string;
  readonly objects: readonly (ObjectInfo & { readonly modTime: bigint })[];
}

export interface DedupeOptions {
  readonly mode: DedupeMode;
  /** Shows the objects; for `list` and `interactive`. */
  readonly show: (found: Duplicates) => Promise<void>;
  /** For `interactive`: which object stays; none = leave them all, `quit` = and all others. */
  readonly choose: (found: Duplicates) => Promise<number | 'skip' | 'quit'>;
}

/**
 * Finds objects with equal content by the digests that the store gives, and deals with each group as the mode says.
 * @throws unsupported for a store without digests, or for `rename` when it cannot rename
 */
export async function dedupeByHash(c: OperationContext, backend: Backend, o: DedupeOptions): Promise<void> {
  const [type] = backend.hashes;
  if (type === undefined)
    throw new TscloneError('unsupported', `${backend.description} has no hashes`, { retry: 'no' });
  log(c, 'info', backend.description, `Looking for duplicate ${type} hashes using ${o.mode} mode.`);
  for (const [digest, infos] of await groupByDigest(c, backend, type)) {
    if (infos.length < 2) continue;
    log(c, 'notice', digest, `Found ${infos.length} files with duplicate ${type} hashes`);
    const objects = await Promise.all(
      infos.map(async (info) => ({ ...info, modTime: (await modTimeOf(c, { backend, info })) ?? 0n })),
    );
    if (await resolve(c, backend, type, { digest, objects }, o)) return;
  }
}

async function groupByDigest(
  c: OperationContext,
  backend: Backend,
  type: HashType,
): Promise<Map<string, ObjectInfo[]>> {
  const groups = new Map<string, ObjectInfo[]>();
  const entries = walk(c, backend, '', { maxDepth: c.settings.maxDepth, dirs: false });
  const digested = mapOrdered(entries, c.settings.checkers, async (entry) => {
    const info = entry as ObjectInfo;
    try {
      return { info, digest: await backend.hash?.(info.path, type, { ...callOptions(c), info }) };
    } catch (e) {
      throwIfAborted(c.signal);
      log(c, 'error', info.path, `Failed to hash: ${messageOf(e)}`);
      c.accounting.error(e);
      return { info, digest: undefined };
    }
  });
  for await (const { info, digest } of digested) {
    if (!digest) continue;
    const group = groups.get(digest);
    if (group) group.push(info);
    else groups.set(digest, [info]);
  }
  return groups;
}

/** True = nothing more is to be done. */
async function resolve(
  c: OperationContext,
  backend: Backend,
  type: HashType,
  found: Duplicates,
  o: DedupeOptions,
): Promise<boolean> {
  const { digest, objects } = found;
  const by = (value: (info: Duplicates['objects'][number]) => bigint): Duplicates['objects'] =>
    objects.toSorted((a, b) => Number(value(a) - value(b)));
  switch (o.mode) {
    case 'skip':
      log(c, 'notice', digest, `Skipping ${objects.length} files with duplicate ${type} hashes`);
      break;
    case 'first':
      await keep(c, backend, digest, objects, 0);
      break;
    case 'newest':
      await keep(
        c,
        backend,
        digest,
        by((info) => info.modTime),
        objects.length - 1,
      );
      break;
    case 'oldest':
      await keep(
        c,
        backend,
        digest,
        by((info) => info.modTime),
        0,
      );
      break;
    case 'largest':
      await keep(
        c,
        backend,
        digest,
        by((info) => BigInt(info.size ?? 0)),
        objects.length - 1,
      );
      break;
    case 'smallest':
      await keep(
        c,
        backend,
        digest,
        by((info) => BigInt(info.size ?? 0)),
        0,
      );
      break;
    case 'rename':
      await rename(c, backend, digest, objects);
      break;
    case 'list':
      await o.show(found);
      break;
    case 'interactive': {
      await o.show(found);
      const choice = await o.choose(found);
      if (choice === 'quit') return true;
      if (choice !== 'skip') await keep(c, backend, digest, objects, choice);
    }
  }
  return false;
}

async function keep(
  c: OperationContext,
  backend: Backend,
  digest: string,
  objects: readonly ObjectInfo[],
  kept: number,
): Promise<void> {
  const extra = objects.toSpliced(kept, 1);
  const before = c.accounting.deletes;
  try {
    for (const info of extra) await removeObjects(c, backend, [info]);
  } finally {
    const count = c.settings.dryRun ? extra.length : c.accounting.deletes - before;
    if (count > 0) log(c, 'notice', digest, `Deleted ${count} extra copies`);
  }
}

/** Other names that are tried before it is given up. */
const maxSuffix = 100;

async function rename(
  c: OperationContext,
  backend: Backend,
  digest: string,
  objects: readonly ObjectInfo[],
): Promise<void> {
  for (const [i, info] of objects.entries()) {
    const name = await freeName(c, backend, digest, i);
    if (name === undefined) {
      const error = new TscloneError('already_exists', 'Could not find an available new name', { path: info.path });
      log(c, 'error', info.path, error.message);
      c.accounting.settle(error);
    } else if (!(await skipped(c, 'rename', info.path, info.size))) {
      await backend.move?.(backend, info, name, callOptions(c));
      log(c, 'info', name, `renamed from: ${info.path}`);
    }
  }
}

async function freeName(
  c: OperationContext,
  backend: Backend,
  digest: string,
  index: number,
): Promise<string | undefined> {
  for (let suffix = 1; suffix <= maxSuffix; suffix++) {
    const name = `${digest}-${index + suffix}`;
    try {
      await backend.stat(name, callOptions(c));
    } catch (e) {
      if (hasCode(e, 'object_not_found')) return name;
      if (!hasCode(e, 'is_directory')) throw e;
    }
  }
  return undefined;
}
