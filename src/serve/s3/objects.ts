import { checksumElements, checksumHeaders, isChecksumName } from './checksums.ts';
import { checkWrite, isConditionalWrite, isNotModified, rangeHolds } from './conditions.ts';
import { fieldHeaders, fieldsOf } from './fields.ts';
import { xmlHeaders, type Operation, type OperationArgs } from './operation.ts';
import { receive, requiredSize } from './payload.ts';
import { checkVersion, invalidArgument, notImplemented, S3Fault, wholeNumber, type S3Response } from './protocol.ts';
import { partOf, rangeOf, type Range } from './ranges.ts';
import type { StoredObject } from './store.ts';
import { xmlDocument } from './xml.ts';

/** GetObject and HeadObject. */
export const getObject: Operation = async (a) => {
  const { store, request, call } = a;
  checkVersion(call.query.get('versionId'));
  try {
    if (request.method === 'HEAD') {
      const stored = await store.head(call.bucket, call.key);
      return found(a, stored, chosenRange(a, stored), undefined);
    }
    const { stored, range, body } = await store.open(call.bucket, call.key, (s) => chosenRange(a, s));
    return found(a, stored, range, body);
  } catch (e) {
    if (!(e instanceof NotModified)) throw e;
    const { etag, lastModified, systemHeaders } = e.stored;
    const headers = { etag: `"${etag}"`, 'last-modified': lastModified.toUTCString() };
    const cache = systemHeaders['cache-control'];
    return { status: 304, headers: cache === undefined ? headers : { ...headers, 'cache-control': cache } };
  }
};

class NotModified {
  readonly stored: StoredObject;
  constructor(stored: StoredObject) {
    this.stored = stored;
  }
}

function chosenRange({ request, call }: OperationArgs, stored: StoredObject): Range | undefined {
  if (isNotModified(request, stored)) throw new NotModified(stored);
  const part = call.query.get('partNumber');
  if (part !== undefined) {
    if (request.headers['range'] !== undefined)
      throw new S3Fault(400, 'InvalidRequest', 'Cannot specify both Range header and partNumber query parameter');
    return partOf(wholeNumber(part, 'partNumber', 1), stored);
  }
  return rangeHolds(request, stored) ? rangeOf(request.headers['range'], stored.size) : undefined;
}

function found(
  { request, call }: OperationArgs,
  stored: StoredObject,
  range: Range | undefined,
  body: S3Response['body'],
) {
  const wantsChecksum = request.headers['x-amz-checksum-mode']?.toUpperCase() === 'ENABLED';
  const headers: Record<string, string> = {
    ...fieldHeaders(stored),
    etag: `"${stored.etag}"`,
    'last-modified': stored.lastModified.toUTCString(),
    'accept-ranges': 'bytes',
    ...(wantsChecksum && range === undefined ? checksumHeaders(stored.checksum) : {}),
    ...(call.query.has('partNumber') && stored.parts ? { 'x-amz-mp-parts-count': String(stored.parts.length) } : {}),
    ...overrides(call.query),
    'content-length': String(range ? range.end - range.start : stored.size),
  };
  if (range) headers['content-range'] = `bytes ${range.start}-${range.end - 1}/${stored.size}`;
  return { status: range ? 206 : 200, headers, body };
}

/** `response-content-type` and its kin of presigned links. */
function overrides(query: ReadonlyMap<string, string>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const name of [
    'content-type',
    'cache-control',
    'content-disposition',
    'content-encoding',
    'content-language',
    'expires',
  ]) {
    const value = query.get(`response-${name}`);
    if (value === undefined) continue;
    // oxlint-disable-next-line no-control-regex
    if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) throw invalidArgument(`response-${name} cannot be a header`);
    out[name] = value;
  }
  return out;
}

export const putObject: Operation = async ({ store, request, call, verified, limits }) => {
  const { bucket, key } = call;
  if (request.headers['x-amz-write-offset-bytes'] !== undefined)
    throw notImplemented('Appending to an object is not implemented');
  const fields = fieldsOf(request, limits.maxMetadataBytes);
  const received = receive(request, verified, store.platform);
  const size = requiredSize(received, limits.maxBodyBytes);
  await store.requireBucket(bucket);
  const check = isConditionalWrite(request)
    ? (there: StoredObject | undefined): void => checkWrite(request, there)
    : undefined;
  // What is refused anyway is refused before the body is read; what counts is the look at the end.
  if (check) check(await store.find(bucket, key));
  const stored = await store.put(bucket, key, received.body, fields, {
    size,
    check,
    facts: () => ({ checksum: received.checksum() }),
  });
  return { status: 200, headers: { etag: `"${stored.etag}"`, ...checksumHeaders(stored.checksum) } };
};

export const deleteObject: Operation = async ({ store, request, call }) => {
  checkVersion(call.query.get('versionId'));
  await store.requireBucket(call.bucket);
  const check = isConditionalWrite(request)
    ? (there: StoredObject | undefined): void => checkWrite(request, there)
    : undefined;
  await store.remove(call.bucket, call.key, check);
  return { status: 204, headers: {} };
};

const attributeNames = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'];

export const getObjectAttributes: Operation = async ({ store, request, call }) => {
  checkVersion(call.query.get('versionId'));
  const wanted = (request.headers['x-amz-object-attributes'] ?? '').split(',').map((name) => name.trim());
  const unknown = wanted.find((name) => !attributeNames.includes(name));
  if (unknown !== undefined) throw invalidArgument(`Invalid attribute name specified: ${unknown}`);
  const stored = await store.head(call.bucket, call.key);
  const { checksum, parts } = stored;
  const body = xmlDocument('GetObjectAttributesResponse', {
    ETag: wanted.includes('ETag') ? stored.etag : undefined,
    Checksum: wanted.includes('Checksum') && checksum ? checksumElements(checksum) : undefined,
    ObjectParts: wanted.includes('ObjectParts') && parts ? { TotalPartsCount: parts.length } : undefined,
    StorageClass: wanted.includes('StorageClass') ? 'STANDARD' : undefined,
    ObjectSize: wanted.includes('ObjectSize') ? stored.size : undefined,
  });
  return { status: 200, headers: { ...xmlHeaders, 'last-modified': stored.lastModified.toUTCString() }, body };
};

/** The algorithm that a request asks for by name. @throws S3Fault InvalidRequest */
export function algorithmOf(text: string | undefined) {
  if (text === undefined) return undefined;
  const name = text.toLowerCase();
  if (!isChecksumName(name))
    throw new S3Fault(
      400,
      'InvalidRequest',
      'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]',
    );
  return name;
}
