import { isTscloneError, type ErrorCode } from '../core/errors.ts';

/** rclone's exit codes; what is not listed is 1. */
const codes: Partial<Record<ErrorCode, number>> = {
  usage: 2,
  dir_not_found: 3,
  object_not_found: 4,
  no_retry: 6,
  fatal: 7,
  transfer_limit: 8,
  nothing_transferred: 9,
  duration_limit: 10,
};

export const interrupted = 130;

export function exitCodeOf(e: unknown): number {
  if (!isTscloneError(e)) return 1;
  // A name that does not resolve or a server without TLS will not get better by itself.
  if (e.code === 'network' || e.code === 'timeout') return e.retry === 'low' ? 5 : 1;
  return codes[e.code] ?? 1;
}
