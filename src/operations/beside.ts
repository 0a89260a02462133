import type { Backend, ObjectInfo } from '../core/backend.ts';
import { hasCode, messageOf } from '../core/errors.ts';
import { openNamed, type Aside } from './aside.ts';
import { callOptions, fatal, log, type OperationContext } from './context.ts';
import type { Open } from './locate.ts';
import { isEqual, rulesOf, type Held } from './same.ts';
import { copyObject, setAside, type Target } from './transfer.ts';

/** Further directories in which an object of the source may lie already: --compare-dest and --copy-dest. */
export interface Beside {
  readonly backends: readonly Backend[];
  /** What is found there is copied into the destination. */
  readonly copy: boolean;
}

/** The directories that the settings name; undefined when there are none. @throws fatal */
export async function openBeside(c: OperationContext, open: Open, dst: Backend): Promise<Beside | undefined> {
  const { compareDest, copyDest } = c.settings;
  const copy = copyDest.length > 0;
  if (!copy && compareDest.length === 0) return undefined;
  const flag = copy ? 'copy-dest' : 'compare-dest';
  const backends: Backend[] = [];
  const references = copy ? copyDest : compareDest;
  const shown = `[${references.map((r) => JSON.stringify(r)).join(' ')}]`;
  for (const reference of references) {
    const backend = await openNamed(open, flag, reference, shown);
    if (copy && !dst.copy) throw fatal("can't use --copy-dest on a remote which doesn't support server side copy");
    if (copy && backend.storeId !== dst.storeId)
      throw fatal('parameter to --copy-dest has to be on the same remote as destination');
    backends.push(backend);
  }
  return { backends, copy };
}

/** True when the object need not be transferred: it was found in one of the directories. */
export async function settleBeside(
  c: OperationContext,
  beside: Beside | undefined,
  src: Held,
  dst: Target,
  aside: Aside | undefined,
): Promise<boolean> {
  const path = dst.existing?.path ?? src.info.path;
  for (const backend of beside?.backends ?? []) {
    const info = await statThere(c, backend, path);
    const found = info && { backend, info };
    if (!found || !(await isEqual(c, src, found, { ...rulesOf(c), setTime: false }))) continue;
    if (beside?.copy) await copyHere(c, src, found, { ...dst, path }, aside);
    else log(c, 'debug', src.info.path, 'Destination found in --compare-dest, skipping');
    return true;
  }
  return false;
}

async function copyHere(
  c: OperationContext,
  src: Held,
  found: Held,
  dst: Target,
  aside: Aside | undefined,
): Promise<void> {
  if (dst.existing && (await isEqual(c, src, { backend: dst.backend, info: dst.existing }, rulesOf(c)))) {
    log(c, 'debug', src.info.path, 'Unchanged skipping');
    return;
  }
  let existing = dst.existing;
  if (existing && aside) {
    await setAside(c, aside, { backend: dst.backend, info: existing });
    existing = undefined;
  }
  await copyObject(c, found, { ...dst, existing });
  log(c, 'debug', src.info.path, 'Destination found in --copy-dest, using server-side copy');
}

async function statThere(c: OperationContext, backend: Backend, path: string): Promise<ObjectInfo | undefined> {
  try {
    return await backend.stat(path, callOptions(c));
  } catch (e) {
    if (hasCode(e, 'object_not_found', 'dir_not_found', 'bucket_not_found', 'is_directory')) return undefined;
    log(c, 'error', path, `Failed to look at ${backend.description}: ${messageOf(e)}`);
    throw c.accounting.settle(e);
  }
}
