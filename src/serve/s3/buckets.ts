import { hasCode } from '../../core/errors.ts';
import { xmlLimits } from './limits.ts';
import { owner, xmlHeaders, type Operation } from './operation.ts';
import { smallBody } from './payload.ts';
import { S3Fault, wholeNumber } from './protocol.ts';
import { checkWrite } from './conditions.ts';
import { asFault } from './faults.ts';
import { childText, malformed, parseXml, xmlDocument } from './xml.ts';

/** The only one; requests may be signed for any. */
const region = 'us-east-1';
const maxDeletes = 1000;

export const listBuckets: Operation = async ({ store, call }) => {
  const { query } = call;
  const prefix = query.get('prefix') ?? '';
  const max = wholeNumber(query.get('max-buckets'), 'max-buckets', 10_000, 10_000);
  const after = query.get('continuation-token') ?? '';
  const all = (await store.buckets()).filter((b) => b.name.startsWith(prefix) && b.name > after);
  const page = all.slice(0, max);
  const body = xmlDocument('ListAllMyBucketsResult', {
    Owner: owner,
    Buckets: { Bucket: page.map((b) => ({ Name: b.name, CreationDate: b.created.toISOString() })) },
    Prefix: query.has('prefix') ? prefix : undefined,
    ContinuationToken: page.length < all.length ? page.at(-1)?.name : undefined,
  });
  return { status: 200, headers: xmlHeaders, body };
};

export const createBucket: Operation = async ({ store, request, call, verified }) => {
  const { bucket } = call;
  const text = await smallBody(request, verified, store.platform, xmlLimits.createBucket);
  if (text.trim() !== '' && parseXml(text).name !== 'CreateBucketConfiguration') throw malformed();
  const isName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) && !/\.\.|\.-|-\.|^\d+\.\d+\.\d+\.\d+$/.test(bucket);
  if (!isName) throw new S3Fault(400, 'InvalidBucketName', 'The specified bucket is not valid.');
  return store.locks.run(`bucket ${bucket}`, async () => {
    if (await store.hasBucket(bucket)) {
      throw new S3Fault(
        409,
        'BucketAlreadyOwnedByYou',
        'Your previous request to create the named bucket succeeded and you already own it.',
        { details: { BucketName: bucket } },
      );
    }
    await store.createBucket(bucket);
    return { status: 200, headers: { location: `/${bucket}` } };
  });
};

export const headBucket: Operation = async ({ store, call }) => {
  await store.requireBucket(call.bucket);
  return { status: 200, headers: { 'x-amz-bucket-region': region } };
};

export const deleteBucket: Operation = async ({ store, call }) => {
  return store.locks.run(`bucket ${call.bucket}`, async () => {
    await store.requireBucket(call.bucket);
    await store.removeBucket(call.bucket);
    return { status: 204, headers: {} };
  });
};

export const deleteObjects: Operation = async (a) => {
  const { store, request, call, verified } = a;
  const { headers } = request;
  const digest =
    headers['content-md5'] !== undefined || Object.keys(headers).some((n) => /^x-amz-checksum-(crc|sha)/.test(n));
  if (!digest && headers['x-amz-trailer'] === undefined)
    throw new S3Fault(400, 'InvalidRequest', 'Missing required header for this request: Content-MD5');
  const root = parseXml(await smallBody(request, verified, store.platform, xmlLimits.deleteObjects));
  await store.requireBucket(call.bucket);
  const wanted = root.children
    .filter((c) => c.name === 'Object')
    .map((c) => ({ key: childText(c, 'Key'), version: childText(c, 'VersionId') ?? '', etag: childText(c, 'ETag') }));
  if (root.name !== 'Delete' || wanted.length === 0 || wanted.length > maxDeletes) throw malformed();
  const quiet = childText(root, 'Quiet')?.trim() === 'true';
  const deleted: { Key: string; VersionId?: string }[] = [];
  const errors: { Key: string; Code: string; Message: string }[] = [];
  for (const { key, version, etag } of wanted) {
    if (key === undefined || key === '' || key.includes('\0')) throw malformed();
    try {
      if (version !== '' && version !== 'null')
        throw new S3Fault(404, 'NoSuchVersion', 'The specified version does not exist.');
      const condition = etag === undefined ? undefined : { ...request, headers: { 'if-match': etag } };
      await store.remove(call.bucket, key, condition && ((there) => checkWrite(condition, there)));
      if (!quiet) deleted.push({ Key: key, ...(version === '' ? {} : { VersionId: version }) });
    } catch (e) {
      const fault = asFault(e);
      errors.push({ Key: key, Code: fault.code, Message: fault.message });
      // The rest would fail the same way.
      if (hasCode(e, 'network', 'timeout', 'bad_credentials')) throw e;
    }
  }
  return { status: 200, headers: xmlHeaders, body: xmlDocument('DeleteResult', { Deleted: deleted, Error: errors }) };
};
