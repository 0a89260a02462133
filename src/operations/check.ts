import type { Backend, HashType, ObjectInfo } from '../core/backend.ts';
import { equalBytes } from '../core/bytes.ts';
import { messageOf, TscloneError } from '../core/errors.ts';
import { SourceReader } from '../core/source-reader.ts';
import { log, type OperationContext } from './context.ts';
import { march, type Meeting } from './march.ts';
import { createWorkQueue } from './pool.ts';
import type { Held } from './same.ts';

/** What became of one name. `srcOnly`: missing on the destination; `dstOnly`: missing on the source. */
export type CheckResult = 'same' | 'differ' | 'srcOnly' | 'dstOnly' | 'error';

/** Compares two objects of equal size. `unknown`: there was nothing to compare by. `reason` is logged. */
export type Compare = (src: Held, dst: Held) => Promise<{ result: 'same' | 'differ' | 'unknown'; reason?: string }>;

export interface CheckOptions {
  readonly oneWay: boolean;
  readonly compare: Compare;
  /** Told about every name. */
  readonly report: (result: CheckResult, path: string) => Promise<void>;
}

/** Compares two trees; nothing is changed. @throws differences */
export async function checkDirectories(
  c: OperationContext,
  src: Backend,
  dst: Backend,
  o: CheckOptions,
): Promise<void> {
  const tally = createTally(c, src.description, dst.description, o);
  let failure: Error | undefined;
  let broken: { error: unknown } | undefined;
  const checks = createWorkQueue<Meeting>({ workers: c.settings.checkers, length: backlog }, async (meeting) => {
    const from = meeting.src as ObjectInfo | undefined;
    const to = meeting.dst as ObjectInfo | undefined;
    try {
      if (from && to) await tally.pair({ backend: src, info: from }, { backend: dst, info: to });
      else if (from) await tally.missing('srcOnly', from.path);
      else if (to) await tally.missing('dstOnly', to.path);
    } catch (error) {
      broken ??= { error };
    }
  });
  await march(c, src, dst, {
    destinationOnly: !o.oneWay,
    onError: (e) => void (failure ??= e),
    meet: (meeting) => ((meeting.src ?? meeting.dst)?.kind === 'dir' ? undefined : checks.put(meeting)),
  });
  await checks.finish();
  if (c.signal?.aborted) throw failure ?? new Error('stopped');
  if (broken) throw (broken as { error: unknown }).error;
  tally.finish(failure);
}

const backlog = 1000;

/** Compares one object with the one of the same name in a directory. */
export async function checkFile(
  c: OperationContext,
  src: Held,
  dst: { backend: Backend; info: ObjectInfo | undefined },
  o: CheckOptions,
): Promise<void> {
  const tally = createTally(c, src.backend.description, dst.backend.description, o);
  if (dst.info) {
    c.accounting.checks += 1;
    await tally.pair(src, { backend: dst.backend, info: dst.info });
  } else await tally.missing('srcOnly', src.info.path);
  tally.finish(undefined);
}

/** Counts and logs what was found, and says at the end how it stands. */
export function createTally(
  c: OperationContext,
  srcName: string,
  dstName: string,
  o: Pick<CheckOptions, 'compare' | 'report'>,
): {
  pair(src: Held, dst: Held): Promise<void>;
  missing(kind: 'srcOnly' | 'dstOnly', path: string): Promise<void>;
  /** One name whose comparison was made elsewhere. */
  found(result: 'same' | 'differ', path: string, reason?: string): Promise<void>;
  finish(failure: Error | undefined): void;
} {
  const counts = { srcOnly: 0, dstOnly: 0, differences: 0, unknown: 0, same: 0 };
  const differs = async (result: CheckResult, path: string, reason: string): Promise<void> => {
    counts.differences += 1;
    log(c, 'error', path, reason);
    c.accounting.settle(new TscloneError('differences', reason, { path }));
    await o.report(result, path);
  };
  const found = async (result: 'same' | 'differ', path: string, reason?: string): Promise<void> => {
    if (result === 'differ') return differs('differ', path, reason ?? 'files differ');
    counts.same += 1;
    log(c, 'debug', path, 'OK');
    await o.report('same', path);
  };

  return {
    found,
    async pair(src, dst) {
      const { path } = src.info;
      if (src.info.size !== dst.info.size) return differs('differ', path, 'sizes differ');
      try {
        const { result, reason } = await o.compare(src, dst);
        if (result === 'unknown') counts.unknown += 1;
        await found(result === 'differ' ? 'differ' : 'same', path, reason);
      } catch (e) {
        if (c.signal?.aborted) throw e;
        log(c, 'error', path, messageOf(e));
        c.accounting.settle(e);
        await o.report('error', path);
      }
    },
    async missing(kind, path) {
      counts[kind] += 1;
      await differs(kind, path, `file not in ${kind === 'srcOnly' ? dstName : srcName}`);
    },
    finish(failure) {
      const { errors } = c.accounting;
      const notice = (about: string, text: string): void => log(c, 'notice', about, text);
      if (counts.srcOnly > 0) notice(dstName, `${counts.srcOnly} files missing`);
      if (counts.dstOnly > 0) notice(srcName, `${counts.dstOnly} files missing`);
      notice(dstName, `${counts.differences} differences found`);
      if (errors > 0) notice(dstName, `${errors} errors while checking`);
      if (counts.unknown > 0) notice(dstName, `${counts.unknown} hashes could not be checked`);
      if (counts.same > 0) notice(dstName, `${counts.same} matching files`);
      if (failure) throw failure;
      if (counts.differences > 0)
        throw c.accounting.conclude(
          new TscloneError('differences', `${counts.differences} differences found`, { retry: 'high' }),
        );
    },
  };
}

/** By a hash that both sides have. */
export function byHash(c: OperationContext, type: HashType | undefined): Compare {
  if (type === undefined) {
    if (!c.settings.sizeOnly) log(c, 'error', '', 'No common hash found - not using a hash for checks');
    return async () => ({ result: 'unknown' });
  }
  log(c, 'info', '', `Using ${type} for hash comparisons`);
  const digest = ({ backend, info }: Held): Promise<string | undefined> | undefined =>
    backend.hash?.(info.path, type, { signal: c.signal, budget: c.budget, info });
  return async (src, dst) => {
    const [a, b] = await Promise.all([digest(src), digest(dst)]);
    if (!a || !b) return { result: 'unknown' };
    return a === b ? { result: 'same' } : { result: 'differ', reason: `${type} differ` };
  };
}

/** By reading both. */
export function byContent(c: OperationContext): Compare {
  const open = async ({ backend, info }: Held): Promise<SourceReader> =>
    new SourceReader((await backend.read(info.path, { signal: c.signal, budget: c.budget, info })).body, c.signal);
  return async (src, dst) => {
    const readers = [await open(src), await open(dst)] as const;
    try {
      const [left, right] = [new Uint8Array(pieceBytes), new Uint8Array(pieceBytes)];
      for (;;) {
        const [a, b] = await Promise.all([readers[0].fill(left), readers[1].fill(right)]);
        const equal = a === b && equalBytes(left.subarray(0, a), right.subarray(0, b));
        if (!equal) return { result: 'differ', reason: 'contents differ' };
        if (a < pieceBytes) return { result: 'same' };
      }
    } finally {
      await Promise.all(readers.map((r) => r.close()));
    }
  };
}

const pieceBytes = 256 * 1024;

/** By size alone. */
export const bySize: Compare = async () => ({ result: 'same' });
