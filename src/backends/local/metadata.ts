import type { BigIntStats } from 'node:fs';
import { chmod, chown, lchown, lstat } from 'node:fs/promises';
import type { Nanos } from '../../core/entry.ts';
import { messageOf, TscloneError } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import { formatRfc3339, timestampOf } from '../../core/time.ts';
import { setTime } from './times.ts';

/** Metadata under rclone's names. Extended attributes, where rclone keeps all other keys, are out of Node's reach. */
export function fileMetadata(s: BigIntStats): Record<string, string> {
  const time = (ns: bigint): string => formatRfc3339(ns, 'utc', 'trim');
  return {
    atime: time(s.atimeNs),
    btime: time(s.birthtimeNs),
    gid: String(s.gid),
    mode: s.mode.toString(8),
    mtime: time(s.mtimeNs),
    uid: String(s.uid),
  };
}

export interface ApplyOptions {
  readonly path: string;
  readonly emit: Emit;
  /** setuid, setgid and sticky bits too. */
  readonly specialBits: boolean;
  /** It is a symbolic link: it has no mode of its own. */
  readonly isLink: boolean;
  /** The time when the metadata has none; undefined = it stays. */
  readonly modTime: Nanos | undefined;
}

type Metadata = Readonly<Record<string, string>>;

/** Keys that a file or a directory has, and those that say what its content is to a service. */
const ownKeys = new Set(['atime', 'btime', 'ctime', 'gid', 'mode', 'mtime', 'rdev', 'uid', 'content-type', 'tier']);

const told = new WeakSet<Emit>();

/** Said once: it goes for everything that follows as well. */
function sayLost(metadata: Metadata, { path, emit }: ApplyOptions): void {
  const lost = Object.keys(metadata).filter((key) => !ownKeys.has(key));
  if (lost.length === 0 || told.has(emit)) return;
  told.add(emit);
  const message = `Metadata that would need extended attributes is not kept in files: ${lost.sort().join(', ')}`;
  emit({ type: 'log', level: 'notice', subject: path, message });
}

/** Owner, mode and times, in the order in which one does not undo another. */
export async function applyMetadata(file: string, metadata: Metadata | undefined, o: ApplyOptions): Promise<void> {
  if (metadata) {
    sayLost(metadata, o);
    await setOwner(file, metadata, o);
    if (!o.isLink) await setMode(file, metadata, o);
  }
  const mtime = known(metadata, 'mtime', timestampOf, o) ?? o.modTime;
  const atime = known(metadata, 'atime', timestampOf, o);
  if (mtime !== undefined) await setTime(file, mtime, { atime, isLink: o.isLink });
}

async function setOwner(file: string, metadata: Metadata, o: ApplyOptions): Promise<void> {
  const uid = known(metadata, 'uid', parseId, o);
  const gid = known(metadata, 'gid', parseId, o);
  if (uid === undefined && gid === undefined) return;
  const now = await lstat(file);
  const [owner, group] = [uid ?? now.uid, gid ?? now.gid];
  if (owner === now.uid && group === now.gid) return;
  await (o.isLink ? lchown : chown)(file, owner, group).catch((e: unknown) => {
    throw refused(`failed to change ownership to ${owner}:${group}: ${messageOf(e)}`, o, e);
  });
}

async function setMode(file: string, metadata: Metadata, o: ApplyOptions): Promise<void> {
  const mode = known(metadata, 'mode', parseMode, o);
  if (mode === undefined) return;
  await chmod(file, mode & (o.specialBits ? 0o7777 : 0o777)).catch((e: unknown) => {
    throw refused(`failed to change the mode: ${messageOf(e)}`, o, e);
  });
}

const refused = (why: string, { path }: ApplyOptions, cause: unknown): TscloneError =>
  new TscloneError('permission_denied', `failed to set metadata: ${why}`, { path, retry: 'high', cause });

const parseId = (text: string): number | undefined => (/^\d{1,10}$/.test(text) ? Number(text) : undefined);

const parseMode = (text: string): number | undefined =>
  /^[0-7]{1,11}$/.test(text) ? Number.parseInt(text, 8) : undefined;

/** The value of a key; what cannot be read is said and left out. */
function known<T>(
  metadata: Metadata | undefined,
  key: string,
  parse: (text: string) => T | undefined,
  { path, emit }: ApplyOptions,
): T | undefined {
  const text = metadata?.[key];
  if (text === undefined) return undefined;
  const value = parse(text);
  if (value === undefined) {
    const message = `Metadata ${key} = ${JSON.stringify(text)} cannot be read and is not set`;
    emit({ type: 'log', level: 'notice', subject: path, message });
  }
  return value;
}
