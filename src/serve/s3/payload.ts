import type { ByteSource } from '../../core/backend.ts';
import { concatBytes, fromUtf8, toBase64, toHex } from '../../core/bytes.ts';
import type { Platform } from '../../core/platform.ts';
import { awsChunks, isAwsChunked } from './aws-chunked.ts';
import {
  checksumHeader,
  checksumNames,
  createChecksum,
  isChecksumName,
  type ChecksumName,
  type KeptChecksum,
} from './checksums.ts';
import { S3Fault, type S3Request } from './protocol.ts';
import type { Verified } from './signature.ts';

/** A body without its transport encoding. */
export interface Received {
  /**
   * Ends only after every digest that came with it agreed; otherwise it throws, and nothing is stored. To be read once.
   */
  readonly body: ByteSource;
  /** Bytes that the client announced. */
  readonly size: number | undefined;
  /** The checksum that the client sent; known once the body has ended. */
  checksum(): KeptChecksum | undefined;
}

/**
 * `unchecked`: its checksum headers tell of something else than the body.
 * @throws S3Fault for headers that contradict one another
 */
export function receive(
  r: S3Request,
  verified: Verified,
  platform: Platform,
  o: { unchecked?: boolean } = {},
): Received {
  const { payload } = verified;
  if (!isAwsChunked(payload) && payload !== 'UNSIGNED-PAYLOAD' && !/^[0-9a-f]{64}$/.test(payload))
    throw new S3Fault(
      400,
      'InvalidArgument',
      'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-… or the SHA-256 of the body in lower-case hex',
    );
  const size = announcedSize(r, isAwsChunked(payload));
  const checks = o.unchecked === true ? [] : digestChecks(r, platform);
  const trailers = new Map<string, string>();

  async function* body(): AsyncGenerator<Uint8Array, void, void> {
    const sha = payload.length === 64 ? platform.createHash('sha256') : undefined;
    const source = r.body ?? nothing();
    let total = 0;
    for await (const chunk of isAwsChunked(payload) ? awsChunks(source, verified, platform, trailers) : source) {
      total += chunk.length;
      if (size !== undefined && total > size) throw wrongSize(size, `more than ${size}`);
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
    if (size !== undefined && total !== size) throw wrongSize(size, total);
    for (const c of checks) c.finish(trailers);
  }

  return { body: body(), size, checksum: () => checks.map((c) => c.kept).find((kept) => kept !== undefined) };
}

async function* nothing(): AsyncGenerator<Uint8Array, void, void> {}

function wrongSize(announced: number, came: number | string): S3Fault {
  return new S3Fault(400, 'IncompleteBody', `The request body has ${came} bytes, ${announced} were announced.`);
}

function announcedSize(r: S3Request, chunked: boolean): number | undefined {
  const text = r.headers[chunked ? 'x-amz-decoded-content-length' : 'content-length'];
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new S3Fault(400, 'InvalidArgument', 'The length of the body is not a number.');
  return Number(text);
}

/** For uploads, whose length S3 wants to know. @throws S3Fault MissingContentLength, EntityTooLarge */
export function requiredSize({ size }: Received, max: number): number {
  if (size === undefined)
    throw new S3Fault(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');
  if (size > max)
    throw new S3Fault(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed object size.', {
      details: { ProposedSize: size, MaxSizeAllowed: max },
    });
  return size;
}

interface Check {
  update(bytes: Uint8Array): void;
  finish(trailers: ReadonlyMap<string, string>): void;
  kept?: KeptChecksum;
}

function digestChecks(r: S3Request, platform: Platform): Check[] {
  const md5 = r.headers['content-md5'];
  const announced = announcedTrailers(r);
  const checks = checksumNames
    .filter((name) => r.headers[checksumHeader(name)] !== undefined || announced.has(checksumHeader(name)))
    .map((name) => checksumCheck(name, r.headers[checksumHeader(name)], platform));
  if (checks.length > 1)
    throw new S3Fault(400, 'InvalidRequest', 'Expecting a single x-amz-checksum- header. Multiple checksums found.');
  const algorithm = r.headers['x-amz-sdk-checksum-algorithm']?.toLowerCase();
  if (algorithm !== undefined && checks.length === 0)
    throw new S3Fault(
      400,
      'InvalidRequest',
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    );
  return md5 === undefined ? checks : [md5Check(md5, platform), ...checks];
}

function announcedTrailers(r: S3Request): Set<string> {
  const names = (r.headers['x-amz-trailer'] ?? '')
    .split(',')
    .map((t) => t.trim().toLowerCase())
    .filter((t) => t !== '');
  for (const name of names) {
    const checksum = name.replace(/^x-amz-checksum-/, '');
    if (!name.startsWith('x-amz-checksum-') || !isChecksumName(checksum))
      throw new S3Fault(400, 'InvalidRequest', 'The value specified in the x-amz-trailer header is not supported');
  }
  return new Set(names);
}

function md5Check(md5: string, platform: Platform): Check {
  if (!/^[A-Za-z0-9+/]{22}==$/.test(md5))
    throw new S3Fault(400, 'InvalidDigest', 'The Content-MD5 you specified is not valid.');
  const hash = platform.createHash('md5');
  return {
    update: (b) => hash.update(b),
    finish() {
      if (toBase64(hash.digest()) !== md5)
        throw new S3Fault(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.');
    },
  };
}

const digestLengths: Readonly<Record<ChecksumName, number>> = {
  crc32: 8,
  crc32c: 8,
  crc64nvme: 12,
  sha1: 28,
  sha256: 44,
};

function checksumCheck(name: ChecksumName, inHeader: string | undefined, platform: Platform): Check {
  if (inHeader !== undefined && !isDigest(name, inHeader))
    throw new S3Fault(400, 'InvalidRequest', `Value for ${checksumHeader(name)} header is invalid.`);
  const sum = createChecksum(name, platform);
  const check: Check = {
    update: (b) => sum.update(b),
    finish(trailers) {
      const expected = inHeader ?? trailers.get(checksumHeader(name));
      if (expected === undefined)
        throw new S3Fault(
          400,
          'MalformedTrailerError',
          `The trailer ${checksumHeader(name)} that was announced did not come.`,
        );
      const value = toBase64(sum.digest());
      if (value !== expected) throw badChecksum(name);
      check.kept = { name, value, type: 'FULL_OBJECT' };
    },
  };
  return check;
}

export const isDigest = (name: ChecksumName, text: string): boolean =>
  text.length === digestLengths[name] && /^[A-Za-z0-9+/]+=*$/.test(text);

export function badChecksum(name: ChecksumName): S3Fault {
  return new S3Fault(
    400,
    'BadDigest',
    `The ${name.toUpperCase()} you specified did not match the calculated checksum.`,
  );
}

/** A small body whole, after its digests agreed. @throws S3Fault when it is larger than `limit` */
export async function smallBody(
  r: S3Request,
  verified: Verified,
  platform: Platform,
  limit: number,
  o: { unchecked?: boolean } = {},
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of receive(r, verified, platform, o).body) {
    total += chunk.length;
    if (total > limit) throw new S3Fault(400, 'MaxMessageLengthExceeded', 'Your request was too big.');
    chunks.push(chunk);
  }
  return fromUtf8(concatBytes(chunks));
}
