import type { ObjectInfo, PieceWriter, WriteOptions } from '../../core/backend.ts';
import { sizeMismatch, throwIfAborted } from '../../core/errors.ts';
import type { Platform } from '../../core/platform.ts';
import { localError } from './errors.ts';
import { PartialFile } from './partial-file.ts';

/** A partial file whose bytes come in any order. `finish` gives it what else belongs to it, `done` tells what it is then. */
export async function openPieces(
  file: string,
  path: string,
  o: WriteOptions,
  platform: Platform,
  finish: (file: string) => Promise<void>,
  done: () => Promise<ObjectInfo>,
): Promise<PieceWriter> {
  const named = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      throwIfAborted(o.signal);
      return await call();
    } catch (e) {
      throw localError(e, path, 'object');
    }
  };
  const partial = await named(() => PartialFile.open(file, path, o, platform, true));
  return {
    write: (at, bytes) => named(() => partial.write(bytes, at)),
    read: (start, end) => partial.read(start, end),
    finish: () =>
      named(async () => {
        const size = await partial.size();
        if (o.size !== undefined && size !== o.size) throw sizeMismatch(path, o.size, size);
        await partial.keep(finish);
        return done();
      }),
    abandon: () => partial.drop(),
  };
}
