import { lstat, mkdir, readlink, rename, symlink, unlink } from 'node:fs/promises';
import type { ByteRange, ByteSource, WriteOptions } from '../../core/backend.ts';
import { bytesToName } from '../../core/encoding.ts';
import { sizeMismatch, throwIfAborted, TscloneError } from '../../core/errors.ts';
import { pullFrom } from '../../core/pull.ts';
import type { Platform } from '../../core/platform.ts';
import { localError } from './errors.ts';
import { parentFile } from './names.ts';
import { partialName } from './partial-file.ts';

/** With `links` a symbolic link travels as an object of this name that holds where it points to. */
export const linkSuffix = '.rclonelink';

export const linkLacksSuffix = (path: string): TscloneError =>
  new TscloneError('bad_config', `need "${linkSuffix}" suffix to refer to symlink when using -l/--links`, {
    path,
    retry: 'no',
  });

/** Longer than any system takes. */
const longest = 64 * 1024;

export async function readTarget(file: string, path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readlink(file, { encoding: 'buffer' }));
  } catch (e) {
    throw localError(e, path, 'object');
  }
}

export async function* targetRange(
  file: string,
  path: string,
  range: ByteRange | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  const bytes = await readTarget(file, path);
  const start = range === undefined ? 0 : range.start < 0 ? bytes.length + range.start : range.start;
  const piece = bytes.slice(Math.max(0, start), range?.end ?? bytes.length);
  if (piece.length > 0) yield piece;
}

/** Makes a link to what `body` says, in place of what stands there. Answers the number of bytes. */
export async function writeLink(
  file: string,
  path: string,
  body: ByteSource,
  o: WriteOptions,
  platform: Platform,
  finish: (file: string) => Promise<void>,
): Promise<number> {
  let made: string | undefined;
  try {
    const target = await readAll(path, body, o);
    if (target.length === 0 || target.includes(0))
      throw new TscloneError('io', `${path}: a symbolic link cannot point to ${JSON.stringify(bytesToName(target))}`, {
        path,
        retry: 'no',
      });
    throwIfAborted(o.signal);
    if ((await lstat(file).catch(() => undefined))?.isDirectory())
      throw new TscloneError('is_directory', `${path}: is a directory, a link cannot take its name`, { path });
    await mkdir(parentFile(file), { recursive: true });
    const name = partialName(file, o.partialSuffix ?? '.partial', platform);
    await symlink(Buffer.from(target), name);
    made = name;
    await finish(name);
    await rename(name, file);
    made = undefined;
    o.onBytes?.(target.length);
    return target.length;
  } catch (e) {
    throw localError(e, path, 'object');
  } finally {
    if (made !== undefined) await unlink(made).catch(() => {});
  }
}

async function readAll(path: string, body: ByteSource, o: WriteOptions): Promise<Uint8Array> {
  const source = pullFrom(body, o.signal);
  const chunks: Uint8Array[] = [];
  let total = 0;
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await source.next();
      if (done) break;
      total += value.length;
      if (o.size !== undefined && total > o.size) throw sizeMismatch(path, o.size, `more than ${o.size}`);
      if (total > longest)
        throw new TscloneError('io', `${path}: longer than a symbolic link can be`, { path, retry: 'no' });
      chunks.push(value);
    }
    ended = true;
  } finally {
    if (!ended) await source.return?.();
  }
  if (o.size !== undefined && total !== o.size) throw sizeMismatch(path, o.size, total);
  return new Uint8Array(Buffer.concat(chunks));
}
