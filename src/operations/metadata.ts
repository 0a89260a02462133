import type { Backend, CopyOptions, DirInfo, ObjectInfo } from '../core/backend.ts';
import { throwIfAborted } from '../core/errors.ts';
import { mimeTypeOf } from '../core/mime.ts';
import { formatRfc3339 } from '../core/time.ts';
import { callOptions, type OperationContext } from './context.ts';
import type { Held } from './same.ts';

export type Metadata = Readonly<Record<string, string>>;

/** What is about to be written, as rclone tells it to a `--metadata-mapper`. */
export interface MappedItem {
  readonly SrcFs: string;
  readonly SrcFsType: string;
  readonly DstFs: string;
  readonly DstFsType: string;
  readonly Remote: string;
  readonly Size: number;
  readonly MimeType?: string;
  readonly ModTime: string;
  readonly IsDir: boolean;
  readonly Metadata: Metadata;
}

/** Answers the metadata that is written. */
export type MetadataMapper = (item: MappedItem, signal: AbortSignal | undefined) => Promise<Metadata>;

/** The metadata of an object with the system facts that rclone shows among it. */
export function systemMetadata(info: ObjectInfo): Record<string, string> {
  const time = (ns: bigint | undefined): string | undefined =>
    ns === undefined ? undefined : formatRfc3339(ns, 'utc', 'trim');
  const extra = {
    mtime: time(info.modTime),
    btime: time(info.serverTime),
    // A file has none: its type is only guessed by its name.
    'content-type': info.metadata?.['mode'] === undefined ? info.mimeType : undefined,
    tier: info.tier,
  };
  return Object.fromEntries(
    Object.entries({ ...extra, ...info.metadata }).filter((e): e is [string, string] => e[1] !== undefined),
  );
}

/**
 * The metadata that goes with an object: the source's, over it what is to be set, and what the mapper makes of it.
 * `seen` is what the read of the source told. Undefined = metadata does not travel.
 */
export async function carriedMetadata(
  c: OperationContext,
  { backend, info }: Held,
  dst: Backend,
  seen: ObjectInfo = info,
): Promise<Metadata | undefined> {
  if (!c.settings.metadata) return undefined;
  const told =
    seen.metadata === undefined && backend.features.metadata
      ? await backend.stat(info.path, { ...callOptions(c), want: ['modTime', 'mimeType', 'metadata'] })
      : seen;
  return finish(c, backend, dst, { ...seen, ...told, path: info.path }, told.metadata);
}

/** As `carriedMetadata`, for a directory; undefined also when one of the sides knows no metadata of directories. */
export async function carriedDirMetadata(
  c: OperationContext,
  src: Backend,
  dst: Backend,
  dir: DirInfo,
): Promise<Metadata | undefined> {
  if (!c.settings.metadata || !src.features.metadata || !src.statDir || !dst.setDirMetadata) return undefined;
  const { metadata } = await src.statDir(dir.path, { ...callOptions(c), want: ['metadata'] });
  return metadata && finish(c, src, dst, dir, metadata);
}

/** Metadata of an object that has no source. */
export async function newMetadata(
  c: OperationContext,
  dst: Backend,
  o: { path: string; size?: number | undefined; modTime: bigint },
): Promise<Metadata | undefined> {
  if (!c.settings.metadata) return undefined;
  const { path, size, modTime } = o;
  const info: ObjectInfo = { kind: 'object', path, modTime, hashes: {}, ...(size === undefined ? {} : { size }) };
  return finish(c, undefined, dst, info, undefined);
}

/** What a copy within a store is told: only what is to change, so that the service keeps all the rest as it is. */
export async function copyMetadata(c: OperationContext, src: Held, dst: Backend): Promise<CopyOptions> {
  if (!c.settings.metadata) return {};
  const changes = Object.keys(c.settings.metadataSet).length > 0 || c.mapMetadata !== undefined;
  const metadata = changes ? await carriedMetadata(c, src, dst) : undefined;
  return { carriesMetadata: true, ...(metadata ? { metadata } : {}) };
}

async function finish(
  c: OperationContext,
  src: Backend | undefined,
  dst: Backend,
  entry: ObjectInfo | DirInfo,
  told: Metadata | undefined,
): Promise<Metadata> {
  const metadata = { ...told, ...c.settings.metadataSet };
  if (!c.mapMetadata) return metadata;
  const mimeType = entry.kind === 'object' ? (entry.mimeType ?? mimeTypeOf(entry.path)) : undefined;
  const mapped = await c.mapMetadata(
    {
      SrcFs: src ? referenceOf(src) : 'memory:',
      SrcFsType: src?.type ?? 'object.memoryFs',
      DstFs: referenceOf(dst),
      DstFsType: dst.type,
      Remote: entry.path,
      Size: entry.size ?? -1,
      ...(mimeType === undefined ? {} : { MimeType: mimeType }),
      ModTime: formatRfc3339(entry.modTime ?? c.platform.now(), 'local', 'trim'),
      IsDir: entry.kind === 'dir',
      Metadata: Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1))),
    },
    c.signal,
  );
  throwIfAborted(c.signal);
  return mapped;
}

const referenceOf = (b: Backend): string => (b.features.isLocal ? b.root : `${b.name}:${b.root}`);
