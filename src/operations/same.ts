import type { Backend, HashType, ObjectInfo } from '../core/backend.ts';
import { hasCode, messageOf } from '../core/errors.ts';
import { formatGoDuration, formatLayout } from '../core/time.ts';
import { callOptions, log, skipped, type OperationContext } from './context.ts';
import type { OperationSettings } from './settings.ts';

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
export function modifyWindow(
  settings: Pick<OperationSettings, 'modifyWindow'>,
  a: Backend,
  b: Backend,
): bigint | undefined {
  if (a.precision === 'none' || b.precision === 'none') return undefined;
  return [a.precision, b.precision, settings.modifyWindow].reduce((x, y) => (x > y ? x : y));
}

/** The modTime, asked for where the listing did not give it. */
export async function modTimeOf(c: OperationContext, { backend, info }: Held): Promise<bigint | undefined> {
  if (info.modTime !== undefined || backend.precision === 'none') return info.modTime;
  return (await backend.stat(info.path, { ...callOptions(c), want: ['modTime'] })).modTime;
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
  const window = settings.update ? modifyWindow(c.settings, src.backend, dst.backend) : undefined;
  if (window !== undefined) return isOutdated(c, src, dst, window);
  return !(await isUnchanged(c, src, dst, rulesOf(c)));
}

/** The rules of --update. */
async function isOutdated(c: OperationContext, src: Held, dst: Held, window: bigint): Promise<boolean> {
  const { path } = src.info;
  const [written, stored] = await Promise.all([modTimeOf(c, src), modTimeOf(c, dst)]);
  const apart = (stored ?? 0n) - (written ?? 0n);
  if (apart >= window) {
    log(c, 'debug', path, 'Destination is newer than source, skipping');
    return false;
  }
  // Older: the bytes decide, whatever the times.
  if (apart <= -window) return !(await isUnchanged(c, src, dst, { ...rulesOf(c), times: false }));
  const rules: EqualRules = { ...rulesOf(c), sizeOnly: !c.settings.checksum };
  const equal = await isEqual(c, src, dst, rules);
  const outcome = equal ? 'and files identical, skipping' : 'but files differ, transferring';
  log(c, 'debug', path, `Destination mod time is within ${formatGoDuration(window)} of source ${outcome}`);
  return !equal;
}

async function isUnchanged(c: OperationContext, src: Held, dst: Held, rules: EqualRules): Promise<boolean> {
  const equal = await isEqual(c, src, dst, rules);
  if (equal) log(c, 'debug', src.info.path, 'Unchanged skipping');
  return equal;
}

/** What decides whether two objects are equal. */
export interface EqualRules {
  readonly sizeOnly: boolean;
  readonly checksum: boolean;
  /** Times within the window show that objects of one size are equal. */
  readonly times: boolean;
  /** A time that differs is set on the destination when the bytes are equal. */
  readonly setTime: boolean;
}

/** The rules that the settings ask for. */
export function rulesOf({ settings }: OperationContext): EqualRules {
  const { sizeOnly, checksum, noUpdateModTime } = settings;
  return { sizeOnly, checksum, times: true, setTime: !noUpdateModTime };
}

export async function isEqual(c: OperationContext, src: Held, dst: Held, rules: EqualRules): Promise<boolean> {
  const { path } = src.info;
  if (!c.settings.ignoreSize && src.info.size !== dst.info.size) {
    for (const { backend, info } of [src, dst])
      log(c, 'debug', path, `size = ${info.size ?? -1} (${backend.description})`);
    log(c, 'debug', path, 'Sizes differ');
    return false;
  }
  if (rules.sizeOnly) {
    log(c, 'debug', path, 'Sizes identical');
    return true;
  }
  if (rules.checksum) return hasSameHash(c, src, dst);

  const wanted = await modTimeOf(c, src);
  if (rules.times) {
    const window = modifyWindow(c.settings, src.backend, dst.backend);
    if (window === undefined) return (await compareHashes(c, src, dst)) !== 'differ';
    if (await isSameTime(c, src, dst, wanted, window)) return true;
  }
  const found = await compareHashes(c, src, dst);
  if (found === 'differ' || (found === 'unknown' && !c.settings.refreshTimes)) return false;
  return !rules.setTime || wanted === undefined || updateTime(c, src, dst, wanted);
}

/** --checksum. Without a common hash the size, which is equal here, has decided. */
async function hasSameHash(c: OperationContext, src: Held, dst: Held): Promise<boolean> {
  const { path } = src.info;
  const found = await compareHashes(c, src, dst);
  if (found === 'differ') return false;
  if (commonHash(src.backend, dst.backend) === undefined) sayOnce(c, dst.backend, noCommonHash);
  log(c, 'debug', path, `Size${found === 'unknown' ? '' : ` and ${found}`} of src and dst objects identical`);
  return true;
}

const noCommonHash =
  '--checksum is in use but the source and destination have no hashes in common; falling back to --size-only';

const said = new WeakMap<object, Set<string>>();

function sayOnce(c: OperationContext, about: Backend, message: string): void {
  const before = said.get(c.accounting) ?? new Set();
  said.set(c.accounting, before);
  if (before.has(message)) return;
  before.add(message);
  log(c, 'notice', about.description, message);
}

async function isSameTime(
  c: OperationContext,
  src: Held,
  dst: Held,
  wanted: bigint | undefined,
  window: bigint,
): Promise<boolean> {
  const { path } = src.info;
  const stored = await modTimeOf(c, dst);
  const apart = (stored ?? 0n) - (wanted ?? 0n);
  const by = formatGoDuration(apart);
  if (apart === 0n || (apart < window && apart > -window)) {
    const within = formatGoDuration(window);
    log(c, 'debug', path, `Size and modification time the same (differ by ${by}, within tolerance ${within})`);
    return true;
  }
  log(c, 'debug', path, `Modification times differ by ${by}: ${shownTime(wanted)}, ${shownTime(stored)}`);
  return false;
}

const shownTime = (t: bigint | undefined): string =>
  formatLayout(t ?? 0n, '2006-01-02 15:04:05.999999999 -0700 MST', 'local');

/** The name of the hash that both sides have in common, when it is the same. */
async function compareHashes(c: OperationContext, src: Held, dst: Held): Promise<HashType | 'differ' | 'unknown'> {
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
  return a === b ? type : 'differ';
}

/** The bytes are equal and only the time is not: that is mended without a copy. False when a copy is needed all the same. */
async function updateTime(c: OperationContext, src: Held, dst: Held, modTime: bigint): Promise<boolean> {
  const { path } = src.info;
  if (await skipped(c, 'update modification time', path, src.info.size)) return true;
  if (c.settings.immutable) {
    log(c, 'error', dst.info.path, 'Timestamp mismatch between immutable objects');
    return false;
  }
  const cannot = (): false => {
    log(c, 'debug', path, "src and dst identical but can't set mod time without re-uploading");
    return false;
  };
  if (!dst.backend.setModTime) return cannot();
  try {
    await dst.backend.setModTime(dst.info.path, modTime, { ...callOptions(c), info: dst.info });
  } catch (e) {
    if (c.signal?.aborted) throw e;
    // Not this one: it lies in an archive.
    if (hasCode(e, 'unsupported')) return cannot();
    log(c, 'error', dst.info.path, `Failed to set modification time: ${messageOf(e)}`);
    c.accounting.settle(e);
    return true;
  }
  log(c, 'info', path, 'Updated modification time in destination');
  return true;
}
