import { abortError, isTscloneError, throwIfAborted, TscloneError } from '../../core/errors.ts';
import type { CallOptions } from '../../core/backend.ts';
import type { S3Connection } from './client.ts';
import { translateError, type FailedCall } from './errors.ts';
import { followRegion, isElsewhere } from './region.ts';

const firstSleepMs = 10;
const maxSleepMs = 2000;

export interface CallTarget {
  readonly bucket?: string | undefined;
  readonly key?: string | undefined;
}

/**
 * One request with the low-level retries: throttling, 5xx, time-outs and network errors are tried again up to
 * `lowLevelRetries` times, with pauses from 10 ms doubling to 2 s. `send` must be able to send its body again, unless
 * `bodyIsStream`: then it is sent once, and the error says that the caller may begin anew.
 */
export async function callS3<T>(
  c: S3Connection,
  operation: string,
  target: CallTarget,
  o: CallOptions & { retryAll?: boolean; bodyIsStream?: boolean },
  send: (signal: { abortSignal: AbortSignal } | undefined) => Promise<T>,
): Promise<T> {
  const failed: FailedCall = {
    operation,
    remote: c.remote,
    ...target,
    endpoint: c.endpoint,
    provider: c.quirks.provider,
  };
  const done = new Set<string>();
  for (let attempt = 1; ; attempt++) {
    throwIfAborted(o.signal);
    checkBudget(o, operation);
    const region = c.region();
    try {
      return await send(o.signal ? { abortSignal: o.signal } : undefined);
    } catch (e) {
      if (o.signal?.aborted) throw abortError(o.signal);
      const error = translateError(e, failed);
      const isMended = await mended(c, target, error, region, done);
      if (o.bodyIsStream) throw isMended ? anew(error) : error;
      if (isMended) continue;
      const again = error.retry === 'low' || (o.retryAll === true && error.code !== 'aborted');
      if (!again || attempt >= c.limits.lowLevelRetries) throw attempt > 1 ? exhausted(error, attempt) : error;
      c.emit({ type: 'retry', operation, attempt, message: error.message });
      if (c.options.sdk_log_mode.has('Retries')) {
        const message = `S3 SDK: ${operation} is sent again after attempt ${attempt}: ${error.message}`;
        c.emit({ type: 'log', level: 'debug', message });
      }
      const pause = Math.min(firstSleepMs * 2 ** (attempt - 1), maxSleepMs) * (0.5 + Math.random() / 2);
      await c.platform.sleep(Math.max(pause, error.retryAfter ?? 0), o.signal);
    }
  }
}

/** What stood in the way has been put right, but the body is spent. */
function anew(error: TscloneError): TscloneError {
  const { code, message, path, remote, status, cause } = error;
  return new TscloneError(code, message, { path, remote, status, cause, retry: 'low' });
}

/** A wrong region, a wrong clock and expired keys are put right; then the same request is sent again, once for each reason. */
async function mended(
  c: S3Connection,
  target: CallTarget,
  error: TscloneError,
  region: string,
  done: Set<string>,
): Promise<boolean> {
  if (target.bucket !== undefined && isElsewhere(c, error)) {
    return once(done, 'region') && followRegion(c, target.bucket, error, region);
  }
  // The SDK takes the service's clock from the answer: the next signature is made by it.
  if (isClockWrong(c, error)) return once(done, 'clock');
  if (c.identity.kind === 'keys' && isExpired(error)) return once(done, 'keys') && c.identity.keys.renew();
  return false;
}

function once(done: Set<string>, what: string): boolean {
  if (done.has(what)) return false;
  done.add(what);
  return true;
}

const mostSkewMs = 5 * 60_000;

/** Did the service refuse a signature made by another clock than its own? Answers to HEAD have no code, only a date. */
function isClockWrong(c: S3Connection, { status, cause }: TscloneError): boolean {
  const e = cause as { name?: string; $response?: { headers?: Record<string, string> } } | undefined;
  if (e?.name === 'RequestTimeTooSkewed' || e?.name === 'RequestExpired') return true;
  const date = Date.parse(e?.$response?.headers?.['date'] ?? '');
  return status === 403 && Math.abs(date - Number(c.platform.now() / 1_000_000n)) > mostSkewMs;
}

const isExpired = ({ cause }: TscloneError): boolean =>
  /^(ExpiredToken|ExpiredTokenException|TokenRefreshRequired)$/.test((cause as Error | undefined)?.name ?? '');

/** Refuses to start a request when the caller's budget is used up. */
export function checkBudget(o: CallOptions, what: string): void {
  const { budget } = o;
  if (!budget) return;
  if (budget.deadline !== undefined && Date.now() >= budget.deadline) {
    throw new TscloneError('duration_limit', `${what}: the deadline of this call has passed`, { retry: 'no' });
  }
  if (budget.requests !== undefined) {
    if (budget.requests <= 0)
      throw new TscloneError('duration_limit', `${what}: no requests are left in this call's budget`, { retry: 'no' });
    budget.requests -= 1;
  }
}

/** As the Go SDK words it; the error stays what it was. */
function exhausted(error: TscloneError, attempts: number): TscloneError {
  if (!isTscloneError(error) || error.status === undefined) return error;
  const message = error.message.replace(
    /^(operation error S3: \w+, )/,
    `$1exceeded maximum number of attempts, ${attempts}, `,
  );
  const { path, remote, status, cause, retryAfter } = error;
  return new TscloneError(error.code, message, { path, remote, status, cause, retryAfter, retry: 'high' });
}
