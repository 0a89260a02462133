import { constants, lstat, mkdir, open, rename, stat, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ByteSource, WriteOptions } from '../../core/backend.ts';
import { toHex } from '../../core/bytes.ts';
import { sizeMismatch, throwIfAborted, TscloneError } from '../../core/errors.ts';
import { pullFrom } from '../../core/pull.ts';
import type { Platform } from '../../core/platform.ts';
import { errnoOf, localError } from './errors.ts';

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
  let partial: string | undefined;
  let ended = false;
  let handle: FileHandle | undefined;
  try {
    throwIfAborted(o.signal);
    const target = await stat(file).catch(() => undefined);
    if (target?.isDirectory())
      throw new TscloneError('is_directory', `${path}: is a directory, a file cannot take its name`, { path });
    const name = o.inPlace ? file : partialName(file, o.partialSuffix ?? '.partial', platform);
    if (o.inPlace) await unlinkSymbolic(file);
    const flags = o.inPlace ? constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW : 'wx';
    handle = await openWithin(name, flags, target === undefined ? 0o666 : target.mode & 0o777);
    partial = name;
    let total = 0;
    for (;;) {
      const { done, value } = await source.next();
      if (done) {
        ended = true;
        break;
      }
      total += value.length;
      if (o.size !== undefined && total > o.size) throw sizeMismatch(path, o.size, `more than ${o.size}`);
      await writeAll(handle, value);
      o.onBytes?.(value.length);
    }
    if (o.size !== undefined && total !== o.size) throw sizeMismatch(path, o.size, total);
    throwIfAborted(o.signal);
    await handle.close();
    handle = undefined;
    await finish(partial);
    if (partial !== file) await rename(partial, file);
    partial = undefined;
    return total;
  } catch (e) {
    throw localError(e, path, 'object');
  } finally {
    await handle?.close().catch(() => {});
    if (partial !== undefined) await unlink(partial).catch(() => {});
    if (!ended) await source.return?.();
  }
}

/** Makes the directory too; somebody may remove it, empty as it is, before the file is in it. */
async function openWithin(file: string, flags: string | number, mode: number): Promise<FileHandle> {
  for (let tries = 1; ; tries++) {
    try {
      await mkdir(dirname(file), { recursive: true });
      return await open(file, flags, mode);
    } catch (e) {
      if (errnoOf(e) !== 'ENOENT' || tries === 100) throw e;
    }
  }
}

/** To write through a link would change a file elsewhere. */
async function unlinkSymbolic(file: string): Promise<void> {
  if ((await lstat(file).catch(() => undefined))?.isSymbolicLink()) await unlink(file);
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at);
    at += bytesWritten;
  }
}

/** Eight hex digits as rclone's; a name near the limit of 255 bytes is cut to make room. */
export function partialName(file: string, ending: string, platform: Platform): string {
  const suffix = `.${toHex(platform.randomBytes(4))}${ending}`;
  let leaf = basename(file);
  while (Buffer.byteLength(leaf + suffix) > 255) leaf = leaf.slice(0, -1);
  return join(dirname(file), leaf + suffix);
}
