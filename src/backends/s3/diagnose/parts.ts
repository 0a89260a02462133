import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  type CreateMultipartUploadCommandInput,
} from '@aws-sdk/client-s3';
import { toBase64, toHex } from '../../../core/bytes.ts';
import type { Findings } from '../../../core/diagnosis.ts';
import { TscloneError } from '../../../core/errors.ts';
import type { S3Connection } from '../client.ts';
import { unquote } from '../metadata.ts';
import type { Place } from '../names.ts';
import { attempt, type Failure, type Outcome, type ProbeOptions } from './attempt.ts';
import { classifyOption, unknown, type Verdict } from './classify.ts';
import { abort, forget, versionsOf, type Made } from './made.ts';
import { report } from './patient.ts';

const MiB = 1024 * 1024;

export interface PartsProbe {
  readonly place: Place;
  readonly fields: CreateMultipartUploadCommandInput;
  /** Of the last part. */
  readonly content: Uint8Array;
  readonly made: Made;
}

/** Two parts as a backup has them, the first as large as the config says (up to 16 MiB). */
export async function checkMultipart(c: S3Connection, probe: PartsProbe, f: Findings, o: ProbeOptions): Promise<void> {
  const { place, made, content } = probe;
  if (!c.quirks.use_multipart_uploads) {
    f.skip(['multipart'], 'the remote uses none');
    return;
  }
  const first = new Uint8Array(c.quirks.chunkSize > 16 * MiB ? 5 * MiB : c.quirks.chunkSize);
  const id = await begin(c, probe, o);
  if (!id.ok) return report(f, multipartVerdict(c, id.failure), id.failure);
  const parts: { PartNumber: number; ETag: string | undefined }[] = [];
  for (const [i, bytes] of [first, content].entries()) {
    const part = await sendPart(c, place, id.value, i + 1, bytes, o);
    if (!part.ok) return report(f, multipartVerdict(c, part.failure), part.failure);
    parts.push({ PartNumber: i + 1, ETag: part.value });
  }
  const target = { Bucket: place.bucket, Key: place.key, UploadId: id.value };
  const command = new CompleteMultipartUploadCommand({ ...target, MultipartUpload: { Parts: parts } });
  versionsOf(made, place.key);
  const done = await attempt(c, 'CompleteMultipartUpload', place, o, (s) => c.client.send(command, s));
  forget(made, place.key, done);
  if (!done.ok) return report(f, multipartVerdict(c, done.failure), done.failure);
  made.uploads.delete(id.value);
  if (done.value.VersionId) versionsOf(made, place.key).add(done.value.VersionId);
  checkTag(c, unquote(done.value.ETag), [first, content], f);
  f.ok('multipart', `2 parts, the first of ${Math.round(first.length / MiB)} MiB`);
}

/** An ETag of the usual form that is not the digest of the parts would be taken for a corrupted upload. */
function checkTag(c: S3Connection, etag: string, parts: readonly Uint8Array[], f: Findings): void {
  const { use_multipart_etag: compares, etag_is_not_md5: isNoMd5 } = c.quirks;
  if (!compares || isNoMd5 || !/^[0-9a-f]{32}-\d+$/.test(etag)) return;
  const whole = c.platform.createHash('md5');
  for (const part of parts) whole.update(md5Of(c, part));
  const expected = `${toHex(whole.digest())}-${parts.length}`;
  if (etag === expected) return;
  f.found({
    fault: 'multipart_etag_differs',
    check: 'multipart',
    cause: `The ETag of an upload in parts is not made of the parts' MD5 as on AWS: every such upload would count as corrupted.`,
    remedy: 'Do not compare it; each part is checked by its own MD5 all the same.',
    mend: { option: 'use_multipart_etag', value: 'false' },
    answer: `CompleteMultipartUpload: ETag ${etag} instead of ${expected}`,
  });
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

async function begin(c: S3Connection, { place, fields, made }: PartsProbe, o: ProbeOptions): Promise<Outcome<string>> {
  made.lost = true;
  const command = new CreateMultipartUploadCommand(fields);
  const outcome = await attempt(c, 'CreateMultipartUpload', place, o, async (s) => {
    const { UploadId } = await c.client.send(command, s);
    if (!UploadId) throw new TscloneError('bad_answer', 'the answer has no upload id');
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
  const command = new UploadPartCommand({
    Bucket: bucket,
    Key: key,
    UploadId: uploadId,
    PartNumber: number,
    Body: bytes,
    ContentLength: bytes.length,
    ...(c.quirks.contentMd5 ? { ContentMD5: toBase64(md5Of(c, bytes)) } : {}),
  });
  // A large part takes longer than a question: 50 kB/s are enough.
  const patient = { ...o, timeoutMs: o.timeoutMs + bytes.length / 50 };
  return attempt(c, 'UploadPart', { bucket, key }, patient, async (s) => (await c.client.send(command, s)).ETag);
}

export function md5Of({ platform }: S3Connection, bytes: Uint8Array): Uint8Array {
  const hash = platform.createHash('md5');
  hash.update(bytes);
  return hash.digest();
}

export async function checkAbort(c: S3Connection, probe: PartsProbe, f: Findings, o: ProbeOptions): Promise<void> {
  if (!c.quirks.use_multipart_uploads || f.findings.some((x) => x.check === 'multipart')) {
    f.skip(['abort'], 'no upload to abort');
    return;
  }
  const id = await begin(c, probe, o);
  if (!id.ok) return report(f, { ...multipartVerdict(c, id.failure), check: 'abort' }, id.failure);
  const outcome = await abort(c, probe.place, id.value, probe.made, o);
  if (outcome.ok) return f.ok('abort', 'an upload');
  const { failure } = outcome;
  if (failure.status !== 403) return report(f, unknown('abort', failure), failure);
  const verdict: Verdict = {
    fault: 'no_abort',
    check: 'abort',
    cause: 'The token may not abort an upload: parts of broken uploads stay and are paid for.',
    remedy: 'Give it the right (AWS: s3:AbortMultipartUpload), or let a rule of the bucket end unfinished uploads.',
  };
  report(f, verdict, failure);
}
