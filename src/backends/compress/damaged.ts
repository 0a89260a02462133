import { messageOf, TscloneError } from '../../core/errors.ts';

/** The data object is not what its metadata says. */
export function damaged(path: string, reason: string, cause?: unknown): TscloneError {
  const more = cause === undefined ? '' : ` (${messageOf(cause)})`;
  return new TscloneError('corrupted', `the compressed data is damaged: ${reason}${more}`, {
    path,
    cause,
    retry: 'no',
  });
}
