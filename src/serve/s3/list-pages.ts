import { compareUtf8 } from '../../core/bytes.ts';
import type { ListedObject, ObjectStore } from './store.ts';

/** One line of a listing: an object, or a common prefix. */
export interface Row {
  readonly name: string;
  readonly object?: ListedObject;
}

export interface PageWanted {
  readonly bucket: string;
  readonly prefix: string;
  readonly delimiter: string;
  /** The page begins behind this key. */
  readonly start: string;
  readonly maxKeys: number;
}

export interface Pages {
  /** `isNext`: the page before was given with `start` as its end. */
  page(wanted: PageWanted, isNext: boolean): Promise<{ rows: Row[]; truncated: boolean }>;
}

/** Rows that a next page may ask for, kept up to date with what is changed through the store. */
interface Snapshot {
  readonly wanted: Pick<PageWanted, 'bucket' | 'prefix' | 'delimiter'>;
  readonly rows: Row[];
  readonly expires: number;
}

const snapshotMs = 30_000;
/** Kept between pages, all listings together; the one in use may be larger. */
const maxRows = 1_000_000;

/** Cuts listings into pages without reading the directory once for each. */
export function createPages(store: ObjectStore): Pages {
  /** By what was listed and where the last page ended. */
  const snapshots = new Map<string, Snapshot>();
  const nowMs = (): number => Number(store.platform.now() / 1_000_000n);

  store.onChange((bucket, { gone, ...object }) => {
    for (const [name, { wanted, rows }] of snapshots) {
      const { prefix, delimiter } = wanted;
      if (wanted.bucket !== bucket || !object.key.startsWith(prefix)) continue;
      // What a change means for a common prefix cannot be told from the rows.
      if (delimiter !== '' && object.key.includes(delimiter, prefix.length)) snapshots.delete(name);
      else replaceRow(rows, object, gone);
    }
  });

  const prune = (latest: string): void => {
    const now = nowMs();
    let total = 0;
    for (const [name, s] of [...snapshots].reverse()) {
      total += s.rows.length;
      if (s.expires < now || (total > maxRows && name !== latest)) snapshots.delete(name);
    }
  };

  return {
    async page({ start, maxKeys, ...wanted }, isNext) {
      const { bucket, prefix, delimiter } = wanted;
      const nameAt = (place: string): string => JSON.stringify([bucket, prefix, delimiter, place]);
      prune('');
      const known = isNext ? snapshots.get(nameAt(start)) : undefined;
      const rows = known?.rows ?? (await readRows(store, bucket, prefix, delimiter));
      const from = start === '' ? 0 : firstAfter(rows, start);
      // A common prefix that S3 would have to look into: some of its keys may come after the start.
      const before = from > 0 ? rows[from - 1] : undefined;
      const opened =
        before && !before.object && start !== before.name && start.startsWith(before.name) && maxKeys > 0
          ? (await store.list(bucket, before.name, false)).objects.some((o) => compareUtf8(o.key, start) > 0)
          : false;
      const first = opened ? from - 1 : from;
      const page = rows.slice(first, first + maxKeys);
      const truncated = maxKeys > 0 && first + maxKeys < rows.length;
      snapshots.delete(nameAt(start));
      if (truncated) {
        const name = nameAt(page.at(-1)?.name ?? '');
        snapshots.set(name, { wanted, rows, expires: nowMs() + snapshotMs });
        prune(name);
      }
      return { rows: page, truncated };
    },
  };
}

async function readRows(store: ObjectStore, bucket: string, prefix: string, delimiter: string): Promise<Row[]> {
  const { objects, prefixes } = await store.list(bucket, prefix, delimiter === '/');
  const rows: Row[] = prefixes.map((name) => ({ name }));
  const folded = new Set(prefixes);
  for (const object of objects) {
    const end = delimiter === '' ? -1 : object.key.indexOf(delimiter, prefix.length);
    if (end < 0) rows.push({ name: object.key, object });
    else {
      const name = object.key.slice(0, end + delimiter.length);
      if (!folded.has(name)) rows.push({ name });
      folded.add(name);
    }
  }
  return rows.sort((a, b) => compareUtf8(a.name, b.name));
}

function replaceRow(rows: Row[], object: ListedObject, gone: boolean): void {
  const at = firstAfter(rows, object.key);
  const isThere = rows[at - 1]?.name === object.key;
  const row = { name: object.key, object };
  if (isThere) rows.splice(at - 1, 1, ...(gone ? [] : [row]));
  else if (!gone) rows.splice(at, 0, row);
}

/** Index of the first row behind a name. */
function firstAfter(rows: readonly Row[], name: string): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareUtf8((rows[middle] as Row).name, name) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}
