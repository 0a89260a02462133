import { S3Fault, copySourceOf, type S3Call, type S3Request } from './protocol.ts';

/** What a token may do, by Cloudflare's names for the permissions. */
export type R2Tier = 'admin-rw' | 'admin-ro' | 'object-rw' | 'object-ro';

export interface R2Token {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly tier: R2Tier;
  /** Buckets that it may touch; absent = all. */
  readonly buckets?: readonly string[];
}

export const r2Tiers: readonly R2Tier[] = ['admin-rw', 'admin-ro', 'object-rw', 'object-ro'];

const regions = ['wnam', 'enam', 'weur', 'eeur', 'apac', 'oc', 'auto'];
const objectReads = new Set(['ListObjects', 'ListObjectsV2', 'GetObject', 'HeadObject']);
const objectWrites = new Set([
  'PutObject',
  'DeleteObject',
  'DeleteObjects',
  'CopyObject',
  'CreateMultipartUpload',
  'UploadPart',
  'UploadPartCopy',
  'CompleteMultipartUpload',
  'AbortMultipartUpload',
]);
const uploadLists = new Set(['ListMultipartUploads', 'ListParts']);
const bucketReads = new Set(['ListBuckets', 'HeadBucket']);
const bucketWrites = new Set(['CreateBucket', 'DeleteBucket']);
const unknownOperation =
  /^ListObjectVersions$|(Versioning|Tagging|Acl|Policy|PolicyStatus|Website|Logging|Accelerate|RequestPayment|Notification|Replication|ObjectLock|Retention|LegalHold|Restore|Select|Torrent|Analytics|Inventory|Metrics|OwnershipControls|PublicAccessBlock)$/;
const refusedHeaders =
  /^x-amz-(grant-.*|tagging(-directive)?|object-lock-.*|server-side-encryption(-aws-kms-key-id|-context|-bucket-key-enabled)?|website-redirect-location|request-payer|expected-bucket-owner|bypass-governance-retention)$/;
const checksumHeaders = /^x-amz-(checksum-(?!mode)|sdk-checksum-algorithm)/;
const partMax = 5 * 1024 ** 3 - 5 * 1024 ** 2;
const partMin = 5 * 1024 ** 2;

export interface R2Options {
  /** Refuse checksum headers, as R2 did in January 2025. */
  readonly strictChecksums?: boolean;
}

/** Refuses what R2 refuses before it looks at the request's signature. @throws S3Fault */
export function checkRegion(region: string): void {
  if (region === '' || region === 'us-east-1' || regions.includes(region)) return;
  throw new S3Fault(
    400,
    'InvalidRegionName',
    `The region name '${region}' is not valid. Must be one of: ${regions.join(', ')}`,
  );
}

/** @throws S3Fault */
export function checkR2Signature(version: 2 | 4): void {
  if (version === 2)
    throw new S3Fault(401, 'Unauthorized', 'SigV2 authorization is not supported. Please use SigV4 instead.');
}

/** Permission, then what R2 does not have, then the rules for bodies. @throws S3Fault */
export function checkR2(r: S3Request, call: S3Call, token: R2Token, o: R2Options = {}): void {
  if (!permitted(r, call, token)) throw new S3Fault(403, 'AccessDenied', 'Access Denied');
  if (unknownOperation.test(call.operation)) throw notImplemented(`${call.operation} not implemented`);
  checkHeaders(r, o);
  checkBody(r, call);
}

function permitted(r: S3Request, { operation, bucket }: S3Call, { tier, buckets }: R2Token): boolean {
  const admin = tier.startsWith('admin');
  const writes = tier.endsWith('rw');
  const mine = (name: string): boolean => buckets === undefined || buckets.includes(name);
  if (bucket !== '' && !mine(bucket)) return false;
  if (r.headers['x-amz-copy-source'] !== undefined && !mine(copySourceOf(r).bucket)) return false;
  if (objectReads.has(operation)) return true;
  if (objectWrites.has(operation)) return writes;
  if (uploadLists.has(operation)) return admin || writes;
  if (bucketReads.has(operation)) return admin;
  if (bucketWrites.has(operation)) return tier === 'admin-rw';
  if (operation.startsWith('Get') || operation.startsWith('List')) return admin || !operation.includes('Bucket');
  return operation.includes('Bucket') ? tier === 'admin-rw' : writes;
}

function checkHeaders(r: S3Request, o: R2Options): void {
  for (const [name, value] of Object.entries(r.headers)) {
    const refused =
      refusedHeaders.test(name) ||
      (name === 'x-amz-acl' && value !== 'private') ||
      (name === 'x-amz-bucket-object-lock-enabled' && value.toLowerCase() === 'true') ||
      (name === 'x-amz-storage-class' && value !== 'STANDARD' && value !== 'STANDARD_IA') ||
      (o.strictChecksums === true && checksumHeaders.test(name));
    if (refused) throw notImplemented(`Header '${name}' with value '${value}' not implemented`);
  }
  const payload = r.headers['x-amz-content-sha256'] ?? '';
  if (payload.startsWith('STREAMING-')) throw notImplemented(`${payload} not implemented`);
}

function checkBody(r: S3Request, { operation, key, query }: S3Call): void {
  const length = r.headers['content-length'];
  if ((r.method === 'PUT' || r.method === 'POST') && length === undefined)
    throw new S3Fault(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');
  if ((operation === 'PutObject' || operation === 'UploadPart') && Number(length) > partMax)
    throw new S3Fault(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed object size.');
  const part = query.get('partNumber');
  if (part !== undefined && !(Number(part) >= 1 && Number(part) <= 10_000))
    throw new S3Fault(400, 'InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive.');
  if (new TextEncoder().encode(key).length > 1024)
    throw new S3Fault(400, 'InvalidObjectName', 'The specified object name is not valid.');
  let metadata = 0;
  for (const [name, value] of Object.entries(r.headers))
    if (name.startsWith('x-amz-meta-')) metadata += name.length - 'x-amz-meta-'.length + value.length;
  if (metadata > 8192)
    throw new S3Fault(400, 'MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size.');
}

/** R2 wants all parts but the last of one size, the last no larger. @throws S3Fault */
export function checkPartSizes(sizes: readonly number[]): void {
  const [first = 0] = sizes;
  for (const [i, size] of sizes.entries()) {
    const last = i === sizes.length - 1;
    if (!last && size < partMin)
      throw new S3Fault(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed object size.');
    if ((!last && size !== first) || (last && size > first))
      throw new S3Fault(400, 'InvalidPart', 'All non-trailing parts must have the same length.');
  }
}

function notImplemented(message: string): S3Fault {
  return new S3Fault(501, 'NotImplemented', message);
}
