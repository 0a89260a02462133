import type { ByteSource } from '../../core/backend.ts';

/**
 * An S3 request as it came over the wire. Path and query are not decoded: URL parsers would resolve `..` in keys and
 * break signatures.
 */
export interface S3Request {
  readonly method: string;
  /** Raw, beginning with a slash. */
  readonly path: string;
  /** Raw, without the question mark. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ByteSource | undefined;
}

export interface S3Response {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | ByteSource | undefined;
}

/** An error that the client gets as XML. */
export class S3Fault extends Error {
  override readonly name = 'S3Fault';
  readonly code: string;
  readonly status: number;
  /** Further elements of the answer. */
  readonly details: Readonly<Record<string, string | number>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    o: { details?: Record<string, string | number>; headers?: Record<string, string> } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = o.details ?? {};
    this.headers = o.headers ?? {};
  }
}

export function notImplemented(message: string): S3Fault {
  return new S3Fault(501, 'NotImplemented', message);
}

export function invalidArgument(message: string): S3Fault {
  return new S3Fault(400, 'InvalidArgument', message);
}

/** What a request asks for, by S3's names. */
export interface S3Call {
  readonly operation: string;
  /** Decoded; '' = none. */
  readonly bucket: string;
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  /** The host name and not the path told the bucket. */
  readonly bucketInHost?: boolean;
}

/**
 * Where the bucket's name may stand beside the path: before one of these names in Host, or, with 'any', in its first
 * label.
 */
export type VirtualHosts = 'any' | readonly string[];

/** @throws S3Fault for paths that are no valid encoding. */
export function callOf(r: S3Request, hosts: VirtualHosts = []): S3Call {
  const inHost = bucketInHost(r.headers['host'] ?? '', hosts);
  const [bucket, key] = inHost === undefined ? splitPath(r.path) : [inHost, decode(r.path.replace(/^\//, ''))];
  const query = parseQuery(r.query);
  const operation = operationName(r, bucket, key, query);
  return { operation, bucket, key, query, ...(inHost === undefined ? {} : { bucketInHost: true }) };
}

function bucketInHost(host: string, hosts: VirtualHosts): string | undefined {
  const name = host.toLowerCase().replace(/:\d+$/, '');
  if (hosts === 'any') return /^[\d.]+$|^\[/.test(name) ? undefined : /^([^.]+)\.[^.]/.exec(name)?.[1];
  const base = hosts.find((h) => name.endsWith(`.${h.toLowerCase()}`));
  return base === undefined ? undefined : name.slice(0, -base.length - 1);
}

function splitPath(raw: string): [bucket: string, key: string] {
  const path = raw.replace(/^\//, '');
  const slash = path.indexOf('/');
  return slash < 0 ? [decode(path), ''] : [decode(path.slice(0, slash)), decode(path.slice(slash + 1))];
}

function decode(text: string): string {
  let plain: string;
  try {
    plain = decodeURIComponent(text);
  } catch {
    throw invalidUri();
  }
  if (plain.includes('\0')) throw invalidUri();
  return plain;
}

const invalidUri = (): S3Fault => new S3Fault(400, 'InvalidURI', "Couldn't parse the specified URI.");

export function parseQuery(raw: string): Map<string, string> {
  const query = new Map<string, string>();
  for (const part of raw.split('&')) {
    if (part === '') continue;
    const eq = part.indexOf('=');
    const [name, value] = eq < 0 ? [part, ''] : [part.slice(0, eq), part.slice(eq + 1)];
    query.set(decode(name.replaceAll('+', ' ')), decode(value.replaceAll('+', ' ')));
  }
  return query;
}

const bucketResources = [
  'accelerate acl analytics cors encryption inventory lifecycle location logging metrics notification object-lock',
  'ownershipControls policy policyStatus publicAccessBlock replication requestPayment tagging versioning website',
]
  .join(' ')
  .split(' ');
const objectResources = 'acl attributes legal-hold renameObject restore retention select tagging torrent'.split(' ');
const verbs: Readonly<Record<string, string>> = {
  GET: 'Get',
  HEAD: 'Head',
  PUT: 'Put',
  POST: 'Post',
  DELETE: 'Delete',
};

function operationName(r: S3Request, bucket: string, key: string, query: ReadonlyMap<string, string>): string {
  const verb = verbs[r.method];
  if (verb === undefined) return r.method;
  if (bucket === '') return r.method === 'GET' ? 'ListBuckets' : `${verb}Service`;
  const has = (name: string): boolean => query.has(name);
  if (key === '') {
    const resource = bucketResources.find(has);
    if (resource !== undefined) return `${verb}Bucket${pascal(resource)}`;
    if (r.method === 'PUT') return 'CreateBucket';
    if (r.method === 'DELETE') return 'DeleteBucket';
    if (r.method === 'HEAD') return 'HeadBucket';
    if (r.method === 'POST') return has('delete') ? 'DeleteObjects' : 'PostObject';
    if (has('uploads')) return 'ListMultipartUploads';
    if (has('versions')) return 'ListObjectVersions';
    return query.get('list-type') === '2' ? 'ListObjectsV2' : 'ListObjects';
  }
  const resource = objectResources.find(has);
  if (resource !== undefined) return `${verb}Object${pascal(resource)}`;
  const copies = r.headers['x-amz-copy-source'] !== undefined;
  if (r.method === 'POST')
    return has('uploads') ? 'CreateMultipartUpload' : has('uploadId') ? 'CompleteMultipartUpload' : 'PostObject';
  if (r.method === 'PUT' && has('uploadId')) return copies ? 'UploadPartCopy' : 'UploadPart';
  if (r.method === 'PUT') return copies ? 'CopyObject' : 'PutObject';
  if (r.method === 'DELETE') return has('uploadId') ? 'AbortMultipartUpload' : 'DeleteObject';
  if (r.method === 'GET' && has('uploadId')) return 'ListParts';
  return `${verb}Object`;
}

const pascal = (text: string): string =>
  text.replace(/(^|-)([a-z])/g, (_, _dash, letter: string) => letter.toUpperCase());

/** Bucket and key of an `x-amz-copy-source` header, in which a plus sign stands for a space. */
export function copySourceOf(r: S3Request): { bucket: string; key: string } {
  const [raw = '', query = ''] = (r.headers['x-amz-copy-source'] ?? '').split(/\?(.*)/s);
  const path = raw.replaceAll('+', ' ').replace(/^\/|^%2f/i, '');
  // Some clients encode the slash between bucket and key too.
  const m = /^(.*?)(?:\/|%2f)(.+)$/is.exec(path);
  if (!m) throw invalidArgument('Copy Source must mention the source bucket and key: sourcebucket/sourcekey');
  checkVersion(parseQuery(query).get('versionId'));
  return { bucket: decode(m[1] as string), key: decode(m[2] as string) };
}

/** There are no versions: the only one has the id `null`. @throws S3Fault NoSuchVersion */
export function checkVersion(versionId: string | undefined): void {
  if (versionId !== undefined && versionId !== '' && versionId !== 'null')
    throw new S3Fault(404, 'NoSuchVersion', 'The specified version does not exist.');
}

/** A whole number of a query or a header. @throws S3Fault InvalidArgument */
export function wholeNumber(text: string | undefined, name: string, byDefault: number, max = 2 ** 31 - 1): number {
  if (text === undefined || text === '') return byDefault;
  if (!/^\d{1,10}$/.test(text) || Number(text) > max)
    throw invalidArgument(`Provided ${name} not an integer or within integer range`);
  return Number(text);
}
