import type { Backend } from '../core/backend.ts';
import { TscloneError } from '../core/errors.ts';
import { callOptions, skipped, type OperationContext } from './context.ts';

/** Lets a store remove what nobody lists: unfinished uploads, old versions, the bin. @throws unsupported */
export async function cleanUp(c: OperationContext, backend: Backend): Promise<void> {
  const { description } = backend;
  if (!backend.cleanUp)
    throw new TscloneError('unsupported', `${description} doesn't support cleanup`, { retry: 'high' });
  if (await skipped(c, 'clean up old files', description)) return;
  await backend.cleanUp(callOptions(c));
}
