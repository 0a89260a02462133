import type { CallOptions } from '../../../core/backend.ts';
import { pendingUploads } from '../pending-uploads.ts';
import type { CommandTarget } from './index.ts';

/** Unfinished uploads by bucket, with rclone's fields. */
export async function listUploads({ c, place }: CommandTarget, o: CallOptions): Promise<unknown> {
  const found = await pendingUploads(c, place, o);
  return Object.fromEntries(
    Object.entries(found).map(([bucket, uploads]) => [
      bucket,
      uploads.map((u) => ({
        ChecksumAlgorithm: u.ChecksumAlgorithm ?? '',
        ChecksumType: u.ChecksumType ?? '',
        Initiated: goTime(u.Initiated),
        Initiator: person(u.Initiator),
        Key: u.Key ?? null,
        Owner: person(u.Owner),
        StorageClass: u.StorageClass ?? '',
        UploadId: u.UploadId ?? null,
      })),
    ]),
  );
}

const person = (p: { ID?: string | undefined; DisplayName?: string | undefined } | undefined): unknown =>
  p === undefined ? null : { DisplayName: p.DisplayName ?? null, ID: p.ID ?? null };

/** As Go writes a time: no zeros at the end of the fraction. */
export const goTime = (date: Date | undefined): string | null =>
  date === undefined ? null : date.toISOString().replace(/\.?0*Z$/, 'Z');
