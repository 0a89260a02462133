import type { Backend, CallOptions, ObjectInfo } from '../../core/backend.ts';
import { callOnly } from '../layer.ts';

/**
 * The state that an object is in: its size, its time, and where they cost nothing its hash and its ETag. Undefined when
 * its time is not known although the store keeps one: then nothing says that it is still the same.
 */
export async function fingerprintOf(
  inner: Backend,
  path: string,
  info: ObjectInfo,
  o: CallOptions,
): Promise<string | undefined> {
  const needsTime = inner.precision !== 'none';
  const known =
    needsTime && info.modTime === undefined ? await inner.stat(path, { ...callOnly(o), want: ['modTime'] }) : info;
  if (known.size === undefined || (needsTime && known.modTime === undefined)) return undefined;
  const time = needsTime ? String(known.modTime) : '-';
  return [known.size, time, (await fastHash(inner, path, known, o)) ?? '-', known.etag ?? '-'].join(',');
}

/** The first hash that the store has without reading the object. */
async function fastHash(inner: Backend, path: string, info: ObjectInfo, o: CallOptions): Promise<string | undefined> {
  const [type] = inner.hashes;
  if (type === undefined || inner.features.slowHash) return undefined;
  return info.hashes[type] ?? (await inner.hash?.(path, type, { ...callOnly(o), info }));
}
