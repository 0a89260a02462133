import type { ByteSource, ObjectInfo } from '../core/backend.ts';
import { throwIfAborted } from '../core/errors.ts';
import { callOptions, log, throttled, type OperationContext } from './context.ts';
import type { Place } from './locate.ts';
import { newMetadata } from './metadata.ts';

/** After a failure the rest of the input is read for a while, so that the program in front does not die of it. */
const drainBytes = 64 * 1024 * 1024;
const drainMs = 5000;

export interface RcatOptions {
  /** Bytes that will come; absent = unknown. */
  readonly size?: number | undefined;
}

/**
 * Stores a stream as one object. When that fails, the rest of the input is read and thrown away (at most 64 MiB or
 * 5 s) before the error is thrown: a dump in front would die of a broken pipe and its message hide this one.
 */
export async function rcat(
  c: OperationContext,
  input: ByteSource,
  { backend, leaf }: Place,
  o: RcatOptions,
): Promise<ObjectInfo | undefined> {
  const source = input[Symbol.asyncIterator]();
  if (c.settings.dryRun) {
    log(c, 'notice', leaf, 'Skipped upload from pipe as --dry-run is set');
    await drain(c, source);
    return undefined;
  }
  c.accounting.totalTransfers += 1;
  c.emit({ type: 'transfer.start', path: leaf, ...(o.size === undefined ? {} : { size: o.size }) });
  let ended = false;
  async function* shielded(): AsyncGenerator<Uint8Array, void, void> {
    // No `return` reaches the input: it stays open for the drain.
    for (;;) {
      const { done, value } = await source.next();
      if (done) {
        ended = true;
        return;
      }
      yield value;
    }
  }
  try {
    const modTime = c.platform.now();
    const metadata = await newMetadata(c, backend, { path: leaf, size: o.size, modTime });
    const info = await backend.write(leaf, throttled(c, shielded()), {
      ...callOptions(c),
      ...(o.size === undefined ? {} : { size: o.size }),
      modTime,
      ...(metadata ? { metadata } : {}),
      onBytes(bytes) {
        c.accounting.bytes += bytes;
        c.emit({ type: 'transfer.bytes', path: leaf, bytes });
      },
    });
    c.accounting.transfers += 1;
    c.emit({ type: 'transfer.done', path: leaf, bytes: info.size ?? 0 });
    return info;
  } catch (e) {
    throwIfAborted(c.signal);
    if (!ended) await drain(c, source);
    throw e;
  }
}

async function drain(c: OperationContext, source: AsyncIterator<Uint8Array>): Promise<void> {
  const stop = new AbortController();
  const late = c.platform.sleep(drainMs, stop.signal).then(
    () => 'late' as const,
    () => 'late' as const,
  );
  try {
    for (let read = 0; read < drainBytes;) {
      const next = await Promise.race([source.next(), late]);
      if (next === 'late' || next.done) return;
      read += next.value.length;
    }
  } catch {
    // The input broke by itself: the first error counts.
  } finally {
    stop.abort();
  }
}
