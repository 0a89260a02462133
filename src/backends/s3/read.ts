import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import type { ByteRange, ByteSource, CallOptions, ObjectInfo, ReadOptions } from '../../core/backend.ts';
import { collect, toHex } from '../../core/bytes.ts';
import { abortError, hasCode, messageOf, TscloneError } from '../../core/errors.ts';
import { callS3, checkBudget } from './call.ts';
import type { S3Connection } from './client.ts';
import { downloadFromUrl } from './download-url.ts';
import { infoFromHeaders, md5Of, sizeOf, storedEncoding, unquote } from './metadata.ts';
import { version, type Place } from './names.ts';
import type { ObjectAnswer } from './plain-answers.ts';
import { chunksOf, discard, gunzip, quiet, releasing } from './streams.ts';

/** HEAD of one object. @throws object_not_found */
export async function headObject(c: S3Connection, place: Place, path: string, o: CallOptions): Promise<ObjectInfo> {
  const { bucket, key } = place;
  try {
    const out = await callS3(c, 'HeadObject', place, o, (s) =>
      c.client.send(new HeadObjectCommand({ Bucket: bucket, Key: key, ...version(place) }), s),
    );
    checkIsObject(c, path, out, 'HeadObject');
    return infoFromHeaders(c, path, out, sizeOf(path, out, 'HeadObject'));
  } catch (e) {
    if (hasCode(e, 'object_not_found', 'bucket_not_found')) throw notFound(path, e);
    throw e;
  }
}

export function notFound(path: string, cause: unknown): TscloneError {
  return new TscloneError('object_not_found', 'object not found', { path, cause, retry: 'high' });
}

interface Opened {
  readonly out: ObjectAnswer;
  /** Offset of the first byte in the object, and the object's size. */
  readonly start: number;
  readonly total: number | undefined;
  readonly length: number | undefined;
}

/** GET of one object or a range of it; the body checks length and MD5 and survives cut connections. */
export async function readObject(
  c: S3Connection,
  place: Place,
  path: string,
  o: ReadOptions,
): Promise<{ info: ObjectInfo; body: ByteSource }> {
  const empty = emptyRange(o);
  if (empty) return { info: o.info ?? (await headObject(c, place, path, o)), body: nothing() };
  let first: Opened;
  try {
    // A web server in front may have ETags of its own: only what it gave itself is asked for again.
    first = await open(c, place, path, o.range, c.options.download_url === '' ? o.info?.etag : undefined, o);
  } catch (e) {
    // A range behind the end of the object (or of an empty one) has no bytes.
    if (hasCode(e, 'invalid_request') && e.status === 416)
      return { info: o.info ?? (await headObject(c, place, path, o)), body: nothing() };
    throw e;
  }
  const how = howPacked(c, first.out);
  if (how === 'unpack' && o.range) {
    // A range counts in what was packed: all of it is read to find the place.
    await discard(first.out.Body);
    const { info, body: whole } = await readObject(c, place, path, { ...o, range: undefined });
    return { info, body: cut(whole, o.range) };
  }
  const plain = how === 'plain';
  const headers = plain ? first.out : { ...first.out, ETag: undefined, Metadata: withoutMd5(first.out.Metadata) };
  const told = infoFromHeaders(c, path, headers, plain ? first.total : undefined);
  const info = c.options.download_url === '' ? told : asKnown(told, o.info);
  // Packed on its way, a body has neither the size nor the digest of the object.
  const onTheFly = how === 'decoded' || (how === 'unpack' && first.length === undefined);
  const md5 = onTheFly ? undefined : how === 'unpack' ? rawMd5(c, first) : info.hashes.md5;
  const came = releasing(body(c, place, path, o, first, onTheFly, md5), () => discard(first.out.Body));
  const bytes = c.limits.throttle?.slow(came, 'down', o.signal) ?? came;
  return { info, body: how === 'unpack' ? gunzip(path, bytes) : bytes };
}

/** The bytes as they are; unpacked by the runtime already; or to be unpacked here. */
function howPacked(c: S3Connection, out: ObjectAnswer): 'plain' | 'decoded' | 'unpack' {
  const encoding = storedEncoding(out);
  // fetch unpacks by itself, and says nothing of it.
  if (c.platform.kind === 'edge' && /gzip|deflate|br/.test(encoding)) return 'decoded';
  if (encoding !== 'gzip') return 'plain';
  if (c.options.decompress || (out.ContentLength === undefined && c.quirks.might_gzip)) return 'unpack';
  sayPacked(c);
  return 'plain';
}

const saidPacked = new WeakSet<object>();

function sayPacked(c: S3Connection): void {
  if (saidPacked.has(c.options)) return;
  saidPacked.add(c.options);
  const message = 'Objects with "Content-Encoding: gzip" come as they are stored; --s3-decompress unpacks them';
  c.emit({ type: 'log', level: 'notice', subject: `remote "${c.remote}"`, message });
}

function rawMd5(c: S3Connection, { out }: Opened): string | undefined {
  return md5Of(c, unquote(out.ETag), out.Metadata?.['md5chksum']);
}

/** What the service knows of an object counts more than what a web server in front of it says. */
function asKnown(told: ObjectInfo, known: ObjectInfo | undefined): ObjectInfo {
  const { etag: _etag, ...rest } = told;
  const out: ObjectInfo = known ? { ...rest, ...known } : { ...rest, hashes: {} };
  return told.size === undefined ? out : { ...out, size: told.size };
}

/** A part of a stream whose length is not known beforehand. */
async function* cut(source: ByteSource, range: ByteRange): AsyncGenerator<Uint8Array, void, void> {
  if (range.start < 0) {
    const all = await collect(source);
    yield all.subarray(Math.max(0, all.length + range.start));
    return;
  }
  let at = 0;
  for await (const chunk of source) {
    const from = Math.max(0, range.start - at);
    const to = range.end === undefined ? chunk.length : Math.min(chunk.length, range.end - at);
    at += chunk.length;
    if (to > from) yield chunk.subarray(from, to);
    if (range.end !== undefined && at >= range.end) return;
  }
}

function withoutMd5(metadata: Record<string, string> | undefined): Record<string, string> {
  const { md5chksum: _dropped, ...rest } = metadata ?? {};
  return rest;
}

async function* nothing(): AsyncGenerator<Uint8Array, void, void> {}

function emptyRange({ range }: ReadOptions): boolean {
  return range?.end !== undefined && range.start >= 0 && range.end <= range.start;
}

function rangeHeader(range: ByteRange | undefined): string | undefined {
  if (!range) return undefined;
  if (range.start < 0) return `bytes=${range.start}`;
  if (range.end !== undefined) return `bytes=${range.start}-${range.end - 1}`;
  return range.start === 0 ? undefined : `bytes=${range.start}-`;
}

/**
 * One GET whose answer is what was asked for: an object, the same one, the same range.
 * @throws precondition_failed when it is another object than `etag` says, bad_answer
 */
async function open(
  c: S3Connection,
  place: Place,
  path: string,
  range: ByteRange | undefined,
  etag: string | undefined,
  o: CallOptions,
): Promise<Opened> {
  const wanted = rangeHeader(range);
  const fromUrl = c.options.download_url !== '';
  const command = new GetObjectCommand({
    Bucket: place.bucket,
    Key: place.key,
    ...version(place),
    ...(wanted === undefined ? {} : { Range: wanted }),
    ...(etag === undefined ? {} : { IfMatch: `"${etag}"` }),
  });
  let out: ObjectAnswer;
  try {
    out = await callS3(c, 'GetObject', place, o, (s) =>
      fromUrl ? downloadFromUrl(c, place, { range: wanted, etag, signal: s?.abortSignal }) : c.client.send(command, s),
    );
  } catch (e) {
    if (hasCode(e, 'precondition_failed')) throw changed(path, e);
    throw archived(c, place, path, e, o) ?? e;
  }
  quiet(out.Body);
  try {
    return checkOpened(c, path, out, wanted === undefined ? undefined : range, etag);
  } catch (e) {
    await discard(out.Body);
    throw e;
  }
}

/** rclone's words for an object that must be restored from an archive before it can be read. */
function archived(c: S3Connection, { bucket, key }: Place, path: string, e: unknown, o: ReadOptions): unknown {
  const cause = (e as TscloneError).cause as { name?: string; StorageClass?: string; AccessTier?: string } | undefined;
  if (cause?.name !== 'InvalidObjectState') return undefined;
  const where = cause.AccessTier || cause.StorageClass || o.info?.tier || 'GLACIER';
  const root = path !== '' && key.endsWith(path) ? key.slice(0, key.length - path.length).replace(/\/$/, '') : '';
  const remedy = `tsclone backend restore -o priority=Standard -o lifetime=7 ${c.remote}:${bucket}${root === '' ? '' : `/${root}`} --include "/${path}"`;
  return new TscloneError(
    'permission_denied',
    `Object in ${where}, restore first: bucket=${JSON.stringify(bucket)}, key=${JSON.stringify(key)}. Ask for it: ${remedy}`,
    { path, remote: c.remote, status: 403, retry: 'no', cause: e },
  );
}

function checkOpened(
  c: S3Connection,
  path: string,
  out: ObjectAnswer,
  range: ByteRange | undefined,
  etag: string | undefined,
): Opened {
  if (c.options.download_url === '') checkIsObject(c, path, out, 'GetObject');
  // Not every service heeds If-Match.
  const given = unquote(out.ETag);
  if (etag !== undefined && given !== '' && given !== etag) throw changed(path, undefined);
  const content = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(out.ContentRange ?? '');
  if (content === null) {
    // Some services (versitygw 1.0) answer a range of an empty object with 200 and nothing.
    if (range === undefined || out.ContentLength === 0)
      return { out, start: 0, total: out.ContentLength, length: out.ContentLength };
    const what = out.ContentType || 'a body';
    throw new TscloneError(
      'bad_answer',
      `${path}: the service ignored the range that was asked for (answered ${what} without Content-Range)`,
      { path, remote: c.remote, retry: 'no' },
    );
  }
  const start = Number(content[1]);
  const length = Number(content[2]) - start + 1;
  const total = content[3] === '*' ? undefined : Number(content[3]);
  if (range !== undefined && !isRange(range, start, length, total)) {
    throw new TscloneError('bad_answer', `${path}: the service answered another range than was asked for`, {
      path,
      remote: c.remote,
    });
  }
  return { out, start, total, length };
}

/** Is this the range that was asked for? An end behind the object's is cut to it. */
function isRange(range: ByteRange, start: number, length: number, total: number | undefined): boolean {
  const end = start + length;
  if (range.start < 0)
    return total === undefined ? length <= -range.start : start === Math.max(0, total + range.start) && end === total;
  if (start !== range.start) return false;
  if (total === undefined) return range.end === undefined || end <= range.end;
  return end === Math.min(range.end ?? total, total);
}

/** A login page and the answer of some other web server are no objects: every S3 service gives an ETag or a time. */
function checkIsObject(
  c: S3Connection,
  path: string,
  h: { ETag?: string | undefined; LastModified?: Date | undefined; ContentType?: string | undefined },
  operation: string,
): void {
  if (h.ETag !== undefined || h.LastModified !== undefined) return;
  const what = /^text\/html/i.test(h.ContentType ?? '') ? 'is an HTML page' : 'has neither ETag nor Last-Modified';
  throw new TscloneError(
    'bad_answer',
    `${path}: the answer to ${operation} ${what}: it does not come from an S3 service. Check the endpoint of remote "${c.remote}"`,
    { path, remote: c.remote },
  );
}

async function* body(
  c: S3Connection,
  place: Place,
  path: string,
  o: ReadOptions,
  first: Opened,
  onTheFly: boolean,
  knownMd5: string | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  const announced = first.length ?? (o.range ? undefined : o.info?.size);
  const expected = onTheFly ? undefined : announced;
  const whole = first.start === 0 && first.length === first.total && !onTheFly;
  const md5 = whole && o.verify !== false && knownMd5 !== undefined ? c.platform.createHash('md5') : undefined;
  const etag = unquote(first.out.ETag) || undefined;
  let got = 0;
  let current: Opened = first;
  for (let failures = 0; ;) {
    let failure: unknown;
    try {
      for await (const chunk of chunksOf(current.out.Body, c.limits.timeoutMs, o.signal)) {
        got += chunk.length;
        if (expected !== undefined && got > expected) throw tooLong(path, expected);
        md5?.update(chunk);
        yield chunk;
      }
    } catch (e) {
      if (o.signal?.aborted) throw abortError(o.signal);
      if (hasCode(e, 'corrupted')) throw e;
      failure = e;
    }
    if (got === expected || (failure === undefined && expected === undefined)) break;
    failures += 1;
    const why = failure === undefined ? 'it ended early' : messageOf(failure);
    if (failures >= c.limits.lowLevelRetries || expected === undefined) {
      throw new TscloneError(
        'network',
        `${path}: the body was cut off after ${got} of ${expected ?? '?'} bytes: ${why}`,
        { path, cause: failure, retry: 'low' },
      );
    }
    c.emit({ type: 'retry', operation: 'GetObject', attempt: failures, message: why });
    await c.platform.sleep(Math.min(10 * 2 ** failures, 2000), o.signal);
    checkBudget(o, 'GetObject');
    const rest = { start: first.start + got, end: first.start + expected };
    current = await open(c, place, path, whole && got === 0 ? undefined : rest, etag, o);
  }
  if (md5 && toHex(md5.digest()) !== knownMd5) {
    throw new TscloneError(
      'corrupted',
      `${path}: the MD5 of the bytes that came is not that of the object (${knownMd5})`,
      { path },
    );
  }
}

function changed(path: string, cause: unknown): TscloneError {
  return new TscloneError('precondition_failed', `${path}: the object changed while it was read`, {
    path,
    cause,
    status: 412,
  });
}

function tooLong(path: string, expected: number): TscloneError {
  return new TscloneError('corrupted', `${path}: the service sent more than the ${expected} bytes that it announced`, {
    path,
  });
}
