import { copySourceOf, S3Fault, type S3Call, type S3Request, type S3Response } from './protocol.ts';
import { announcedSize, verifiedBody } from './payload.ts';
import type { Verified } from './signature.ts';
import { fieldsOf, type ObjectFields, type ObjectStore, type StoredObject } from './store.ts';
import { xmlDocument } from './xml.ts';

export const xmlHeaders = { 'content-type': 'application/xml' } as const;

/** What an operation gets: the request, read and verified. */
export interface OperationArgs {
  readonly store: ObjectStore;
  readonly request: S3Request;
  readonly call: S3Call;
  readonly verified: Verified;
}

export async function getObject({ store, request, call }: OperationArgs): Promise<S3Response> {
  const { bucket, key } = call;
  const stored = await store.head(bucket, key);
  const unchanged = checkConditions(request, stored);
  if (unchanged) return { status: 304, headers: { etag: `"${stored.etag}"` } };
  const range = parseRange(request.headers['range'], stored.size);
  const headers = { ...objectHeaders(stored), ...overrides(call.query) };
  const isHead = request.method === 'HEAD';
  if (range === undefined) {
    const body = isHead || stored.size === 0 ? undefined : await store.read(bucket, key);
    return { status: 200, headers: { ...headers, 'content-length': String(stored.size) }, body };
  }
  return {
    status: 206,
    headers: {
      ...headers,
      'content-length': String(range.end - range.start),
      'content-range': `bytes ${range.start}-${range.end - 1}/${stored.size}`,
    },
    body: isHead ? undefined : await store.read(bucket, key, range),
  };
}

function objectHeaders(stored: StoredObject): Record<string, string> {
  const headers: Record<string, string> = {
    etag: `"${stored.etag}"`,
    'last-modified': stored.lastModified.toUTCString(),
    'content-type': stored.mimeType,
    'accept-ranges': 'bytes',
    ...stored.systemHeaders,
  };
  for (const [name, value] of Object.entries(stored.metadata)) headers[`x-amz-meta-${name}`] = value;
  return headers;
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
    if (value !== undefined) out[name] = value;
  }
  return out;
}

/** True = not modified. @throws S3Fault PreconditionFailed */
function checkConditions(r: S3Request, stored: StoredObject): boolean {
  const failed = new S3Fault(
    412,
    'PreconditionFailed',
    'At least one of the pre-conditions you specified did not hold',
  );
  const matches = (list: string): boolean =>
    list
      .split(',')
      .some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '').replaceAll('"', '') === stored.etag);
  const ifMatch = r.headers['if-match'];
  if (ifMatch !== undefined && !matches(ifMatch)) throw failed;
  const since = Date.parse(r.headers['if-unmodified-since'] ?? '');
  if (ifMatch === undefined && !Number.isNaN(since) && stored.lastModified.getTime() > since) throw failed;
  const ifNone = r.headers['if-none-match'];
  if (ifNone !== undefined) return matches(ifNone);
  const modified = Date.parse(r.headers['if-modified-since'] ?? '');
  return !Number.isNaN(modified) && stored.lastModified.getTime() <= modified;
}

/** @throws S3Fault InvalidRange */
export function parseRange(text: string | undefined, size: number): { start: number; end: number } | undefined {
  const m = /^bytes=(\d*)-(\d*)$/.exec(text ?? '');
  if (!m || (m[1] === '' && m[2] === '')) return undefined;
  const invalid = new S3Fault(416, 'InvalidRange', 'The requested range is not satisfiable');
  if (m[1] === '') {
    const last = Math.min(Number(m[2]), size);
    if (last === 0) throw invalid;
    return { start: size - last, end: size };
  }
  const start = Number(m[1]);
  const end = m[2] === '' ? size : Math.min(Number(m[2]) + 1, size);
  if (start >= size) throw invalid;
  return end <= start ? undefined : { start, end };
}

export async function putObject({ store, request, call, verified }: OperationArgs): Promise<S3Response> {
  const { bucket, key } = call;
  await store.requireBucket(bucket);
  await checkWriteConditions(store, request, call);
  const body = verifiedBody(request, verified, store.platform);
  const stored = await store.put(bucket, key, body, fieldsOf(request), { size: announcedSize(request) });
  return { status: 200, headers: { etag: `"${stored.etag}"`, ...echoedChecksums(request) } };
}

export function echoedChecksums(r: S3Request): Record<string, string> {
  return Object.fromEntries(Object.entries(r.headers).filter(([name]) => /^x-amz-checksum-(crc|sha)/.test(name)));
}

async function checkWriteConditions(store: ObjectStore, r: S3Request, { bucket, key }: S3Call): Promise<void> {
  const ifMatch = r.headers['if-match'];
  const ifNone = r.headers['if-none-match'];
  if (ifMatch === undefined && ifNone === undefined) return;
  const there = await store.head(bucket, key).catch((e: unknown) => {
    if (e instanceof S3Fault && e.code === 'NoSuchKey') return undefined;
    throw e;
  });
  const wrong =
    ifNone === '*' ? there !== undefined : ifMatch !== undefined && there?.etag !== ifMatch.replaceAll('"', '');
  if (wrong)
    throw new S3Fault(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
}

export async function copyObject({ store, request, call }: OperationArgs): Promise<S3Response> {
  const from = copySourceOf(request);
  const source = await store.head(from.bucket, from.key);
  await store.requireBucket(call.bucket);
  checkCopyConditions(request, source);
  const replace = request.headers['x-amz-metadata-directive']?.toUpperCase() === 'REPLACE';
  const same = from.bucket === call.bucket && from.key === call.key;
  if (same && !replace) {
    throw new S3Fault(
      400,
      'InvalidRequest',
      'This copy request is illegal because it is trying to copy an object to itself without changing its metadata.',
    );
  }
  const fields: ObjectFields = replace ? fieldsOf(request) : source;
  const body = await store.read(from.bucket, from.key);
  const stored = await store.put(call.bucket, call.key, body, fields, { size: source.size, etag: source.etag });
  return {
    status: 200,
    headers: xmlHeaders,
    body: xmlDocument('CopyObjectResult', {
      LastModified: stored.lastModified.toISOString(),
      ETag: `"${stored.etag}"`,
    }),
  };
}

export function checkCopyConditions(r: S3Request, source: StoredObject): void {
  const match = r.headers['x-amz-copy-source-if-match'];
  const none = r.headers['x-amz-copy-source-if-none-match'];
  const is = (tag: string): boolean => tag.replaceAll('"', '') === source.etag;
  if ((match !== undefined && !is(match)) || (none !== undefined && is(none)))
    throw new S3Fault(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
}

export async function deleteObject({ store, call }: OperationArgs): Promise<S3Response> {
  await store.requireBucket(call.bucket);
  await store.remove(call.bucket, call.key);
  return { status: 204, headers: {} };
}
