import { formatSizeUnit } from '../core/size.ts';
import { isTscloneError } from '../core/errors.ts';
import type { Accounting } from '../operations/accounting.ts';

/** The block of counts that rclone prints at the end of a transfer: starts with a newline, ends with an empty line. */
export function statsBlock(a: Accounting, elapsedSeconds: number): string {
  const total = Math.max(a.totalBytes, a.bytes);
  const speed = elapsedSeconds >= 1 ? a.bytes / elapsedSeconds : 0;
  const lines = [
    `Transferred:   \t${formatSize(a.bytes).padStart(13)} / ${formatSize(total)}, ${percent(a.bytes, total)}, ${formatSizeUnit(Math.round(speed), 'B/s')}, ETA ${eta(total - a.bytes, speed)}`,
  ];
  const row = (label: string, value: string, width = 10): void => {
    lines.push(label.padEnd(15) + value.padStart(width));
  };
  if (a.errors > 0) row('Errors:', `${String(a.errors).padStart(10)}${errorNote(a)}`, 0);
  if (a.checks > 0 || a.listed > 0)
    row(
      'Checks:',
      `${String(a.checks).padStart(10)} / ${a.checks}, ${percent(a.checks, a.checks)}, Listed ${a.listed}`,
      0,
    );
  if (a.deletes > 0 || a.deletedDirs > 0) {
    const freed = formatSize(a.deletedBytes);
    row('Deleted:', `${String(a.deletes).padStart(10)} (files), ${a.deletedDirs} (dirs), ${freed} (freed)`, 0);
  }
  if (a.renames > 0) row('Renamed:', String(a.renames));
  const transfers = Math.max(a.totalTransfers, a.transfers);
  if (transfers > 0)
    row('Transferred:', `${String(a.transfers).padStart(10)} / ${transfers}, ${percent(a.transfers, transfers)}`, 0);
  if (a.serverSideCopies > 0)
    lines.push(`Server Side Copies:${String(a.serverSideCopies).padStart(7)} @ ${formatSize(a.serverSideCopyBytes)}`);
  if (a.serverSideMoves > 0)
    lines.push(`Server Side Moves:${String(a.serverSideMoves).padStart(8)} @ ${formatSize(a.serverSideMoveBytes)}`);
  row('Elapsed time:', elapsed(elapsedSeconds), 11);
  return `\n${lines.join('\n')}\n`;
}

const formatSize = (n: number): string => formatSizeUnit(Math.max(0, n));

function percent(done: number, total: number): string {
  return total > 0 ? `${Math.round((100 * done) / total)}%` : '-';
}

function eta(left: number, speed: number): string {
  if (speed <= 0) return '-';
  return elapsed(Math.max(0, left / speed)).replace(/\.\d+s$/, 's');
}

function errorNote(a: Accounting): string {
  if (isTscloneError(a.lastError) && a.lastError.code === 'fatal') return ' (fatal error encountered)';
  return a.canRetry ? ' (retrying may help)' : ' (no need to retry)';
}

/** `0.0s`, `1m2.3s`, `2h3m4.5s`. */
function elapsed(seconds: number): string {
  const tenths = Math.floor(seconds * 10);
  const h = Math.floor(tenths / 36_000);
  const m = Math.floor((tenths % 36_000) / 600);
  const s = ((tenths % 600) / 10).toFixed(1);
  return `${h > 0 ? `${h}h` : ''}${h > 0 || m > 0 ? `${m}m` : ''}${s}s`;
}
