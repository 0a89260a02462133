import { TscloneError } from '../../core/errors.ts';
import { formatLayout } from '../../core/time.ts';
import { log } from '../context.ts';
import type { SyncRun } from './run.ts';

/** --max-duration. */
export interface Deadline {
  /** Tells, after everything has ended, that something was left undone. */
  settle(): void;
  clear(): void;
}

/** Counts from now. In mode `hard` what is under way is stopped, else only nothing more is begun. */
export function setDeadline(run: SyncRun): Deadline {
  const { c, dst } = run;
  const { maxDuration, cutoffMode } = c.settings;
  if (maxDuration <= 0n) return { settle: () => {}, clear: () => {} };
  const end = formatLayout(c.platform.now() + maxDuration, '2006/01/02 15:04:05', 'local');
  log(c, 'info', dst.description, `Transfer session ${cutoffMode.toUpperCase()} deadline: ${end}`);
  const error = new TscloneError('duration_limit', 'max transfer duration reached as set by --max-duration', {
    retry: 'no',
    fatal: true,
  });
  const cleared = new AbortController();
  let passed = false;
  // A timer takes no more.
  const wait = Math.min(Number(maxDuration / 1_000_000n), 2 ** 31 - 1);
  c.platform.sleep(wait, cleared.signal).then(
    () => {
      passed = true;
      if (cutoffMode === 'hard') run.stop(error);
      else run.close();
    },
    () => {},
  );
  return {
    settle() {
      if (!passed || !run.cut) return;
      run.fail(error);
      log(c, 'error', dst.description, error.message);
    },
    clear: () => cleared.abort(),
  };
}
