import { hasCode } from '../../core/errors.ts';
import { smallBody } from './payload.ts';
import { S3Fault, type S3Response } from './protocol.ts';
import { xmlHeaders, type OperationArgs } from './objects.ts';
import { childText, parseXml, xmlDocument } from './xml.ts';

export async function listBuckets({ store }: OperationArgs): Promise<S3Response> {
  const buckets = await store.buckets();
  const body = xmlDocument('ListAllMyBucketsResult', {
    Owner: { ID: 'tsclone' },
    Buckets: { Bucket: buckets.map((b) => ({ Name: b.name, CreationDate: b.created.toISOString() })) },
  });
  return { status: 200, headers: xmlHeaders, body };
}

export async function createBucket({ store, request, call, verified }: OperationArgs): Promise<S3Response> {
  const { bucket } = call;
  await smallBody(request, verified, store.platform, 64 * 1024);
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw new S3Fault(400, 'InvalidBucketName', 'The specified bucket is not valid.');
  if ((await store.buckets()).some((b) => b.name === bucket)) {
    throw new S3Fault(
      409,
      'BucketAlreadyOwnedByYou',
      'Your previous request to create the named bucket succeeded and you already own it.',
    );
  }
  await store.backend.mkdir(bucket);
  return { status: 200, headers: { location: `/${bucket}` } };
}

export async function headBucket({ store, call }: OperationArgs): Promise<S3Response> {
  await store.requireBucket(call.bucket);
  return { status: 200, headers: { 'x-amz-bucket-region': 'us-east-1' } };
}

export async function bucketLocation({ store, call }: OperationArgs): Promise<S3Response> {
  await store.requireBucket(call.bucket);
  return { status: 200, headers: xmlHeaders, body: xmlDocument('LocationConstraint', {}) };
}

export async function bucketVersioning({ store, call }: OperationArgs): Promise<S3Response> {
  await store.requireBucket(call.bucket);
  return { status: 200, headers: xmlHeaders, body: xmlDocument('VersioningConfiguration', {}) };
}

export async function deleteBucket({ store, call }: OperationArgs): Promise<S3Response> {
  const { bucket } = call;
  await store.requireBucket(bucket);
  try {
    const { objects } = await store.keys(bucket, '', false);
    if (objects.length > 0) throw new S3Fault(409, 'BucketNotEmpty', 'The bucket you tried to delete is not empty');
    await store.backend.rmdir(bucket);
  } catch (e) {
    if (hasCode(e, 'not_empty'))
      throw new S3Fault(409, 'BucketNotEmpty', 'The bucket you tried to delete is not empty');
    throw e;
  }
  return { status: 204, headers: {} };
}

export async function deleteObjects({ store, request, call, verified }: OperationArgs): Promise<S3Response> {
  const { headers } = request;
  const digest =
    headers['content-md5'] !== undefined || Object.keys(headers).some((n) => /^x-amz-checksum-(crc|sha)/.test(n));
  if (!digest && headers['x-amz-trailer'] === undefined)
    throw new S3Fault(400, 'InvalidRequest', 'Missing required header for this request: Content-MD5');
  const root = parseXml(await smallBody(request, verified, store.platform, 2 * 1024 * 1024));
  await store.requireBucket(call.bucket);
  const keys = root.children.filter((c) => c.name === 'Object').map((c) => childText(c, 'Key'));
  if (root.name !== 'Delete' || keys.length === 0 || keys.length > 1000 || keys.includes(undefined))
    throw new S3Fault(400, 'MalformedXML', 'The XML you provided was not well-formed or did not validate.');
  const quiet = childText(root, 'Quiet') === 'true';
  const deleted: { Key: string }[] = [];
  const errors: { Key: string; Code: string; Message: string }[] = [];
  for (const key of keys as string[]) {
    try {
      await store.remove(call.bucket, key);
      if (!quiet) deleted.push({ Key: key });
    } catch (e) {
      errors.push({ Key: key, Code: 'InternalError', Message: e instanceof Error ? e.message : 'failed' });
    }
  }
  return { status: 200, headers: xmlHeaders, body: xmlDocument('DeleteResult', { Deleted: deleted, Error: errors }) };
}
