import type { Backend, ByteSource } from '../core/backend.ts';
import { closing, toBase64, utf8 } from '../core/bytes.ts';
import { abortError, hasCode, messageOf, throwIfAborted, TscloneError } from '../core/errors.ts';
import { callOptions, log, throttled, type OperationContext } from './context.ts';
import { newMetadata } from './metadata.ts';
import { dispositionName, urlName } from './url-names.ts';

export interface UrlOptions {
  readonly userAgent: string;
  /** Longest silence of the server in ms. */
  readonly timeoutMs: number;
}

/** What a URL gave: the answer's body has to be read or cancelled. */
export interface Download {
  /** Bytes; absent = the server does not say, or it compressed them. */
  readonly size?: number;
  /** Time of `Last-Modified`. */
  readonly modTime?: bigint;
  /** Name in the address, after redirects. @throws when there is none */
  nameInUrl(): string;
  /** Name in `Content-Disposition`. @throws when there is none that can be used */
  nameInHeader(): string;
  readonly body: ByteSource;
  /** Gives up an answer that is not read. */
  cancel(): Promise<void>;
}

/** Requests a URL. @throws network, timeout, other for an answer that is no success */
export async function openUrl(c: OperationContext, url: string, o: UrlOptions): Promise<Download> {
  const { address, login, shown } = partsOf(url);
  const idle = idleTimer(o.timeoutMs, c.signal);
  let response: Response;
  try {
    // A body that is not compressed has the length that its header says.
    const headers = { 'user-agent': o.userAgent, 'accept-encoding': 'identity', ...login };
    await c.throttle?.request(c.signal);
    response = await idle.watch(fetch(address, { headers, signal: idle.signal }));
  } catch (e) {
    throw failure(c, shown, e, idle.fired());
  }
  if (!response.ok) {
    await response.body?.cancel().catch(() => {});
    const status = `${response.status} ${response.statusText}`.trimEnd();
    throw new TscloneError('other', `CopyURL failed: ${status}`, { status: response.status });
  }
  const { headers } = response;
  const length = headers.get('content-encoding') ? null : headers.get('content-length');
  const size = length !== null && /^\d+$/.test(length) ? Number(length) : undefined;
  const modified = Date.parse(headers.get('last-modified') ?? '');
  return {
    ...(size === undefined ? {} : { size }),
    ...(Number.isNaN(modified) ? {} : { modTime: BigInt(modified) * 1_000_000n }),
    nameInUrl: () => urlName(response.url || address),
    nameInHeader: () => dispositionName(headers.get('content-disposition') ?? ''),
    body: chunksOf(c, shown, response, size, idle),
    async cancel() {
      idle.stop();
      if (!response.bodyUsed && !response.body?.locked) await response.body?.cancel().catch(() => {});
    },
  };
}

/** The address as it is fetched and as it may be shown: passwords and signed queries do not belong into a log. */
function partsOf(url: string): { address: string; login: Record<string, string>; shown: string } {
  const shown = withoutSecrets(url);
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    throw new TscloneError('unsupported', `"${shown}" is no http or https address`, { retry: 'no' });
  const address = new URL(url);
  const { username, password } = address;
  address.username = '';
  address.password = '';
  const pair = utf8(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  const login = username === '' && password === '' ? {} : { authorization: `Basic ${toBase64(pair)}` };
  return { address: address.href, login, shown };
}

/** An address without user, password and query. */
export function withoutSecrets(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1').replace(/[?#].*$/s, '');
}

/** The bytes of an answer. Fewer or more than it announced are an error, and so is a silence that is too long. */
async function* chunksOf(
  c: OperationContext,
  shown: string,
  response: Response,
  size: number | undefined,
  idle: IdleTimer,
): AsyncGenerator<Uint8Array, void, void> {
  const reader = response.body?.getReader();
  let taken = 0;
  let ended = reader === undefined;
  try {
    while (reader) {
      const { done, value } = await idle.watch(reader.read());
      if (done) break;
      taken += value.length;
      yield value;
    }
    ended = true;
  } catch (e) {
    throw failure(c, shown, e, idle.fired());
  } finally {
    idle.stop();
    if (!ended) await reader?.cancel().catch(() => {});
  }
  if (size !== undefined && taken !== size)
    throw new TscloneError('network', `${shown}: the answer ended after ${taken} of ${size} bytes`, { retry: 'low' });
}

interface IdleTimer {
  readonly signal: AbortSignal;
  watch<T>(step: Promise<T>): Promise<T>;
  fired(): boolean;
  stop(): void;
}

/** A signal that fires when one awaited step takes too long, or when the caller's does. */
function idleTimer(ms: number, signal: AbortSignal | undefined): IdleTimer {
  const controller = new AbortController();
  let late = false;
  const onAbort = (): void => controller.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    fired: () => late,
    async watch(step) {
      const timer = setTimeout(() => {
        late = true;
        controller.abort();
      }, ms);
      try {
        return await step;
      } finally {
        clearTimeout(timer);
      }
    },
    stop: () => signal?.removeEventListener('abort', onAbort),
  };
}

function failure(c: OperationContext, shown: string, e: unknown, late: boolean): Error {
  if (c.signal?.aborted) return abortError(c.signal);
  if (late) return new TscloneError('timeout', `${shown}: no answer for too long`, { cause: e, retry: 'low' });
  const cause = (e as { cause?: unknown }).cause ?? e;
  const lasting = /^(ENOTFOUND|ERR_TLS|ERR_SSL|CERT_|DEPTH_|SELF_SIGNED|UNABLE_)/.test(
    String((cause as { code?: unknown }).code),
  );
  return new TscloneError('network', `${shown}: ${messageOf(cause)}`, { cause: e, retry: lasting ? 'high' : 'low' });
}

/** Stores what a URL gives. A failure leaves nothing under the name. */
export async function storeUrl(c: OperationContext, download: Download, backend: Backend, path: string): Promise<void> {
  const { size, modTime, body } = download;
  if (c.settings.dryRun) {
    log(c, 'notice', path, 'Skipped upload from pipe as --dry-run is set');
    await download.cancel();
    return;
  }
  c.accounting.totalTransfers += 1;
  c.accounting.totalBytes += size ?? 0;
  c.emit({ type: 'transfer.start', path, ...(size === undefined ? {} : { size }) });
  let taken = 0;
  try {
    const written = { path, size, modTime: modTime ?? c.platform.now() };
    const metadata = await newMetadata(c, backend, written).catch(closing(body));
    const info = await backend.write(path, throttled(c, c.throttle?.slow(body, 'down', c.signal) ?? body), {
      ...callOptions(c),
      ...(size === undefined ? {} : { size }),
      modTime: written.modTime,
      ...(metadata ? { metadata } : {}),
      onBytes(bytes) {
        taken += bytes;
        c.accounting.bytes += bytes;
        c.emit({ type: 'transfer.bytes', path, bytes });
      },
    });
    c.accounting.transfers += 1;
    c.emit({ type: 'transfer.done', path, bytes: info.size ?? 0 });
  } catch (e) {
    c.accounting.bytes -= taken;
    throwIfAborted(c.signal);
    throw e;
  }
}

/** @throws already_exists */
export async function refuseExisting(c: OperationContext, backend: Backend, path: string): Promise<void> {
  try {
    await backend.stat(path, callOptions(c));
  } catch (e) {
    if (hasCode(e, 'object_not_found', 'dir_not_found', 'bucket_not_found')) return;
    throw e;
  }
  throw new TscloneError('already_exists', 'CopyURL failed: file already exist', { path });
}
