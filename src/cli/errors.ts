import { TscloneError } from '../core/errors.ts';

/** A mistake in the command line itself. */
export function usageError(message: string): TscloneError {
  return new TscloneError('usage', message, { retry: 'no' });
}

/** A failure before the command could start: shown at CRITICAL, exit code 1. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
