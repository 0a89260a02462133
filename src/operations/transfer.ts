import type { Backend, ObjectInfo, WriteOptions } from '../core/backend.ts';
import { closing } from '../core/bytes.ts';
import { hasCode, isTscloneError, messageOf, throwIfAborted, TscloneError } from '../core/errors.ts';
import { joinPath } from '../core/path.ts';
import type { Aside } from './aside.ts';
import { callOptions, log, skipped, throttled, type OperationContext } from './context.ts';
import { admit, withinLimit } from './limits.ts';
import { carriedMetadata, copyMetadata } from './metadata.ts';
import { copyInPieces, isMultiThread, readsInPieces } from './pieces.ts';
import { removeObjects } from './remove.ts';
import type { Held } from './same.ts';
import { unreachableError } from './unreachable.ts';

/** Where an object goes, and what stands there now. */
export interface Target {
  readonly backend: Backend;
  readonly path: string;
  readonly existing?: ObjectInfo | undefined;
}

/** Copies one object; several tries where the failure may pass. A failure is logged, counted and thrown. */
export async function copyObject(c: OperationContext, src: Held, dst: Target): Promise<void> {
  const { info } = src;
  const { accounting } = c;
  if (info.unreachable !== undefined)
    throw failed(c, info.path, 'copy', unreachableError(info.path, [info.unreachable]));
  accounting.totalTransfers += 1;
  accounting.totalBytes += info.size ?? 0;
  try {
    admit(c, info.size);
  } catch (e) {
    throw accounting.settle(e);
  }
  const serverSide = dst.backend.copy !== undefined && isSameStore(c, src.backend, dst.backend);
  if (await skipped(c, 'copy', info.path, info.size)) {
    count(c, info.size ?? 0);
    return;
  }
  c.emit({ type: 'transfer.start', path: info.path, ...(info.size === undefined ? {} : { size: info.size }) });
  accounting.runningBytes += info.size ?? 0;
  try {
    const how = (serverSide ? await copyOnServer(c, src, dst) : undefined) ?? (await copyThrough(c, src, dst));
    accounting.transfers += 1;
    accounting.finishedBytes += info.size ?? 0;
    c.emit({ type: 'transfer.done', path: info.path, bytes: info.size ?? 0 });
    c.emit({
      type: 'log',
      level: 'info',
      subject: info.path,
      message: `${how}${renamed(info.path, dst.path)}`,
      ...(info.size === undefined ? {} : { extra: { size: info.size } }),
    });
  } catch (e) {
    throw failed(c, info.path, 'copy', e);
  } finally {
    accounting.runningBytes -= info.size ?? 0;
  }
}

/** Bytes between the two need not pass through here. */
function isSameStore(c: OperationContext, src: Backend, dst: Backend): boolean {
  if (src.storeId === dst.storeId || (src.copyGroup !== undefined && src.copyGroup === dst.copyGroup)) return true;
  return c.settings.serverSideAcrossConfigs && src.type === dst.type;
}

const renamed = (from: string, to: string): string => (from === to ? '' : ` to: ${to}`);

function count(c: OperationContext, bytes: number): void {
  c.accounting.transfers += 1;
  c.accounting.bytes += bytes;
}

function failed(c: OperationContext, path: string, verb: string, cause: unknown): Error {
  const e = c.signal?.aborted ? stopped(c.signal, cause) : cause;
  if (!e) return cause as Error;
  const code = isTscloneError(e) ? e.code : 'other';
  c.emit({ type: 'transfer.failed', path, code, message: messageOf(e) });
  log(c, 'error', path, `Failed to ${verb}: ${messageOf(e)}`);
  return c.accounting.settle(e);
}

/** What a transfer says that was stopped because another one met a fatal error; undefined when the caller stopped all. */
function stopped(signal: AbortSignal, e: unknown): unknown {
  const reason: unknown = signal.reason;
  if (!isTscloneError(reason) || !reason.fatal) return undefined;
  if (isTscloneError(e) && e.fatal && e !== reason) return e;
  const message = reason.code === 'duration_limit' ? 'context deadline exceeded' : 'context canceled';
  return new TscloneError('aborted', message, { retry: 'no', cause: e });
}

/** Undefined = the store cannot copy between these two places. */
async function copyOnServer(c: OperationContext, src: Held, dst: Target): Promise<string | undefined> {
  const { backend, info } = src;
  const metadata = await copyMetadata(c, src, dst.backend);
  try {
    await dst.backend.copy?.(backend, info, dst.path, { ...callOptions(c), ...metadata });
  } catch (e) {
    if (hasCode(e, 'unsupported')) return undefined;
    throw e;
  }
  const bytes = info.size ?? 0;
  c.accounting.bytes += bytes;
  c.accounting.serverSideCopies += 1;
  c.accounting.serverSideCopyBytes += bytes;
  return 'Copied (server-side copy)';
}

/** Reads here and writes there. Each try starts a new read: a spent stream cannot be sent twice. */
async function copyThrough(c: OperationContext, src: Held, dst: Target): Promise<string> {
  const { info } = src;
  const verify = !c.settings.ignoreChecksum;
  for (let attempt = 1; ; attempt++) {
    let taken = 0;
    let read = 0;
    const passing: Passing = {
      verify,
      onRead: (bytes) => (read += bytes),
      onBytes(bytes) {
        taken += bytes;
        c.accounting.bytes += bytes;
        c.emit({ type: 'transfer.bytes', path: info.path, bytes });
      },
    };
    try {
      const inPieces = readsInPieces(c, src, dst) && (await copyInPieces(c, src, dst, passing));
      if (!inPieces) await copyInOne(c, src, dst, passing);
      return `${isMultiThread(c, src, dst) ? 'Multi-thread ' : ''}Copied (${dst.existing ? 'replaced existing' : 'new'})`;
    } catch (e) {
      c.accounting.bytes -= taken;
      c.accounting.readBytes -= read;
      throwIfAborted(c.signal);
      if (attempt >= c.settings.lowLevelRetries || !isTscloneError(e) || e.retry !== 'low') throw e;
      c.emit({ type: 'retry', operation: `copy ${info.path}`, attempt, message: messageOf(e) });
      await c.platform.sleep(e.retryAfter ?? Math.min(10 * 2 ** attempt, 2000), c.signal);
    }
  }
}

/** What a copy through here does with the bytes beside passing them on. */
export interface Passing {
  /** The digest of what is stored is compared with the source's. */
  readonly verify: boolean;
  readonly onRead: (bytes: number) => void;
  readonly onBytes: (bytes: number) => void;
}

async function copyInOne(c: OperationContext, src: Held, dst: Target, p: Passing): Promise<void> {
  const { backend, info } = src;
  const { verify } = p;
  const { info: seen, body } = await backend.read(info.path, { ...callOptions(c), info, verify });
  const counted = withinLimit(c, throttled(c, body), p.onRead);
  const o = await describedWrite(c, src, dst, seen, p).catch(closing(body));
  await dst.backend.write(dst.path, counted, {
    ...o,
    sourceHash: async (type) => seen.hashes[type] ?? backend.hash?.(info.path, type, { ...callOptions(c), info }),
    ...(backend.features.isLocal
      ? { reopen: async () => (await backend.read(info.path, { ...callOptions(c), info })).body }
      : {}),
  });
}

/** How the new object is written: what it is, whatever way its bytes come. */
export async function describedWrite(
  c: OperationContext,
  src: Held,
  dst: Target,
  seen: ObjectInfo,
  p: Passing,
): Promise<WriteOptions> {
  const { backend, info } = src;
  const size = seen.size ?? info.size;
  const modTime = info.modTime ?? seen.modTime;
  const metadata = await carriedMetadata(c, src, dst.backend, seen);
  return {
    ...callOptions(c),
    verify: p.verify,
    onBytes: p.onBytes,
    inPlace: c.settings.inplace,
    partialSuffix: c.settings.partialSuffix,
    ...(size === undefined ? {} : { size }),
    ...(modTime === undefined ? {} : { modTime }),
    ...(metadata ? { metadata } : {}),
    ...(backend.features.readMimeType && !backend.features.isLocal ? { mimeType: seen.mimeType } : {}),
  };
}

/** A move that belongs to the work of a command counts as a transfer, one on the way to it as a check. */
export type MoveKind = 'transfer' | 'check';

/** Moves one object: a rename where the store can, else copy and delete. */
export async function moveObject(
  c: OperationContext,
  src: Held,
  dst: Target,
  kind: MoveKind = 'transfer',
): Promise<void> {
  const { info } = src;
  const { accounting } = c;
  const size = info.size ?? 0;
  const verb = info.path === dst.path ? 'move' : `move to ${dst.path}`;
  const whole = dst.backend.move !== undefined && isSameStore(c, src.backend, dst.backend);
  const counted = (): void => {
    accounting.renames += 1;
    if (kind === 'check') {
      accounting.checks += 1;
      return;
    }
    accounting.totalTransfers += 1;
    accounting.totalBytes += size;
    count(c, size);
  };
  if (await skipped(c, verb, info.path, info.size)) {
    counted();
    return;
  }
  if (whole) {
    try {
      const metadata = await copyMetadata(c, src, dst.backend);
      await dst.backend.move?.(src.backend, info, dst.path, { ...callOptions(c), ...metadata });
      counted();
      accounting.serverSideMoves += 1;
      accounting.serverSideMoveBytes += size;
      if (dst.existing && !isSame(src, { backend: dst.backend, path: dst.existing.path })) sayReplaced(c, dst.existing);
      log(c, 'info', info.path, `Moved (server-side)${renamed(info.path, dst.path)}`);
      return;
    } catch (e) {
      if (!hasCode(e, 'unsupported')) throw failed(c, info.path, 'move', e);
    }
  }
  try {
    await copyObject(c, src, dst);
  } catch (e) {
    if (!c.signal?.aborted) log(c, 'error', info.path, `Not deleting source as copy failed: ${messageOf(e)}`);
    throw e;
  }
  if (isOneObject(src, dst)) return sayKept(c, info.path);
  await removeSource(c, src);
  accounting.renames += 1;
  if (kind === 'check') accounting.checks += 1;
}

/** rclone deletes what stands at the target before it renames; here the rename replaces it. */
function sayReplaced(c: OperationContext, replaced: ObjectInfo): void {
  c.accounting.checks += 1;
  c.accounting.deletes += 1;
  c.accounting.deletedBytes += replaced.size ?? 0;
  log(c, 'info', replaced.path, 'Deleted');
}

/** Moves an object of the destination to where it is kept. */
export async function setAside(c: OperationContext, aside: Aside, held: Held): Promise<void> {
  const path = aside.pathOf(held.info.path);
  const existing = await statOrNothing(c, aside.backend, path);
  await moveObject(c, held, { backend: aside.backend, path, existing }, 'check');
}

async function removeSource(c: OperationContext, src: Held): Promise<void> {
  c.accounting.checks += 1;
  await removeObjects(c, src.backend, [src.info]);
}

/** What a transfer does with the source afterwards. */
export type TransferMode = 'copy' | 'move';

/** Carries out what `needsTransfer` decided. */
export async function transferAsDecided(
  c: OperationContext,
  src: Held,
  dst: Target,
  mode: TransferMode,
  needed: boolean,
): Promise<void> {
  if (needed) await (mode === 'move' ? moveObject : copyObject)(c, src, dst);
  else if (mode === 'move') await removeUnneeded(c, src, dst);
}

/** The destination has it already: after a move the source has it no longer. */
async function removeUnneeded(c: OperationContext, src: Held, dst: Target): Promise<void> {
  const { path } = src.info;
  if (isOneObject(src, dst)) sayKept(c, path);
  else if (c.settings.ignoreExisting)
    log(c, 'debug', path, 'Not removing source file as destination file exists and --ignore-existing is set');
  else await removeSource(c, src);
}

/** Both names stand for one object. */
export function isSame(src: Held, dst: { backend: Backend; path: string }): boolean {
  return (
    src.backend.storeId === dst.backend.storeId &&
    joinPath(src.backend.root, src.info.path) === joinPath(dst.backend.root, dst.path)
  );
}

/** The same, also where two remotes have the object: then removing it from one would take it from both. */
function isOneObject(src: Held, dst: { backend: Backend; path: string }): boolean {
  if (isSame(src, dst)) return true;
  const { place } = src.backend;
  if (place === undefined || dst.backend.place === undefined) return false;
  return joinPath(place, src.info.path) === joinPath(dst.backend.place, dst.path);
}

function sayKept(c: OperationContext, path: string): void {
  log(c, 'notice', path, 'Not removing source file as it is the same file as the destination');
}

export async function statOrNothing(
  c: OperationContext,
  backend: Backend,
  path: string,
): Promise<ObjectInfo | undefined> {
  try {
    return await backend.stat(path, callOptions(c));
  } catch (e) {
    if (hasCode(e, 'object_not_found', 'dir_not_found', 'bucket_not_found')) return undefined;
    if (hasCode(e, 'is_directory')) throw new TscloneError('is_directory', e.message, { path, retry: 'no', cause: e });
    throw e;
  }
}
