import type { Backend, HashType, ObjectInfo } from '../core/backend.ts';
import { formatGoDuration } from '../core/time.ts';
import { callOptions, log, skipped, type OperationContext } from './context.ts';

/** An object with the backend that holds it. */
export interface Held {
  readonly backend: Backend;
  readonly info: ObjectInfo;
}

/** The first hash that both sides can give. */
export function commonHash(a: Backend, b: Backend): HashType | undefined {
  return a.hashes.find((type) => b.hashes.includes(type));
}

/** The window within which two times count as equal; undefined when one side keeps no times. */
export function modifyWindow(c: OperationContext, a: Backend, b: Backend): bigint | undefined {
  if (a.precision === 'none' || b.precision === 'none') return undefined;
  return [a.precision, b.precision, c.settings.modifyWindow].reduce((x, y) => (x > y ? x : y));
}

/** The modTime, asked for where the listing did not give it. */
export async function modTimeOf(c: OperationContext, { backend, info }: Held): Promise<bigint | undefined> {
  if (info.modTime !== undefined || backend.precision === 'none') return info.modTime;
  return (await backend.stat(info.path, { ...callOptions(c), want: ['modTime'] })).modTime;
}

async function sameHash(c: OperationContext, src: Held, dst: Held): Promise<'same' | 'differ' | 'unknown'> {
  const type = commonHash(src.backend, dst.backend);
  if (type === undefined) return 'unknown';
  const digest = ({ backend, info }: Held): Promise<string | undefined> | undefined =>
    backend.hash?.(info.path, type, { ...callOptions(c), info });
  // The side that may know it without reading is asked first: without its digest the other need not be read.
  const [first, second] = dst.backend.features.slowHash ? [src, dst] : [dst, src];
  const a = await digest(first);
  if (a === undefined || a === '') return 'unknown';
  const b = await digest(second);
  if (b === undefined || b === '') return 'unknown';
  log(c, 'debug', src.info.path, a === b ? `${type} = ${a} OK` : `${type} differ`);
  return a === b ? 'same' : 'differ';
}

/**
 * Does the source have to be copied over the destination? Sizes, times and hashes decide by rclone's rules; where
 * only the time differs it is set on the destination.
 */
export async function needsTransfer(c: OperationContext, src: Held, dst: Held | undefined): Promise<boolean> {
  const { path } = src.info;
  const { settings } = c;
  if (!dst) {
    log(c, 'debug', path, 'Need to transfer - File not found at Destination');
    return true;
  }
  if (settings.ignoreExisting) {
    log(c, 'debug', path, 'Destination exists, skipping');
    return false;
  }
  if (settings.ignoreTimes) {
    log(c, 'debug', path, 'Transferring unconditionally as --ignore-times is in use');
    return true;
  }
  const equal = await isEqual(c, src, dst);
  if (equal) log(c, 'debug', path, 'Unchanged skipping');
  return !equal;
}

async function isEqual(c: OperationContext, src: Held, dst: Held): Promise<boolean> {
  const { path } = src.info;
  const { settings } = c;
  if (src.info.size !== dst.info.size) {
    log(c, 'debug', path, 'Sizes differ');
    return false;
  }
  if (settings.sizeOnly) {
    log(c, 'debug', path, 'Sizes identical');
    return true;
  }
  if (settings.checksum) return (await sameHash(c, src, dst)) !== 'differ';

  const window = modifyWindow(c, src.backend, dst.backend);
  if (window === undefined) return (await sameHash(c, src, dst)) !== 'differ';
  const [wanted, stored] = await Promise.all([modTimeOf(c, src), modTimeOf(c, dst)]);
  const apart = (wanted ?? 0n) - (stored ?? 0n);
  const distance = apart < 0n ? -apart : apart;
  if (distance < window || distance === 0n) {
    const by = formatGoDuration(distance);
    log(
      c,
      'debug',
      path,
      `Size and modification time the same (differ by ${by}, within tolerance ${formatGoDuration(window)})`,
    );
    return true;
  }
  log(c, 'debug', path, `Modification times differ by ${formatGoDuration(distance)}`);
  if ((await sameHash(c, src, dst)) !== 'same') return false;
  await updateTime(c, src, dst, wanted);
  return true;
}

/** The bytes are equal and only the time is not: that is mended without a copy. */
async function updateTime(c: OperationContext, src: Held, dst: Held, modTime: bigint | undefined): Promise<void> {
  if (c.settings.noUpdateModTime || modTime === undefined || !dst.backend.setModTime) return;
  if (skipped(c, 'update modification time', src.info.path, src.info.size)) return;
  await dst.backend.setModTime(dst.info.path, modTime, { ...callOptions(c), info: dst.info });
  log(c, 'info', src.info.path, 'Updated modification time in destination');
}
