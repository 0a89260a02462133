import { HeadBucketCommand } from '@aws-sdk/client-s3';
import type { TscloneError } from '../../core/errors.ts';
import type { S3Connection } from './client.ts';

interface Answered {
  readonly name?: string;
  readonly $metadata?: { httpStatusCode?: number };
  readonly $response?: { headers?: Record<string, string> };
}

/**
 * Does the answer say that the bucket lives in another region? Only AWS's own hosts are believed: the endpoint that a
 * user names is the one that is meant.
 */
export function isElsewhere(c: S3Connection, error: TscloneError): boolean {
  if (c.endpoint !== '') return false;
  const cause = (error.cause ?? {}) as Answered;
  if (error.status === 301 || error.status === 307) return true;
  const region = regionIn(cause);
  return error.status === 400 && region !== undefined && region !== c.region();
}

/** Sends everything from now on to the bucket's own region. Answers false when that cannot be found out. */
export async function followRegion(
  c: S3Connection,
  bucket: string,
  error: TscloneError,
  used: string,
): Promise<boolean> {
  // Another request of this remote may have been there first.
  if (c.region() !== used) return true;
  const region = regionIn((error.cause ?? {}) as Answered) ?? (await askRegion(c, bucket));
  if (region === undefined || region === used) return false;
  if (c.region() !== used) return true;
  c.useRegion(region);
  c.emit({
    type: 'log',
    level: 'notice',
    subject: `S3 bucket ${bucket}`,
    message: `Switched region to ${JSON.stringify(region)} from ${JSON.stringify(used)}`,
  });
  return true;
}

/** Anybody may ask where a bucket is; the answer names the region even when it is a refusal. */
async function askRegion(c: S3Connection, bucket: string): Promise<string | undefined> {
  try {
    return (await c.anonymousClient().send(new HeadBucketCommand({ Bucket: bucket }))).BucketRegion;
  } catch (e) {
    return regionIn(e as Answered);
  }
}

function regionIn({ $response }: Answered): string | undefined {
  const region = $response?.headers?.['x-amz-bucket-region'];
  return region === undefined || region === '' ? undefined : region;
}
