import type { ByteSource } from '../../core/backend.ts';
import { concatBytes, fromUtf8, toHex, utf8 } from '../../core/bytes.ts';
import type { Hasher, Platform } from '../../core/platform.ts';
import { notImplemented, S3Fault } from './protocol.ts';
import { hmacHex, sameText, type Verified } from './signature.ts';

const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const maxLine = 8192;
const maxTrailers = 16;

export const isAwsChunked = (payload: string): boolean => payload.startsWith('STREAMING-');

/**
 * Undoes `aws-chunked`: sizes in hex, optional chunk signatures that form a chain, trailers at the end. Chunks are not
 * held: a wrong signature shows at the chunk's end, and the body then never ends well. `trailers` is filled last.
 */
export async function* awsChunks(
  source: ByteSource,
  verified: Verified,
  platform: Platform,
  trailers: Map<string, string>,
): AsyncGenerator<Uint8Array, void, void> {
  const { payload } = verified;
  const signed = payload.startsWith('STREAMING-AWS4-HMAC-SHA256-PAYLOAD');
  if (!signed && payload !== 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') throw notImplemented(`${payload} not implemented`);
  const reader = new LineReader(source);
  const chain = new SignatureChain(verified, platform);
  try {
    for (;;) {
      const m = /^([0-9a-fA-F]{1,11})[ \t]*(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(await reader.line());
      if (!m || (signed && m[2] === undefined)) throw broken();
      const size = Number.parseInt(m[1] as string, 16);
      const hash = signed ? platform.createHash('sha256') : undefined;
      for await (const piece of reader.bytes(size)) {
        hash?.update(piece);
        yield piece;
      }
      if (hash && !chain.takes(hash, m[2] as string))
        throw new S3Fault(403, 'SignatureDoesNotMatch', 'The signature of a chunk does not match.');
      if (size === 0) break;
      if ((await reader.line()) !== '') throw broken();
    }
    const lines = await readTrailers(reader, trailers);
    if (signed && payload.endsWith('-TRAILER') && !chain.takesTrailer(lines, trailers.get('x-amz-trailer-signature')))
      throw new S3Fault(403, 'SignatureDoesNotMatch', 'The signature of the trailer does not match.');
    if (!(await reader.atEnd())) throw broken();
  } finally {
    await reader.close();
  }
}

/** Every chunk's signature covers the one before it; the first follows that of the request. */
class SignatureChain {
  readonly #verified: Verified;
  readonly #platform: Platform;
  #previous: string;

  constructor(verified: Verified, platform: Platform) {
    this.#verified = verified;
    this.#platform = platform;
    this.#previous = verified.signature;
  }

  takes(chunk: Hasher, signature: string): boolean {
    this.#previous = this.#sign('PAYLOAD', `${emptySha256}\n${toHex(chunk.digest())}`);
    return sameText(this.#previous, signature);
  }

  takesTrailer(lines: string, signature: string | undefined): boolean {
    const hash = this.#platform.createHash('sha256');
    hash.update(utf8(lines));
    return sameText(this.#sign('TRAILER', toHex(hash.digest())), signature ?? '');
  }

  #sign(kind: string, digests: string): string {
    const { chunkKey, date, scope } = this.#verified;
    return hmacHex(chunkKey, `AWS4-HMAC-SHA256-${kind}\n${date}\n${scope}\n${this.#previous}\n${digests}`);
  }
}

/** Fills `trailers` and answers the text that their signature covers. */
async function readTrailers(reader: LineReader, trailers: Map<string, string>): Promise<string> {
  let covered = '';
  for (let line = await reader.line(true); line !== ''; line = await reader.line(true)) {
    const colon = line.indexOf(':');
    if (colon < 0 || trailers.size >= maxTrailers) throw broken();
    const [name, value] = [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
    trailers.set(name, value);
    if (name !== 'x-amz-trailer-signature') covered += `${name}:${value}\n`;
  }
  return covered;
}

function broken(): S3Fault {
  return new S3Fault(400, 'InvalidRequest', 'The aws-chunked body is not well-formed.');
}

function cutOff(): S3Fault {
  return new S3Fault(400, 'IncompleteBody', 'The request body ended before its last chunk.');
}

class LineReader {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);
  #ended = false;

  constructor(source: ByteSource) {
    this.#iterator = source[Symbol.asyncIterator]();
  }

  async #more(): Promise<boolean> {
    const next = this.#ended ? ({ done: true } as const) : await this.#iterator.next();
    if (next.done) {
      this.#ended = true;
      return false;
    }
    this.#rest = this.#rest.length === 0 ? next.value : concatBytes([this.#rest, next.value]);
    return true;
  }

  /** Up to CRLF, which is dropped. With `mayEnd` the end of the body counts as an empty line. */
  async line(mayEnd = false): Promise<string> {
    for (let from = 0; ;) {
      const end = this.#rest.indexOf(10, from);
      if (end > maxLine) throw broken();
      if (end >= 0) {
        const text = fromUtf8(this.#rest.subarray(0, end)).replace(/\r$/, '');
        this.#rest = this.#rest.subarray(end + 1);
        return text;
      }
      from = this.#rest.length;
      if (from > maxLine) throw broken();
      if (!(await this.#more())) {
        if (from === 0 && mayEnd) return '';
        throw cutOff();
      }
    }
  }

  async *bytes(length: number): AsyncGenerator<Uint8Array, void, void> {
    for (let left = length; left > 0;) {
      if (this.#rest.length === 0 && !(await this.#more())) throw cutOff();
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      if (piece.length > 0) yield piece;
    }
  }

  async atEnd(): Promise<boolean> {
    while (this.#rest.length === 0) if (!(await this.#more())) return true;
    return false;
  }

  async close(): Promise<void> {
    if (!this.#ended) await this.#iterator.return?.();
  }
}
