import type { S3Connection } from './client.ts';

/**
 * The endpoint without the bucket, where it ends in the bucket: R2's dashboard shows it so among the settings of a bucket.
 * Undefined = it does not. R2's hosts know no other path either.
 */
export function withoutBucket(endpoint: string, bucket: string): string | undefined {
  if (!URL.canParse(endpoint)) return undefined;
  const { protocol, host, hostname, pathname } = new URL(endpoint);
  const path = pathname.replace(/\/+$/, '');
  if (path === '') return undefined;
  if (hostname.endsWith('.r2.cloudflarestorage.com')) return `${protocol}//${host}`;
  return bucket !== '' && path.endsWith(`/${bucket}`)
    ? `${protocol}//${host}${path.slice(0, -bucket.length - 1)}`
    : undefined;
}

const told = new WeakSet<S3Connection>();

/** Says once that the bucket is named twice: writes go well then, below a wrong key, and listings find nothing. */
export function tellBucketInEndpoint(c: S3Connection, bucket: string): void {
  if (told.has(c)) return;
  const endpoint = withoutBucket(c.endpoint, bucket);
  if (endpoint === undefined) return;
  told.add(c);
  c.emit({
    type: 'log',
    level: 'notice',
    message: `remote "${c.remote}": the endpoint ends in the name of a bucket, which is then counted twice. Leave it out: tsclone config update ${c.remote} endpoint=${endpoint}`,
  });
}
