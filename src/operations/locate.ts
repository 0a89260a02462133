import type { Backend, CallOptions, ObjectInfo } from '../core/backend.ts';
import { TscloneError } from '../core/errors.ts';
import { leafOf, parentOf } from '../core/path.ts';
import { parseRemote, splitReference } from '../core/remote.ts';

export type Open = (reference: string) => Promise<Backend>;

/** What a reference names: a directory (the root of `backend`), or one object in it. */
export interface Located {
  readonly backend: Backend;
  /** The reference as it was given. */
  readonly reference: string;
  readonly file?: { readonly leaf: string; readonly info: ObjectInfo };
}

/** A place for one object: `leaf` below the root of `backend`. */
export interface Place {
  readonly backend: Backend;
  readonly leaf: string;
  readonly reference: string;
}

/**
 * Finds out whether a reference names one object or a directory: one request on S3, none for a bucket or after a
 * trailing slash.
 */
export async function locate(open: Open, reference: string, o: CallOptions): Promise<Located> {
  const backend = await open(reference);
  if (!mayBeObject(backend, reference)) return { backend, reference };
  const place = backend.features.isLocal ? localPlace(backend, reference) : await locatePlace(open, reference);
  const info = await place.backend.probe(place.leaf, o);
  return info ? { backend: place.backend, reference, file: { leaf: place.leaf, info } } : { backend, reference };
}

/** False for roots, buckets and references that end in a slash. */
export function mayBeObject(backend: Backend, reference: string): boolean {
  if (backend.features.isLocal) return parentOf(backend.root) !== backend.root && leafOf(backend.root) !== '';
  return !reference.endsWith('/') && parseRemote(reference).path !== '';
}

/**
 * The place that a reference names as an object, without any request.
 * @throws is_directory when it ends in a slash or names a whole remote.
 */
export async function locatePlace(open: Open, reference: string): Promise<Place> {
  const { parent, leaf } = splitReference(reference);
  if (leaf === '') throw new TscloneError('is_directory', `"${reference}" is a directory`, { retry: 'no' });
  const backend = await open(reference);
  if (backend.features.isLocal) return localPlace(backend, reference);
  return { backend: parent === '' ? backend : await open(parent), leaf, reference };
}

function localPlace(backend: Backend, reference: string): Place {
  return { backend: backend.at(parentOf(backend.root) || '/'), leaf: leafOf(backend.root), reference };
}

/** rclone's answer when an object is needed and the path names none. */
export function notAnObject(reference: string, cause?: unknown): TscloneError {
  return new TscloneError('object_not_found', `${reference} is a directory or doesn't exist: object not found`, {
    cause,
  });
}

/** A place where a file of sums was expected. */
export function notSumFile(backend: Backend): TscloneError {
  return new TscloneError('unsupported', `not a sum file: ${backend.description}`, { retry: 'no' });
}
