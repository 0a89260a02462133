import type { Backend, CallOptions, Entry, ObjectInfo } from '../../core/backend.ts';
import { collect } from '../../core/bytes.ts';
import { hasCode, TscloneError } from '../../core/errors.ts';
import { splitLeaf } from '../../core/path.ts';
import { callOnly } from '../layer.ts';
import type { ChunkerContext, ChunkerRoot } from './context.ts';
import { maxMetadataBytes, parseMetadata, type Metadata } from './metadata.ts';
import { maxChunks } from './names.ts';

/** What lies in the wrapped remote under the names of one object. */
export interface Group {
  readonly path: string;
  /** The object of that very name: content, or metadata. */
  main?: ObjectInfo;
  /** Chunks by transaction ('' = under their last names), then by index. */
  readonly chunks: Map<string, Map<number, ObjectInfo>>;
  /** Chunks by transaction whose number another one has, or that is out of range. */
  readonly odd: Map<string, ObjectInfo[]>;
}

/** Content under its own name. */
export interface Plain {
  readonly kind: 'plain';
  readonly main: ObjectInfo;
}

/** Content in chunks, at least one. */
export interface Chunked {
  readonly kind: 'chunked';
  /** Holds the metadata; absent = there is none. */
  readonly main?: ObjectInfo;
  readonly chunks: readonly ObjectInfo[];
  /** Transaction in the names of the chunks. */
  readonly txn: string;
  /** Bytes of all chunks. */
  readonly size: number;
  /** Absent = not read yet. */
  readonly metadata?: Metadata;
}

/** Where the content of one object is. */
export type Sound = Plain | Chunked;
export type Layout = Sound | { readonly kind: 'broken'; readonly why: string };

export const newGroup = (path: string): Group => ({ path, chunks: new Map(), odd: new Map() });

/** Adds what a listing gave to the groups of the objects that it belongs to. */
export function addToGroups(c: ChunkerContext, groups: Map<string, Group>, info: ObjectInfo): void {
  const name = c.names.parse(info.path);
  const path = name?.main ?? info.path;
  let group = groups.get(path);
  if (!group) groups.set(path, (group = newGroup(path)));
  if (!name) {
    group.main = info;
    return;
  }
  if (name.index === undefined) return;
  let chunks = group.chunks.get(name.txn);
  if (!chunks) group.chunks.set(name.txn, (chunks = new Map()));
  if (chunks.has(name.index) || name.index > maxChunks)
    group.odd.set(name.txn, [...(group.odd.get(name.txn) ?? []), info]);
  else chunks.set(name.index, info);
}

/** Everything that lies under the names of the object at `path`. */
export async function findGroup({ c, inner }: ChunkerRoot, path: string, o: CallOptions): Promise<Group> {
  const [dir, leaf] = splitLeaf(path);
  const groups = new Map<string, Group>();
  for await (const entry of listIfThere(inner, dir, leaf, o))
    if (entry.kind === 'object' && entry.path.startsWith(path)) addToGroups(c, groups, entry);
  return groups.get(path) ?? newGroup(path);
}

/** A listing of the wrapped remote; of what does not exist it is empty. */
export async function* listIfThere(
  inner: Backend,
  dir: string,
  startsWith: string,
  o: CallOptions,
): AsyncGenerator<Entry, void, void> {
  try {
    yield* inner.list(dir, { ...callOnly(o), startsWith });
  } catch (e) {
    if (!hasCode(e, 'dir_not_found', 'bucket_not_found', 'not_directory')) throw e;
  }
}

/**
 * Tells what a group is; undefined = no object. Metadata is read only where several uploads left chunks: then it alone
 * tells whose chunks count. `bytes` are those of `main` where the caller has them.
 */
export async function layoutOf(
  { c, inner }: ChunkerRoot,
  group: Group,
  o: CallOptions,
  bytes?: Uint8Array,
): Promise<Layout | undefined> {
  const { main, chunks } = group;
  if (!c.useMeta) {
    const last = chunks.get('');
    return last ? chunked(group, { txn: '' }, last) : main && { kind: 'plain', main };
  }
  if (!main) return undefined;
  if (chunks.size === 0 || !canBeMetadata(main)) return { kind: 'plain', main };
  const onlyLast = chunks.size === 1 && chunks.has('');
  if (onlyLast) return chunked(group, { main, txn: '' }, chunks.get(''));
  const parsed = parseMetadata(bytes ?? (await readMain(inner, main, o)).bytes);
  const metadata = parsed.kind === 'metadata' ? parsed.metadata : undefined;
  const txn = metadata?.txn ?? '';
  const own = chunks.get(txn);
  // Content beside the leavings of an upload that was broken off, or metadata whose chunks are gone: the read tells.
  if (!own) return { kind: 'plain', main };
  return chunked(group, { main, txn, ...(metadata ? { metadata } : {}) }, own);
}

export const canBeMetadata = ({ size }: ObjectInfo): boolean => size === undefined || size <= maxMetadataBytes;

function chunked(
  group: Group,
  facts: Pick<Chunked, 'main' | 'txn' | 'metadata'>,
  found: ReadonlyMap<number, ObjectInfo> = new Map(),
): Layout {
  const chunks: ObjectInfo[] = [];
  let size = 0;
  for (let i = 0; i < found.size; i++) {
    const chunk = found.get(i);
    if (!chunk || chunk.size === undefined) break;
    chunks.push(chunk);
    size += chunk.size;
  }
  if (group.odd.has(facts.txn)) return { kind: 'broken', why: 'has two chunks with one number' };
  if (chunks.length < found.size) return { kind: 'broken', why: 'has missing chunks' };
  return { kind: 'chunked', ...facts, chunks, size };
}

/** An object that may be metadata, never more than metadata can have and one byte; `info` is what the read told of it. */
export async function readMain(
  inner: Backend,
  main: ObjectInfo,
  o: CallOptions,
): Promise<{ info: ObjectInfo; bytes: Uint8Array }> {
  const range = main.size === undefined ? { range: { start: 0, end: maxMetadataBytes + 1 } } : {};
  const { info, body } = await inner.read(main.path, { ...callOnly(o), info: main, ...range });
  return { info, bytes: await collect(body) };
}

/** Metadata and chunks of one object must fit: else its content is not known. */
export function checkMetadata(
  path: string,
  bytes: Uint8Array,
  { chunks, size, txn }: Pick<Chunked, 'chunks' | 'size' | 'txn'>,
): Metadata {
  const parsed = parseMetadata(bytes);
  if (parsed.kind === 'newer')
    throw corrupted(path, 'unknown metadata, written by a newer program. Use the newest rclone for it');
  if (parsed.kind === 'other') throw corrupted(path, `invalid metadata: ${parsed.why}`);
  const { metadata } = parsed;
  if (metadata.size !== size || metadata.chunks !== chunks.length) {
    const [stored, told] = [
      `${chunks.length} chunks with ${size} bytes`,
      `${metadata.chunks} chunks with ${metadata.size} bytes`,
    ];
    throw corrupted(path, `metadata doesn't match file size: ${stored} are stored, it tells of ${told}`);
  }
  if (metadata.txn !== txn) throw corrupted(path, 'the chunks that its metadata tells of are missing');
  return metadata;
}

export function corrupted(path: string, why: string): TscloneError {
  return new TscloneError('corrupted', `${path}: ${why}`, { path, retry: 'no' });
}
