import type { LinkOptions } from '../core/backend.ts';
import { TscloneError } from '../core/errors.ts';
import { callOptions, type OperationContext } from './context.ts';
import type { Located } from './locate.ts';

/** An address under which anybody can read an object. @throws unsupported, object_not_found */
export async function publicLink(
  c: OperationContext,
  { backend, file }: Located,
  o: Pick<LinkOptions, 'expireMs' | 'unlink'>,
): Promise<string> {
  if (!backend.publicLink)
    throw new TscloneError('unsupported', `${backend.description} doesn't support public links`, { retry: 'no' });
  if (!file) throw new TscloneError('object_not_found', 'object not found', { path: backend.root, retry: 'no' });
  return backend.publicLink(file.leaf, { ...callOptions(c), ...o, info: file.info });
}
