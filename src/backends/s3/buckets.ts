import {
  CreateBucketCommand,
  DeleteBucketCommand,
  type BucketCannedACL,
  type BucketLocationConstraint,
} from '@aws-sdk/client-s3';
import type { CallOptions } from '../../core/backend.ts';
import { hasCode, TscloneError } from '../../core/errors.ts';
import { callS3 } from './call.ts';
import type { S3Connection } from './client.ts';

/** Creates a bucket; one that this account already owns is fine. */
export async function createBucket(c: S3Connection, bucket: string, o: CallOptions): Promise<void> {
  const acl = c.options.bucket_acl || c.options.acl;
  const location = c.options.location_constraint;
  const command = new CreateBucketCommand({
    Bucket: bucket,
    ...(acl === '' ? {} : { ACL: acl as BucketCannedACL }),
    // Said only when wanted: R2 knows no such header.
    ...(c.options.bucket_object_lock_enabled ? { ObjectLockEnabledForBucket: true } : {}),
    ...(location === ''
      ? {}
      : { CreateBucketConfiguration: { LocationConstraint: location as BucketLocationConstraint } }),
  });
  try {
    await callS3(c, 'CreateBucket', { bucket }, o, (s) => c.client.send(command, s));
    c.emit({ type: 'log', level: 'info', subject: `S3 bucket ${bucket}`, message: `Bucket "${bucket}" created` });
  } catch (e) {
    const code = (e as { cause?: { name?: string } }).cause?.name;
    if (code === 'BucketAlreadyOwnedByYou') return;
    if (code === 'BucketAlreadyExists' || code === 'BucketNameUnavailable') {
      if (!c.quirks.use_already_exists) return;
      throw new TscloneError('no_retry', (e as Error).message, { cause: e, remote: c.remote, retry: 'no' });
    }
    throw e;
  }
}

/**
 * Writes first and creates the bucket only when the service says that it does not exist: a token that may write
 * objects but not create buckets works either way, and the usual case costs no extra request.
 */
export async function withBucket<T>(
  c: S3Connection,
  bucket: string,
  o: CallOptions,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (e) {
    if (!hasCode(e, 'bucket_not_found') || !c.quirks.createBucket) throw e;
    await createBucket(c, bucket, { signal: o.signal });
    return write();
  }
}

export async function deleteBucket(c: S3Connection, bucket: string, o: CallOptions): Promise<void> {
  await callS3(c, 'DeleteBucket', { bucket }, o, (s) => c.client.send(new DeleteBucketCommand({ Bucket: bucket }), s));
  c.emit({ type: 'log', level: 'info', subject: `S3 bucket ${bucket}`, message: `Bucket "${bucket}" deleted` });
}
