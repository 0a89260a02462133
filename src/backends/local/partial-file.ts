import { constants, lstat, mkdir, open, rename, stat, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ByteSource, WriteOptions } from '../../core/backend.ts';
import { toHex } from '../../core/bytes.ts';
import { nameToBytes } from '../../core/encoding.ts';
import { TscloneError } from '../../core/errors.ts';
import type { Platform } from '../../core/platform.ts';
import { errnoOf } from './errors.ts';
import { asFile, parentFile, textOf } from './names.ts';

const chunkBytes = 256 * 1024;

/**
 * A file that stands as `NAME.xxxxxxxx.partial` beside its target until it is whole; with `inPlace` under its name at
 * once.
 */
export class PartialFile {
  readonly #target: string;
  readonly #name: string;
  #handle: FileHandle | undefined;
  #there = true;

  private constructor(target: string, name: string, handle: FileHandle) {
    this.#target = target;
    this.#name = name;
    this.#handle = handle;
  }

  /** Makes the directory too. `readable`: what was written can be read back. @throws is_directory; errors of the file system as they are */
  static async open(
    file: string,
    path: string,
    o: WriteOptions,
    platform: Platform,
    readable = false,
  ): Promise<PartialFile> {
    const target = await stat(file).catch(() => undefined);
    if (target?.isDirectory())
      throw new TscloneError('is_directory', `${path}: is a directory, a file cannot take its name`, { path });
    const name = o.inPlace ? file : partialName(file, o.partialSuffix ?? '.partial', platform);
    if (o.inPlace) await unlinkSymbolic(file);
    const { O_RDWR, O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
    const flags = o.inPlace ? (readable ? O_RDWR : O_WRONLY) | O_CREAT | O_TRUNC | O_NOFOLLOW : 'wx+';
    const handle = await openWithin(name, flags, target === undefined ? 0o666 : target.mode & 0o777);
    return new PartialFile(file, name, handle);
  }

  /** Without `position` behind what was written last. */
  async write(bytes: Uint8Array, position?: number): Promise<void> {
    const handle = this.#opened();
    for (let at = 0; at < bytes.length;) {
      const where = position === undefined ? null : position + at;
      const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, where);
      at += bytesWritten;
    }
  }

  /** What was written from `start` to `end`. */
  async *read(start: number, end: number): ByteSource {
    for (let at = start; at < end;) {
      const want = Math.min(chunkBytes, end - at);
      const { bytesRead, buffer } = await this.#opened().read(Buffer.allocUnsafeSlow(want), 0, want, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  async size(): Promise<number> {
    return (await this.#opened().stat()).size;
  }

  /** Gives it its name, after `finish` has given it what else belongs to it. */
  async keep(finish: (file: string) => Promise<void>): Promise<void> {
    await this.#close();
    await finish(this.#name);
    if (this.#name !== this.#target) await rename(this.#name, this.#target);
    this.#there = false;
  }

  /** Removes it unless it has been kept. */
  async drop(): Promise<void> {
    await this.#close().catch(() => {});
    if (this.#there) await unlink(this.#name).catch(() => {});
    this.#there = false;
  }

  #opened(): FileHandle {
    if (this.#handle) return this.#handle;
    throw new TscloneError('other', `${this.#name} is closed`);
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}

/** Makes the directory too; somebody may remove it, empty as it is, before the file is in it. */
async function openWithin(file: string, flags: string | number, mode: number): Promise<FileHandle> {
  for (let tries = 1; ; tries++) {
    try {
      await mkdir(parentFile(file), { recursive: true });
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

/** Eight hex digits as rclone's; a name near the limit of 255 bytes is cut to make room. */
export function partialName(file: string, ending: string, platform: Platform): string {
  const suffix = `.${toHex(platform.randomBytes(4))}${ending}`;
  const text = textOf(file);
  let leaf = basename(text);
  while (nameToBytes(leaf + suffix).length > 255) leaf = leaf.slice(0, -1);
  return asFile(join(dirname(text), leaf + suffix));
}
