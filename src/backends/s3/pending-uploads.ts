import { AbortMultipartUploadCommand, ListMultipartUploadsCommand, type MultipartUpload } from '@aws-sdk/client-s3';
import type { CallOptions, CommandOptions } from '../../core/backend.ts';
import { hasCode, messageOf, throwIfAborted, TscloneError } from '../../core/errors.ts';
import { formatGoDuration } from '../../core/time.ts';
import { callS3 } from './call.ts';
import type { S3Connection } from './client.ts';
import { bucketsBelow } from './list.ts';
import type { Place } from './names.ts';

/** Age from which an upload that nobody ended counts as given up, in nanoseconds. */
export const usualAge = 86_400_000_000_000n;

/** Unfinished uploads below a place, by bucket; below the remote itself those of all buckets. */
export async function pendingUploads(
  c: S3Connection,
  place: Place,
  o: CallOptions,
): Promise<Record<string, MultipartUpload[]>> {
  const found: Record<string, MultipartUpload[]> = {};
  for (const at of await bucketsBelow(c, place, o)) found[at.bucket] = await uploadsOf(c, at, o);
  return found;
}

/**
 * Aborts the uploads below a place that began more than `age` ago. One that cannot be aborted is reported; the others are
 * aborted all the same, then its error is thrown.
 */
export async function abortPending(
  c: S3Connection,
  place: Place,
  subject: string,
  age: bigint,
  o: CommandOptions,
): Promise<void> {
  let failure: unknown;
  const failed = (message: string, e: unknown): void => {
    throwIfAborted(o.signal);
    c.emit({ type: 'log', level: 'error', subject, message: `${message}: ${messageOf(e)}` });
    failure = e;
  };
  for (const at of await bucketsBelow(c, place, o)) {
    const old = `older than ${formatGoDuration(age)}`;
    say(c, subject, `cleaning bucket ${JSON.stringify(at.bucket)} of pending multipart uploads ${old}`);
    let uploads: MultipartUpload[] = [];
    try {
      uploads = await uploadsOf(c, at, o);
    } catch (e) {
      if (place.bucket !== '') throw e;
      failed(`Failed to cleanup bucket ${JSON.stringify(at.bucket)}`, e);
    }
    for (const upload of uploads) {
      const what = describe(c, at.bucket, upload);
      if (what.age <= age) continue;
      say(c, subject, `removing ${what.text}`);
      if ((await o.confirm?.('remove pending upload', what.text)) === false) continue;
      await abort(c, at.bucket, upload, o).catch((e: unknown) => failed(`failed to remove ${what.text}`, e));
    }
  }
  if (failure) throw failure;
}

async function uploadsOf(c: S3Connection, { bucket, key }: Place, o: CallOptions): Promise<MultipartUpload[]> {
  const uploads: MultipartUpload[] = [];
  let from: { KeyMarker?: string; UploadIdMarker?: string } = {};
  const seen = new Set<string>();
  for (;;) {
    const command = new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: key, MaxUploads: 1000, ...from });
    const page = await callS3(c, 'ListMultipartUploads', { bucket }, o, (s) => c.client.send(command, s)).catch(
      (e: unknown) => {
        throw named(e, bucket, key);
      },
    );
    // The service takes the key as a prefix: `dir2/x` does not lie below `dir`.
    uploads.push(...(page.Uploads ?? []).filter((u) => key === '' || u.Key === key || u.Key?.startsWith(`${key}/`)));
    if (page.IsTruncated !== true) return uploads;
    from = {
      ...(page.NextKeyMarker ? { KeyMarker: page.NextKeyMarker } : {}),
      ...(page.NextUploadIdMarker ? { UploadIdMarker: page.NextUploadIdMarker } : {}),
    };
    const position = JSON.stringify(from);
    if (position === '{}' || seen.has(position))
      throw new TscloneError(
        'bad_answer',
        `unfinished uploads of bucket "${bucket}": the service says that more follow but not where`,
        { remote: c.remote },
      );
    seen.add(position);
  }
}

/** rclone's words before the service's. */
function named(e: unknown, bucket: string, key: string): unknown {
  if (!(e instanceof TscloneError)) return e;
  const message = `list multipart uploads bucket ${JSON.stringify(bucket)} key ${JSON.stringify(key)}: ${e.message}`;
  const { code, remote, status, retry, retryAfter } = e;
  return new TscloneError(code, message, { remote, status, retry, retryAfter, cause: e });
}

function describe(c: S3Connection, bucket: string, { Key, Initiated }: MultipartUpload): { text: string; age: bigint } {
  const began = Initiated?.getTime();
  const age = began === undefined ? 0n : c.platform.now() - BigInt(began) * 1_000_000n;
  const date = began === undefined ? 'unknown' : `${new Date(began).toISOString().slice(0, 19).replace('T', ' ')}`;
  const text = `pending multipart upload for bucket ${JSON.stringify(bucket)} key ${JSON.stringify(Key)} dated ${date} +0000 UTC (${formatGoDuration(age)} ago)`;
  return { text, age };
}

function say(c: S3Connection, subject: string, message: string): void {
  c.emit({ type: 'log', level: 'info', subject, message });
}

async function abort(c: S3Connection, bucket: string, upload: MultipartUpload, o: CallOptions): Promise<void> {
  const { Key, UploadId } = upload;
  const command = new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId });
  try {
    await callS3(c, 'AbortMultipartUpload', { bucket, key: Key }, o, (s) => c.client.send(command, s));
  } catch (e) {
    // Somebody else has ended it meanwhile.
    if (!hasCode(e, 'object_not_found')) throw e;
  }
}
