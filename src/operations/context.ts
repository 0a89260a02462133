import type { Budget, ByteSource, CallOptions } from '../core/backend.ts';
import { TscloneError } from '../core/errors.ts';
import type { Emit, LogLevel } from '../core/events.ts';
import type { Platform } from '../core/platform.ts';
import { formatSize } from '../core/size.ts';
import type { MetadataMapper } from './metadata.ts';
import type { Accounting } from './accounting.ts';
import type { Filter } from './filter/filter.ts';
import type { OperationSettings } from './settings.ts';
import type { Throttle } from './throttle.ts';

/** What every operation needs beside its arguments. */
export interface OperationContext {
  readonly platform: Platform;
  readonly emit: Emit;
  readonly accounting: Accounting;
  readonly signal?: AbortSignal | undefined;
  readonly budget?: Budget | undefined;
  readonly settings: OperationSettings;
  /** What listings and transfers leave out; absent = nothing. */
  readonly filter?: Filter | undefined;
  /** Absent = transfers go as fast as they can. */
  readonly throttle?: Throttle | undefined;
  /** Has the last word about metadata that travels (rclone's `--metadata-mapper`). */
  readonly mapMetadata?: MetadataMapper | undefined;
  /** Asked before each change: false = leave it. Absent = everything is done. */
  readonly confirm?: ((verb: string, subject: string) => Promise<boolean>) | undefined;
}

/** The options that every call to a backend gets. */
export function callOptions(c: OperationContext): CallOptions {
  return { signal: c.signal, budget: c.budget };
}

/** The body of a transfer, as fast as it may go. */
export function throttled(c: OperationContext, body: ByteSource): ByteSource {
  return c.throttle?.transfer(body, c.signal) ?? body;
}

/** A line for the log; '' = about nothing in particular. */
export function log(c: OperationContext, level: LogLevel, subject: string, message: string): void {
  c.emit({ type: 'log', level, message, ...(subject === '' ? {} : { subject }) });
}

/** True in a dry run, and when the user does not want it, after saying what would have been done. */
export async function skipped(c: OperationContext, verb: string, subject: string, size?: number): Promise<boolean> {
  const why = c.settings.dryRun ? '--dry-run' : (await c.confirm?.(verb, subject)) === false ? '--interactive' : '';
  if (why === '') return false;
  const message = `Skipped ${verb} as ${why} is set`;
  if (size === undefined) c.emit({ type: 'log', level: 'notice', subject, message, extra: { skipped: verb } });
  else {
    const text = `${message} (size ${formatSize(size)})`;
    c.emit({ type: 'log', level: 'notice', subject, message: text, extra: { skipped: verb, size } });
  }
  return true;
}

/** A failure that running the whole command again cannot mend (rclone's fatal error). */
export function fatal(message: string): TscloneError {
  return new TscloneError('fatal', message, { retry: 'no' });
}
