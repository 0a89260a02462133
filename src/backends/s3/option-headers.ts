import type { CustomerKey } from './customer-key.ts';
import type { S3Options } from './options.ts';

const key = (prefix: string) => (k: CustomerKey) =>
  ({
    [`${prefix}server-side-encryption-customer-algorithm`]: k.algorithm,
    [`${prefix}server-side-encryption-customer-key`]: k.key,
    [`${prefix}server-side-encryption-customer-key-md5`]: k.md5,
  }) as const;
const customerKeyHeaders = key('x-amz-');
const sourceKeyHeaders = key('x-amz-copy-source-');

const reads = ['HeadObject', 'GetObject'];
const copies = ['CopyObject', 'UploadPartCopy'];
/** What makes an object: these say how it is encrypted at rest. */
const makes = ['PutObject', 'CreateMultipartUpload', 'CopyObject'];
const parts = ['UploadPart', 'UploadPartCopy', 'CompleteMultipartUpload'];
const removes = ['DeleteObject', 'DeleteObjects'];
const lists = ['ListObjects', 'ListObjectsV2', 'ListObjectVersions', 'ListMultipartUploads', 'ListParts'];

const withCustomerKey = new Set([...reads, ...makes, ...parts]);
const withSourceKey = new Set(copies);
const withEncryption = new Set(makes);
const withBypass = new Set([...removes, 'PutObjectRetention']);
const withPayer = new Set([
  ...reads,
  ...makes,
  ...parts,
  ...removes,
  ...lists,
  'AbortMultipartUpload',
  'RestoreObject',
  'PutObjectRetention',
  'PutObjectLegalHold',
]);

/**
 * Headers that the options put on every request of an operation (`PutObject`): encryption, the caller's key, who pays,
 * the right to lift a retention. Which operation takes which is S3's rule, and rclone's.
 */
export function optionHeaders(operation: string, o: S3Options, k: CustomerKey): Record<string, string> {
  const all: Record<string, string> = {
    ...(withPayer.has(operation) && o.requester_pays ? { 'x-amz-request-payer': 'requester' } : {}),
    ...(withCustomerKey.has(operation) ? customerKeyHeaders(k) : {}),
    ...(withSourceKey.has(operation) ? sourceKeyHeaders(k) : {}),
    ...(withEncryption.has(operation)
      ? {
          'x-amz-server-side-encryption': o.server_side_encryption,
          'x-amz-server-side-encryption-aws-kms-key-id': o.sse_kms_key_id,
        }
      : {}),
    ...(withBypass.has(operation) && o.bypass_governance_retention
      ? { 'x-amz-bypass-governance-retention': 'true' }
      : {}),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
}
