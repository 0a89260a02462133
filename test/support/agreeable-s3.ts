import { createHash } from 'node:crypto';
import { fault, xml, type Answer, type Recorded, type Script } from './scripted-s3.ts';

export interface Stored {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

export interface AgreeableOptions {
  /** Objects that are there from the beginning, by `bucket/key`. */
  readonly objects?: Readonly<Record<string, { body: string | Buffer; headers?: Readonly<Record<string, string>> }>>;
  /** Answers instead of the usual one; undefined = the usual one. */
  readonly instead?: (r: Recorded, n: number) => Answer | undefined | Promise<Answer | undefined>;
}

/** What an object keeps of the headers that it was written with. */
const kept =
  /^(x-amz-meta-.*|content-type|content-encoding|content-disposition|content-language|cache-control|x-amz-storage-class|x-amz-object-lock-.*)$/;

/**
 * A service that takes whatever comes, checks nothing and answers as S3 would: for tests that look at requests. Keys and
 * buckets are as they stand in the path, percent-encoded.
 */
export function agreeable(o: AgreeableOptions = {}): Script & { readonly store: Map<string, Stored> } {
  const store = new Map<string, Stored>();
  const parts = new Map<string, { headers: Record<string, string>; bodies: Map<number, Buffer> }>();
  for (const [path, { body, headers = {} }] of Object.entries(o.objects ?? {})) {
    store.set(path, { body: Buffer.from(body), headers });
  }
  const take = (headers: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => kept.test(name)));
  const name = (r: Recorded): string => decodeURIComponent(r.path.slice(1));

  const answers: Readonly<Record<string, (r: Recorded) => Answer>> = {
    ListBuckets: () =>
      xml(
        '<ListAllMyBucketsResult><Buckets><Bucket><Name>bucket</Name><CreationDate>2026-01-02T03:04:05.000Z</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>',
      ),
    CreateBucket: () => ({}),
    DeleteBucket: () => ({ status: 204 }),
    HeadBucket: () => ({}),
    ListObjects: (r) => listing(r, store),
    ListObjectsV2: (r) => listing(r, store),
    HeadObject(r) {
      const found = store.get(name(r));
      return found ? { headers: headersOf(found) } : { status: 404 };
    },
    GetObject(r) {
      const found = store.get(name(r));
      if (!found) return fault(404, 'NoSuchKey');
      const range = /^bytes=(\d*)-(\d*)$/.exec(r.headers['range'] ?? '');
      if (!range) return { headers: headersOf(found), body: found.body };
      const { length } = found.body;
      const start = range[1] === '' ? Math.max(0, length - Number(range[2])) : Number(range[1]);
      const end = range[1] === '' || range[2] === '' ? length : Math.min(Number(range[2]) + 1, length);
      return {
        status: 206,
        headers: {
          ...headersOf(found),
          'content-length': end - start,
          'content-range': `bytes ${start}-${end - 1}/${length}`,
        },
        body: found.body.subarray(start, end),
      };
    },
    PutObject(r) {
      const body = unframed(r);
      store.set(name(r), { body, headers: take(r.headers) });
      return { headers: { etag: tag(body) } };
    },
    CopyObject(r) {
      const from = store.get(sourceOf(r));
      if (!from) return fault(404, 'NoSuchKey');
      const replace = r.headers['x-amz-metadata-directive'] === 'REPLACE';
      store.set(name(r), {
        body: from.body,
        headers: replace ? take(r.headers) : { ...from.headers, ...storageClassOf(r) },
      });
      return xml(`<CopyObjectResult><ETag>${tag(from.body)}</ETag></CopyObjectResult>`);
    },
    DeleteObject(r) {
      store.delete(name(r));
      return { status: 204 };
    },
    DeleteObjects(r) {
      const keys = [...r.body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)].map((m) => m[1] ?? '');
      for (const key of keys) store.delete(`${name(r).replace(/\/$/, '')}/${key}`);
      return xml(`<DeleteResult>${keys.map((key) => `<Deleted><Key>${key}</Key></Deleted>`).join('')}</DeleteResult>`);
    },
    CreateMultipartUpload(r) {
      const id = `upload-${parts.size + 1}`;
      parts.set(id, { headers: take(r.headers), bodies: new Map() });
      return xml(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
    },
    UploadPart(r) {
      const body = unframed(r);
      parts.get(r.query.get('uploadId') ?? '')?.bodies.set(Number(r.query.get('partNumber')), body);
      return { headers: { etag: tag(body) } };
    },
    UploadPartCopy(r) {
      const from = store.get(sourceOf(r));
      const range = /^bytes=(\d+)-(\d+)$/.exec(r.headers['x-amz-copy-source-range'] ?? '');
      if (!from || !range) return fault(400, 'InvalidArgument');
      const body = from.body.subarray(Number(range[1]), Number(range[2]) + 1);
      parts.get(r.query.get('uploadId') ?? '')?.bodies.set(Number(r.query.get('partNumber')), body);
      return xml(`<CopyPartResult><ETag>${tag(body)}</ETag></CopyPartResult>`);
    },
    CompleteMultipartUpload(r) {
      const upload = parts.get(r.query.get('uploadId') ?? '');
      if (!upload) return fault(404, 'NoSuchUpload');
      const bodies = [...upload.bodies].sort(([a], [b]) => a - b).map(([, body]) => body);
      const etag = `"${md5(Buffer.concat(bodies.map((b) => createHash('md5').update(b).digest())))}-${bodies.length}"`;
      store.set(name(r), { body: Buffer.concat(bodies), headers: { ...upload.headers, etag } });
      return xml(
        `<CompleteMultipartUploadResult><ETag>${etag.replaceAll('"', '&quot;')}</ETag></CompleteMultipartUploadResult>`,
      );
    },
    AbortMultipartUpload: () => ({ status: 204 }),
    GetBucketVersioning: () => xml('<VersioningConfiguration/>'),
    PutBucketVersioning: () => ({}),
    PutObjectRetention: () => ({}),
    PutObjectLegalHold: () => ({}),
    RestoreObject: () => ({ status: 202 }),
    ListMultipartUploads: () =>
      xml('<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>'),
    ListObjectVersions: () => xml('<ListVersionsResult><IsTruncated>false</IsTruncated></ListVersionsResult>'),
  };

  const script: Script = async (r, n) =>
    (await o.instead?.(r, n)) ?? answers[r.operation]?.(r) ?? fault(501, 'NotImplemented', r.operation);
  return Object.assign(script, { store });
}

const md5 = (body: Buffer): string => createHash('md5').update(body).digest('hex');
const tag = (body: Buffer): string => `"${md5(body)}"`;

function headersOf({ body, headers }: Stored): Record<string, string | number> {
  return {
    'content-length': body.length,
    etag: tag(body),
    'last-modified': 'Tue, 03 Nov 2026 10:00:00 GMT',
    'content-type': 'application/octet-stream',
    ...headers,
  };
}

const sourceOf = (r: Recorded): string =>
  decodeURIComponent((r.headers['x-amz-copy-source'] ?? '').replace(/^\//, '').replace(/\?.*$/, ''));

function storageClassOf(r: Recorded): Record<string, string> {
  const wanted = r.headers['x-amz-storage-class'];
  return wanted === undefined ? {} : { 'x-amz-storage-class': wanted };
}

/** The bytes out of `aws-chunked` framing. */
function unframed(r: Recorded): Buffer {
  if (!/aws-chunked/.test(r.headers['content-encoding'] ?? '')) return r.body;
  const out: Buffer[] = [];
  for (let at = 0; ;) {
    const end = r.body.indexOf('\r\n', at);
    const size = Number.parseInt(r.body.subarray(at, end).toString(), 16);
    if (!(size > 0)) return Buffer.concat(out);
    out.push(r.body.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}

function listing(r: Recorded, store: ReadonlyMap<string, Stored>): Answer {
  const bucket = decodeURIComponent(r.path.split('/')[1] ?? '');
  const prefix = r.query.get('prefix') ?? '';
  const keys: string[] = [];
  const prefixes = new Set<string>();
  for (const path of [...store.keys()].sort()) {
    if (!path.startsWith(`${bucket}/${prefix}`)) continue;
    const key = path.slice(bucket.length + 1);
    const slash = r.query.get('delimiter') === '/' ? key.indexOf('/', prefix.length) : -1;
    if (slash < 0) keys.push(key);
    else prefixes.add(key.slice(0, slash + 1));
  }
  const contents = keys.map((key) => {
    const found = store.get(`${bucket}/${key}`) as Stored;
    const storageClass = found.headers['x-amz-storage-class'] ?? 'STANDARD';
    return `<Contents><Key>${key}</Key><LastModified>2026-11-03T10:00:00.000Z</LastModified><ETag>${found.headers['etag'] ?? tag(found.body)}</ETag><Size>${found.body.length}</Size><StorageClass>${storageClass}</StorageClass></Contents>`;
  });
  const common = [...prefixes].map((p) => `<CommonPrefixes><Prefix>${p}</Prefix></CommonPrefixes>`);
  return xml(
    `<ListBucketResult><Name>${bucket}</Name><IsTruncated>false</IsTruncated>${contents.join('')}${common.join('')}</ListBucketResult>`,
  );
}
