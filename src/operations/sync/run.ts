import type { Backend } from '../../core/backend.ts';
import { isTscloneError, messageOf } from '../../core/errors.ts';
import type { Aside } from '../aside.ts';
import type { Beside } from '../beside.ts';
import { log, type OperationContext } from '../context.ts';
import type { Open } from '../locate.ts';
import type { Order } from '../order.ts';

/** What a sync found out about one name: `same` on both sides, only on one, to be replaced, or failed. */
export type SyncResult = 'same' | 'differ' | 'srcOnly' | 'dstOnly' | 'error';

export interface SyncOptions {
  readonly mode: 'copy' | 'sync' | 'move';
  readonly createEmptySrcDirs: boolean;
  /** After a move. */
  readonly deleteEmptySrcDirs: boolean;
  /** Opens what --backup-dir, --compare-dest and --copy-dest name. */
  readonly open: Open;
  /** Told about every name; what only the destination has is then looked for in a copy and a move too. */
  readonly report?: ((result: SyncResult, path: string) => Promise<void>) | undefined;
}

/** One run over two trees: what its parts share. */
export interface SyncRun {
  /** Its signal fires too when a fatal error ends the run. */
  readonly c: OperationContext;
  readonly src: Backend;
  readonly dst: Backend;
  readonly options: SyncOptions;
  readonly aside: Aside | undefined;
  readonly beside: Beside | undefined;
  readonly order: Order | undefined;
  /** Directories of the destination in which something was written, with those above. */
  readonly written: Set<string>;
  /** Directories of the destination that were made for their own sake. */
  readonly made: Set<string>;
  /** Fires when nothing new is to be started; what is under way goes on. */
  readonly closing: AbortSignal;
  close(): void;
  /** Stops what is under way; the error itself is told by the caller. */
  stop(reason: Error): void;
  /** Something was not begun, or not finished, because the run was closing. */
  cut: boolean;
  /** The caller wants it to stop. */
  readonly interrupted: boolean;
  /** Counts an error; a fatal one ends the run. The rest goes on. */
  fail(e: unknown): void;
  /** Something failed: nothing may be deleted. */
  readonly failed: boolean;
  /** The error that the run ends with. */
  readonly failure: Error | undefined;
  report(result: SyncResult, path: string): Promise<void>;
}

export function createRun(
  outer: OperationContext,
  o: Pick<SyncRun, 'src' | 'dst' | 'options' | 'aside' | 'beside' | 'order'>,
): SyncRun {
  const stop = new AbortController();
  const signal = outer.signal ? AbortSignal.any([outer.signal, stop.signal]) : stop.signal;
  const soft = new AbortController();
  const c = { ...outer, signal };
  const closing = AbortSignal.any([signal, soft.signal]);
  for (const many of [signal, closing]) c.platform.expectListeners?.(many);
  const errorsBefore = c.accounting.errors;
  // As rclone: a fatal error outranks the others, one that a new try cannot mend comes last.
  const errors: { fatal?: Error; other?: Error; final?: Error } = {};
  return {
    ...o,
    c,
    written: new Set(),
    made: new Set(),
    closing,
    close: () => soft.abort(),
    stop: (reason) => stop.abort(reason),
    cut: false,
    get interrupted() {
      return outer.signal?.aborted === true;
    },
    fail(e) {
      const error = c.accounting.settle(e);
      if (!isTscloneError(error)) errors.other = error;
      else if (error.fatal) {
        if (!stop.signal.aborted) log(c, 'error', '', `Cancelling sync due to fatal error: ${messageOf(error)}`);
        errors.fatal = error;
        stop.abort(error);
      } else if (error.retry === 'no') {
        if (error.code === 'transfer_limit' && !soft.signal.aborted) {
          log(c, 'notice', '', `${error.message} - stopping transfers`);
          soft.abort();
        }
        errors.final = error;
      } else errors.other = error;
    },
    get failed() {
      return c.accounting.errors > errorsBefore;
    },
    get failure() {
      return errors.fatal ?? errors.other ?? errors.final;
    },
    report: async (result, path) => o.options.report?.(result, path),
  };
}
