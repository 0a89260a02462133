import type { Backend, ByteRange, ByteSource } from '../core/backend.ts';
import { hasCode, messageOf } from '../core/errors.ts';
import { callOptions, log, type OperationContext } from './context.ts';
import { locate, locatePlace, mayBeObject, type Open } from './locate.ts';
import { walk } from './walk.ts';

/**
 * The bodies behind a reference, one after the other: of the object, or of all objects below the directory. A store
 * that can tell a missing object is not asked first whether there is one: the read itself shows it. With a filter the
 * reference must be a directory.
 */
export async function* readAll(
  c: OperationContext,
  open: Open,
  reference: string,
  range: ByteRange | undefined,
): AsyncGenerator<{ path: string; body: ByteSource }, void, void> {
  const backend = await open(reference);
  if (c.filter?.active) return yield* readBelow(c, backend, range);
  if (backend.features.isLocal) {
    const { backend: at, file } = await locate(open, reference, callOptions(c));
    if (file) yield { path: file.leaf, body: (await at.read(file.leaf, { ...callOptions(c), range })).body };
    else yield* readBelow(c, at, range);
    return;
  }
  if (mayBeObject(backend, reference) && (!backend.features.bucketBased || backend.root.includes('/'))) {
    const { backend: at, leaf } = await locatePlace(open, reference);
    try {
      yield { path: leaf, body: (await at.read(leaf, { ...callOptions(c), range })).body };
      return;
    } catch (e) {
      if (!hasCode(e, 'object_not_found', 'bucket_not_found', 'is_directory')) throw e;
    }
  }
  yield* readBelow(c, backend, range);
}

async function* readBelow(
  c: OperationContext,
  backend: Backend,
  range: ByteRange | undefined,
): AsyncGenerator<{ path: string; body: ByteSource }, void, void> {
  let failure: unknown;
  for await (const entry of walk(c, backend, '', { maxDepth: c.settings.maxDepth, dirs: false })) {
    if (entry.kind !== 'object') continue;
    try {
      const { body } = await backend.read(entry.path, { ...callOptions(c), range, info: entry });
      yield { path: entry.path, body };
    } catch (e) {
      if (c.signal?.aborted) throw e;
      log(c, 'error', entry.path, `Failed to open: ${messageOf(e)}`);
      failure ??= c.accounting.settle(e);
    }
  }
  if (failure !== undefined) throw failure;
}
