import type { Backend, ByteRange, ByteSource, ObjectInfo } from '../core/backend.ts';
import { hasCode, messageOf } from '../core/errors.ts';
import { callOptions, log, throttled, type OperationContext } from './context.ts';
import { locate, locatePlace, mayBeObject, type Open } from './locate.ts';
import { walk } from './walk.ts';

/** What becomes of the content of one object. */
export type Take = (body: ByteSource) => Promise<void>;

/**
 * Hands on the bodies behind a reference, one after the other: of the object, or of all objects below the directory. A
 * store that can tell a missing object is not asked first whether there is one: the read itself shows it. With a filter
 * the reference must be a directory. An object that cannot be read is named, and the next ones follow.
 *
 * @throws the first error, after the last object; at once what `take` throws itself
 */
export async function readAll(
  c: OperationContext,
  open: Open,
  reference: string,
  range: ByteRange | undefined,
  take: Take,
): Promise<void> {
  const backend = await open(reference);
  if (c.filter?.active) return readBelow(c, backend, range, take);
  if (backend.features.isLocal) {
    const { backend: at, file } = await locate(open, reference, callOptions(c));
    return file ? readOne(c, at, { path: file.leaf, range }, take) : readBelow(c, at, range, take);
  }
  if (mayBeObject(backend, reference) && (!backend.features.bucketBased || backend.root.includes('/'))) {
    const { backend: at, leaf } = await locatePlace(open, reference);
    try {
      return await readOne(c, at, { path: leaf, range, orDirectory: true }, take);
    } catch (e) {
      if (!hasCode(e, ...noObject)) throw e;
    }
  }
  return readBelow(c, backend, range, take);
}

const noObject = ['object_not_found', 'bucket_not_found', 'is_directory'] as const;

async function readBelow(
  c: OperationContext,
  backend: Backend,
  range: ByteRange | undefined,
  take: Take,
): Promise<void> {
  let failure: unknown;
  for await (const entry of walk(c, backend, '', { maxDepth: c.settings.maxDepth, dirs: false })) {
    if (entry.kind !== 'object') continue;
    try {
      await readOne(c, backend, { path: entry.path, range, info: entry }, take);
    } catch (e) {
      if (c.signal?.aborted || !c.accounting.isSettled(e)) throw e;
      failure ??= e;
    }
  }
  if (failure !== undefined) throw failure;
}

interface Wanted {
  readonly path: string;
  readonly range: ByteRange | undefined;
  readonly info?: ObjectInfo;
  /** No object of that name is no error yet. */
  readonly orDirectory?: boolean;
}

/** @throws what failed to be read, settled; what `take` throws, as it is */
async function readOne(c: OperationContext, backend: Backend, wanted: Wanted, take: Take): Promise<void> {
  const { path, range, info } = wanted;
  const failed = (what: string, e: unknown): unknown => {
    if (c.signal?.aborted) return e;
    log(c, 'error', path, `Failed to ${what}: ${messageOf(e)}`);
    return c.accounting.settle(e);
  };
  let body: ByteSource;
  try {
    ({ body } = await backend.read(path, { ...callOptions(c), range, ...(info ? { info } : {}) }));
  } catch (e) {
    throw wanted.orDirectory && hasCode(e, ...noObject) ? e : failed('open', e);
  }
  await take(
    (async function* () {
      try {
        yield* throttled(c, body);
      } catch (e) {
        throw failed('send to output', e);
      }
    })(),
  );
}
