import type { ByteSource } from '../../core/backend.ts';
import { concatBytes, fromUtf8, toBase64, toHex } from '../../core/bytes.ts';
import type { Platform } from '../../core/platform.ts';
import { checksumNames, createChecksum, isChecksumName } from './checksums.ts';
import { S3Fault, type S3Request } from './protocol.ts';
import { hmacHex, sameText, type Verified } from './signature.ts';

const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const maxChunk = 16 * 1024 * 1024;
const maxLine = 8192;

/** Bytes that the client announced; undefined = it did not say. */
export function announcedSize(r: S3Request): number | undefined {
  const text = r.headers['x-amz-decoded-content-length'] ?? r.headers['content-length'];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/**
 * The body without its transport encoding. It ends only after every digest that came with it agreed; otherwise it
 * throws, and nothing is stored.
 */
export async function* verifiedBody(
  r: S3Request,
  verified: Verified,
  platform: Platform,
): AsyncGenerator<Uint8Array, void, void> {
  const { payload } = verified;
  const checks = digestChecks(r, platform);
  const sha = /^[0-9a-f]{64}$/.test(payload) ? platform.createHash('sha256') : undefined;
  const trailers = new Map<string, string>();
  const source = r.body ?? nothing();
  const plain = payload.startsWith('STREAMING-') ? awsChunks(source, verified, platform, trailers) : source;
  let total = 0;
  for await (const chunk of plain) {
    total += chunk.length;
    sha?.update(chunk);
    for (const c of checks) c.update(chunk);
    yield chunk;
  }
  if (sha && toHex(sha.digest()) !== payload) {
    throw new S3Fault(
      400,
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  }
  const expected = announcedSize(r);
  if (expected !== undefined && total !== expected) {
    throw new S3Fault(400, 'IncompleteBody', `The request body has ${total} bytes, ${expected} were announced.`);
  }
  for (const c of checks) c.finish(trailers);
}

async function* nothing(): AsyncGenerator<Uint8Array, void, void> {}

interface Check {
  update(bytes: Uint8Array): void;
  finish(trailers: ReadonlyMap<string, string>): void;
}

function digestChecks(r: S3Request, platform: Platform): Check[] {
  const checks: Check[] = [];
  const md5 = r.headers['content-md5'];
  if (md5 !== undefined) {
    const hash = platform.createHash('md5');
    if (!/^[A-Za-z0-9+/]{22}==$/.test(md5))
      throw new S3Fault(400, 'InvalidDigest', 'The Content-MD5 you specified is not valid.');
    checks.push({
      update: (b) => hash.update(b),
      finish() {
        if (toBase64(hash.digest()) !== md5)
          throw new S3Fault(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.');
      },
    });
  }
  const announced = new Set(
    (r.headers['x-amz-trailer'] ?? '')
      .split(',')
      .map((t) => t.trim().toLowerCase())
      .filter((t) => t !== ''),
  );
  for (const name of checksumNames) {
    const header = `x-amz-checksum-${name}`;
    const value = r.headers[header];
    if (value === undefined && !announced.has(header)) continue;
    const sum = createChecksum(name, platform);
    checks.push({
      update: (b) => sum.update(b),
      finish(trailers) {
        const expected = value ?? trailers.get(header);
        if (expected === undefined)
          throw new S3Fault(400, 'MalformedTrailerError', `The trailer ${header} that was announced did not come.`);
        if (sum.base64() !== expected)
          throw new S3Fault(
            400,
            'BadDigest',
            `The ${name.toUpperCase()} you specified did not match the calculated checksum.`,
          );
      },
    });
  }
  for (const name of announced) {
    const checksum = name.replace(/^x-amz-checksum-/, '');
    if (name.startsWith('x-amz-checksum-') && !isChecksumName(checksum))
      throw new S3Fault(400, 'InvalidRequest', `The checksum ${checksum} is not known.`);
  }
  return checks;
}

/** Undoes `aws-chunked`: sizes in hex, optional chunk signatures that form a chain, trailers at the end. */
async function* awsChunks(
  source: ByteSource,
  verified: Verified,
  platform: Platform,
  trailers: Map<string, string>,
): AsyncGenerator<Uint8Array, void, void> {
  const { payload } = verified;
  const signed = payload.startsWith('STREAMING-AWS4-HMAC-SHA256-PAYLOAD');
  const hasTrailer = payload.endsWith('-TRAILER');
  if (!signed && payload !== 'STREAMING-UNSIGNED-PAYLOAD-TRAILER')
    throw new S3Fault(501, 'NotImplemented', `${payload} not implemented`);
  const reader = new LineReader(source);
  let previous = verified.signature;
  for (;;) {
    const line = await reader.line();
    const m = /^([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line);
    if (!m || (signed && m[2] === undefined)) throw broken();
    const size = Number.parseInt(m[1] as string, 16);
    if (size > maxChunk) throw broken();
    const chunk = await reader.bytes(size);
    if (signed) {
      const hash = platform.createHash('sha256');
      hash.update(chunk);
      const text = `AWS4-HMAC-SHA256-PAYLOAD\n${verified.date}\n${verified.scope}\n${previous}\n${emptySha256}\n${toHex(hash.digest())}`;
      previous = hmacHex(verified.chunkKey, text);
      if (!sameText(previous, m[2] as string))
        throw new S3Fault(403, 'SignatureDoesNotMatch', 'The signature of a chunk does not match.');
    }
    if (size === 0) break;
    yield chunk;
    if ((await reader.line()) !== '') throw broken();
  }
  let trailerText = '';
  let trailerSignature: string | undefined;
  for (let line = await reader.line(); line !== ''; line = await reader.line()) {
    const colon = line.indexOf(':');
    if (colon < 0 || trailers.size > 16) throw broken();
    const [name, value] = [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
    if (name === 'x-amz-trailer-signature') trailerSignature = value;
    else {
      trailers.set(name, value);
      trailerText += `${name}:${value}\n`;
    }
  }
  if (signed && hasTrailer) {
    const hash = platform.createHash('sha256');
    hash.update(new TextEncoder().encode(trailerText));
    const text = `AWS4-HMAC-SHA256-TRAILER\n${verified.date}\n${verified.scope}\n${previous}\n${toHex(hash.digest())}`;
    if (!sameText(hmacHex(verified.chunkKey, text), trailerSignature ?? ''))
      throw new S3Fault(403, 'SignatureDoesNotMatch', 'The signature of the trailer does not match.');
  }
}

function broken(): S3Fault {
  return new S3Fault(400, 'InvalidRequest', 'The aws-chunked body is not well-formed.');
}

class LineReader {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(source: ByteSource) {
    this.#iterator = source[Symbol.asyncIterator]();
  }

  async #more(): Promise<boolean> {
    const next = await this.#iterator.next();
    if (next.done) return false;
    this.#rest = this.#rest.length === 0 ? next.value : concatBytes([this.#rest, next.value]);
    return true;
  }

  /** Up to CRLF, which is dropped; '' at the end of the body. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf(10);
      if (end >= 0) {
        const text = fromUtf8(this.#rest.subarray(0, end)).replace(/\r$/, '');
        this.#rest = this.#rest.subarray(end + 1);
        return text;
      }
      if (this.#rest.length > maxLine) throw broken();
      if (!(await this.#more())) {
        if (this.#rest.length > 0) throw broken();
        return '';
      }
    }
  }

  async bytes(length: number): Promise<Uint8Array> {
    const out = new Uint8Array(length);
    let at = 0;
    while (at < length) {
      if (this.#rest.length === 0 && !(await this.#more()))
        throw new S3Fault(400, 'IncompleteBody', 'The request body ended within a chunk.');
      const n = Math.min(this.#rest.length, length - at);
      out.set(this.#rest.subarray(0, n), at);
      this.#rest = this.#rest.subarray(n);
      at += n;
    }
    return out;
  }
}

/** A small body whole, after its digests agreed. @throws S3Fault when it is larger than `limit` */
export async function smallBody(r: S3Request, verified: Verified, platform: Platform, limit: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of verifiedBody(r, verified, platform)) {
    total += chunk.length;
    if (total > limit) throw new S3Fault(400, 'MaxMessageLengthExceeded', 'Your request was too big.');
    chunks.push(chunk);
  }
  return fromUtf8(concatBytes(chunks));
}
