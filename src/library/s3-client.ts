import type { S3Client } from '@aws-sdk/client-s3';
import { TscloneError } from '../core/errors.ts';
import type { RemoteHandle } from './remote-handle.ts';

export interface S3Access {
  /** Configured as the remote says: endpoint, region, credentials, path style, quirks. Do not destroy it. */
  readonly client: S3Client;
  /** '' when the handle was opened at the remote itself. */
  readonly bucket: string;
  /** Key prefix without slashes at its ends; '' for the bucket itself. */
  readonly prefix: string;
}

/**
 * The AWS SDK client behind an S3 remote, for calls that tsclone does not wrap.
 * @throws unsupported for remotes that are not S3
 */
export async function s3Client(remote: RemoteHandle): Promise<S3Access> {
  const { connectionOf } = await import('../backends/s3/backend.ts');
  const connection = connectionOf(remote.backend);
  if (!connection) {
    throw new TscloneError('unsupported', `"${remote.reference}" is no S3 remote: it has no S3 client`, {
      retry: 'no',
    });
  }
  const { root } = remote.backend;
  const slash = root.indexOf('/');
  return {
    client: connection.client,
    bucket: slash < 0 ? root : root.slice(0, slash),
    prefix: slash < 0 ? '' : root.slice(slash + 1),
  };
}
