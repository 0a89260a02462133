import { PutBucketVersioningCommand, type BucketVersioningStatus } from '@aws-sdk/client-s3';
import type { CallOptions } from '../../../core/backend.ts';
import { callS3 } from '../call.ts';
import { versioningOf } from '../purge.ts';
import { refused, type CommandArgs, type CommandTarget } from './index.ts';

/** Sets what the bucket keeps of its objects' past, when told to, and answers what it keeps. */
export async function versioning({ c, place }: CommandTarget, args: CommandArgs, o: CallOptions): Promise<string> {
  const { bucket } = place;
  const [status, ...more] = args;
  if (more.length > 0) throw refused('too many arguments');
  if (bucket === '') throw refused('need a bucket');
  if (status !== undefined) {
    const command = new PutBucketVersioningCommand({
      Bucket: bucket,
      VersioningConfiguration: { Status: status as BucketVersioningStatus },
    });
    await callS3(c, 'PutBucketVersioning', { bucket }, o, (s) => c.client.send(command, s));
  }
  return versioningOf(c, bucket, o);
}
