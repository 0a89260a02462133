import { isTscloneError } from '../core/errors.ts';

/** Counts of one command: errors decide its exit code and whether it runs again. Plain numbers, read by renderers. */
export class Accounting {
  errors = 0;
  lastError: Error | undefined;
  /** One of the errors ends the whole command. */
  fatalError = false;
  /** Running the command again may mend one of the errors. */
  retryError = false;
  checks = 0;
  transfers = 0;
  bytes = 0;
  totalBytes = 0;
  /** Bytes that transfers have read. */
  readBytes = 0;
  /** Bytes of the transfers that have ended, and of those that run. */
  finishedBytes = 0;
  runningBytes = 0;
  totalTransfers = 0;
  deletes = 0;
  deletedBytes = 0;
  deletedDirs = 0;
  renames = 0;
  listed = 0;
  serverSideCopies = 0;
  serverSideCopyBytes = 0;
  serverSideMoves = 0;
  serverSideMoveBytes = 0;
  readonly #settled = new WeakSet<Error>();

  /** Counts an error that does not end the command by itself. */
  error(e: unknown): Error {
    const error = e instanceof Error ? e : new Error(String(e));
    if (this.#settled.has(error)) return error;
    this.errors += 1;
    this.lastError = error;
    if (isTscloneError(error) && error.fatal) this.fatalError = true;
    else if (!isTscloneError(error) || error.retry !== 'no') this.retryError = true;
    return error;
  }

  /** As `error`, and the same error thrown on does not count again. */
  settle(e: unknown): Error {
    const error = this.error(e);
    this.#settled.add(error);
    return error;
  }

  /** It was counted, and was told of where it happened. */
  isSettled(e: unknown): boolean {
    return e instanceof Error && this.#settled.has(e);
  }

  /** An error that sums up others, which count already. */
  conclude(error: Error): Error {
    this.lastError = error;
    this.#settled.add(error);
    return error;
  }

  /** rclone clears the errors before it runs a command again. */
  resetErrors(): void {
    this.errors = 0;
    this.lastError = undefined;
    this.fatalError = false;
    this.retryError = false;
  }
}
