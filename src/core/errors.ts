const brand: unique symbol = Symbol.for('tsclone.error') as never;

/** What went wrong, as a closed set; `cli/exit-code.ts` maps each to rclone's exit code. */
export type ErrorCode =
  | 'usage'
  | 'dir_not_found'
  | 'object_not_found'
  | 'bucket_not_found'
  | 'is_directory'
  | 'not_directory'
  | 'not_empty'
  | 'already_exists'
  | 'network'
  | 'timeout'
  | 'aborted'
  | 'no_retry'
  | 'fatal'
  | 'transfer_limit'
  | 'nothing_transferred'
  | 'duration_limit'
  | 'permission_denied'
  | 'bad_credentials'
  | 'throttled'
  | 'server_error'
  | 'precondition_failed'
  | 'invalid_request'
  | 'bad_answer'
  | 'unknown_remote'
  | 'unknown_backend'
  | 'backend_not_built'
  | 'bad_config'
  | 'bad_path'
  | 'unsupported'
  | 'differences'
  | 'corrupted'
  | 'io'
  | 'other';

export interface TscloneErrorOptions {
  cause?: unknown;
  /** Path relative to the backend's root. */
  path?: string | undefined;
  /** Name of the configured remote. */
  remote?: string | undefined;
  /** `low`: the same request may be sent again; `high`: only the whole command may be run again; `no`: neither. */
  retry?: 'no' | 'low' | 'high';
  /** Milliseconds the service asked to wait. */
  retryAfter?: number | undefined;
  /** HTTP status of the answer, when one came. */
  status?: number | undefined;
  /** Ends the whole command at once; default: only code `fatal` does. */
  fatal?: boolean | undefined;
}

/**
 * The one error class of the package. The message names the thing, the reason and, where there is one, the remedy,
 * in one line. It never carries a secret.
 */
export class TscloneError extends Error {
  override readonly name = 'TscloneError';
  readonly code: ErrorCode;
  readonly path: string | undefined;
  readonly remote: string | undefined;
  readonly retry: 'no' | 'low' | 'high';
  readonly retryAfter: number | undefined;
  readonly status: number | undefined;
  readonly fatal: boolean;
  readonly [brand] = true;

  constructor(code: ErrorCode, message: string, o: TscloneErrorOptions = {}) {
    super(message, o.cause === undefined ? undefined : { cause: o.cause });
    this.code = code;
    this.path = o.path;
    this.remote = o.remote;
    this.retry = o.retry ?? 'high';
    this.retryAfter = o.retryAfter;
    this.status = o.status;
    this.fatal = o.fatal ?? code === 'fatal';
  }

  toJSON(): Record<string, unknown> {
    const { code, message, path, remote, retry, status } = this;
    return { name: this.name, code, message, path, remote, retry, status };
  }
}

/** Recognises a TscloneError also when it comes from a second copy of the package in the same process. */
export function isTscloneError(e: unknown): e is TscloneError {
  return typeof e === 'object' && e !== null && (e as Record<symbol, unknown>)[brand] === true;
}

/** True when `e` is a TscloneError with one of `codes`. */
export function hasCode(e: unknown, ...codes: ErrorCode[]): e is TscloneError {
  return isTscloneError(e) && codes.includes(e.code);
}

/** Did a change fail in a way that leaves open whether the store made it all the same? */
export function leavesDoubt(e: unknown): boolean {
  return hasCode(e, 'network', 'timeout', 'aborted', 'server_error', 'throttled', 'bad_answer');
}

/** The message of anything that was thrown, in one line. */
export function messageOf(e: unknown): string {
  const text = e instanceof Error ? e.message || e.name : String(e);
  return text.replace(/\s*[\r\n]+\s*/g, ' ');
}

/** Throws the `aborted` error when the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
}

/** The error that a fired signal stands for; its reason is kept as cause. */
export function abortError(signal: AbortSignal): TscloneError {
  const reason: unknown = signal.reason;
  if (isTscloneError(reason)) return reason;
  return new TscloneError('aborted', 'stopped before the end', { cause: reason, retry: 'no' });
}

/** A source gave another number of bytes than was announced. */
export function sizeMismatch(path: string, expected: number, got: number | string): TscloneError {
  return new TscloneError(
    'corrupted',
    `${path}: the source gave ${got} bytes, ${expected} were announced; nothing was stored`,
    { path },
  );
}
