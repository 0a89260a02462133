import type { Backend, Usage } from '../core/backend.ts';
import { TscloneError } from '../core/errors.ts';
import { callOptions, type OperationContext } from './context.ts';

/** Space of a store. @throws unsupported when it does not tell */
export async function about(c: OperationContext, backend: Backend): Promise<Usage> {
  if (!backend.about)
    throw new TscloneError('unsupported', `${backend.description} doesn't support about`, { retry: 'no' });
  return backend.about(callOptions(c));
}
