import type { ByteSource, WriteOptions } from '../../core/backend.ts';
import { sizeMismatch, throwIfAborted } from '../../core/errors.ts';
import { pullFrom } from '../../core/pull.ts';
import type { Platform } from '../../core/platform.ts';
import { localError } from './errors.ts';
import { PartialFile } from './partial-file.ts';

/**
 * Writes into `NAME.xxxxxxxx.partial` beside the target and renames it when every byte is there. On any error the
 * partial file is removed and the target stays as it was. `finish` gives the file what else belongs to it. Answers the
 * number of bytes.
 */
export async function writeFile(
  file: string,
  path: string,
  body: ByteSource,
  o: WriteOptions,
  platform: Platform,
  finish: (file: string) => Promise<void>,
): Promise<number> {
  const source = pullFrom(body, o.signal);
  let partial: PartialFile | undefined;
  let ended = false;
  try {
    throwIfAborted(o.signal);
    partial = await PartialFile.open(file, path, o, platform);
    let total = 0;
    for (;;) {
      const { done, value } = await source.next();
      if (done) {
        ended = true;
        break;
      }
      total += value.length;
      if (o.size !== undefined && total > o.size) throw sizeMismatch(path, o.size, `more than ${o.size}`);
      await partial.write(value);
      o.onBytes?.(value.length);
    }
    if (o.size !== undefined && total !== o.size) throw sizeMismatch(path, o.size, total);
    throwIfAborted(o.signal);
    await partial.keep(finish);
    return total;
  } catch (e) {
    throw localError(e, path, 'object');
  } finally {
    await partial?.drop();
    if (!ended) await source.return?.();
  }
}
