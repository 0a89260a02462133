import type { Backend, CallOptions, Features } from '../core/backend.ts';
import { reveal } from '../core/obscure.ts';
import { isTscloneError, messageOf, TscloneError } from '../core/errors.ts';
import { joinPath } from '../core/path.ts';
import { cleanPath } from '../core/remote.ts';

/*
 * What backends that lie on top of another remote have in common.
 */

/** rclone's two complaints about the `remote` of a layer. */
export function checkTarget(name: string, type: string, remote: string): void {
  const fail = (message: string): TscloneError =>
    new TscloneError('bad_config', `${message} - check the value of the remote setting`, { remote: name, retry: 'no' });
  if (remote === '') throw fail(`${type} can't point to an empty remote`);
  if (remote.startsWith(`${name}:`)) throw fail(`can't point ${type} remote at itself`);
}

/** The text behind an obscured option. */
export function revealOption(remote: string, option: string, obscured: string): string {
  try {
    return new TextDecoder().decode(reveal(obscured));
  } catch (e) {
    throw new TscloneError('bad_config', `failed to decrypt ${option}: ${messageOf(e)}`, { remote, retry: 'no' });
  }
}

/** The wrapped remote at a path below the place that the layer points at. */
export function below(base: Backend, path: string): Backend {
  // `..` cannot climb above it.
  const added = cleanPath(`/${path}`).slice(1);
  return added === '' ? base : base.at(joinPath(base.root, added));
}

/** Features of a layer: what the wrapped remote cannot do the layer cannot either. */
export function layerFeatures(base: Backend, own: Partial<Features> = {}): Features {
  return {
    ...base.features,
    // Below a bucket there are only directories.
    bucketBased: base.features.bucketBased && base.root === '',
    isLocal: false,
    ...own,
  };
}

/** Runs a call of the wrapped remote; its error then names the path of the layer. */
export async function forPath<T>(path: string, call: () => Promise<T> | undefined): Promise<T> {
  try {
    return (await call()) as T;
  } catch (e) {
    throw withPath(e, path);
  }
}

export function withPath(e: unknown, path: string): unknown {
  if (!isTscloneError(e) || e.path === undefined) return e;
  const { code, message, remote, retry, retryAfter, status, cause } = e;
  return new TscloneError(code, message, { path, remote, retry, retryAfter, status, cause });
}

/** Only what may go on to the wrapped remote. */
export const callOnly = ({ signal, budget }: CallOptions): CallOptions => ({ signal, budget });
