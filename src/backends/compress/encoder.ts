import type { BlockIndex } from './metadata.ts';

/** Blocks that are compressed while the first of them is waited for. */
export const ahead = 3;

/** A block of plain data. `last` = a shorter one, maybe empty, with which the data ends. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly last: boolean;
  /** Its compressed form at the level of the remote, where that is known already. */
  readonly compressed?: Uint8Array | undefined;
}

/** A part of the data object, and how many bytes of plain data it brings. */
export interface Compressed {
  readonly bytes: Uint8Array;
  readonly plain: number;
}

/** Makes a data object. */
export interface Encoder {
  /** Files below this are stored as they are. */
  readonly leastBytes: number;
  encode(pieces: AsyncIterable<Piece>): AsyncGenerator<Compressed, void, void>;
  /** Complete once `encode` has ended. */
  readonly index: BlockIndex;
  /** The piece compressed at the default level, and the size that a data object of this piece alone would have. */
  sample(piece: Piece): Promise<{ compressed: Uint8Array; total: number; reusable: boolean }>;
}
