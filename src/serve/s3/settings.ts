import { owner, xmlHeaders, type Operation } from './operation.ts';
import { S3Fault } from './protocol.ts';
import { xmlDocument, type XmlContent } from './xml.ts';

/** Reads of settings that nothing can be set for: the true answer is that there are none. */
export const settings: Readonly<Record<string, Operation>> = {
  GetBucketLocation: empty('LocationConstraint'),
  GetBucketVersioning: empty('VersioningConfiguration'),
  GetBucketAccelerate: empty('AccelerateConfiguration'),
  GetBucketLogging: empty('BucketLoggingStatus'),
  GetBucketNotification: empty('NotificationConfiguration'),
  GetBucketRequestPayment: empty('RequestPaymentConfiguration', { Payer: 'BucketOwner' }),
  GetBucketAcl: empty('AccessControlPolicy', accessOfOwner()),
  GetObjectAcl: empty('AccessControlPolicy', accessOfOwner()),
  GetObjectTagging: empty('Tagging', { TagSet: {} }),
  GetBucketCors: none('NoSuchCORSConfiguration', 'The CORS configuration does not exist'),
  GetBucketEncryption: none(
    'ServerSideEncryptionConfigurationNotFoundError',
    'The server side encryption configuration was not found',
  ),
  GetBucketLifecycle: none('NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist'),
  GetBucketObjectLock: none(
    'ObjectLockConfigurationNotFoundError',
    'Object Lock configuration does not exist for this bucket',
  ),
  GetBucketOwnershipControls: none('OwnershipControlsNotFoundError', 'The bucket ownership controls were not found'),
  GetBucketPolicy: none('NoSuchBucketPolicy', 'The bucket policy does not exist'),
  GetBucketPublicAccessBlock: none(
    'NoSuchPublicAccessBlockConfiguration',
    'The public access block configuration was not found',
  ),
  GetBucketReplication: none('ReplicationConfigurationNotFoundError', 'The replication configuration was not found'),
  GetBucketTagging: none('NoSuchTagSet', 'The TagSet does not exist'),
  GetBucketWebsite: none('NoSuchWebsiteConfiguration', 'The specified bucket does not have a website configuration'),
};

function empty(name: string, content: XmlContent = {}): Operation {
  return async ({ store, call }) => {
    if (call.key === '') await store.requireBucket(call.bucket);
    else await store.head(call.bucket, call.key);
    return { status: 200, headers: xmlHeaders, body: xmlDocument(name, content) };
  };
}

function none(code: string, message: string): Operation {
  return async ({ store, call }) => {
    await store.requireBucket(call.bucket);
    throw new S3Fault(404, code, message);
  };
}

function accessOfOwner(): XmlContent {
  return { Owner: owner, AccessControlList: { Grant: { Grantee: owner, Permission: 'FULL_CONTROL' } } };
}
