import { isTscloneError, type TscloneError } from '../core/errors.ts';

/** Counts of one command: errors decide its exit code and whether it runs again. Plain numbers, read by renderers. */
export class Accounting {
  errors = 0;
  lastError: Error | undefined;
  checks = 0;
  transfers = 0;
  bytes = 0;
  totalBytes = 0;
  totalTransfers = 0;
  deletes = 0;
  deletedDirs = 0;
  renames = 0;
  listed = 0;
  serverSideCopies = 0;
  serverSideCopyBytes = 0;
  serverSideMoves = 0;
  serverSideMoveBytes = 0;

  /** Counts an error that does not end the command by itself; answers it for `throw`. Aborts are not counted twice. */
  error(e: unknown): Error {
    const error = e instanceof Error ? e : new Error(String(e));
    this.errors += 1;
    this.lastError = error;
    return error;
  }

  /** rclone clears the errors before it runs a command again. */
  resetErrors(): void {
    this.errors = 0;
    this.lastError = undefined;
  }

  /** False when the last error says that running the command again is useless. */
  get canRetry(): boolean {
    return !(isTscloneError(this.lastError) && (this.lastError as TscloneError).retry === 'no');
  }
}
