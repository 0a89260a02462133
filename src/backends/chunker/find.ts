import type { CallOptions, ObjectInfo, StatOptions } from '../../core/backend.ts';
import type { Want } from '../../core/entry.ts';
import { hasCode, TscloneError } from '../../core/errors.ts';
import { mimeTypeOf } from '../../core/mime.ts';
import { callOnly } from '../layer.ts';
import type { ChunkerContext, ChunkerRoot } from './context.ts';
import {
  canBeMetadata,
  checkMetadata,
  corrupted,
  findGroup,
  layoutOf,
  readMain,
  type Chunked,
  type Layout,
  type Sound,
} from './layout.ts';
import type { Metadata } from './metadata.ts';

/**
 * Where the object at `path` lies. One request of the wrapped remote for an object that is too long to be metadata,
 * else one more: the listing of the names that begin as it does.
 * @throws object_not_found; with `fail_hard` corrupted for one with missing chunks
 */
export async function find(root: ChunkerRoot, path: string, o: StatOptions): Promise<Sound> {
  const { c, inner } = root;
  refuseChunkName(c, path);
  let main: ObjectInfo | undefined;
  try {
    main = await inner.stat(path, { ...callOnly(o), want: passedWants(o.want) });
  } catch (e) {
    if (c.useMeta || !hasCode(e, 'object_not_found', 'is_directory')) throw e;
  }
  return findFrom(root, path, main, o);
}

/** As `find`, from what the wrapped remote told of its object of that name. */
export async function findFrom(
  root: ChunkerRoot,
  path: string,
  main: ObjectInfo | undefined,
  o: CallOptions,
): Promise<Sound> {
  const { c } = root;
  if (main && c.useMeta && !canBeMetadata(main)) return { kind: 'plain', main };
  const group = await findGroup(root, path, o);
  if (main) group.main = main;
  return sound(c, path, await layoutOf(root, group, o));
}

export function sound(c: ChunkerContext, path: string, layout: Layout | undefined): Sound {
  if (!layout) throw notFound(path, 'object not found');
  if (layout.kind !== 'broken') return layout;
  if (c.failHard) throw corrupted(path, layout.why);
  throw notFound(path, `object not found: it ${layout.why}`);
}

function notFound(path: string, why: string): TscloneError {
  return new TscloneError('object_not_found', `${path}: ${why}`, { path, retry: 'no' });
}

/** Chunks are no objects here. */
export function refuseChunkName(c: ChunkerContext, path: string): void {
  const name = c.names.parse(path);
  if (!name) return;
  if (c.failHard) throw overlap(path, name.main);
  throw notFound(path, `object not found: a name of this form is a chunk of ${JSON.stringify(name.main)}`);
}

/** @throws bad_path for no name, and for one that a chunk of another object could have. */
export function refuseToWriteChunkName(c: ChunkerContext, path: string): void {
  if (path === '') throw new TscloneError('bad_path', 'an object needs a name', { path, retry: 'no' });
  const name = c.names.parse(path);
  if (name) throw overlap(path, name.main);
}

function overlap(path: string, main: string): TscloneError {
  const message = `${path}: chunk overlap with ${JSON.stringify(main)}: chunks have names of this form. Choose another name, or another name_format`;
  return new TscloneError('bad_path', message, { path, retry: 'no' });
}

/** The same with its metadata, checked against its chunks; where there is none it stays as it is. */
export async function withMetadata(
  { inner }: ChunkerRoot,
  path: string,
  layout: Chunked,
  o: CallOptions,
): Promise<Chunked> {
  if (!layout.main) return layout;
  const { info, bytes } = await readMain(inner, layout.main, o);
  return { ...layout, main: info, metadata: checkMetadata(path, bytes, layout) };
}

/** The same with its time, which not every listing gives. */
export async function withModTime({ inner }: ChunkerRoot, info: ObjectInfo, o: CallOptions): Promise<ObjectInfo> {
  return { ...info, ...(await inner.stat(info.path, { ...callOnly(o), want: ['modTime'] })) };
}

/** The object as it is seen above: one, whatever number of parts it has. */
export function infoOf({ c, inner }: ChunkerRoot, path: string, layout: Sound): ObjectInfo {
  const info = layout.kind === 'plain' ? plainInfo(path, layout.main) : chunkedInfo(path, layout);
  c.known.set(info, { layout, root: inner.root });
  return info;
}

/** What `infoOf` was told, for an info that came from it. */
export function knownLayout({ c, inner }: ChunkerRoot, path: string, info: ObjectInfo | undefined): Sound | undefined {
  const known = info && info.path === path ? c.known.get(info) : undefined;
  return known?.root === inner.root ? known.layout : undefined;
}

function plainInfo(path: string, main: ObjectInfo): ObjectInfo {
  const { metadata: _metadata, tier: _tier, mimeType: _type, ...rest } = main;
  return { ...rest, path, mimeType: mimeTypeOf(path) };
}

function chunkedInfo(path: string, layout: Chunked): ObjectInfo {
  const { main, chunks, size, metadata } = layout;
  const { modTime, serverTime, etag } = main ?? (chunks[0] as ObjectInfo);
  return {
    kind: 'object',
    path,
    size,
    hashes: hashesOf(metadata),
    mimeType: mimeTypeOf(path),
    ...(modTime === undefined ? {} : { modTime }),
    ...(serverTime === undefined ? {} : { serverTime }),
    ...(etag === undefined || !main ? {} : { etag }),
  };
}

export function hashesOf(metadata: Metadata | undefined): ObjectInfo['hashes'] {
  const { md5, sha1 } = metadata ?? {};
  return { ...(md5 ? { md5 } : {}), ...(sha1 ? { sha1 } : {}) };
}

/** Type and metadata are told by the name alone, as rclone does. */
const passedWants = (want: readonly Want[] | undefined): Want[] | undefined =>
  want?.filter((w) => w !== 'mimeType' && w !== 'metadata');
