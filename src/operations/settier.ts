import type { ObjectInfo } from '../core/backend.ts';
import { messageOf, throwIfAborted, TscloneError } from '../core/errors.ts';
import { callOptions, log, skipped, type OperationContext } from './context.ts';
import { listEntries } from './list.ts';
import type { Located } from './locate.ts';
import { forEachLimit } from './pool.ts';

/** Moves the objects below a path, or the one object, to another storage class. @throws unsupported */
export async function setTiers(c: OperationContext, located: Located, tier: string): Promise<void> {
  const { backend } = located;
  if (!backend.setTier)
    throw new TscloneError('unsupported', `remote ${backend.name} does not support settier`, { retry: 'no' });
  let failure: Error | undefined;
  const entries = listEntries(c, located, { recursive: true, dirs: false, files: true, want: [] });
  await forEachLimit(entries, c.settings.checkers, async (entry) => {
    const { path, size } = entry as ObjectInfo;
    if (await skipped(c, `set tier ${tier}`, path, size)) return;
    try {
      await backend.setTier?.(path, tier, callOptions(c));
    } catch (e) {
      throwIfAborted(c.signal);
      log(c, 'error', path, `Failed to do SetTier, ${messageOf(e)}`);
      failure = c.accounting.settle(e);
    }
  });
  if (failure) throw failure;
}
