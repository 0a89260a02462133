import { owner } from './operation.ts';
import { notImplemented, S3Fault, type S3Request } from './protocol.ts';

const refused =
  /^x-amz-(grant-.*|tagging|object-lock-.*|server-side-encryption.*|copy-source-server-side-encryption-.*|website-redirect-location|write-offset-bytes|mfa|rename-source.*|if-match-.*)$/;

/** Values that ask for nothing else than what is done anyway. */
const harmless: Readonly<Record<string, readonly string[]>> = {
  'x-amz-acl': ['private', 'bucket-owner-full-control', 'bucket-owner-read'],
  'x-amz-storage-class': ['standard'],
  'x-amz-bucket-object-lock-enabled': ['false'],
  'x-amz-object-ownership': ['bucketownerenforced', 'bucketownerpreferred', 'objectwriter'],
  'x-amz-tagging-directive': ['copy', 'replace'],
};

const ownerHeaders = ['x-amz-expected-bucket-owner', 'x-amz-source-expected-bucket-owner'];

/** What this server would have to ignore it refuses by name. @throws S3Fault NotImplemented, AccessDenied */
export function checkNotRefused({ headers }: S3Request): void {
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith('x-amz-')) continue;
    const allowed = harmless[name];
    if (refused.test(name) || (allowed && !allowed.includes(value.toLowerCase())))
      throw notImplemented(`Header '${name}' with value '${value}' not implemented`);
    if (ownerHeaders.includes(name) && value !== owner.ID)
      throw new S3Fault(403, 'AccessDenied', 'Access Denied: the bucket belongs to somebody else');
  }
}
