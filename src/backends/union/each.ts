import { hasCode, isTscloneError, messageOf, TscloneError, type ErrorCode } from '../../core/errors.ts';
import type { Branch } from './upstreams.ts';

/** One failure of several calls. */
export interface Failure {
  readonly branch: Branch;
  readonly error: unknown;
}

/** What upstreams answer about something that they do not have. */
export const absent: readonly ErrorCode[] = ['object_not_found', 'dir_not_found', 'bucket_not_found', 'not_directory'];

/**
 * Runs `work` for all branches at once; a branch whose answer is one of `missing` is left out of the result.
 * @throws one error that names every upstream that failed: what one does not tell is not taken for empty
 */
export async function onEach<B extends { readonly branch: Branch }, T>(
  items: readonly B[],
  work: (item: B) => Promise<T>,
  missing: readonly ErrorCode[] = [],
): Promise<{ item: B; value: T }[]> {
  const out: { item: B; value: T }[] = [];
  const failures: Failure[] = [];
  const settled = await Promise.allSettled(items.map(work));
  settled.forEach((result, i) => {
    const item = items[i] as B;
    if (result.status === 'fulfilled') out.push({ item, value: result.value });
    else if (!hasCode(result.reason, ...missing)) failures.push({ branch: item.branch, error: result.reason });
  });
  if (failures.length > 0) throw sumUp(failures);
  return out;
}

/** One error for several, in rclone's form: how many, and each with the name of its upstream. */
export function sumUp(failures: readonly Failure[], remark = ''): unknown {
  const first = failures[0]?.error;
  const aborted = failures.find((f) => hasCode(f.error, 'aborted'));
  if (aborted) return aborted.error;
  const count = failures.length === 1 ? '1 error' : `${failures.length} errors`;
  const texts = failures.map(({ branch, error }) => `${branch.up.label}: ${messageOf(error)}`);
  const message = `${count}: ${texts.join('; ')}${remark}`;
  if (!isTscloneError(first)) return new TscloneError('other', message, { cause: first });
  const retries = failures.map(({ error }) => (isTscloneError(error) ? error.retry : 'high'));
  const retry = retries.includes('no') ? 'no' : retries.includes('high') ? 'high' : 'low';
  const { code, path, remote, retryAfter, status } = first;
  return new TscloneError(code, message, { path, remote, retry, retryAfter, status, cause: first });
}

export const inBranch = (branches: readonly Branch[]): { readonly branch: Branch }[] =>
  branches.map((branch) => ({ branch }));
