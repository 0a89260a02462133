import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CreateMultipartUploadCommandInput,
} from '@aws-sdk/client-s3';
import { collect, equalBytes, toBase64, utf8 } from '../../../core/bytes.ts';
import type { CheckName, Findings } from '../../../core/diagnosis.ts';
import { throwIfAborted } from '../../../core/errors.ts';
import type { S3Connection } from '../client.ts';
import { copySource, type Place } from '../names.ts';
import { streamOf } from '../streams.ts';
import { aclField } from '../write-target.ts';
import { attempt, type Failure, type Outcome, type ProbeOptions } from './attempt.ts';
import { classifyOption, newKeys, noGet, unknown, type Verdict } from './classify.ts';
import { openWith, probeName, report, type S3Patient } from './patient.ts';

export const writing: readonly CheckName[] = ['put', 'multipart', 'copy', 'delete', 'abort'];

const MiB = 1024 * 1024;
const content = utf8('tsclone doctor wrote this to see whether it may; it can be deleted\n');

/** What the probes have made and not yet removed. */
interface Made {
  /** Keys with the versions that the service gave them. */
  readonly objects: Map<string, Set<string>>;
  readonly uploads: Map<string, string>;
  /** Set when an upload may have begun whose id never came back. */
  lost: boolean;
}

/**
 * Stores, copies and deletes objects of its own below the path, one by one and in parts. Whatever happens, also when the
 * signal fires, what it has made is removed again; what cannot be removed is named.
 */
export async function checkWriting(
  p: S3Patient,
  opened: S3Connection,
  { bucket, key }: Place,
  f: Findings,
  o: ProbeOptions,
): Promise<void> {
  const made: Made = { objects: new Map(), uploads: new Map(), lost: false };
  const base = `${key === '' ? '' : `${key}/`}${probeName(opened.platform)}`;
  const at = (suffix: string): Place => ({ bucket, key: `${base}-${suffix}` });
  let c = opened;
  try {
    const stored = await checkPut(p, c, at('put'), made, f, o);
    if (!stored) {
      f.skip(writing, 'nothing could be stored');
      return;
    }
    c = stored;
    await checkMultipart(c, at('parts'), made, f, o);
    await checkCopy(c, at('put'), at('copy'), made, f, o);
    await checkDelete(c, at('put'), made, f, o);
    await checkAbort(c, at('abort'), made, f, o);
  } finally {
    await cleanUp(p, c, { bucket, key: base }, made, f, o);
  }
  throwIfAborted(o.signal);
}

/** Stores one object and removes it again, to see whether that is allowed where listing is not. */
export async function mayStore(
  p: S3Patient,
  c: S3Connection,
  { bucket, key }: Place,
  f: Findings,
  o: ProbeOptions,
): Promise<boolean> {
  const made: Made = { objects: new Map(), uploads: new Map(), lost: false };
  const place = { bucket, key: `${key === '' ? '' : `${key}/`}${probeName(c.platform)}` };
  try {
    return (await put(c, place, made, o)).ok;
  } finally {
    await cleanUp(p, c, place, made, f, o);
  }
}

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
    // The other trials of the first request are part of the connection already.
    const next = await openWith({ ...p, options: c.options }, trial.options);
    const again = await put(next, place, made, o);
    const helps = again.ok || again.failure.message !== outcome.failure.message;
    report(f, { ...verdict, mend: trial.mend }, outcome.failure, helps);
    if (!helps) return undefined;
    c = next;
  }
  const back = await attempt(c, 'GetObject', place, o, async (s) =>
    collect(streamOf((await c.client.send(new GetObjectCommand({ Bucket: place.bucket, Key: place.key }), s)).Body)),
  );
  if (back.ok && !equalBytes(back.value, content)) {
    f.found({
      fault: 'corrupted',
      check: 'put',
      cause: `${content.length} bytes were stored, and other bytes came back (${back.value.length}).`,
      remedy: 'Look for a proxy or gateway that changes content.',
    });
    return c;
  }
  if (!back.ok && back.failure.status === 403 && !f.findings.some((x) => x.check === 'get'))
    report(f, noGet(place.bucket), back.failure);
  f.ok('put', back.ok ? 'stored, and read back the same' : 'stored');
  return c;
}

async function put(c: S3Connection, { bucket, key }: Place, made: Made, o: ProbeOptions): Promise<Outcome<void>> {
  versionsOf(made, key);
  const outcome = await attempt(c, 'PutObject', { bucket, key }, o, async (s) => {
    const hash = c.platform.createHash('md5');
    hash.update(content);
    const out = await c.client.send(
      new PutObjectCommand({
        ...objectFields(c, { bucket, key }),
        Body: content,
        ContentLength: content.length,
        ...(c.quirks.contentMd5 ? { ContentMD5: toBase64(hash.digest()) } : {}),
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

/** Two parts as a backup has them, the first as large as the config says (up to 16 MiB). */
async function checkMultipart(c: S3Connection, place: Place, made: Made, f: Findings, o: ProbeOptions): Promise<void> {
  if (!c.quirks.use_multipart_uploads) {
    f.skip(['multipart'], 'the remote uses none');
    return;
  }
  const partSize = c.quirks.chunkSize > 16 * MiB ? 5 * MiB : c.quirks.chunkSize;
  const id = await begin(c, place, made, o);
  const sent: { PartNumber: number; ETag: string | undefined }[] = [];
  let failure = id.ok ? undefined : id.failure;
  for (const [i, bytes] of [new Uint8Array(partSize), content].entries()) {
    if (failure || !id.ok) break;
    const part = await sendPart(c, place, id.value, i + 1, bytes, o);
    if (part.ok) sent.push({ PartNumber: i + 1, ETag: part.value });
    else failure = part.failure;
  }
  if (!failure && id.ok) {
    const command = new CompleteMultipartUploadCommand({
      Bucket: place.bucket,
      Key: place.key,
      UploadId: id.value,
      MultipartUpload: { Parts: sent },
    });
    versionsOf(made, place.key);
    const done = await attempt(c, 'CompleteMultipartUpload', place, o, (s) => c.client.send(command, s));
    forget(made, place.key, done);
    if (done.ok) {
      made.uploads.delete(id.value);
      if (done.value.VersionId) versionsOf(made, place.key).add(done.value.VersionId);
      f.ok('multipart', `2 parts, the first of ${Math.round(partSize / MiB)} MiB`);
      return;
    }
    failure = done.failure;
  }
  if (failure) report(f, multipartVerdict(c, failure), failure);
}

function multipartVerdict(c: S3Connection, failure: Failure): Verdict {
  const { status, code, message, details } = failure;
  const ofOption = classifyOption(c, 'multipart', failure);
  if (ofOption) return ofOption;
  if (code === 'EntityTooSmall') {
    const least = Number(details['MinSizeAllowed']);
    const value = least > 0 ? `${Math.ceil(least / MiB)}Mi` : '16Mi';
    return {
      fault: 'part_too_small',
      check: 'multipart',
      cause: `The service wants larger parts than chunk_size = ${Math.round(c.quirks.chunkSize / MiB)}Mi.`,
      remedy: 'Make them larger; memory grows with them.',
      mend: { option: 'chunk_size', value },
    };
  }
  if (code === 'InvalidPart' && /same (length|size)/i.test(message)) {
    return {
      fault: 'unequal_parts',
      check: 'multipart',
      cause: 'The service wants equal parts, and got others although tsclone sent equal ones.',
      remedy: 'Look for a proxy or gateway on the way that cuts uploads anew.',
    };
  }
  if (status === 403) {
    return {
      fault: 'no_multipart',
      check: 'multipart',
      cause: 'Objects in one piece can be stored, but the token may not upload in parts.',
      remedy: 'Give it the right (R2: Object Read & Write; AWS: s3:PutObject covers parts).',
    };
  }
  if (status === 501 || status === 405) {
    return {
      fault: 'no_multipart',
      check: 'multipart',
      cause: 'The service has no uploads in parts.',
      remedy: 'Do without; objects are then limited to what fits into one request.',
      mend: { option: 'use_multipart_uploads', value: 'false' },
    };
  }
  return unknown('multipart', failure);
}

async function begin(c: S3Connection, place: Place, made: Made, o: ProbeOptions): Promise<Outcome<string>> {
  made.lost = true;
  const command = new CreateMultipartUploadCommand(objectFields(c, place));
  const outcome = await attempt(c, 'CreateMultipartUpload', place, o, async (s) => {
    const { UploadId = '' } = await c.client.send(command, s);
    return UploadId;
  });
  if (outcome.ok) made.uploads.set(outcome.value, place.key);
  made.lost = !outcome.ok && outcome.failure.status === 0;
  return outcome;
}

function sendPart(
  c: S3Connection,
  { bucket, key }: Place,
  uploadId: string,
  number: number,
  bytes: Uint8Array,
  o: ProbeOptions,
): Promise<Outcome<string | undefined>> {
  const hash = c.platform.createHash('md5');
  hash.update(bytes);
  const command = new UploadPartCommand({
    Bucket: bucket,
    Key: key,
    UploadId: uploadId,
    PartNumber: number,
    Body: bytes,
    ContentLength: bytes.length,
    ...(c.quirks.contentMd5 ? { ContentMD5: toBase64(hash.digest()) } : {}),
  });
  // A large part takes longer than a question.
  const timeoutMs = o.timeoutMs + bytes.length / 50;
  return attempt(
    c,
    'UploadPart',
    { bucket, key },
    { ...o, timeoutMs },
    async (s) => (await c.client.send(command, s)).ETag,
  );
}

async function checkCopy(
  c: S3Connection,
  from: Place,
  to: Place,
  made: Made,
  f: Findings,
  o: ProbeOptions,
): Promise<void> {
  if (!c.quirks.features.serverSideCopy) {
    f.skip(['copy'], 'the provider has none');
    return;
  }
  if (f.findings.some((x) => x.fault === 'no_get')) {
    f.skip(['copy'], 'needs the right to read');
    return;
  }
  versionsOf(made, to.key);
  const command = new CopyObjectCommand({
    Bucket: to.bucket,
    Key: to.key,
    CopySource: copySource(from),
    ...aclField(c.options.acl),
  });
  const outcome = await attempt(c, 'CopyObject', to, o, (s) => c.client.send(command, s));
  forget(made, to.key, outcome);
  if (outcome.ok) {
    if (outcome.value.VersionId) versionsOf(made, to.key).add(outcome.value.VersionId);
    f.ok('copy', 'within the service');
    return;
  }
  const { failure } = outcome;
  const { status } = failure;
  if (status !== 403 && status !== 501 && status !== 405) {
    report(f, classifyOption(c, 'copy', failure) ?? unknown('copy', failure), failure);
    return;
  }
  report(
    f,
    {
      fault: 'no_copy',
      check: 'copy',
      cause:
        status === 403 ? 'The token may not copy objects within the service.' : 'The service does not copy objects.',
      remedy: 'Renames and changes of times need it; without it the bytes go through this machine.',
    },
    failure,
  );
}

async function checkDelete(c: S3Connection, place: Place, made: Made, f: Findings, o: ProbeOptions): Promise<void> {
  const outcome = await remove(c, place.bucket, place.key, undefined, made, o);
  if (outcome.ok) {
    f.ok('delete', outcome.value ? 'an object (the bucket keeps old versions)' : 'an object');
    return;
  }
  const { failure } = outcome;
  if (failure.status !== 403) {
    report(f, unknown('delete', failure), failure);
    return;
  }
  report(
    f,
    {
      fault: 'no_delete',
      check: 'delete',
      cause: `The token may write in bucket "${place.bucket}", but not delete.`,
      remedy: 'Give it the right to delete (AWS: s3:DeleteObject): sync, move and retention need it.',
    },
    failure,
  );
}

async function checkAbort(c: S3Connection, place: Place, made: Made, f: Findings, o: ProbeOptions): Promise<void> {
  if (!c.quirks.use_multipart_uploads || f.findings.some((x) => x.check === 'multipart')) {
    f.skip(['abort'], 'no upload to abort');
    return;
  }
  const id = await begin(c, place, made, o);
  if (!id.ok) {
    report(f, { ...multipartVerdict(c, id.failure), check: 'abort' }, id.failure);
    return;
  }
  const outcome = await abort(c, place, id.value, made, o);
  if (outcome.ok) {
    f.ok('abort', 'an upload');
    return;
  }
  const { failure } = outcome;
  const verdict: Verdict =
    failure.status === 403
      ? {
          fault: 'no_abort',
          check: 'abort',
          cause: 'The token may not abort an upload: parts of broken uploads stay and are paid for.',
          remedy:
            'Give it the right (AWS: s3:AbortMultipartUpload), or let a rule of the bucket end unfinished uploads.',
        }
      : unknown('abort', failure);
  report(f, verdict, failure);
}

async function abort(
  c: S3Connection,
  { bucket, key }: Place,
  id: string,
  made: Made,
  o: ProbeOptions,
): Promise<Outcome<void>> {
  const command = new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: id });
  const outcome = await attempt(c, 'AbortMultipartUpload', { bucket, key }, o, async (s) => {
    await c.client.send(command, s);
  });
  if (outcome.ok || outcome.failure.status === 404) made.uploads.delete(id);
  return outcome;
}

/** Answers whether the service has put a marker in the object's place. */
async function remove(
  c: S3Connection,
  bucket: string,
  key: string,
  version: string | undefined,
  made: Made,
  o: ProbeOptions,
): Promise<Outcome<boolean>> {
  const command = new DeleteObjectCommand({
    Bucket: bucket,
    Key: key,
    ...(version === undefined ? {} : { VersionId: version }),
  });
  const outcome = await attempt(c, 'DeleteObject', { bucket, key }, o, (s) => c.client.send(command, s));
  if (!outcome.ok) return outcome;
  const marker = version === undefined && outcome.value.DeleteMarker === true ? outcome.value.VersionId : undefined;
  // Without versions it is gone now; with them, what lies below the marker is left.
  if (marker !== undefined) versionsOf(made, key).add(marker);
  else if (version === undefined) made.objects.delete(key);
  else made.objects.get(key)?.delete(version);
  return { ok: true, value: marker !== undefined };
}

/** What was refused by an answer is not there; without one, or after a failure of the service, it may be. */
function forget<T>(made: Made, key: string, outcome: Outcome<T>): Outcome<T> {
  const refused = !outcome.ok && outcome.failure.status >= 300 && outcome.failure.error.code !== 'server_error';
  if (refused && made.objects.get(key)?.size === 0) made.objects.delete(key);
  return outcome;
}

function versionsOf(made: Made, key: string): Set<string> {
  const known = made.objects.get(key);
  if (known) return known;
  const versions = new Set<string>();
  made.objects.set(key, versions);
  return versions;
}

/** Also after an error or a signal, which it does not listen to. */
async function cleanUp(
  p: S3Patient,
  c: S3Connection,
  base: Place,
  made: Made,
  f: Findings,
  o: ProbeOptions,
): Promise<void> {
  const { bucket } = base;
  const own: ProbeOptions = { timeoutMs: o.timeoutMs };
  const left: string[] = [];
  if (made.lost) await findLostUploads(c, base, made, own);
  for (const [id, key] of made.uploads) {
    const outcome = await abort(c, { bucket, key }, id, made, own);
    if (!outcome.ok && outcome.failure.status !== 404) left.push(`upload to ${bucket}/${key}`);
  }
  for (const key of made.objects.keys())
    if (!(await removeWhole(c, bucket, key, made, own))) left.push(`${bucket}/${key}`);
  f.left.push(...left);
  for (const name of left)
    p.emit({
      type: 'log',
      level: 'error',
      subject: name,
      message: 'doctor could not remove what it has made; delete it',
    });
}

/** By its versions, where the service keeps them: a plain removal would leave them below a marker. */
async function removeWhole(
  c: S3Connection,
  bucket: string,
  key: string,
  made: Made,
  o: ProbeOptions,
): Promise<boolean> {
  const versions = [...(made.objects.get(key) ?? [])];
  let gone = versions.length > 0;
  for (const version of versions) gone = (await remove(c, bucket, key, version, made, o)).ok && gone;
  return gone || (await remove(c, bucket, key, undefined, made, o)).ok;
}

async function findLostUploads(
  c: S3Connection,
  { bucket, key: base }: Place,
  made: Made,
  o: ProbeOptions,
): Promise<void> {
  const command = new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: base });
  const outcome = await attempt(c, 'ListMultipartUploads', { bucket }, o, (s) => c.client.send(command, s));
  if (!outcome.ok) return;
  for (const { UploadId, Key } of outcome.value.Uploads ?? [])
    if (UploadId !== undefined && Key?.startsWith(base)) made.uploads.set(UploadId, Key);
}
