import { isTscloneError, messageOf, TscloneError } from '../core/errors.ts';

/** rclone names the place in the errors of lsf and lsjson. */
export function listingError(e: unknown): unknown {
  if (!isTscloneError(e) || e.code === 'usage') return e;
  return new TscloneError(e.code, `error in ListJSON: ${messageOf(e)}`, { cause: e, retry: e.retry });
}
