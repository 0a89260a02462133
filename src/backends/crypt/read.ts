import type { Backend, ByteSource, ObjectInfo, ReadOptions } from '../../core/backend.ts';
import { SourceReader } from '../../core/source-reader.ts';
import { callOnly } from '../layer.ts';
import type { CryptContext } from './backend.ts';
import {
  addToNonce,
  badBlock,
  blockBytes,
  blockText,
  decrypt,
  decryptedSize,
  encryptedSize,
  headerBytes,
  readHeader,
} from './content.ts';

interface Place {
  readonly inner: Backend;
  readonly encrypted: string;
  readonly path: string;
}

/**
 * Starts a read; `info` is that of the encrypted object. A range that begins in the first block costs one request of
 * the wrapped remote, any other two: for the nonce, then for the blocks needed.
 */
export async function readDecrypted(
  c: CryptContext,
  place: Place,
  o: ReadOptions,
): Promise<{ info: ObjectInfo; body: ByteSource }> {
  const { inner, encrypted, path } = place;
  const { start, end } = await absolute(place, o);
  const block = Math.floor(start / blockText);
  const lastBlock = end === undefined ? undefined : Math.max(block + 1, Math.ceil(end / blockText));
  const innerEnd = lastBlock === undefined ? undefined : headerBytes + lastBlock * blockBytes;
  const upTo = innerEnd === undefined ? {} : { end: innerEnd };
  const known = knownInfo(encrypted, o.info);

  let opened = await inner.read(encrypted, {
    ...callOnly(o),
    ...(known ? { info: known } : {}),
    ...(block === 0 ? (innerEnd === undefined ? {} : { range: { start: 0, ...upTo } }) : headerRange),
  });
  let reader = new SourceReader(opened.body, o.signal);
  let nonce: Uint8Array;
  try {
    nonce = readHeader(await reader.read(headerBytes), path);
    if (block > 0) {
      await reader.close();
      const { info } = opened;
      // With the etag of the first answer: both ranges come from the same object.
      opened = await inner.read(encrypted, {
        ...callOnly(o),
        info,
        range: { start: headerBytes + block * blockBytes, ...upTo },
      });
      opened = { info, body: opened.body };
      reader = new SourceReader(opened.body, o.signal);
    }
  } catch (e) {
    await reader.close();
    throw e;
  }
  const onBadBlock = c.options.pass_bad_blocks
    ? () => c.emit({ type: 'log', level: 'error', message: `crypt: ignoring: ${badBlock}` })
    : undefined;
  const body = decrypt(reader, c.box, {
    path,
    nonce: addToNonce(nonce, block),
    skip: start - block * blockText,
    limit: end === undefined ? Number.POSITIVE_INFINITY : Math.max(0, end - start),
    onBadBlock,
  });
  return { info: opened.info, body };
}

const headerRange = { range: { start: 0, end: headerBytes } };

/** The range counted from the start. One from the end needs the size. */
async function absolute(
  { inner, encrypted }: Place,
  { range, info, ...o }: ReadOptions,
): Promise<{ start: number; end?: number }> {
  if (!range) return { start: 0 };
  if (range.start >= 0) return range;
  const size = info?.size ?? decryptedSize((await inner.stat(encrypted, callOnly(o))).size ?? 0);
  const start = Math.max(0, (typeof size === 'string' ? 0 : size) + range.start);
  return { ...range, start };
}

/** What the caller knows, in terms of the encrypted object. */
function knownInfo(path: string, info: ObjectInfo | undefined): ObjectInfo | undefined {
  if (info?.etag === undefined || !info.size) return undefined;
  return { kind: 'object', path, hashes: {}, etag: info.etag, size: encryptedSize(info.size) };
}
