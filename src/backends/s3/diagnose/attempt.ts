import { abortError, TscloneError } from '../../../core/errors.ts';
import type { CallTarget } from '../call.ts';
import type { S3Connection } from '../client.ts';
import { translateError } from '../errors.ts';

/** Why one request failed, as facts. */
export interface Failure {
  readonly error: TscloneError;
  readonly operation: string;
  /** HTTP status; 0 = no answer came. */
  readonly status: number;
  /** S3's code, or that of the network: `ENOTFOUND`. */
  readonly code: string;
  /** In the words of the service. */
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Further elements of the answer: `Region`, `Endpoint`. */
  readonly details: Readonly<Record<string, unknown>>;
}

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

export interface ProbeOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
}

const tries = 3;

/**
 * One request, sent again only where the service asked for that. Nothing is mended on the way, unlike in `callS3`:
 * what goes wrong is what is looked for. @throws aborted
 */
export async function attempt<T>(
  c: S3Connection,
  operation: string,
  target: CallTarget,
  o: ProbeOptions,
  send: (s: { abortSignal: AbortSignal }) => Promise<T>,
): Promise<Outcome<T>> {
  for (let n = 1; ; n++) {
    try {
      return { ok: true, value: await inTime(c, o, (signal) => send({ abortSignal: signal })) };
    } catch (e) {
      if (o.signal?.aborted) throw abortError(o.signal);
      const failure = failureOf(c, operation, target, e);
      const busy = failure.error.code === 'throttled' || failure.status >= 500;
      if (!busy || failure.error.retry !== 'low' || n >= tries) return { ok: false, failure };
      await c.platform.sleep(Math.max(failure.error.retryAfter ?? 0, 200 * n), o.signal);
    }
  }
}

/** Runs `work` with a signal that also fires when it takes too long. */
export async function inTime<T>(
  c: S3Connection,
  { signal, timeoutMs }: ProbeOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const done = new AbortController();
  void c.platform.sleep(timeoutMs, done.signal).then(
    () => late.abort(),
    () => {},
  );
  try {
    return await work(signal ? AbortSignal.any([signal, late.signal]) : late.signal);
  } catch (e) {
    if (!late.signal.aborted || signal?.aborted) throw e;
    throw new TscloneError('timeout', `no answer within ${timeoutMs / 1000} seconds`, { remote: c.remote });
  } finally {
    done.abort();
  }
}

interface Thrown {
  readonly name?: string;
  readonly code?: string;
  readonly Code?: string;
  readonly message?: string;
  readonly cause?: unknown;
  readonly $metadata?: { httpStatusCode?: number };
  readonly $response?: { statusCode?: number; headers?: Record<string, string> };
}

export function failureOf(c: S3Connection, operation: string, target: CallTarget, e: unknown): Failure {
  const error = translateError(e, {
    operation,
    remote: c.remote,
    ...target,
    endpoint: c.endpoint,
    provider: c.quirks.provider,
  });
  const thrown = (error.cause ?? error) as Thrown;
  const inner = (thrown.cause ?? thrown) as Thrown;
  const response = thrown.$response;
  const status = error.status ?? thrown.$metadata?.httpStatusCode ?? response?.statusCode ?? 0;
  const named = thrown.Code ?? thrown.name ?? '';
  const code =
    status === 0 ? (inner.code ?? thrown.code ?? '') : /^(Unknown|UnknownError|Error|\d*)$/.test(named) ? '' : named;
  return {
    error,
    operation,
    status,
    code,
    message: oneLine(inner.message || thrown.message || error.message),
    headers: response?.headers ?? {},
    details: thrown as Readonly<Record<string, unknown>>,
  };
}

/** Without the SDK's words for those who debug it. */
const oneLine = (text: string): string =>
  text
    .replace(/\s*Deserialization error: to see the raw response[^]*/, '')
    .replace(/\s+/g, ' ')
    .trim();

/** For the report: `403 SignatureDoesNotMatch: …`. */
export function answerOf({ operation, status, code, message }: Failure): string {
  const words = message === '' || message === code || message === 'UnknownError' ? '' : message;
  if (status === 0) return `${operation}: ${[code, words].filter((t) => t !== '').join(': ')}`;
  return `${operation}: ${[[status, code].filter((t) => t !== '').join(' '), words].filter((t) => t !== '').join(': ')}`;
}
