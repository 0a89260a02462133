import type { Backend, ObjectInfo } from '../core/backend.ts';
import { messageOf, throwIfAborted, TscloneError } from '../core/errors.ts';
import { parseSums } from '../core/sums.ts';
import { callOptions, log, type OperationContext } from './context.ts';
import type { CheckResult } from './check.ts';
import { comparableName } from './join.ts';
import { digestOf, type DigestOptions } from './hashsum.ts';
import { notSumFile, type Located } from './locate.ts';
import { forEachLimit } from './pool.ts';
import { listEntries } from './list.ts';

export interface CheckSumsOptions extends DigestOptions {
  /** Objects without a sum do not count. */
  readonly oneWay: boolean;
  /** Told about every name. `srcOnly`: a sum without an object; `dstOnly`: an object without a sum. */
  readonly report: (result: CheckResult, path: string) => Promise<void>;
}

/** Compares the objects of a tree with the sums of a file; nothing is changed. @throws differences */
export async function checkSums(
  c: OperationContext,
  sumFile: Located,
  objects: Located,
  o: CheckSumsOptions,
): Promise<void> {
  const { backend } = objects;
  if (!o.download && !backend.hashes.includes(o.type))
    throw new TscloneError(
      'unsupported',
      `${o.type}: hash type is not supported by file system: ${backend.description}`,
      { retry: 'no' },
    );
  const sums = await readSums(c, sumFile);
  const tally = createTally(c, backend, o);
  let failure: unknown;
  try {
    const entries = listEntries(c, objects, { recursive: true, dirs: false, files: true, want: [] });
    await forEachLimit(entries, c.settings.checkers, async (entry) => {
      const key = comparableName(c, entry.path);
      const sum = sums.get(key);
      sums.delete(key);
      await tally.object(entry as ObjectInfo, sum);
    });
  } catch (e) {
    throwIfAborted(c.signal);
    failure = c.accounting.error(e);
  }
  // With one object the other sums are none of its business.
  if (!objects.file)
    for (const path of sums.keys()) if (c.filter?.includesPath(path) ?? true) await tally.missing(path);
  tally.finish(failure);
}

function createTally(c: OperationContext, backend: Backend, o: CheckSumsOptions) {
  const counts = { missing: 0, noSum: 0, differences: 0, errors: 0, same: 0 };
  const failed = async (result: CheckResult, path: string, reason: string): Promise<void> => {
    counts.errors += 1;
    log(c, 'error', path, reason);
    c.accounting.error(new TscloneError('differences', reason, { path }));
    await o.report(result, path);
  };
  return {
    async object(info: ObjectInfo, sum: string | undefined): Promise<void> {
      const { path } = info;
      if (sum === undefined) {
        if (o.oneWay) return;
        counts.noSum += 1;
        counts.differences += 1;
        return failed('dstOnly', path, 'sum not found');
      }
      let digest: string;
      try {
        digest = await digestOf(c, { backend, info }, o);
      } catch (e) {
        throwIfAborted(c.signal);
        return failed('error', path, `Failed to calculate hash: ${messageOf(e)}`);
      }
      if (digest === '') return failed('error', path, 'hash unsupported');
      if (digest !== sum) {
        counts.differences += 1;
        return failed('differ', path, 'files differ');
      }
      counts.same += 1;
      log(c, 'debug', path, 'OK');
      await o.report('same', path);
    },
    missing(path: string): Promise<void> {
      counts.missing += 1;
      return failed('srcOnly', path, `file not in ${backend.description}`);
    },
    finish(failure: unknown): void {
      const name = backend.description;
      if (counts.missing > 0) log(c, 'notice', name, `${counts.missing} files missing`);
      if (counts.noSum > 0) log(c, 'notice', '', `${counts.noSum} hashes missing`);
      log(c, 'notice', name, `${counts.differences} differences found`);
      const { errors } = c.accounting;
      if (errors > 0) log(c, 'notice', name, `${errors} errors while checking`);
      if (counts.same > 0) log(c, 'notice', name, `${counts.same} matching files`);
      if (failure !== undefined) throw failure;
      if (counts.errors === 0) return;
      // As rclone: the first of these errors counts once more.
      if (counts.missing > 0)
        throw c.accounting.settle(new TscloneError('differences', `file not in ${name}`, { retry: 'high' }));
      const what = `${counts.differences} differences found`;
      throw c.accounting.conclude(new TscloneError('differences', what, { retry: 'high' }));
    },
  };
}

async function readSums(c: OperationContext, { backend, file }: Located): Promise<Map<string, string>> {
  if (!file) throw notSumFile(backend);
  const { body } = await backend.read(file.leaf, { ...callOptions(c), info: file.info });
  const warn = (warning: string): void => log(c, 'notice', file.leaf, warning);
  return parseSums(body, warn, (path) => comparableName(c, path));
}
