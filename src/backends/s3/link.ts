import { GetObjectCommand, type GetObjectCommandInput } from '@aws-sdk/client-s3';
import type { LinkOptions } from '../../core/backend.ts';
import { durationOff, formatDuration } from '../../core/duration.ts';
import { TscloneError } from '../../core/errors.ts';
import type { S3Connection } from './client.ts';
import { version, type Place } from './names.ts';
import { longestPresigned, presignedUrl } from './presign.ts';
import { headObject } from './read.ts';
import { refuseCustomerKey } from './signed-requests.ts';

/** Headers that the service gives with an object in place of the stored ones. */
export type ResponseHeaders = Pick<
  GetObjectCommandInput,
  | 'ResponseCacheControl'
  | 'ResponseContentDisposition'
  | 'ResponseContentEncoding'
  | 'ResponseContentLanguage'
  | 'ResponseContentType'
  | 'ResponseExpires'
>;

/**
 * An address with which anybody can read the object for at most a week, after a HEAD unless it is known to be there.
 * `subject` names the remote in what is logged.
 * @throws object_not_found, unsupported with a key of one's own (SSE-C)
 */
export async function publicLink(
  c: S3Connection,
  place: Place,
  path: string,
  subject: string,
  o: LinkOptions,
  response: ResponseHeaders = {},
): Promise<string> {
  if (o.unlink)
    throw new TscloneError(
      'unsupported',
      'a link to S3 is signed, not stored: it cannot be taken back. It ends by itself; new keys end all at once',
      { path, remote: c.remote, retry: 'no' },
    );
  refuseCustomerKey(c);
  const seconds = validity(c, subject, o.expireMs);
  if (o.info === undefined) await headObject(c, place, path, o);
  const command = new GetObjectCommand({ Bucket: place.bucket, Key: place.key, ...version(place), ...response });
  return presignedUrl(c, command, seconds);
}

function validity(c: S3Connection, subject: string, ms: number | undefined): number {
  const wanted = ms === undefined ? durationOff : BigInt(Math.trunc(ms)) * 1_000_000n;
  if (wanted < 0n)
    throw new TscloneError('invalid_request', `presign URL duration must be 0 or greater, ${formatDuration(wanted)}`, {
      remote: c.remote,
      retry: 'no',
    });
  const seconds = wanted / 1_000_000_000n;
  if (seconds <= BigInt(longestPresigned)) return Number(seconds);
  const message = `Public Link: Reducing expiry to 1w as ${formatDuration(wanted)} is greater than the max time allowed`;
  c.emit({ type: 'log', level: 'notice', subject, message });
  return longestPresigned;
}
