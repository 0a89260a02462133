import { open } from 'node:fs/promises';
import type { ByteRange } from '../../core/backend.ts';
import { throwIfAborted, TscloneError } from '../../core/errors.ts';
import { localError } from './errors.ts';

const chunkBytes = 256 * 1024;

/** Bytes of a file; a file that changes while it is read ends in an error. Chunks are fresh buffers. */
export async function* readFileRange(
  file: string,
  path: string,
  range: ByteRange | undefined,
  o: {
    signal?: AbortSignal | undefined;
    checkUpdated: boolean;
    /** What was found under the name: a file that took its place since is not read instead. */
    found?: { readonly size: bigint; readonly mtimeNs: bigint; readonly ino: bigint } | undefined;
  },
): AsyncGenerator<Uint8Array, void, void> {
  const handle = await open(file, 'r').catch((e: unknown) => {
    throw localError(e, path, 'object');
  });
  try {
    const before = await handle.stat({ bigint: true });
    if (o.found && (o.found.ino !== before.ino || o.found.size !== before.size || o.found.mtimeNs !== before.mtimeNs))
      throw updated(path, 'it was replaced before the first byte was read');
    const size = Number(before.size);
    const start = range === undefined ? 0 : range.start < 0 ? Math.max(0, size + range.start) : range.start;
    const end = range?.end === undefined ? size : Math.min(range.end, size);
    let at = start;
    while (at < end) {
      throwIfAborted(o.signal);
      const want = Math.min(chunkBytes, end - at);
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafeSlow(want), 0, want, at);
      if (bytesRead === 0) break;
      at += bytesRead;
      yield bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead);
    }
    if (!o.checkUpdated) return;
    const after = await handle.stat({ bigint: true });
    if (after.size !== before.size) throw updated(path, `size changed from ${before.size} to ${after.size}`);
    if (after.mtimeNs !== before.mtimeNs)
      throw updated(path, `mod time changed from ${before.mtimeNs} to ${after.mtimeNs}`);
    if (at < end) throw updated(path, `it ended after ${at} of ${end} bytes`);
  } catch (e) {
    throw localError(e, path, 'object');
  } finally {
    await handle.close();
  }
}

function updated(path: string, why: string): TscloneError {
  return new TscloneError('io', `can't copy - source file is being updated (${why})`, { path, retry: 'low' });
}
