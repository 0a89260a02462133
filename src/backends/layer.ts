import type { Backend, CallOptions, Features, HashType, Usage } from '../core/backend.ts';
import { hasCode, isTscloneError, messageOf, TscloneError } from '../core/errors.ts';
import { reveal } from '../core/obscure.ts';
import { joinPath } from '../core/path.ts';
import { cleanPath } from '../core/remote.ts';
import { parseCsv } from '../options/values.ts';

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

/** The bytes behind an obscured option: a password need not be UTF-8. */
export function revealOption(remote: string, option: string, obscured: string): Uint8Array {
  try {
    return reveal(obscured);
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
    // What is written through a layer is one stream.
    parallelWrites: false,
    ...own,
  };
}

/** Features of a layer over several remotes: what one of them lacks the layer lacks, what is slow at one is slow. */
export function commonFeatures(bases: readonly Backend[], own: Partial<Features> = {}): Features {
  const every = (f: keyof Features): boolean => bases.every((b) => b.features[f]);
  const some = (f: keyof Features): boolean => bases.some((b) => b.features[f]);
  return {
    bucketBased: bases.every((b) => b.features.bucketBased && b.root === ''),
    emptyDirs: every('emptyDirs'),
    copy: every('copy'),
    move: every('move'),
    setModTime: every('setModTime'),
    slowModTime: some('slowModTime'),
    slowHash: some('slowHash'),
    readMimeType: every('readMimeType'),
    writeMimeType: every('writeMimeType'),
    userMetadata: every('userMetadata'),
    metadata: every('metadata'),
    // A recursive listing pays as soon as one of them has it; of a file system it costs nothing.
    fastList: some('fastList') && bases.every((b) => b.features.fastList || b.features.isLocal),
    tiers: every('tiers'),
    isLocal: false,
    ...own,
  };
}

/** Hashes that all of them have, in the order of the first. */
export function commonHashes([first, ...others]: readonly Backend[]): HashType[] {
  return (first?.hashes ?? []).filter((type) => others.every((b) => b.hashes.includes(type)));
}

/** The largest of their smallest steps. */
export function commonPrecision(bases: readonly Backend[]): Backend['precision'] {
  let coarsest = 1n;
  for (const { precision } of bases) {
    if (precision === 'none') return 'none';
    if (precision > coarsest) coarsest = precision;
  }
  return coarsest;
}

/** The sum of what several stores say of their space; a fact that one of them does not tell is left out. */
export async function commonUsage(bases: readonly Backend[], o: CallOptions): Promise<Usage> {
  const told = await Promise.all(
    bases.map((b) =>
      (b.about?.(callOnly(o)) ?? Promise.resolve({})).catch((e: unknown): Usage | undefined => {
        if (hasCode(e, 'dir_not_found', 'bucket_not_found')) return undefined;
        throw e;
      }),
    ),
  );
  const there = told.filter((usage) => usage !== undefined);
  const sum: Partial<Record<keyof Usage, number>> = {};
  for (const fact of ['total', 'used', 'free', 'trashed', 'other', 'objects'] as const) {
    const values = there.map((usage: Usage) => usage[fact]);
    if (there.length > 0 && !values.includes(undefined)) sum[fact] = values.reduce((a = 0, b = 0) => a + b, 0) ?? 0;
  }
  return sum;
}

/** Splits the value of `upstreams` at its spaces as rclone does. @throws bad_config */
export function splitUpstreams(name: string, type: string, text: string): string[] {
  const fail = (message: string): TscloneError =>
    new TscloneError('bad_config', message, { remote: name, retry: 'no' });
  if (text === '') throw fail(`${type} can't point to an empty upstream - check the value of the upstreams setting`);
  try {
    return parseCsv(text, ' ');
  } catch (e) {
    throw fail(`upstreams of ${type}: ${messageOf(e)}`);
  }
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

/** Methods that need no change of paths: the layer has those that the wrapped remote has. */
export function passOn(
  backend: Backend,
  inner: Backend,
  methods: readonly ('setDirModTime' | 'setDirMetadata' | 'purge' | 'about' | 'cleanUp')[],
): void {
  for (const method of methods) if (inner[method]) Object.assign(backend, { [method]: inner[method].bind(inner) });
}

/** Only what may go on to the wrapped remote. */
export const callOnly = ({ signal, budget }: CallOptions): CallOptions => ({ signal, budget });

/** What a layer knows of its backends. A copy of a backend (an alias spreads one) is found too. */
export class LayerRoots<T> {
  readonly #roots = new WeakMap<Backend['read'], T>();

  add(backend: Backend, root: T): void {
    this.#roots.set(backend.read, root);
  }

  /** Undefined for backends of another type. */
  of(backend: Backend): T | undefined {
    return this.#roots.get(backend.read);
  }
}
