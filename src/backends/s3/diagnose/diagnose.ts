import {
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3';
import { Findings, type CheckName, type DiagnoseOptions, type RemoteReport } from '../../../core/diagnosis.ts';
import { hasCode, messageOf } from '../../../core/errors.ts';
import { nearest } from '../../../core/nearest.ts';
import { BadAnswer } from '../answers.ts';
import type { S3Connection } from '../client.ts';
import { urlDecode } from '../list-pages.ts';
import { placeOf, type Place } from '../names.ts';
import type { S3Options } from '../options.ts';
import { discard } from '../streams.ts';
import { checkAddress, skewed } from './address.ts';
import { answerOf, attempt, type Failure, type Outcome, type ProbeOptions } from './attempt.ts';
import { classifyListing, classifyOption, noGet, noToken, suspects, unknown, type Verdict } from './classify.ts';
import { openWith, probeName, report, scrubber, type S3Patient } from './patient.ts';
import { checkSettings } from './settings.ts';
import { checkWriting, mayStore, writing } from './writing.ts';

interface Listed {
  /** An object that is there, if any. */
  readonly object?: { readonly key: string; readonly size: number };
}

/**
 * Tries what a backup job needs of an S3 remote, each step by itself, and says of what fails why. Where a line of the
 * config may mend it, the request is sent again with that line in place; what then goes well is proved, and the
 * diagnosis goes on with it. Changes nothing unless `write` is set.
 */
export async function diagnoseS3(p: S3Patient, o: DiagnoseOptions = {}): Promise<RemoteReport> {
  const f = new Findings(p.name, scrubber(p.options));
  const probe: ProbeOptions = { signal: o.signal, timeoutMs: o.timeoutMs ?? 15_000 };
  let place = placeText(p);
  try {
    const bucket = p.path.split('/')[0] ?? '';
    if (checkSettings(p.name, p.options, bucket, f)) {
      const c = await openWith(p, {});
      place = placeText(p, c);
      await examine(p, c, f, probe, o.write === true);
    }
  } catch (e) {
    if (hasCode(e, 'aborted')) throw e;
    f.found(openFault(e));
  }
  f.skip(reading, 'not tried');
  const reached = f.checks.some((check) => check.name === 'get' && check.status !== 'skipped');
  f.skip(writing, reached && o.write !== true ? 'give --write to try' : 'not tried');
  return { remote: p.name, type: 's3', place, checks: inOrder(f), findings: f.findings, left: f.left };
}

const reading: readonly CheckName[] = ['config', 'address', 'clock', 'credentials', 'region', 'list', 'bucket', 'get'];
const order: readonly CheckName[] = [...reading, ...writing];

const inOrder = (f: Findings): RemoteReport['checks'] =>
  f.checks.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name));

async function examine(
  p: S3Patient,
  opened: S3Connection,
  f: Findings,
  o: ProbeOptions,
  write: boolean,
): Promise<void> {
  if (!(await checkAddress(opened, f, o))) return;
  const { bucket, key } = placeOf(opened, '', p.path);
  const signed = await firstListing(p, opened, bucket, key, f, o, write);
  if (!signed) return;
  const { c, listed, mayList } = signed;
  f.ok('credentials', identityText(c));
  f.ok('region', c.options.region || `${c.region()} (none is set)`);
  if (bucket === '') {
    f.ok('list', 'buckets');
    f.skip(order, 'name a bucket to try');
    return;
  }
  if (mayList) {
    f.ok('list', key === '' ? `bucket ${bucket}` : `${key}/ in bucket ${bucket}`);
    await checkBucket(c, bucket, f, o);
  }
  await checkReading(p, c, { bucket, key }, listed, mayList, f, o);
  if (write) await checkWriting(p, c, { bucket, key }, f, o);
}

/** Lists, with mended settings where that helps. Undefined = nothing more can be tried. */
async function firstListing(
  p: S3Patient,
  c: S3Connection,
  bucket: string,
  key: string,
  f: Findings,
  o: ProbeOptions,
  write: boolean,
): Promise<{ c: S3Connection; listed: Listed; mayList: boolean } | undefined> {
  let changes: Partial<S3Options> = {};
  let now = c;
  const seen = new Set<string>();
  for (;;) {
    const outcome = await list(now, bucket, key, o);
    if (outcome.ok) return { c: now, listed: outcome.value, mayList: true };
    const { failure } = outcome;
    let verdict = classifyListing(now, bucket, failure);
    for (const suspect of suspects(now, bucket, verdict))
      if (await tryMending(p, changes, bucket, key, suspect, o)) verdict = suspect;
    // What was mended once and comes back will not be mended by the same again.
    if (seen.has(verdict.fault)) return undefined;
    seen.add(verdict.fault);
    if (verdict.fault === 'clock_skew') {
      // The SDK has learnt the right time from the answer.
      if (!f.findings.some((x) => x.fault === 'clock_skew')) skewed(f, undefined, 'error', answerOf(failure));
      continue;
    }
    const proof = await tryMending(p, changes, bucket, key, verdict, o);
    if (proof) {
      report(f, { ...verdict, mend: proof.mend }, failure, true);
      changes = { ...changes, ...proof.options };
      now = proof.c;
      continue;
    }
    if (verdict.check === 'list') {
      if (verdict.fault !== 'refused') {
        f.ok('credentials', identityText(now));
        f.ok('region', now.options.region || `${now.region()} (none is set)`);
      }
      if (failure.status === 403 && bucket !== '') {
        const mayRead = await forbiddenListing(p, now, { bucket, key }, verdict, failure, f, o, write);
        return mayRead ? { c: now, listed: {}, mayList: false } : undefined;
      }
      if (verdict.fault === 'bucket_missing') await missingBucket(now, bucket, verdict, failure, f, o);
      else report(f, verdict, failure);
      return undefined;
    }
    report(f, verdict, failure);
    return undefined;
  }
}

async function tryMending(
  p: S3Patient,
  changes: Partial<S3Options>,
  bucket: string,
  key: string,
  verdict: Verdict,
  o: ProbeOptions,
): Promise<{ c: S3Connection; options: Partial<S3Options>; mend: NonNullable<Verdict['mend']> } | undefined> {
  for (const { options, mend } of verdict.trials ?? []) {
    const c = await openWith(p, { ...changes, ...options }).catch(() => undefined);
    if (!c) continue;
    const outcome = await list(c, bucket, key, o);
    const helps = outcome.ok || isFurther(verdict, classifyListing(c, bucket, outcome.failure));
    if (helps) return { c, options, mend };
  }
  return undefined;
}

const steps: readonly CheckName[] = ['address', 'clock', 'region', 'credentials', 'list'];
const isFurther = (before: Verdict, after: Verdict): boolean =>
  after.fault !== before.fault && after.fault !== 'refused' && steps.indexOf(after.check) > steps.indexOf(before.check);

async function list(c: S3Connection, bucket: string, key: string, o: ProbeOptions): Promise<Outcome<Listed>> {
  if (bucket === '') {
    const buckets = await attempt(c, 'ListBuckets', {}, o, (s) => c.client.send(new ListBucketsCommand({}), s));
    return buckets.ok ? { ok: true, value: {} } : buckets;
  }
  const input = {
    Bucket: bucket,
    Prefix: key === '' ? '' : `${key}/`,
    MaxKeys: 1,
    ...(c.quirks.list_url_encode ? { EncodingType: 'url' as const } : {}),
  };
  const old = c.quirks.list_version === 1;
  const outcome = await attempt(c, old ? 'ListObjects' : 'ListObjectsV2', { bucket }, o, async (s) => {
    if (old) return c.client.send(new ListObjectsCommand(input), s);
    const page = await c.client.send(new ListObjectsV2Command(input), s);
    if (page.IsTruncated === true && !page.NextContinuationToken)
      throw new BadAnswer(200, noToken, 'the listing says that more follows, but not where');
    return page;
  });
  if (!outcome.ok) return outcome;
  const { Contents: [first] = [], EncodingType } = outcome.value;
  if (first?.Key === undefined) return { ok: true, value: {} };
  const name = EncodingType === 'url' ? urlDecode(first.Key) : first.Key;
  return { ok: true, value: { object: { key: name, size: first.Size ?? 0 } } };
}

/**
 * Listing is refused although the signature is right: is it the bucket or the right? The bucket is covered when it is
 * among those that the keys see, when reading what is not there is answered with 404, or when something can be stored.
 */
async function forbiddenListing(
  p: S3Patient,
  c: S3Connection,
  place: Place,
  verdict: Verdict,
  failure: Failure,
  f: Findings,
  o: ProbeOptions,
  write: boolean,
): Promise<boolean> {
  const { bucket } = place;
  const names = (await bucketNames(c, o)) ?? [];
  const isCovered = async (): Promise<boolean> => {
    // Where nobody may list, a missing object is "forbidden" too: a 403 proves nothing.
    const missing = await readMissing(c, bucket, o, place.key);
    return (!missing.ok && missing.failure.status === 404) || (write && (await mayStore(p, c, place, f, o)));
  };
  if (names.includes(bucket) || (await isCovered())) {
    const cause = `The token covers bucket "${bucket}", but may not list objects there.`;
    const remedy = 'Give it the right to list (AWS: s3:ListBucket).';
    report(f, { fault: 'no_list', check: 'list', cause, remedy }, failure);
    return true;
  }
  const near = nearest(bucket, names);
  const hint = near === undefined ? '' : ` There is one called "${near}".`;
  const doubt =
    write || c.quirks.provider === 'Cloudflare'
      ? ''
      : ' With --write it shows whether only the right to list is missing.';
  report(f, { ...verdict, remedy: `${verdict.remedy}${hint}${doubt}` }, failure);
  return false;
}

async function missingBucket(
  c: S3Connection,
  bucket: string,
  verdict: Verdict,
  failure: Failure,
  f: Findings,
  o: ProbeOptions,
): Promise<void> {
  const near = nearest(bucket, (await bucketNames(c, o)) ?? []);
  const make = `make it: tsclone mkdir ${c.remote}:${bucket}.`;
  const found = near === undefined ? {} : { cause: `${verdict.cause} There is one called "${near}".` };
  const remedy = near === undefined ? `Check its name, or ${make}` : `Use ${c.remote}:${near}, or ${make}`;
  report(f, { ...verdict, ...found, remedy }, failure);
}

async function bucketNames(c: S3Connection, o: ProbeOptions): Promise<string[] | undefined> {
  const outcome = await attempt(c, 'ListBuckets', {}, o, (s) => c.client.send(new ListBucketsCommand({}), s));
  return outcome.ok ? (outcome.value.Buckets ?? []).map((b) => b.Name ?? '') : undefined;
}

/** R2's tokens for objects are refused when anybody asks for the bucket itself, and rclone does. */
async function checkBucket(c: S3Connection, bucket: string, f: Findings, o: ProbeOptions): Promise<void> {
  if (c.options.no_check_bucket) {
    f.ok('bucket', 'is not asked for (no_check_bucket)');
    return;
  }
  const outcome = await attempt(c, 'HeadBucket', { bucket }, o, (s) =>
    c.client.send(new HeadBucketCommand({ Bucket: bucket }), s),
  );
  if (outcome.ok || outcome.failure.status !== 403) {
    f.ok('bucket', 'may be asked for');
    return;
  }
  f.found(
    {
      fault: 'no_bucket_rights',
      severity: 'warning',
      check: 'bucket',
      cause:
        'The token may work on objects, but not ask for the bucket. tsclone does not; rclone does before it writes, and fails.',
      remedy: 'Say that the bucket is there.',
      mend: { option: 'no_check_bucket', value: 'true' },
      answer: answerOf(outcome.failure),
    },
    'objects only, no_check_bucket is not set',
  );
}

async function checkReading(
  p: S3Patient,
  c: S3Connection,
  { bucket, key }: Place,
  listed: Listed,
  mayList: boolean,
  f: Findings,
  o: ProbeOptions,
): Promise<void> {
  const { object } = listed;
  const outcome = object ? await read(c, bucket, object.key, object.size, o) : await readMissing(c, bucket, o, key);
  if (outcome.ok) {
    f.ok('get', 'an object');
    return;
  }
  const { failure } = outcome;
  if (failure.code === 'InvalidObjectState') f.ok('get', 'the object tried lies in an archive');
  else if (failure.status === 404) f.ok('get', 'a missing object is answered as missing');
  else if (failure.status === 403 && !mayList) f.skip(['get'], 'without listing, missing looks forbidden');
  else report(f, await readingVerdict(p, c, failure, bucket), failure);
}

async function readingVerdict(p: S3Patient, c: S3Connection, failure: Failure, bucket: string): Promise<Verdict> {
  const ofOption = classifyOption(c, 'get', failure);
  if (ofOption) return ofOption;
  if (failure.status === 400 && /encrypt|SSE|customer/i.test(failure.message)) {
    return {
      fault: 'customer_key_needed',
      check: 'get',
      cause: `The object was stored with a key of its owner, which remote "${p.name}" does not have.`,
      remedy: 'Set sse_customer_algorithm and sse_customer_key.',
      mend: { option: 'sse_customer_key' },
    };
  }
  if (failure.status === 403) return noGet(bucket);
  return unknown('get', failure);
}

function read(c: S3Connection, bucket: string, key: string, size: number, o: ProbeOptions): Promise<Outcome<unknown>> {
  const input = { Bucket: bucket, Key: key, ...(size > 0 ? { Range: 'bytes=0-0' } : {}) };
  return attempt(c, 'GetObject', { bucket, key }, o, async (s) => {
    const { Body } = await c.client.send(new GetObjectCommand(input), s);
    await discard(Body);
  });
}

/** Reads an object that nobody has: 404 shows the right to read, where listing is allowed. */
function readMissing(c: S3Connection, bucket: string, o: ProbeOptions, below = ''): Promise<Outcome<unknown>> {
  return read(c, bucket, `${below === '' ? '' : `${below}/`}${probeName(c.platform)}`, 0, o);
}

function openFault(e: unknown): Parameters<Findings['found']>[0] {
  const message = messageOf(e);
  const noKeys = hasCode(e, 'bad_credentials');
  return {
    fault: noKeys ? 'no_environment_keys' : 'bad_config',
    check: noKeys ? 'credentials' : 'config',
    cause: noKeys ? 'env_auth = true, and no keys were found.' : 'The remote cannot be opened as it is configured.',
    remedy: noKeys
      ? 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile.'
      : 'Mend the option that the message names.',
    answer: message,
  };
}

function identityText({ identity }: S3Connection): string {
  if (identity.kind === 'anonymous') return 'none, and none are needed';
  return identity.kind === 'ibm' ? 'IBM token' : 'key and secret are right';
}

function placeText({ options: o, path }: S3Patient, c?: S3Connection): string {
  const host = (c?.endpoint ?? o.endpoint) || `AWS ${o.region}`.trim();
  return [o.provider, path === '' ? '' : `bucket ${path}`, host].filter((t) => t !== '').join(', ');
}
