import { fromUtf8, utf8 } from '../../core/bytes.ts';
import { TscloneError } from '../../core/errors.ts';
import { modes, type Mode } from './names.ts';

/** What `F.json` says of a file. */
export interface FileMetadata {
  readonly mode: Mode;
  /** Bytes of the plain data. */
  readonly size: number;
  /** Of the plain data, in lower-case hex; '' = not known. */
  readonly md5: string;
  readonly mimeType: string;
  /** Absent for stored files. */
  readonly index?: BlockIndex;
}

/**
 * gzip: bytes of the header, then of every piece of compressed data. zstd: offsets of the frames in the plain data, and
 * its size.
 */
export interface BlockIndex {
  readonly blockSize: number;
  readonly blockData: readonly number[];
}

export const blockBytes = 1024 * 1024;
/** Blocks of other writers; what lies above would not fit into memory. */
export const maxBlockBytes = 32 * blockBytes;

/** The bytes of `F.json`, fields in rclone's order. `configured` is the mode of the remote. */
export function formatMetadata(m: FileMetadata, configured: Mode): Uint8Array {
  const structure = {
    BlockSize: m.index?.blockSize ?? 0,
    Size: m.index ? m.size : 0,
    BlockData: m.index?.blockData ?? null,
  };
  const zstd = (m.index ? m.mode : configured) === modes.zstd;
  return utf8(
    escapeAsGo(
      JSON.stringify({
        Mode: m.mode,
        Size: m.size,
        MD5: m.md5,
        MimeType: m.mimeType,
        CompressionMetadataGzip: zstd ? null : structure,
        CompressionMetadataZstd: zstd ? structure : null,
      }),
    ),
  );
}

/** Go writes these as escapes, so that JSON can stand in HTML. */
const escapeAsGo = (json: string): string =>
  json.replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** @throws corrupted when it is not the metadata of a file that can be read */
export function parseMetadata(bytes: Uint8Array, path: string): FileMetadata {
  const fail = (reason: string): TscloneError =>
    new TscloneError('corrupted', `error decoding metadata: ${reason} in the .json object`, { path, retry: 'no' });
  let json: unknown;
  try {
    json = JSON.parse(fromUtf8(bytes));
  } catch (e) {
    throw new TscloneError('corrupted', `error decoding metadata: the .json object is no JSON`, {
      path,
      cause: e,
      retry: 'no',
    });
  }
  if (!isRecord(json)) throw fail('no object');
  const { Mode, Size, MD5, MimeType } = json;
  if (Mode !== modes.stored && Mode !== modes.gzip && Mode !== modes.zstd) throw fail(`unknown mode ${show(Mode)}`);
  if (!isCount(Size)) throw fail(`size ${show(Size)}`);
  if (typeof MD5 !== 'string' || !/^(?:[0-9a-f]{32})?$/i.test(MD5)) throw fail('no MD5');
  const common = {
    mode: Mode,
    size: Size,
    md5: MD5.toLowerCase(),
    mimeType: typeof MimeType === 'string' ? MimeType : '',
  };
  if (Mode === modes.stored) return common;

  const kind = Mode === modes.gzip ? 'gzip' : 'zstd';
  const structure = json[Mode === modes.gzip ? 'CompressionMetadataGzip' : 'CompressionMetadataZstd'];
  if (!isRecord(structure)) throw fail(`missing ${kind} metadata`);
  const { BlockSize, Size: inner, BlockData } = structure;
  if (!isCount(BlockSize) || BlockSize === 0 || BlockSize > maxBlockBytes) throw fail(`block size ${show(BlockSize)}`);
  if (inner !== Size) throw fail(`two sizes, ${show(Size)} and ${show(inner)},`);
  if (!Array.isArray(BlockData) || !BlockData.every(isCount)) throw fail('no list of blocks');
  if (Mode === modes.gzip && BlockData.length < 1 + Math.ceil(Size / BlockSize)) throw fail('too few blocks');
  return { ...common, index: { blockSize: BlockSize, blockData: BlockData } };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const show = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 40);
