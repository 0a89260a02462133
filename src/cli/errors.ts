import { TscloneError } from '../core/errors.ts';

/** A mistake in the command line itself. */
export function usageError(message: string): TscloneError {
  return new TscloneError('usage', message, { retry: 'no' });
}

/** A failure before the command could start: shown at CRITICAL, exit code 1. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** Another program has done the work and its exit code is the answer: nothing more is said. */
export class EndWith extends Error {
  override readonly name = 'EndWith';
  readonly code: number;

  constructor(code: number) {
    super(`exit code ${code}`);
    this.code = code;
  }
}
