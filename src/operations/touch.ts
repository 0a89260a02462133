import type { Backend, ObjectInfo } from '../core/backend.ts';
import { bytesSource } from '../core/bytes.ts';
import { hasCode } from '../core/errors.ts';
import { callOptions, log, skipped, type OperationContext } from './context.ts';
import type { Located, Place } from './locate.ts';
import { newMetadata } from './metadata.ts';
import { forEachLimit } from './pool.ts';
import { walk } from './walk.ts';

export interface TouchOptions {
  readonly modTime: bigint;
  readonly create: boolean;
}

/** Sets the time of one object, or makes an empty one. */
export async function touchFile(c: OperationContext, place: Place, o: TouchOptions): Promise<void> {
  const { backend, leaf } = place;
  let info;
  try {
    info = await backend.stat(leaf, callOptions(c));
  } catch (e) {
    if (hasCode(e, 'is_directory')) return touchDirectory(c, place, o);
    if (!hasCode(e, 'object_not_found', 'dir_not_found')) throw e;
    if (!o.create) {
      log(c, 'notice', backend.description, 'Not touching nonexistent file due to --no-create');
      return;
    }
    if (await skipped(c, 'touch (create)', backend.description)) return;
    const metadata = await newMetadata(c, backend, { path: leaf, size: 0, modTime: o.modTime });
    await backend.write(leaf, bytesSource(new Uint8Array(0)), {
      ...callOptions(c),
      size: 0,
      modTime: o.modTime,
      ...(metadata ? { metadata } : {}),
    });
    return;
  }
  if (await skipped(c, 'touch', leaf)) return;
  await backend.setModTime?.(leaf, o.modTime, { ...callOptions(c), info });
}

async function touchDirectory(c: OperationContext, { backend, leaf }: Place, o: TouchOptions): Promise<void> {
  if (await skipped(c, 'touch', leaf)) return;
  await backend.setDirModTime?.(leaf, o.modTime, callOptions(c));
}

/** Sets the time of all objects below a directory, or of the one object. What is not there is not made. */
export async function touchTree(c: OperationContext, { backend, file }: Located, modTime: bigint): Promise<void> {
  const touch = async (path: string, info: ObjectInfo): Promise<void> => {
    if (await skipped(c, 'touch', path)) return;
    await backend.setModTime?.(path, modTime, { ...callOptions(c), info });
  };
  if (file) return touch(file.leaf, file.info);
  let found = await isThere(c, backend);
  if (found !== false) {
    const entries = walk(c, backend, '', { maxDepth: c.settings.maxDepth, dirs: false });
    await forEachLimit(entries, c.settings.checkers, async (entry) => {
      found = true;
      if (entry.kind === 'object') await touch(entry.path, entry);
    });
  }
  if (!found) log(c, 'notice', backend.description, 'Not touching nonexistent file due to --recursive');
}

/** Undefined = a store that knows no directories: what lies in it will show. */
async function isThere(c: OperationContext, backend: Backend): Promise<boolean | undefined> {
  try {
    return (await backend.statDir?.('', callOptions(c))) && true;
  } catch (e) {
    if (hasCode(e, 'dir_not_found')) return false;
    throw e;
  }
}
