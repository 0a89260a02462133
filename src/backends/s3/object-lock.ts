import { PutObjectLegalHoldCommand, PutObjectRetentionCommand, type ObjectLockMode } from '@aws-sdk/client-s3';
import type { CallOptions } from '../../core/backend.ts';
import { parseDuration } from '../../core/duration.ts';
import { TscloneError } from '../../core/errors.ts';
import type { Nanos } from '../../core/entry.ts';
import { parseDateTime } from '../../core/time.ts';
import { callS3 } from './call.ts';
import type { S3Connection } from './client.ts';
import type { Place } from './names.ts';

/** What guards a new object against removal. Absent = nothing of that kind. */
export interface ObjectLock {
  readonly mode?: string;
  readonly retainUntil?: Date;
  readonly legalHold?: string;
}

/** rclone's names of a lock among an object's metadata. */
export const lockKeys = {
  mode: 'object-lock-mode',
  retainUntil: 'object-lock-retain-until-date',
  legalHold: 'object-lock-legal-hold-status',
} as const;

/**
 * The lock that the options ask for. `copy` takes the value from the source's metadata, which is there only when
 * metadata is carried.
 * @throws bad_config for a date that is none
 */
export function lockFor(c: S3Connection, metadata: Readonly<Record<string, string>> | undefined): ObjectLock {
  const wanted = (option: string, key: string): string =>
    option.toLowerCase() === 'copy' ? (metadata?.[key] ?? '') : option;
  const mode = wanted(c.options.object_lock_mode, lockKeys.mode).toUpperCase();
  const until = wanted(c.options.object_lock_retain_until_date, lockKeys.retainUntil);
  const legalHold = wanted(c.options.object_lock_legal_hold_status, lockKeys.legalHold).toUpperCase();
  if (copiesLock(c) && metadata === undefined) warnOnce(c);
  return {
    ...(mode === '' ? {} : { mode }),
    ...(until === '' ? {} : { retainUntil: new Date(Number(parseUntil(c, until) / 1_000_000n)) }),
    ...(legalHold === '' ? {} : { legalHold }),
  };
}

/** Does an option say `copy`? */
export function copiesLock({ options: o }: S3Connection): boolean {
  return [o.object_lock_mode, o.object_lock_retain_until_date, o.object_lock_legal_hold_status].some(
    (value) => value.toLowerCase() === 'copy',
  );
}

const warned = new WeakSet<object>();

function warnOnce(c: S3Connection): void {
  if (warned.has(c.options)) return;
  warned.add(c.options);
  c.emit({
    type: 'log',
    level: 'notice',
    subject: `remote "${c.remote}"`,
    message: 'Object lock options say "copy", but metadata is not carried: nothing is locked. Add --metadata',
  });
}

function parseUntil(c: S3Connection, text: string): Nanos {
  const isDate = /^\d{4}-\d\d-\d\d/.test(text);
  const date = /^\d{4}-\d\d-\d\d[Tt].*([Zz]|[+-]\d\d:\d\d)$/.test(text) ? parseDateTime(text) : undefined;
  if (date !== undefined) return date;
  try {
    if (!isDate && text !== 'off') return c.platform.now() + parseDuration(text, () => c.platform.now());
  } catch {
    // Said below, with the option's name.
  }
  throw new TscloneError(
    'bad_config',
    `invalid object_lock_retain_until_date ${JSON.stringify(text)}: give an RFC 3339 date (2030-01-01T00:00:00Z) or a duration (1y)`,
    { remote: c.remote, retry: 'no' },
  );
}

/** As fields of a Put, Copy or CreateMultipartUpload command; none where the lock is set afterwards. */
export function lockFields(c: S3Connection, lock: ObjectLock): object {
  if (c.options.object_lock_set_after_upload) return {};
  return {
    ...(lock.mode === undefined ? {} : { ObjectLockMode: lock.mode }),
    ...(lock.retainUntil === undefined ? {} : { ObjectLockRetainUntilDate: lock.retainUntil }),
    ...(lock.legalHold === undefined ? {} : { ObjectLockLegalHoldStatus: lock.legalHold }),
  };
}

/** Locks an object that has just been stored, where the option asks for calls of their own. */
export async function lockAfterUpload(c: S3Connection, place: Place, lock: ObjectLock, o: CallOptions): Promise<void> {
  if (!c.options.object_lock_set_after_upload) return;
  const { mode, retainUntil, legalHold } = lock;
  const at = { Bucket: place.bucket, Key: place.key };
  if (mode !== undefined || retainUntil !== undefined) {
    const retention = {
      ...(mode === undefined ? {} : { Mode: mode as ObjectLockMode }),
      ...(retainUntil === undefined ? {} : { RetainUntilDate: retainUntil }),
    };
    await callS3(c, 'PutObjectRetention', place, o, (s) =>
      c.client.send(new PutObjectRetentionCommand({ ...at, Retention: retention }), s),
    );
  }
  if (legalHold !== undefined) {
    await callS3(c, 'PutObjectLegalHold', place, o, (s) =>
      c.client.send(new PutObjectLegalHoldCommand({ ...at, LegalHold: { Status: legalHold as 'ON' } }), s),
    );
  }
}
