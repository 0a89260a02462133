import type { Backend, Entry, ListOptions, ObjectInfo } from '../../core/backend.ts';
import { compareUtf8 } from '../../core/bytes.ts';
import { throwIfAborted, TscloneError } from '../../core/errors.ts';
import { joinPath, splitLeaf } from '../../core/path.ts';
import { callOnly } from '../layer.ts';
import type { CryptContext } from './backend.ts';
import { NameError } from './name-error.ts';

/**
 * The entries below `dir`, which the wrapped remote knows as `encryptedDir`. Names that cannot be decrypted are left
 * out with a notice, or fail the whole listing (`strict_names`).
 */
export async function* listDecrypted(
  c: CryptContext,
  inner: Backend,
  dir: string,
  encryptedDir: string,
  plainInfo: (info: ObjectInfo, path: string) => ObjectInfo,
  o: ListOptions,
): AsyncGenerator<Entry, void, void> {
  const { rename, finish } = renamer(c, dir, encryptedDir);
  const found = async function* (): AsyncGenerator<Entry, void, void> {
    for await (const entry of inner.list(encryptedDir, { ...callOnly(o), recursive: o.recursive })) {
      const path = rename(entry);
      if (path === undefined) continue;
      yield entry.kind === 'dir' ? { ...entry, path } : plainInfo(entry, path);
    }
  };
  if (o.recursive) {
    yield* found();
  } else {
    const entries: Entry[] = [];
    for await (const entry of found()) entries.push(entry);
    for (const entry of entries.sort((a, b) => compareUtf8(a.path, b.path))) {
      throwIfAborted(o.signal);
      yield entry;
    }
  }
  finish();
}

/** Gives plain paths, undefined for those that are none; `finish` throws what `strict_names` makes of them. */
function renamer(
  c: CryptContext,
  dir: string,
  encryptedDir: string,
): { rename(entry: Entry): string | undefined; finish(): void } {
  const parents = new Map<string, string>([[encryptedDir, dir]]);
  const failures: string[] = [];

  const parentOf = (path: string): string => {
    const known = parents.get(path);
    if (known !== undefined) return known;
    const below = encryptedDir === '' ? path : path.slice(encryptedDir.length + 1);
    const plain = joinPath(dir, c.names.decryptDir(below));
    parents.set(path, plain);
    return plain;
  };

  const rename = (entry: Entry): string | undefined => {
    const kind = entry.kind === 'dir' ? 'dir' : 'file';
    try {
      const [parent, leaf] = splitLeaf(entry.path);
      const name = kind === 'dir' ? c.names.decryptDir(leaf) : c.names.decryptFile(leaf);
      const path = joinPath(parentOf(parent), name);
      if (c.options.show_mapping)
        c.emit({ type: 'log', level: 'notice', subject: path, message: `Encrypts to ${JSON.stringify(entry.path)}` });
      return path;
    } catch (e) {
      if (!(e instanceof NameError)) throw e;
      if (c.options.strict_names) failures.push(`${entry.path}: undecryptable ${kind} name detected: ${e.message}`);
      else {
        const message = `Skipping undecryptable ${kind} name: ${e.message}`;
        c.emit({ type: 'log', level: 'notice', subject: entry.path, message });
      }
      return undefined;
    }
  };
  const finish = (): void => {
    if (failures.length === 0) return;
    const message = `there were ${failures.length} undecryptable name errors. first error: ${failures[0]}`;
    throw new TscloneError('corrupted', message, { path: dir, remote: c.name, retry: 'no' });
  };
  return { rename, finish };
}
