import { cryptRootOf } from '../backends/crypt/backend.ts';
import type { Backend, Entry } from '../core/backend.ts';
import { TscloneError } from '../core/errors.ts';

/** Gives the path under which a crypt remote keeps an entry. @throws unsupported for other remotes */
export function encryptedNames(backend: Backend): (entry: Entry) => string {
  const root = cryptRootOf(backend);
  if (!root) throw new TscloneError('unsupported', 'the remote needs to be of type "crypt"', { retry: 'no' });
  const { names } = root.context;
  return ({ kind, path }) => (path === '' ? '' : kind === 'dir' ? names.encryptDir(path) : names.encryptFile(path));
}
