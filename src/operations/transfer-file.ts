import type { Backend } from '../core/backend.ts';
import { openAside } from './aside.ts';
import { openBeside, settleBeside } from './beside.ts';
import { log, type OperationContext } from './context.ts';
import type { Open } from './locate.ts';
import { needsTransfer, type Held } from './same.ts';
import type { SyncOptions } from './sync/run.ts';
import { isSame, setAside, statOrNothing, transferAsDecided, type TransferMode } from './transfer.ts';

export interface TransferFileOptions {
  readonly mode: TransferMode;
  /** Opens what --backup-dir, --compare-dest and --copy-dest name. */
  readonly open: Open;
  readonly report?: SyncOptions['report'];
}

/** Copies or moves one object to a name of its own. */
export async function transferFile(
  c: OperationContext,
  src: Held,
  dst: { backend: Backend; path: string },
  o: TransferFileOptions,
): Promise<void> {
  const { mode, open } = o;
  if (isSame(src, dst)) {
    log(c, 'debug', src.info.path, `don't need to ${mode}, source and destination are the same`);
    return;
  }
  const aside = await openAside(c, open, src.backend, dst.backend, true);
  const beside = await openBeside(c, open, dst.backend);
  let existing = c.settings.noCheckDest ? undefined : await statOrNothing(c, dst.backend, dst.path);
  if (existing) c.accounting.checks += 1;
  let needed = await needsTransfer(c, src, existing && { backend: dst.backend, info: existing });
  // As rclone: by the name that it has at the destination, if there is one.
  await o.report?.(!existing ? 'srcOnly' : needed ? 'differ' : 'same', existing?.path ?? src.info.path);
  if (needed && (await settleBeside(c, beside, src, { ...dst, existing }, aside))) needed = false;
  if (needed && existing && aside) {
    await setAside(c, aside, { backend: dst.backend, info: existing });
    existing = undefined;
  }
  await transferAsDecided(c, src, { ...dst, existing }, mode, needed);
}
