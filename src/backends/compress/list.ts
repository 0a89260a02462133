import type { Backend, Entry, ListOptions, ObjectInfo } from '../../core/backend.ts';
import { compareUtf8 } from '../../core/bytes.ts';
import { throwIfAborted } from '../../core/errors.ts';
import { callOnly } from '../layer.ts';
import type { CompressContext } from './backend.ts';
import { metadataSuffix, parseDataName } from './names.ts';

/** An object of the wrapped remote that holds the data of a file. */
export interface DataObject {
  readonly path: string;
  readonly stored: ObjectInfo;
  /** Bytes of the plain data; absent = not known yet. */
  readonly size?: number;
}

/** The entries below `dir`. Names that are none of compress get an error line and are left out. */
export async function* listPlain(
  c: CompressContext,
  inner: Backend,
  dir: string,
  /** The data object that the metadata of a file names. */
  dataNameOf: (path: string) => Promise<string | undefined>,
  o: ListOptions,
): AsyncGenerator<Entry, void, void> {
  const found = readEntries(c, inner, dir, o);
  if (o.recursive) {
    for await (const entry of found) yield plain(entry);
    return;
  }
  const entries: (Entry | DataObject)[] = [];
  for await (const entry of found) entries.push(entry);
  entries.sort((a, b) => compareUtf8(a.path, b.path));
  for (let i = 0; i < entries.length; i++) {
    throwIfAborted(o.signal);
    const entry = entries[i] as Entry | DataObject;
    const same = [entry];
    while ('stored' in entry && isOther(entries[i + 1], entry)) same.push(entries[++i] as DataObject);
    yield plain(same.length === 1 ? entry : await current(same as DataObject[]));
  }

  /** What an upload that broke off left beside the data of a file must not show as a second file. */
  async function current(same: readonly DataObject[]): Promise<DataObject> {
    const name = await dataNameOf((same[0] as DataObject).path);
    const right = same.find(({ stored }) => stored.path === name) ?? (same[0] as DataObject);
    for (const { path, stored } of same) {
      if (stored === right.stored) continue;
      const message = `Left out ${JSON.stringify(stored.path)}: ${JSON.stringify(right.stored.path)} holds the data of the file`;
      c.emit({ type: 'log', level: 'error', subject: path, message });
    }
    return right;
  }
}

const isOther = (next: Entry | DataObject | undefined, entry: DataObject): boolean =>
  next !== undefined && 'stored' in next && next.path === entry.path;

const plain = (entry: Entry | DataObject): Entry => ('stored' in entry ? plainEntry(entry) : entry);

export async function* readEntries(
  c: CompressContext,
  inner: Backend,
  dir: string,
  o: ListOptions,
): AsyncGenerator<Entry | DataObject, void, void> {
  for await (const entry of inner.list(dir, { ...callOnly(o), recursive: o.recursive })) {
    if (entry.kind === 'dir') {
      yield entry;
      continue;
    }
    if (entry.path.endsWith(metadataSuffix)) continue;
    const name = parseDataName(entry.path);
    if (typeof name === 'string') {
      const message = `Error on parsing file name: ${name}`;
      c.emit({ type: 'log', level: 'error', subject: entry.path, message });
      continue;
    }
    const size = name.size === undefined ? entry.size : name.size;
    yield { path: name.path, stored: entry, ...(typeof size === 'number' ? { size } : {}) };
  }
}

/** What a listing knows of a file: MIME type and hash stand in its metadata. */
function plainEntry({ path, stored, size }: DataObject): ObjectInfo {
  const { size: _size, mimeType: _type, ...rest } = stored;
  return { ...rest, path, hashes: {}, ...(size === undefined ? {} : { size }) };
}
