import {
  CopyObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  type CreateMultipartUploadCommandInput,
} from '@aws-sdk/client-s3';
import { collect, equalBytes, toBase64, utf8 } from '../../../core/bytes.ts';
import type { CheckName, Findings } from '../../../core/diagnosis.ts';
import { throwIfAborted } from '../../../core/errors.ts';
import type { S3Connection } from '../client.ts';
import { mtimeKey } from '../metadata.ts';
import { copySource, type Place } from '../names.ts';
import { streamOf } from '../streams.ts';
import { aclField } from '../write-target.ts';
import { attempt, type Failure, type Outcome, type ProbeOptions } from './attempt.ts';
import { classifyOption, newKeys, noGet, unknown, type Verdict } from './classify.ts';
import { cleanUp, forget, nothingMade, remove, versionsOf, type Made } from './made.ts';
import { checkAbort, checkMultipart, md5Of } from './parts.ts';
import { openWith, probeName, report, type S3Patient } from './patient.ts';

export const writing: readonly CheckName[] = ['put', 'multipart', 'copy', 'delete', 'abort'];

const content = utf8('tsclone doctor wrote this to see whether it may; it can be deleted\n');
/** A time of no meaning, in the form that tsclone and rclone keep. */
const mtime = '1000000000.123456789';

/**
 * Stores, copies and deletes objects of its own below the path, one by one and in parts. Whatever happens, also when the
 * signal fires, what it has made is removed again; what cannot be removed is named.
 */
export async function checkWriting(
  p: S3Patient,
  opened: S3Connection,
  below: Place,
  f: Findings,
  o: ProbeOptions,
): Promise<void> {
  const made = nothingMade();
  const base = probePlace(opened, below);
  const at = (suffix: string): Place => ({ ...base, key: `${base.key}-${suffix}` });
  let c = opened;
  try {
    const stored = await checkPut(p, c, at('put'), made, f, o);
    if (!stored) {
      f.skip(writing, 'nothing could be stored');
      return;
    }
    c = stored;
    const probe = (suffix: string) => ({ place: at(suffix), fields: objectFields(stored, at(suffix)), content, made });
    await checkMultipart(c, probe('parts'), f, o);
    await checkCopy(c, at('put'), at('copy'), made, f, o);
    await checkDelete(c, at('put'), made, f, o);
    await checkAbort(c, probe('abort'), f, o);
  } finally {
    await cleanUp(p, c, base, made, f, o);
  }
  throwIfAborted(o.signal);
}

/** Stores one object and removes it again, to see whether that is allowed where listing is not. */
export async function mayStore(
  p: S3Patient,
  c: S3Connection,
  below: Place,
  f: Findings,
  o: ProbeOptions,
): Promise<boolean> {
  const made = nothingMade();
  const place = probePlace(c, below);
  try {
    return (await put(c, place, made, o)).ok;
  } finally {
    await cleanUp(p, c, place, made, f, o);
  }
}

const probePlace = (c: S3Connection, { bucket, key }: Place): Place => ({
  bucket,
  key: `${key === '' ? '' : `${key}/`}${probeName(c.platform)}`,
});

/** Answers the connection that can store, with options changed where those of the config were refused. */
async function checkPut(
  p: S3Patient,
  opened: S3Connection,
  place: Place,
  made: Made,
  f: Findings,
  o: ProbeOptions,
): Promise<S3Connection | undefined> {
  let c = opened;
  for (let n = 0; ; n++) {
    const outcome = await put(c, place, made, o);
    if (outcome.ok) break;
    const verdict = classifyOption(c, 'put', outcome.failure);
    const [trial] = verdict?.trials ?? [];
    if (!verdict || !trial || n >= 4) {
      report(f, verdict ?? writeVerdict(c, place.bucket, outcome.failure), outcome.failure);
      return undefined;
    }
    const next = await openWith({ ...p, options: c.options }, trial.options);
    const again = await put(next, place, made, o);
    const helps = again.ok || again.failure.message !== outcome.failure.message;
    report(f, { ...verdict, mend: trial.mend }, outcome.failure, helps);
    if (!helps) return undefined;
    c = next;
  }
  const back = await readBack(c, place, o);
  if (!back.ok && back.failure.status === 403 && !f.findings.some((x) => x.check === 'get'))
    report(f, noGet(place.bucket), back.failure);
  if (back.ok) checkStored(back.value, f);
  f.ok('put', back.ok ? 'stored, and read back the same' : 'stored');
  return c;
}

async function put(c: S3Connection, place: Place, made: Made, o: ProbeOptions): Promise<Outcome<void>> {
  const { key } = place;
  versionsOf(made, key);
  const outcome = await attempt(c, 'PutObject', place, o, async (s) => {
    const out = await c.client.send(
      new PutObjectCommand({
        ...objectFields(c, place),
        Body: content,
        ContentLength: content.length,
        ...(c.quirks.contentMd5 ? { ContentMD5: toBase64(md5Of(c, content)) } : {}),
      }),
      s,
    );
    if (out.VersionId) versionsOf(made, key).add(out.VersionId);
  });
  return forget(made, key, outcome);
}

/** What the remote says of objects that it stores. */
function objectFields(c: S3Connection, { bucket, key }: Place): CreateMultipartUploadCommandInput {
  const { acl, storage_class: tier } = c.options;
  return {
    Bucket: bucket,
    Key: key,
    ContentType: 'text/plain',
    Metadata: { [mtimeKey]: mtime },
    ...aclField(acl),
    ...(tier === '' ? {} : { StorageClass: tier as NonNullable<CreateMultipartUploadCommandInput['StorageClass']> }),
  };
}

function writeVerdict(c: S3Connection, bucket: string, failure: Failure): Verdict {
  if (failure.status !== 403) return unknown('put', failure);
  return {
    fault: 'read_only',
    check: 'put',
    cause: `The token may read in bucket "${bucket}", but not write.`,
    remedy: `Use a token that may (${c.quirks.provider === 'Cloudflare' ? 'R2: Object Read & Write' : 'AWS: s3:PutObject'}).`,
    mend: newKeys,
  };
}

interface Stored {
  readonly bytes: Uint8Array;
  readonly mtime: string | undefined;
}

function readBack(c: S3Connection, place: Place, o: ProbeOptions): Promise<Outcome<Stored>> {
  const command = new GetObjectCommand({ Bucket: place.bucket, Key: place.key });
  return attempt(c, 'GetObject', place, o, async (s) => {
    const { Body, Metadata } = await c.client.send(command, s);
    return { bytes: await collect(streamOf(Body)), mtime: Metadata?.[mtimeKey] };
  });
}

function checkStored(stored: Stored, f: Findings): void {
  if (!equalBytes(stored.bytes, content)) {
    f.found({
      fault: 'corrupted',
      check: 'put',
      cause: `${content.length} bytes were stored, and other bytes came back (${stored.bytes.length}).`,
      remedy: 'Look for a proxy or gateway that changes content.',
    });
  } else if (stored.mtime !== mtime) {
    f.found({
      fault: 'metadata_lost',
      severity: 'warning',
      check: 'put',
      cause: 'The service does not keep metadata: the times of files are lost, and sync sees them as changed.',
      remedy: 'Compare otherwise: --size-only, --checksum or --use-server-modtime.',
    });
  }
}

async function checkCopy(
  c: S3Connection,
  from: Place,
  to: Place,
  made: Made,
  f: Findings,
  o: ProbeOptions,
): Promise<void> {
  if (!c.quirks.features.serverSideCopy) return f.skip(['copy'], 'the provider has none');
  if (f.findings.some((x) => x.fault === 'no_get')) return f.skip(['copy'], 'needs the right to read');
  versionsOf(made, to.key);
  const target = { Bucket: to.bucket, Key: to.key, CopySource: copySource(from) };
  const command = new CopyObjectCommand({ ...target, ...aclField(c.options.acl) });
  const outcome = await attempt(c, 'CopyObject', to, o, (s) => c.client.send(command, s));
  forget(made, to.key, outcome);
  if (outcome.ok) {
    if (outcome.value.VersionId) versionsOf(made, to.key).add(outcome.value.VersionId);
    return f.ok('copy', 'within the service');
  }
  const { failure } = outcome;
  const { status } = failure;
  if (status !== 403 && status !== 501 && status !== 405)
    return report(f, classifyOption(c, 'copy', failure) ?? unknown('copy', failure), failure);
  const verdict: Verdict = {
    fault: 'no_copy',
    // Without a service that copies, tsclone moves the bytes itself.
    severity: status === 403 ? 'error' : 'warning',
    check: 'copy',
    cause: status === 403 ? 'The token may not copy objects within the service.' : 'The service does not copy objects.',
    remedy:
      status === 403
        ? 'Give it the rights to read and write; renames and changes of times need copies.'
        : 'Renames move the bytes through this machine, and times cannot be changed.',
  };
  report(f, verdict, failure);
}

async function checkDelete(c: S3Connection, place: Place, made: Made, f: Findings, o: ProbeOptions): Promise<void> {
  const outcome = await remove(c, place, made, o);
  if (outcome.ok) return f.ok('delete', outcome.value ? 'an object (the bucket keeps old versions)' : 'an object');
  const { failure } = outcome;
  if (failure.status !== 403) return report(f, unknown('delete', failure), failure);
  const verdict: Verdict = {
    fault: 'no_delete',
    check: 'delete',
    cause: `The token may write in bucket "${place.bucket}", but not delete.`,
    remedy: 'Give it the right to delete (AWS: s3:DeleteObject): sync, move and retention need it.',
  };
  report(f, verdict, failure);
}
