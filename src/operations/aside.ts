import type { Backend } from '../core/backend.ts';
import { messageOf } from '../core/errors.ts';
import { mimeTypeOf } from '../core/mime.ts';
import { joinPath, splitLeaf } from '../core/path.ts';
import { fatal, type OperationContext } from './context.ts';
import type { Open } from './locate.ts';

/** Where objects go in place of being overwritten or deleted: --backup-dir and --suffix. */
export interface Aside {
  readonly backend: Backend;
  /** The path there of an object of the destination. */
  pathOf(path: string): string;
}

/**
 * The place that the settings name; undefined when nothing is kept aside. `single`: one object is transferred, not a
 * directory.
 * @throws fatal when it is of no use
 */
export async function openAside(
  c: OperationContext,
  open: Open,
  src: Backend,
  dst: Backend,
  single: boolean,
): Promise<Aside | undefined> {
  const { backupDir, suffix, suffixKeepExtension } = c.settings;
  if (backupDir === '' && suffix === '') return undefined;
  const refuse = (why: string): Error => fatal(single ? `creating Fs for --backup-dir failed: ${why}` : why);
  const backend = backupDir === '' ? dst : await openNamed(open, 'backup-dir', backupDir);
  if (backupDir !== '') {
    if (backend.storeId !== dst.storeId)
      throw refuse('parameter to --backup-dir has to be on the same remote as destination');
    const clash = single ? (suffix === '' ? isSameRoot : undefined) : overlaps;
    const what = single ? 'be the same' : 'overlap';
    if (clash?.(backend, dst)) throw refuse(`destination and parameter to --backup-dir mustn't ${what}`);
    if (clash?.(backend, src)) throw refuse(`source and parameter to --backup-dir mustn't ${what}`);
  }
  if (!dst.move && !dst.copy)
    throw refuse("can't use --backup-dir on a remote which doesn't support server-side move or copy");
  return {
    backend,
    pathOf: (path) => (suffix === '' ? path : suffixKeepExtension ? beforeExtension(path, suffix) : path + suffix),
  };
}

/** Opens the remote that a flag names; `shown` is what the message says of it. */
export async function openNamed(
  open: Open,
  flag: string,
  reference: string,
  shown = JSON.stringify(reference),
): Promise<Backend> {
  try {
    return await open(reference);
  } catch (e) {
    throw fatal(`failed to make fs for --${flag} ${shown}: ${messageOf(e)}`);
  }
}

export function isSameRoot(a: Backend, b: Backend): boolean {
  return a.storeId === b.storeId && a.root === b.root;
}

/** One of the two lies in the other. */
export function overlaps(a: Backend, b: Backend): boolean {
  if (a.storeId !== b.storeId) return false;
  const inside = (x: string, y: string): boolean => y === '' || `${x}/`.startsWith(`${y}/`);
  return inside(a.root, b.root) || inside(b.root, a.root);
}

/** `a/b.tar.gz` → `a/b-1.tar.gz`: endings in front of the last one stay with it when they are known ones. */
export function beforeExtension(path: string, suffix: string): string {
  const [dir, leaf] = splitLeaf(path);
  let base = leaf;
  let extensions = '';
  for (;;) {
    const dot = base.lastIndexOf('.');
    const extension = dot < 0 ? '' : base.slice(dot);
    if (extension === '' || (extensions !== '' && mimeTypeOf(`x${extension}`) === unknownType)) break;
    base = base.slice(0, dot);
    extensions = extension + extensions;
  }
  return joinPath(dir, base + suffix + extensions);
}

const unknownType = 'application/octet-stream';
