import type { S3Client } from '@aws-sdk/client-s3';
import type { S3Connection } from '../backends/s3/client.ts';
import type { Place } from '../backends/s3/names.ts';
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
  const connection = await connectionBehind(remote);
  const { root } = remote.backend;
  const slash = root.indexOf('/');
  return {
    client: connection.client,
    bucket: slash < 0 ? root : root.slice(0, slash),
    prefix: slash < 0 ? '' : root.slice(slash + 1),
  };
}

/** Finds bucket and key of paths below a handle. @throws unsupported for remotes that are not S3 */
export async function s3Place(remote: RemoteHandle): Promise<(path: string) => { c: S3Connection; place: Place }> {
  const c = await connectionBehind(remote);
  const { objectPlace } = await import('../backends/s3/names.ts');
  return (path) => ({ c, place: objectPlace(c, remote.backend.root, path) });
}

async function connectionBehind(remote: RemoteHandle): Promise<S3Connection> {
  const { connectionOf } = await import('../backends/s3/backend.ts');
  const connection = connectionOf(remote.backend);
  if (connection) return connection;
  throw new TscloneError('unsupported', `"${remote.reference}" is no S3 remote: it has no S3 client`, { retry: 'no' });
}
