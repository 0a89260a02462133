import { messageOf, TscloneError } from '../../core/errors.ts';

export function errnoOf(e: unknown): string {
  return (e as { code?: string } | undefined)?.code ?? '';
}

const words: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ENOSPC: 'no space left on device',
  EDQUOT: 'disk quota exceeded',
  ENOTDIR: 'not a directory',
  EISDIR: 'is a directory not a file',
  ENAMETOOLONG: 'file name too long',
  EROFS: 'read-only file system',
  EMFILE: 'too many open files',
  ELOOP: 'too many levels of symbolic links',
  EEXIST: 'not a directory',
};

/** For a look-up: below a file there is nothing. */
export function lookupError(e: unknown, path: string, what: 'object' | 'dir'): TscloneError {
  if (errnoOf(e) !== 'ENOTDIR') return localError(e, path, what);
  const [code, message] = what === 'dir' ? dirMissing : objectMissing;
  return new TscloneError(code, message, { path, cause: e, retry: 'no' });
}

const dirMissing = ['dir_not_found', 'directory not found'] as const;
const objectMissing = ['object_not_found', 'object not found'] as const;

/** Turns an error of the file system into the one error of this package. */
export function localError(e: unknown, path: string, what: 'object' | 'dir'): TscloneError {
  if (e instanceof TscloneError) return e;
  const code = errnoOf(e);
  if (code === 'ENOENT') {
    const [missing, message] = what === 'dir' ? dirMissing : objectMissing;
    return new TscloneError(missing, message, { path, cause: e, retry: 'no' });
  }
  if (code === 'ENOTEMPTY') return new TscloneError('not_empty', 'directory not empty', { path, cause: e });
  const reason = words[code] ?? messageOf(e);
  const kind = code === 'EACCES' || code === 'EPERM' ? 'permission_denied' : 'io';
  return new TscloneError(kind, `${path === '' ? 'directory' : path}: ${reason}`, { path, cause: e });
}
