import * as zlib from 'node:zlib';
import type { Codecs } from '../core/platform.ts';
import { pureCodecs } from '../core/pure-codecs.ts';

const { constants } = zlib;

/** zlib and, where Node has it (22.15), libzstd, both on Node's thread pool. */
export const nodeCodecs: Codecs = {
  deflate: (piece, { level, last }) =>
    called((done) =>
      zlib.deflateRaw(
        piece,
        {
          chunkSize,
          finishFlush: last ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
          ...(level === 'huffman' ? { strategy: constants.Z_HUFFMAN_ONLY } : { level }),
        },
        done,
      ),
    ),
  inflate: (piece, limit) =>
    called((done) =>
      zlib.inflateRaw(
        piece,
        // A piece in the middle of a stream has no end of its own.
        { chunkSize: chunkFor(limit), finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: Math.max(1, limit) },
        done,
      ),
    ),
  ...(zlib.zstdCompress
    ? {
        zstd: (piece, level) =>
          called((done) =>
            zlib.zstdCompress(
              piece,
              {
                chunkSize,
                params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
              },
              done,
            ),
          ),
        unzstd: (frame, limit) =>
          called((done) =>
            zlib.zstdDecompress(frame, { chunkSize: chunkFor(limit), maxOutputLength: Math.max(1, limit) }, done),
          ),
      }
    : { unzstd: pureCodecs.unzstd }),
};

const chunkSize = 256 * 1024;

/** One buffer holds the text, with a byte to see that there is no more. */
const chunkFor = (limit: number): number => Math.min(Math.max(limit + 1, 1024), 2 * 1024 * 1024);

function called(start: (done: (e: Error | null, bytes: Uint8Array) => void) => void): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    start((e, bytes) => (e ? reject(e) : resolve(bytes)));
  });
}
