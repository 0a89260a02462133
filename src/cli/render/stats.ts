import { formatSizeUnit } from '../../core/size.ts';
import { formatLayout } from '../../core/time.ts';
import type { Accounting } from '../../operations/accounting.ts';
import type { Activity, Work } from './activity.ts';

/** How the statistics look: rclone's `--stats-…` flags. */
export interface StatsStyle {
  readonly oneLine: boolean;
  /** Layout of the date in front of the one line; absent = none. */
  readonly datePrefix?: string;
  readonly unit: 'bytes' | 'bits';
  /** Width of names in the rows of what is under way; 0 = as long as they are. */
  readonly nameWidth: number;
}

/** What is shown: counts and what is under way. */
export interface StatsSource {
  readonly accounting: Accounting;
  readonly activity: Activity;
}

/** The text of `--stats`: starts with a newline and ends with an empty line, or is one line. */
export function statsText(s: StatsSource, style: StatsStyle): string {
  if (!style.oneLine) return `\n${statsLines(s, style).join('\n')}\n`;
  const date =
    style.datePrefix === undefined ? '' : formatLayout(BigInt(Date.now()) * 1_000_000n, style.datePrefix, 'local');
  return date + transferred(s, style) + queues(s);
}

/** The block of counts that rclone prints, line by line. */
export function statsLines(s: StatsSource, style: StatsStyle): string[] {
  const a = s.accounting;
  const lines = [`Transferred:   \t${transferred(s, style)}`];
  const row = (label: string, value: string, width = 10): void => {
    lines.push(label.padEnd(15) + value.padStart(width));
  };
  const ten = (n: number): string => String(n).padStart(10);
  if (a.errors > 0) row('Errors:', `${ten(a.errors)}${errorNote(a)}`, 0);
  if (a.checks > 0 || a.listed > 0) {
    row('Checks:', `${ten(a.checks)} / ${a.checks}, ${percent(a.checks, a.checks)}, Listed ${a.listed}`, 0);
  }
  if (a.deletes > 0 || a.deletedDirs > 0) {
    row('Deleted:', `${ten(a.deletes)} (files), ${a.deletedDirs} (dirs), ${formatBytes(a.deletedBytes)} (freed)`, 0);
  }
  if (a.renames > 0) row('Renamed:', String(a.renames));
  const transfers = Math.max(a.totalTransfers, a.transfers);
  if (transfers > 0) row('Transferred:', `${ten(a.transfers)} / ${transfers}, ${percent(a.transfers, transfers)}`, 0);
  if (a.serverSideCopies > 0) {
    lines.push(`Server Side Copies:${String(a.serverSideCopies).padStart(7)} @ ${formatBytes(a.serverSideCopyBytes)}`);
  }
  if (a.serverSideMoves > 0) {
    lines.push(`Server Side Moves:${String(a.serverSideMoves).padStart(8)} @ ${formatBytes(a.serverSideMoveBytes)}`);
  }
  row('Elapsed time:', formatElapsed(s.activity.elapsed), 11);
  const { checking, transferring } = s.activity;
  if (checking.length > 0) lines.push('Checking:', ...checking.map((name) => ` * ${fitName(name, style)}: checking`));
  if (transferring.length > 0) lines.push('Transferring:', ...transferring.map((work) => workRow(work, style)));
  return lines;
}

/** The same as data: `stats` of JSON log lines. Times in seconds, sizes in bytes. */
export function statsObject({ accounting: a, activity }: StatsSource): Record<string, unknown> {
  const total = Math.max(a.totalBytes, a.bytes);
  const { transferring, checking, speed } = activity;
  const work = transferring.map(({ name, size = -1, bytes, speed: own }) => ({
    bytes,
    eta: own > 0 && size >= 0 ? Math.round((size - bytes) / own) : null,
    group: 'global_stats',
    name,
    percentage: size > 0 ? Math.floor((100 * bytes) / size) : 0,
    size,
    speed: own,
    speedAvg: own,
  }));
  return {
    bytes: a.bytes,
    ...(checking.length > 0 ? { checking } : {}),
    checks: a.checks,
    deletedDirs: a.deletedDirs,
    deletes: a.deletes,
    elapsedTime: activity.elapsed,
    errors: a.errors,
    eta: speed > 0 ? Math.round((total - a.bytes) / speed) : null,
    fatalError: a.fatalError,
    ...(a.lastError ? { lastError: a.lastError.message } : {}),
    listed: a.listed,
    renames: a.renames,
    retryError: a.retryError,
    serverSideCopies: a.serverSideCopies,
    serverSideCopyBytes: a.serverSideCopyBytes,
    serverSideMoveBytes: a.serverSideMoveBytes,
    serverSideMoves: a.serverSideMoves,
    speed,
    totalBytes: total,
    totalChecks: a.checks,
    totalTransfers: Math.max(a.totalTransfers, a.transfers),
    transferTime: activity.transferTime,
    ...(work.length > 0 ? { transferring: work } : {}),
    transfers: a.transfers,
  };
}

/** Time left of everything, as the first line shows it. */
export function etaText({ accounting: a, activity }: StatsSource): string {
  return formatEta(Math.max(a.totalBytes, a.bytes) - a.bytes, activity.speed);
}

function transferred(s: StatsSource, style: StatsStyle): string {
  const a = s.accounting;
  const total = Math.max(a.totalBytes, a.bytes);
  const rate = formatRate(s.activity.speed, style);
  return `${formatBytes(a.bytes).padStart(13)} / ${formatBytes(total)}, ${percent(a.bytes, total)}, ${rate}, ETA ${etaText(s)}`;
}

/** Only while something waits. */
function queues({ accounting: a }: StatsSource): string {
  if (a.totalTransfers <= a.transfers) return '';
  return ` (xfr#${a.transfers}/${a.totalTransfers})`;
}

function workRow({ name, size, bytes, speed }: Work, style: StatsStyle): string {
  const part = size === undefined || size === 0 ? 0 : Math.floor((100 * bytes) / size);
  const share = size === 0 ? 100 : part;
  const left = formatEta(Math.max(0, (size ?? bytes) - bytes), speed);
  return ` * ${fitName(name, style)}:${String(share).padStart(3)}% / ${formatBytes(size ?? -1)}, ${formatRate(speed, style)}, ${left}`;
}

/** The name right-aligned; of a longer one both ends stay. */
function fitName(name: string, { nameWidth }: StatsStyle): string {
  const clean = name.replace(/\p{Cc}/gu, '?');
  if (nameWidth <= 0) return clean;
  const letters = [...clean];
  if (letters.length <= nameWidth) return ' '.repeat(nameWidth - letters.length) + clean;
  const tail = Math.floor((nameWidth - 1) / 2);
  const head = nameWidth - 1 - tail;
  return `${letters.slice(0, head).join('')}…${tail === 0 ? '' : letters.slice(-tail).join('')}`;
}

const formatBytes = (n: number): string => (n < 0 ? 'off' : formatSizeUnit(n));

const formatRate = (bytesPerSecond: number, { unit }: StatsStyle): string =>
  unit === 'bits'
    ? formatSizeUnit(Math.round(bytesPerSecond * 8), 'bit/s')
    : formatSizeUnit(Math.round(bytesPerSecond), 'B/s');

function percent(done: number, total: number): string {
  return total > 0 ? `${Math.round((100 * done) / total)}%` : '-';
}

/** The three largest units: `1d2h3m`. */
function formatEta(bytesLeft: number, speed: number): string {
  if (speed <= 0) return '-';
  let seconds = Math.max(0, Math.round(bytesLeft / speed));
  const parts: string[] = [];
  for (const [letter, length] of [
    ['y', 31_536_000],
    ['w', 604_800],
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const n = Math.floor(seconds / length);
    seconds -= n * length;
    if (n > 0) parts.push(`${n}${letter}`);
  }
  return parts.length === 0 ? '0s' : parts.slice(0, 3).join('');
}

function errorNote(a: Accounting): string {
  if (a.fatalError) return ' (fatal error encountered)';
  return a.retryError ? ' (retrying may help)' : ' (no need to retry)';
}

/** `0.0s`, `1m2.3s`, `2h3m4.5s`. */
function formatElapsed(seconds: number): string {
  const tenths = Math.floor(seconds * 10);
  const h = Math.floor(tenths / 36_000);
  const m = Math.floor((tenths % 36_000) / 600);
  const s = ((tenths % 600) / 10).toFixed(1);
  return `${h > 0 ? `${h}h` : ''}${h > 0 || m > 0 ? `${m}m` : ''}${s}s`;
}
