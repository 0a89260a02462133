import type { Backend, ObjectInfo } from '../../core/backend.ts';
import type { Emit } from '../../core/events.ts';
import type { Platform } from '../../core/platform.ts';
import type { Sound } from './layout.ts';
import type { ChunkNames } from './names.ts';

/** One opened chunker remote; the backends of all its paths share it. */
export interface ChunkerContext {
  readonly name: string;
  /** What `remote` points at. */
  readonly base: Backend;
  readonly names: ChunkNames;
  readonly chunkBytes: number;
  readonly failHard: boolean;
  /** Chunked objects have metadata. */
  readonly useMeta: boolean;
  /** Chunks stay under the names they were sent to. */
  readonly noRename: boolean;
  readonly hash: HashPolicy;
  readonly platform: Platform;
  readonly emit: Emit;
  /** Calls of the wrapped remote at once. */
  readonly atOnce: number;
  /** Streams up to this are read whole before they are stored. */
  readonly streamBytes: number;
  /** Where the parts of an object lie, for infos that came from here: spares the search for them. */
  readonly known: WeakMap<ObjectInfo, { readonly layout: Sound; readonly root: string }>;
}

export interface HashPolicy {
  readonly type: 'md5' | 'sha1' | undefined;
  /** Every object is stored as a chunked one. */
  readonly all: boolean;
  /** The digest is asked of the source. */
  readonly quick: boolean;
}

/** A chunker backend with the place in the wrapped remote that holds its chunks. */
export interface ChunkerRoot {
  readonly c: ChunkerContext;
  readonly inner: Backend;
}
