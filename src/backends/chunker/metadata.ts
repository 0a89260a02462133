import { fromUtf8, utf8 } from '../../core/bytes.ts';

/** What the small JSON text under the name of a chunked object says (rclone's `simplejson`). */
export interface Metadata {
  readonly size: number;
  readonly chunks: number;
  readonly md5?: string;
  readonly sha1?: string;
  /** Suffix of the names of its chunks; '' = none. */
  readonly txn: string;
}

export type ParsedMetadata =
  | { readonly kind: 'metadata'; readonly metadata: Metadata }
  /** Of a version that is not known here. */
  | { readonly kind: 'newer' }
  | { readonly kind: 'other'; readonly why: string };

/** A longer object is content, whatever stands in it (rclone 1.75). */
export const maxMetadataBytes = 1023;
/** Content up to this length that reads as metadata is stored as a chunk with metadata of its own (rclone 1.75). */
export const maxLookAlikeBytes = 255;

const newestVersion = 2;

/** The text as rclone writes it; a transaction makes it version 2. */
export function formatMetadata({ size, chunks, md5, sha1, txn }: Metadata): Uint8Array {
  const ver = txn === '' ? 1 : 2;
  return utf8(
    JSON.stringify({
      ver,
      size,
      nchunks: chunks,
      ...(md5 ? { md5 } : {}),
      ...(sha1 ? { sha1 } : {}),
      ...(txn ? { txn } : {}),
    }),
  );
}

/** Reads it with the tolerance of rclone: keys in any case and order, unknown ones are skipped. */
export function parseMetadata(bytes: Uint8Array): ParsedMetadata {
  if (bytes.length > maxMetadataBytes) return other('metadata is too large');
  const text = fromUtf8(bytes);
  if (!text.startsWith('{') || !text.endsWith('}')) return other('invalid json');
  let fields: Map<string, unknown>;
  try {
    fields = new Map(Object.entries(JSON.parse(text) as object).map(([k, v]) => [k.toLowerCase(), v ?? undefined]));
  } catch {
    return other('invalid json');
  }
  const [ver, size, chunks] = [fields.get('ver'), fields.get('size'), fields.get('nchunks')];
  if (!isInteger(ver) || !isInteger(size) || !isInteger(chunks)) return other('missing or wrong fields');
  if (ver < 1) return other('wrong version');
  if (ver > newestVersion) return { kind: 'newer' };
  if (size < 0) return other('negative size');
  if (chunks < 1) return other('wrong number of chunks');
  const [md5, sha1, txn] = [fields.get('md5') ?? '', fields.get('sha1') ?? '', fields.get('txn') ?? ''];
  if (typeof md5 !== 'string' || !/^(?:[0-9a-f]{32})?$/i.test(md5)) return other('wrong md5 hash');
  if (typeof sha1 !== 'string' || !/^(?:[0-9a-f]{40})?$/i.test(sha1)) return other('wrong sha1 hash');
  if (typeof txn !== 'string') return other('wrong transaction');
  return {
    kind: 'metadata',
    metadata: {
      size,
      chunks,
      txn,
      ...(md5 === '' ? {} : { md5: md5.toLowerCase() }),
      ...(sha1 === '' ? {} : { sha1: sha1.toLowerCase() }),
    },
  };
}

const other = (why: string): ParsedMetadata => ({ kind: 'other', why });
const isInteger = (value: unknown): value is number => Number.isSafeInteger(value);

/** True for metadata to the letter as chunker writes it: content that looks so is never stored plainly. */
export function isWrittenByChunker(bytes: Uint8Array): boolean {
  return bytes.length <= maxLookAlikeBytes && written.test(fromUtf8(bytes));
}

const written =
  /^\{"ver":[12],"size":\d{1,15},"nchunks":[1-9]\d{0,7}(?:,"md5":"[0-9a-f]{32}")?(?:,"sha1":"[0-9a-f]{40}")?(?:,"txn":"[0-9a-z]{4,9}")?\}$/;
