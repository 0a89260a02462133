import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { s3Options } from '../../../../src/backends/s3/options.ts';
import { bytesSource, collect } from '../../../../src/core/bytes.ts';
import type { Backend, Entry, ObjectInfo, TransportLimits, WriteOptions } from '../../../../src/core/backend.ts';
import { nodePlatform } from '../../../../src/node/platform.ts';
import { agreeable, type AgreeableOptions } from '../../../support/agreeable-s3.ts';
import { openOnHost, type HostRequest } from '../../../support/aws-host.ts';
import {
  fault,
  openScripted,
  startScriptedS3,
  xml,
  type OpenScripted,
  type Recorded,
} from '../../../support/scripted-s3.ts';

/** Each option of the backend, one by one: what it changes in the requests, or in what comes back. */

const MiB = 1024 * 1024;
const md5Of5 = createHash('md5').update(new Uint8Array(5)).digest('base64');
const open: OpenScripted[] = [];
afterEach(async () => {
  for (const { server } of open.splice(0)) await server.stop();
});

interface Setting {
  readonly options: Readonly<Record<string, string>>;
  readonly limits?: Partial<TransportLimits>;
  readonly service?: AgreeableOptions;
}

async function start({ options, limits, service }: Setting): Promise<OpenScripted> {
  const opened = await openScripted(agreeable(service), { options, ...(limits ? { limits } : {}) });
  open.push(opened);
  return opened;
}

/** Options under which something is done, and the requests that came of it. */
async function requests(setting: Setting, act: (b: Backend) => Promise<unknown>): Promise<OpenScripted['server']> {
  const { backend, server } = await start(setting);
  await act(backend);
  return server;
}

const put =
  (bytes = 5, path = 'new', o: Partial<WriteOptions> = {}) =>
  (b: Backend) =>
    b.write(path, bytesSource(new Uint8Array(bytes)), { size: bytes, ...o });
const get =
  (path = 'old') =>
  async (b: Backend) =>
    collect((await b.read(path)).body);
const entriesOf = async (b: Backend, dir: string): Promise<Entry[]> => {
  const out: Entry[] = [];
  for await (const entry of b.list(dir)) out.push(entry);
  return out;
};
const list = (b: Backend): Promise<Entry[]> => entriesOf(b, '');
const copyOf = async (b: Backend, path: string): Promise<unknown> => b.copy?.(b, await b.stat(path), 'copied');
const copy = (b: Backend): Promise<unknown> => copyOf(b, 'old');
const touch = async (b: Backend): Promise<unknown> => b.setModTime?.('old', 1_500_000_000_000_000_000n);

const old = {
  objects: {
    'bucket/old': {
      body: 'hello',
      headers: { 'x-amz-meta-mtime': '1700000000.5', 'x-amz-meta-user': 'u', 'content-type': 'text/plain' },
    },
  },
};
const large = { objects: { 'bucket/old': { body: Buffer.alloc(11 * MiB, 'x') } } };
const parts = { upload_cutoff: '5Mi' };

const query = (name: string, value: string): URLSearchParams =>
  expect.toSatisfy((q: URLSearchParams) => q.get(name) === value) as URLSearchParams;

const versionXml = (key: string, id: string, isLatest: boolean, time: string, size: number): string =>
  `<Version><Key>${key}</Key><VersionId>${id}</VersionId><IsLatest>${isLatest}</IsLatest><LastModified>${time}</LastModified><ETag>"e"</ETag><Size>${size}</Size></Version>`;
/** `a.txt` was replaced, `gone` was removed. */
const past: AgreeableOptions = {
  objects: { 'bucket/a.txt': { body: 'aa' }, 'bucket/gone': { body: 'ggg' } },
  instead: (r) =>
    r.operation === 'ListObjectVersions'
      ? xml(
          `<ListVersionsResult><IsTruncated>false</IsTruncated>${versionXml('a.txt', 'v2', true, '2026-02-01T00:00:00.000Z', 2)}${versionXml('a.txt', 'v1', false, '2026-01-02T03:04:05.678Z', 1)}${versionXml('gone', 'g1', false, '2026-01-05T00:00:00.000Z', 3)}<DeleteMarker><Key>gone</Key><VersionId>g2</VersionId><IsLatest>true</IsLatest><LastModified>2026-01-06T00:00:00.999999Z</LastModified></DeleteMarker></ListVersionsResult>`,
        )
      : undefined,
};

const headers = (server: OpenScripted['server'], operation: string, pattern: RegExp): Record<string, string>[] =>
  server.of(operation).map((r) => Object.fromEntries(Object.entries(r.headers).filter(([name]) => pattern.test(name))));

/** The host that one listing of a bucket goes to. */
async function hostOf(options: Record<string, string>, bucket = 'bucket'): Promise<HostRequest> {
  const { backend, requests } = await openOnHost(`store:${bucket}`, options, () =>
    xml('<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>'),
  );
  await list(backend);
  return requests[0] as HostRequest;
}

const packed = {
  objects: { 'bucket/old': { body: gzipSync('unpacked'), headers: { 'content-encoding': 'gzip' } } },
};
const text = (bytes: unknown): string => Buffer.from(bytes as Uint8Array).toString();

const customerKey = {
  'x-amz-server-side-encryption-customer-algorithm': 'AES256',
  'x-amz-server-side-encryption-customer-key': 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=',
  'x-amz-server-side-encryption-customer-key-md5': 'hRasmdxgYDKV3nvbahU1MA==',
};
const sourceKey = Object.fromEntries(
  Object.entries(customerKey).map(([name, value]) => [name.replace('x-amz-', 'x-amz-copy-source-'), value]),
);
const rawKey = { sse_customer_algorithm: 'AES256', sse_customer_key: '0123456789abcdef0123456789abcdef' };

const effects: Readonly<Record<string, () => Promise<void>>> = {
  async provider() {
    expect((await requests({ options: { provider: 'Minio' } }, list)).operations()).toEqual(['ListObjectsV2']);
    expect((await requests({ options: { provider: 'Ceph' } }, list)).operations()).toEqual(['ListObjects']);
  },

  async region() {
    const server = await requests({ options: { region: 'eu-x-1' } }, list);
    expect(server.requests[0]?.headers['authorization']).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKTEST\/\d{8}\/eu-x-1\/s3\//,
    );
  },

  async endpoint() {
    expect((await hostOf({ provider: 'Minio', endpoint: 'my.example.com:9000' })).hostname).toBe('my.example.com');
  },

  async location_constraint() {
    const server = await requests({ options: { location_constraint: 'EU', region: 'eu-west-1' } }, (b) => b.mkdir(''));
    expect(server.of('CreateBucket')[0]?.body.toString()).toContain('<LocationConstraint>EU</LocationConstraint>');
    const plain = await requests({ options: { region: 'eu-west-1' } }, (b) => b.mkdir(''));
    expect(plain.of('CreateBucket')[0]?.body).toHaveLength(0);
  },

  async acl() {
    const server = await requests({ options: { acl: 'public-read', ...parts }, service: old }, async (b) => {
      await put()(b);
      await put(6 * MiB)(b);
      await copy(b);
      await b.mkdir('');
    });
    for (const operation of ['PutObject', 'CreateMultipartUpload', 'CopyObject', 'CreateBucket'])
      expect(headers(server, operation, /^x-amz-acl$/)).toEqual([{ 'x-amz-acl': 'public-read' }]);
  },

  async bucket_acl() {
    const server = await requests({ options: { acl: 'public-read', bucket_acl: 'private' } }, (b) => b.mkdir(''));
    expect(headers(server, 'CreateBucket', /acl/)).toEqual([{ 'x-amz-acl': 'private' }]);
  },

  async requester_pays() {
    const server = await requests({ options: { requester_pays: 'true', ...parts }, service: old }, async (b) => {
      await put()(b);
      await put(6 * MiB)(b);
      await get()(b);
      await copy(b);
      await list(b);
      await b.remove('old');
      await b.mkdir('');
    });
    for (const r of server.requests)
      expect([r.operation, r.headers['x-amz-request-payer']]).toEqual([
        r.operation,
        r.operation === 'CreateBucket' ? undefined : 'requester',
      ]);
    expect(server.requests.length).toBeGreaterThan(8);
  },

  async server_side_encryption() {
    const server = await requests(
      { options: { server_side_encryption: 'AES256', ...parts }, service: old },
      async (b) => {
        await put()(b);
        await put(6 * MiB)(b);
        await copy(b);
        await get()(b);
      },
    );
    const sent = { 'x-amz-server-side-encryption': 'AES256' };
    for (const operation of ['PutObject', 'CreateMultipartUpload', 'CopyObject'])
      expect(headers(server, operation, /encryption/)).toEqual([sent]);
    for (const operation of ['UploadPart', 'GetObject', 'HeadObject'])
      for (const found of headers(server, operation, /encryption/)) expect(found).toEqual({});
  },

  async sse_kms_key_id() {
    const options = { server_side_encryption: 'aws:kms', sse_kms_key_id: 'arn:key' };
    const server = await requests({ options }, put());
    expect(headers(server, 'PutObject', /encryption|meta-md5/)).toEqual([
      {
        'x-amz-server-side-encryption': 'aws:kms',
        'x-amz-server-side-encryption-aws-kms-key-id': 'arn:key',
        // The ETag of what KMS encrypts is no MD5.
        'x-amz-meta-md5chksum': md5Of5,
      },
    ]);
  },

  async sse_customer_algorithm() {
    const server = await requests({ options: { ...rawKey, ...parts }, service: old }, async (b) => {
      await put(6 * MiB)(b);
      await put()(b);
      await get()(b);
      await copy(b);
      await list(b);
      await b.remove('old');
    });
    for (const operation of [
      'PutObject',
      'CreateMultipartUpload',
      'UploadPart',
      'CompleteMultipartUpload',
      'GetObject',
      'HeadObject',
    ])
      for (const sent of headers(server, operation, /customer/))
        expect([operation, sent]).toEqual([operation, customerKey]);
    expect(headers(server, 'CopyObject', /customer/)).toEqual([{ ...customerKey, ...sourceKey }]);
    for (const operation of ['ListObjectsV2', 'DeleteObject'])
      expect(headers(server, operation, /customer/)).toEqual([{}]);
    expect(headers(server, 'PutObject', /md5chksum/)).toHaveLength(1);
  },

  async sse_customer_key() {
    const server = await requests({ options: { ...rawKey, copy_cutoff: '5Mi' }, service: large }, copy);
    for (const sent of headers(server, 'UploadPartCopy', /customer/))
      expect(sent).toEqual({ ...customerKey, ...sourceKey });
    await expect(start({ options: { ...rawKey, sse_customer_key_base64: 'YQ==' } })).rejects.toThrow(
      "can't use sse_customer_key and sse_customer_key_base64 at the same time",
    );
  },

  async sse_customer_key_base64() {
    const key = customerKey['x-amz-server-side-encryption-customer-key'];
    const options = { sse_customer_algorithm: 'AES256', sse_customer_key_base64: key };
    expect(headers(await requests({ options, service: old }, get()), 'GetObject', /customer/)).toEqual([customerKey]);
    await expect(start({ options: { sse_customer_key_base64: '!' } })).rejects.toThrow('Could not decode');
  },

  async sse_customer_key_md5() {
    const server = await requests({ options: { ...rawKey, sse_customer_key_md5: 'bWluZQ==' } }, put());
    expect(headers(server, 'PutObject', /key-md5/)[0]).toEqual({
      'x-amz-server-side-encryption-customer-key-md5': 'bWluZQ==',
    });
  },

  async storage_class() {
    const server = await requests({ options: { storage_class: 'ONEZONE_IA' }, service: old }, async (b) => {
      await put(5, 'new', { tier: 'GLACIER' })(b);
      await copy(b);
    });
    for (const operation of ['PutObject', 'CopyObject'])
      expect(headers(server, operation, /storage-class/)).toEqual([{ 'x-amz-storage-class': 'ONEZONE_IA' }]);
  },

  async upload_cutoff() {
    const size = 7 * MiB;
    const o = { sourceHash: async () => undefined };
    expect((await requests({ options: { upload_cutoff: '5Mi' } }, put(size, 'new', o))).of('UploadPart')).toHaveLength(
      2,
    );
    const whole = { sourceHash: async () => '8f4e33f3dc3e414ff94e5fb6905cba8c' };
    const server = await requests({ options: { upload_cutoff: '8Mi' } }, put(size, 'new', whole));
    expect(server.operations()[0]).toBe('PutObject');
  },

  async chunk_size() {
    const server = await requests({ options: { ...parts, chunk_size: '8Mi' } }, put(9 * MiB));
    expect(
      server
        .of('UploadPart')
        .map((r) => r.body.length)
        .sort((a, b) => a - b),
    ).toEqual([MiB, 8 * MiB]);
  },

  async max_upload_parts() {
    const server = await requests({ options: { ...parts, max_upload_parts: '2' } }, put(11 * MiB));
    expect(
      server
        .of('UploadPart')
        .map((r) => r.body.length)
        .sort((a, b) => a - b),
    ).toEqual([5 * MiB, 6 * MiB]);
  },

  async copy_cutoff() {
    const server = await requests({ options: { copy_cutoff: '5Mi' }, service: large }, copy);
    const ranges = server.of('UploadPartCopy').map((r) => r.headers['x-amz-copy-source-range']);
    expect(new Set(ranges)).toEqual(new Set(['bytes=0-5242879', 'bytes=5242880-10485759', 'bytes=10485760-11534335']));
  },

  async disable_checksum() {
    const o = { sourceHash: async () => '0'.repeat(32) };
    const sum = /md5chksum/;
    const withSum = await requests({ options: parts }, put(6 * MiB, 'new', o));
    expect(headers(withSum, 'CreateMultipartUpload', sum)).toEqual([{ 'x-amz-meta-md5chksum': `${'A'.repeat(22)}==` }]);
    const without = await requests({ options: { ...parts, disable_checksum: 'true' } }, put(6 * MiB, 'new', o));
    expect(headers(without, 'CreateMultipartUpload', sum)).toEqual([{}]);
  },

  async session_token() {
    const server = await requests({ options: { session_token: 'tok' } }, list);
    expect(server.requests[0]?.headers['x-amz-security-token']).toBe('tok');
    expect(server.requests[0]?.headers['authorization']).toContain('x-amz-security-token');
  },

  async access_key_id() {
    const server = await requests({ options: { access_key_id: '', secret_access_key: '' } }, list);
    expect(server.requests[0]?.headers['authorization']).toBeUndefined();
    await expect(start({ options: { access_key_id: '' } })).rejects.toThrow('access_key_id not found');
  },

  async secret_access_key() {
    await expect(start({ options: { secret_access_key: '' } })).rejects.toThrow('secret_access_key not found');
  },

  async upload_concurrency() {
    let under = 0;
    let most = 0;
    const service: AgreeableOptions = {
      async instead(r) {
        if (r.operation !== 'UploadPart') return undefined;
        most = Math.max(most, ++under);
        for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
        under -= 1;
        return undefined;
      },
    };
    await requests({ options: { ...parts, upload_concurrency: '1' }, service }, put(20 * MiB));
    expect(most).toBe(1);
    await requests({ options: { ...parts, upload_concurrency: '3' }, service }, put(40 * MiB));
    expect(most).toBe(3);
  },

  async force_path_style() {
    const minio = { provider: 'Minio', endpoint: 'https://store.example.com' };
    expect(await hostOf(minio)).toMatchObject({ hostname: 'store.example.com', path: '/bucket/' });
    const virtual = await hostOf({ ...minio, force_path_style: 'false' });
    expect(virtual).toMatchObject({ hostname: 'bucket.store.example.com', path: '/' });
  },

  async v2_auth() {
    const server = await requests({ options: { v2_auth: 'true', session_token: 'tok' }, service: old }, get());
    const { headers: sent } = server.requests[0] as (typeof server.requests)[0];
    expect(sent['authorization']).toMatch(/^AWS AKTEST:[A-Za-z0-9+/]{27}=$/);
    expect(sent['x-amz-date']).toBeUndefined();
    expect(Date.parse(sent['date'] ?? '')).not.toBeNaN();
  },

  async use_dual_stack() {
    const options = { use_dual_stack: 'true', region: 'eu-west-1' };
    expect((await hostOf(options)).hostname).toBe('bucket.s3.dualstack.eu-west-1.amazonaws.com');
  },

  async use_accelerate_endpoint() {
    expect((await hostOf({ use_accelerate_endpoint: 'true' })).hostname).toBe('bucket.s3-accelerate.amazonaws.com');
  },

  async use_arn_region() {
    const arn = 'arn:aws:s3:us-west-2:123456789012:accesspoint:name';
    const request = await hostOf({ use_arn_region: 'true' }, arn);
    expect(request.hostname).toBe('name-123456789012.s3-accesspoint.us-west-2.amazonaws.com');
    expect(request.headers['authorization']).toContain('/us-west-2/s3/');
    await expect(hostOf({ use_arn_region: 'false' }, arn)).rejects.toThrow('region from ARN');
  },

  async leave_parts_on_error() {
    const service: AgreeableOptions = {
      instead: (r) => (r.operation === 'UploadPart' ? fault(403, 'AccessDenied') : undefined),
    };
    const { backend, server } = await start({ options: { ...parts, leave_parts_on_error: 'true' }, service });
    await expect(put(6 * MiB)(backend)).rejects.toThrow('AccessDenied');
    expect(server.of('AbortMultipartUpload')).toEqual([]);
    const other = await start({ options: parts, service });
    await expect(put(6 * MiB)(other.backend)).rejects.toThrow('AccessDenied');
    expect(other.server.of('AbortMultipartUpload')).toHaveLength(1);
  },

  async list_chunk() {
    expect((await requests({ options: { list_chunk: '7' } }, list)).requests[0]?.query.get('max-keys')).toBe('7');
  },

  async list_version() {
    expect((await requests({ options: { list_version: '1' } }, list)).operations()).toEqual(['ListObjects']);
    expect((await requests({ options: { provider: 'Ceph', list_version: '2' } }, list)).operations()).toEqual([
      'ListObjectsV2',
    ]);
  },

  async list_url_encode() {
    const asked = async (options: Record<string, string>): Promise<string | null | undefined> =>
      (await requests({ options }, list)).requests[0]?.query.get('encoding-type');
    expect(await asked({ list_url_encode: 'true', provider: 'Ceph' })).toBe('url');
    expect(await asked({ list_url_encode: 'false' })).toBeNull();
  },

  async no_check_bucket() {
    const service: AgreeableOptions = {
      instead: (r, n) => (r.operation === 'PutObject' && n === 0 ? fault(404, 'NoSuchBucket') : undefined),
    };
    const made = await requests({ options: {}, service }, put());
    expect(made.operations()).toEqual(['PutObject', 'CreateBucket', 'PutObject']);
    const { backend, server } = await start({ options: { no_check_bucket: 'true' }, service });
    await expect(put()(backend)).rejects.toThrow('NoSuchBucket');
    await backend.mkdir('');
    expect(server.operations()).toEqual(['PutObject']);
  },

  async no_head() {
    const service: AgreeableOptions = {
      instead: (r) => (r.operation === 'PutObject' ? { headers: { etag: '"opaque-tag"' } } : undefined),
    };
    expect((await requests({ options: { no_head: 'true' }, service }, put())).operations()).toEqual(['PutObject']);
    const { backend, server } = await start({ options: {}, service });
    await expect(put()(backend)).rejects.toThrow('object not found');
    expect(server.operations()).toEqual(['PutObject', 'HeadObject']);
  },

  async no_head_object() {
    const { backend, server } = await start({ options: { no_head_object: 'true' }, service: old });
    expect(await backend.probe('old')).toBeUndefined();
    expect(server.requests).toEqual([]);
  },

  async encoding() {
    const server = await requests({ options: { encoding: 'Slash,Colon' } }, put(1, 'a:b'));
    expect(server.requests[0]?.path).toBe('/bucket/a%EF%BC%9Ab');
  },

  async use_multipart_etag() {
    const service: AgreeableOptions = {
      instead: (r) =>
        r.operation === 'CompleteMultipartUpload'
          ? xml(`<CompleteMultipartUploadResult><ETag>"${'0'.repeat(32)}-2"</ETag></CompleteMultipartUploadResult>`)
          : r.operation === 'HeadObject'
            ? {
                headers: {
                  etag: `"${'0'.repeat(32)}-2"`,
                  'content-length': 6 * MiB,
                  'last-modified': 'Tue, 03 Nov 2026 10:00:00 GMT',
                },
              }
            : undefined,
    };
    const { backend } = await start({ options: { ...parts, use_multipart_etag: 'true' }, service });
    await expect(put(6 * MiB)(backend)).rejects.toThrow('Etag differ');
    await requests({ options: { ...parts, use_multipart_etag: 'false' }, service }, put(6 * MiB));
  },

  async use_unsigned_payload() {
    const payload = async (value: string): Promise<string | undefined> =>
      (await requests({ options: { use_unsigned_payload: value } }, put())).of('PutObject')[0]?.headers[
        'x-amz-content-sha256'
      ];
    expect(await payload('true')).toBe('UNSIGNED-PAYLOAD');
    expect(await payload('false')).toBe('8855508aade16ec573d21e6a485dfd0a7624085c1a14b5ecdd6485de0c6839a4');
  },

  async use_data_integrity_protections() {
    const server = await requests({ options: { use_data_integrity_protections: 'true' }, service: old }, async (b) => {
      await put()(b);
      await get()(b);
    });
    expect(headers(server, 'PutObject', /checksum|content-md5/)).toEqual([
      {
        'content-md5': md5Of5,
        'x-amz-checksum-crc32': expect.stringMatching(/^.{8}$/),
        'x-amz-sdk-checksum-algorithm': 'CRC32',
      },
    ]);
    expect(headers(server, 'GetObject', /checksum/)).toEqual([{ 'x-amz-checksum-mode': 'ENABLED' }]);
    const plain = await requests({ options: { provider: 'AWS', force_path_style: 'true' }, service: old }, put());
    expect(headers(plain, 'PutObject', /checksum/)).toEqual([{}]);
  },

  async use_accept_encoding_gzip() {
    const asked = async (value: string): Promise<string | undefined> =>
      (await requests({ options: { use_accept_encoding_gzip: value }, service: old }, get())).requests[0]?.headers[
        'accept-encoding'
      ];
    expect(await asked('true')).toBe('gzip');
    expect(await asked('false')).toBe('identity');
  },

  async no_system_metadata() {
    const metadata = { 'cache-control': 'no-cache', 'content-type': 'x/y', user: 'u' };
    const pattern = /^(cache-control|content-type|x-amz-meta-(?!mtime))/;
    const plain = await requests({ options: {} }, put(5, 'new', { metadata }));
    expect(headers(plain, 'PutObject', pattern)).toEqual([
      { 'cache-control': 'no-cache', 'content-type': 'x/y', 'x-amz-meta-user': 'u' },
    ]);
    const { backend, server } = await start({ options: { no_system_metadata: 'true' } });
    await put(5, 'new', { metadata })(backend);
    expect(headers(server, 'PutObject', pattern)).toEqual([
      {
        'content-type': 'application/octet-stream',
        'x-amz-meta-cache-control': 'no-cache',
        'x-amz-meta-content-type': 'x/y',
        'x-amz-meta-user': 'u',
      },
    ]);
  },

  async sts_endpoint() {
    await expect(start({ options: { sts_endpoint: 'https://sts' } })).rejects.toThrow('sts_endpoint');
  },

  async use_already_exists() {
    const service: AgreeableOptions = {
      instead: (r) => (r.operation === 'CreateBucket' ? fault(409, 'BucketAlreadyExists') : undefined),
    };
    const { backend } = await start({ options: { use_already_exists: 'true' }, service });
    await expect(backend.mkdir('')).rejects.toMatchObject({ code: 'no_retry' });
    await requests({ options: { use_already_exists: 'false' }, service }, (b) => b.mkdir(''));
  },

  async use_multipart_uploads() {
    const server = await requests({ options: { ...parts, use_multipart_uploads: 'false' } }, put(6 * MiB));
    expect(server.operations()[0]).toBe('PutObject');
  },

  async use_x_id() {
    const id = async (value: string): Promise<string | null | undefined> =>
      (await requests({ options: { use_x_id: value } }, put())).requests[0]?.query.get('x-id');
    expect(await id('true')).toBe('PutObject');
    expect(await id('false')).toBeNull();
  },

  async sign_accept_encoding() {
    const signed = async (value: string): Promise<boolean | undefined> =>
      (await requests({ options: { sign_accept_encoding: value } }, list)).requests[0]?.headers[
        'authorization'
      ]?.includes('accept-encoding');
    expect(await signed('true')).toBe(true);
    expect(await signed('false')).toBe(false);
  },

  async directory_bucket() {
    const service: AgreeableOptions = {
      instead: (r) => (r.operation === 'PutObject' ? { headers: { etag: `"${'0'.repeat(32)}"` } } : undefined),
    };
    const { backend, server } = await start({ options: { directory_bucket: 'true', no_head: 'true' }, service });
    await put()(backend);
    expect(headers(server, 'PutObject', /md5/)).toEqual([{ 'x-amz-meta-md5chksum': md5Of5 }]);
    await backend.mkdir('');
    expect(server.of('CreateBucket')).toEqual([]);
  },

  async object_lock_mode() {
    const options = { object_lock_mode: 'governance', object_lock_retain_until_date: '2030-01-02T03:04:05Z' };
    const server = await requests({ options: { ...options, ...parts }, service: old }, async (b) => {
      await put()(b);
      await put(6 * MiB)(b);
      await copy(b);
    });
    const lock = {
      'x-amz-object-lock-mode': 'GOVERNANCE',
      'x-amz-object-lock-retain-until-date': '2030-01-02T03:04:05Z',
    };
    for (const operation of ['PutObject', 'CreateMultipartUpload', 'CopyObject'])
      expect(headers(server, operation, /object-lock/)).toEqual([lock]);
    const carried = { 'object-lock-mode': 'COMPLIANCE', 'object-lock-retain-until-date': '2031-01-01T00:00:00Z' };
    const copied = { object_lock_mode: 'copy', object_lock_retain_until_date: 'copy' };
    const other = await requests({ options: copied }, put(5, 'new', { metadata: carried }));
    expect(headers(other, 'PutObject', /lock/)).toEqual([
      { 'x-amz-object-lock-mode': 'COMPLIANCE', 'x-amz-object-lock-retain-until-date': '2031-01-01T00:00:00Z' },
    ]);
  },

  async object_lock_retain_until_date() {
    const before = Date.now();
    const server = await requests({ options: { object_lock_retain_until_date: '2d' } }, put());
    const until = Date.parse(server.of('PutObject')[0]?.headers['x-amz-object-lock-retain-until-date'] ?? '');
    expect(until).toBeGreaterThanOrEqual(before + 2 * 86_400_000 - 1000);
    expect(until).toBeLessThanOrEqual(Date.now() + 2 * 86_400_000);
    const { backend } = await start({ options: { object_lock_retain_until_date: '2030-13-01' } });
    await expect(put()(backend)).rejects.toThrow('invalid object_lock_retain_until_date "2030-13-01"');
  },

  async object_lock_legal_hold_status() {
    const server = await requests({ options: { object_lock_legal_hold_status: 'on' } }, put());
    expect(headers(server, 'PutObject', /lock/)).toEqual([{ 'x-amz-object-lock-legal-hold': 'ON' }]);
    const { backend, events } = await start({ options: { object_lock_legal_hold_status: 'copy' } });
    await put()(backend);
    expect(events).toMatchObject([{ level: 'notice', message: expect.stringContaining('--metadata') }]);
  },

  async bypass_governance_retention() {
    const server = await requests({ options: { bypass_governance_retention: 'true' }, service: old }, async (b) => {
      await b.remove('old');
      await b.removeMany?.(['a', 'b']);
    });
    for (const operation of ['DeleteObject', 'DeleteObjects'])
      expect(headers(server, operation, /bypass/)).toEqual([{ 'x-amz-bypass-governance-retention': 'true' }]);
  },

  async bucket_object_lock_enabled() {
    const server = await requests({ options: { bucket_object_lock_enabled: 'true' } }, (b) => b.mkdir(''));
    expect(headers(server, 'CreateBucket', /lock/)).toEqual([{ 'x-amz-bucket-object-lock-enabled': 'true' }]);
    const plain = await requests({ options: {} }, (b) => b.mkdir(''));
    expect(headers(plain, 'CreateBucket', /lock/)).toEqual([{}]);
  },

  async object_lock_set_after_upload() {
    const options = {
      object_lock_set_after_upload: 'true',
      object_lock_mode: 'COMPLIANCE',
      object_lock_retain_until_date: '2030-01-01T00:00:00Z',
      object_lock_legal_hold_status: 'ON',
    };
    const server = await requests({ options }, put());
    expect(server.operations()).toEqual(['PutObject', 'PutObjectRetention', 'PutObjectLegalHold']);
    expect(headers(server, 'PutObject', /lock/)).toEqual([{}]);
    const [retention, hold] = server.requests.slice(1);
    expect(retention?.body.toString()).toContain('<Mode>COMPLIANCE</Mode><RetainUntilDate>2030-01-01T00:00:00Z<');
    expect(hold?.body.toString()).toContain('<Status>ON</Status>');
    for (const r of [retention, hold]) expect(r?.headers['content-md5']).toMatch(/^.{22}==$/);
  },

  async versions() {
    const { backend, server } = await start({ options: { versions: 'true' }, service: past });
    const entries = (await list(backend)) as ObjectInfo[];
    expect(entries.map((e) => [e.path, e.size, e.versionId])).toEqual([
      ['a-v2026-01-02-030405-678.txt', 1, 'v1'],
      ['a.txt', 2, 'v2'],
      ['gone-v2026-01-05-000000-000', 3, 'g1'],
    ]);
    expect(server.requests[0]?.query.get('versions')).toBe('');
    await get('a-v2026-01-02-030405-678.txt')(backend);
    await backend.remove('a-v2026-01-02-030405-678.txt');
    await copyOf(backend, 'gone-v2026-01-05-000000-000');
    expect(server.of('GetObject')[0]).toMatchObject({ path: '/bucket/a.txt', query: query('versionId', 'v1') });
    expect(server.of('DeleteObject')[0]).toMatchObject({ path: '/bucket/a.txt', query: query('versionId', 'v1') });
    expect(server.of('CopyObject')[0]?.headers['x-amz-copy-source']).toBe('bucket/gone?versionId=g1');
    // What was listed is found without another listing.
    expect(server.of('ListObjectVersions')).toHaveLength(1);
    await expect(put(1, 'b-v2026-01-02-030405-678.txt')(backend)).rejects.toThrow('stands for an old version');
  },

  async version_at() {
    const { backend, server } = await start({ options: { version_at: '2026-01-05T12:00:00Z' }, service: past });
    const entries = (await list(backend)) as ObjectInfo[];
    expect(entries.map((e) => [e.path, e.versionId])).toEqual([
      ['a.txt', 'v1'],
      ['gone', 'g1'],
    ]);
    await get('a.txt')(backend);
    expect(server.of('GetObject')[0]?.query.get('versionId')).toBe('v1');
    for (const change of [put(), (b: Backend) => b.remove('a.txt'), (b: Backend) => b.purge?.('') ?? Promise.resolve()])
      await expect(change(backend)).rejects.toThrow("can't modify or delete files in --s3-version-at mode");
    await expect(start({ options: { versions: 'true', version_at: '1d' } })).rejects.toThrow('at the same time');
  },

  async version_deleted() {
    const { backend } = await start({ options: { versions: 'true', version_deleted: 'true' }, service: past });
    const entries = (await list(backend)) as ObjectInfo[];
    expect(entries.filter((e) => e.path.startsWith('gone')).map((e) => [e.path, e.size, e.versionId])).toEqual([
      ['gone-v2026-01-05-000000-000', 3, 'g1'],
      // Cut to milliseconds, as rclone cuts it.
      ['gone-v2026-01-06-000000-999', 0, 'g2'],
    ]);
  },

  async list_versions_oldest_first() {
    const same = (versions: string) => ({
      instead: (r: { operation: string }) =>
        r.operation === 'ListObjectVersions'
          ? xml(`<ListVersionsResult><IsTruncated>false</IsTruncated>${versions}</ListVersionsResult>`)
          : undefined,
    });
    const versions = ['old', 'newer'].map((id) => versionXml('k', id, false, '2026-01-01T00:00:00.000Z', 1)).join('');
    const shown = async (value: string): Promise<string | undefined> => {
      const options = { version_at: '2026-01-02T00:00:00Z', list_versions_oldest_first: value };
      const { backend } = await start({ options, service: same(versions) });
      return ((await list(backend)) as ObjectInfo[])[0]?.versionId;
    };
    expect(await shown('true')).toBe('newer');
    expect(await shown('false')).toBe('old');
  },

  async directory_markers() {
    const options = { directory_markers: 'true' };
    const { backend, server } = await start({ options });
    expect(backend.features.emptyDirs).toBe(true);
    await put(1, 'x/y/file')(backend);
    await put(1, 'x/z/file')(backend);
    await backend.mkdir('x/z');
    expect(server.of('PutObject').map((r) => r.path)).toEqual([
      '/bucket/x/y/',
      '/bucket/x/',
      '/bucket/x/y/file',
      '/bucket/x/z/',
      '/bucket/x/z/file',
    ]);
    expect(server.of('PutObject')[0]?.headers['x-amz-meta-mtime']).toMatch(/^\d+/);
    await expect(backend.rmdir('x')).rejects.toMatchObject({ code: 'not_empty' });
    await backend.remove('x/y/file');
    await backend.rmdir('x/y');
    expect(server.of('DeleteObject').at(-1)?.path).toBe('/bucket/x/y/');
    await expect(entriesOf(backend, 'nowhere')).rejects.toMatchObject({ code: 'dir_not_found' });
    expect(await entriesOf((await start({ options: {} })).backend, 'nowhere')).toEqual([]);
  },

  async download_url() {
    const seen: Recorded[] = [];
    const web = await startScriptedS3((r) => {
      seen.push(r);
      if (r.path.startsWith('/cdn/')) return { status: 302, headers: { location: `/real${r.path.slice(4)}` } };
      return { headers: { 'content-length': 5 }, body: 'hello' };
    });
    try {
      const options = { ...rawKey, download_url: `${web.endpoint}/cdn/`, session_token: 'tok' };
      const limits = { downloadHeaders: [['X-Down', 'd']] as const, headers: [['X-All', 'a']] as const };
      const { backend, server } = await start({ options, limits, service: old });
      expect(Buffer.from((await get('dir/ü +x')(backend)) as Uint8Array).toString()).toBe('hello');
      expect(seen.map((r) => r.path)).toEqual(['/cdn/dir/%C3%BC%20%2Bx', '/real/dir/%C3%BC%20%2Bx']);
      for (const { headers: sent } of seen) {
        expect(sent).toMatchObject({ 'x-down': 'd', 'x-all': 'a', 'accept-encoding': 'gzip' });
        expect(Object.keys(sent).filter((name) => /^(authorization|x-amz-)/.test(name))).toEqual([]);
      }
      expect(server.requests).toEqual([]);
    } finally {
      await web.stop();
    }
  },

  async use_presigned_request() {
    const options = { use_presigned_request: 'true', acl: 'private', session_token: 'tok' };
    const setting = { options, limits: { uploadHeaders: [['x-amz-meta-a', 'ü']] as const } };
    const server = await requests(setting, put(5));
    const [sent] = server.of('PutObject');
    expect(sent?.headers['authorization']).toBeUndefined();
    expect(sent?.query.get('X-Amz-Expires')).toBe('900');
    expect(sent?.query.get('X-Amz-Security-Token')).toBe('tok');
    expect(sent?.query.get('X-Amz-SignedHeaders')).toBe(
      'content-length;content-md5;content-type;host;x-amz-acl;x-amz-meta-a;x-amz-meta-mtime',
    );
    expect(sent?.headers).toMatchObject({ 'content-md5': md5Of5, 'x-amz-acl': 'private', 'content-length': '5' });
    expect(sent?.body).toHaveLength(5);
    const refusing: AgreeableOptions = { instead: () => fault(403, 'AccessDenied', 'no') };
    const { backend } = await start({ options, service: refusing });
    await expect(put(5)(backend)).rejects.toMatchObject({
      code: 'permission_denied',
      message: expect.stringContaining('AccessDenied: no'),
    });
  },

  async decompress() {
    const { backend, events } = await start({ options: { decompress: 'true' }, service: packed });
    expect(await backend.stat('old')).toMatchObject({ hashes: {} });
    expect((await backend.stat('old')).size).toBeUndefined();
    expect(text(await get()(backend))).toBe('unpacked');
    expect(text(await collect((await backend.read('old', { range: { start: 2, end: 5 } })).body))).toBe('pac');
    expect(text(await collect((await backend.read('old', { range: { start: -3 } })).body))).toBe('ked');
    expect(events.filter((e) => e.type === 'log')).toEqual([]);
    const plain = await start({ options: {}, service: packed });
    expect(gunzipSync((await get()(plain.backend)) as Uint8Array).toString()).toBe('unpacked');
    await get()(plain.backend);
    expect(plain.events).toMatchObject([{ level: 'notice', message: expect.stringContaining('--s3-decompress') }]);
    const broken = { objects: { 'bucket/old': { body: 'no gzip', headers: { 'content-encoding': 'gzip' } } } };
    const other = await start({ options: { decompress: 'true' }, service: broken });
    await expect(get()(other.backend)).rejects.toMatchObject({ code: 'corrupted' });
  },

  async might_gzip() {
    const onTheFly: AgreeableOptions = {
      instead: (r) =>
        r.operation === 'GetObject'
          ? {
              headers: { 'content-encoding': 'gzip', etag: '"0123456789abcdef0123456789abcdef"' },
              body: gzipSync('unpacked'),
              chunked: true,
            }
          : undefined,
    };
    const { backend } = await start({ options: { might_gzip: 'true' }, service: onTheFly });
    const info = { kind: 'object', path: 'old', size: 8, hashes: {} } as const;
    expect(text(await collect((await backend.read('old', { info })).body))).toBe('unpacked');
    const plain = await start({ options: { might_gzip: 'false' }, service: onTheFly });
    await expect(get()(plain.backend)).rejects.toMatchObject({ code: 'corrupted' });
    // What has a length is what is stored.
    const stored = await start({ options: { might_gzip: 'true' }, service: packed });
    expect(gunzipSync((await get()(stored.backend)) as Uint8Array).toString()).toBe('unpacked');
  },

  async sdk_log_mode() {
    const options = {
      sdk_log_mode: 'signing,RequestWithBody,Response',
      session_token: 'secret-token',
      no_head: 'true',
      ...rawKey,
    };
    const { backend, events } = await start({ options });
    await put(5)(backend);
    const lines = events.flatMap((e) => (e.type === 'log' ? [e] : []));
    expect(lines.map((e) => [e.level, e.message.split('\n')[0]?.split(': ')[1]])).toEqual([
      ['debug', 'Request Signature'],
      ['debug', 'Request'],
      ['debug', 'Response'],
    ]);
    const all = JSON.stringify(lines);
    expect(all).toContain('PUT /bucket/new?x-id=PutObject');
    expect(all).toContain('HTTP 200');
    for (const secret of ['secret-token', 'MDEyMzQ1Njc4OWFi', /Signature=[0-9a-f]{64}/])
      expect(all).not.toMatch(secret);
    await expect(start({ options: { sdk_log_mode: 'Nope' } })).rejects.toThrow(
      'invalid choice "nope" from: Off, Signing',
    );
  },

  async env_auth() {
    const platform = { ...nodePlatform({ AWS_ACCESS_KEY_ID: 'ENVKEY', AWS_SECRET_ACCESS_KEY: 's' }) };
    const options = { env_auth: 'true', access_key_id: '', secret_access_key: '' };
    const opened = await openScripted(agreeable(), { options, platform });
    open.push(opened);
    await list(opened.backend);
    expect(opened.server.requests[0]?.headers['authorization']).toContain('Credential=ENVKEY/');
  },

  async memory_pool_flush_time() {
    await changesNothing('memory_pool_flush_time', '5m');
  },
  async memory_pool_use_mmap() {
    await changesNothing('memory_pool_use_mmap', 'true');
  },
  // Node's transport speaks HTTP/1.1 and nothing else.
  async disable_http2() {
    await changesNothing('disable_http2', 'true');
  },
  // rclone's own tests read it, nothing else does.
  async object_lock_supported() {
    await changesNothing('object_lock_supported', 'false');
  },
  async description() {
    await changesNothing('description', 'the backups');
  },
};

/** For options that rclone keeps for old configurations or for people: the requests are the same. */
async function changesNothing(option: string, value: string): Promise<void> {
  const sent = async (options: Record<string, string>): Promise<unknown> => {
    const o = { modTime: 1n };
    const server = await requests({ options: { ...options, ...parts }, service: old }, async (b) => {
      await put(5, 'new', o)(b);
      await get()(b);
      await list(b);
    });
    return server.requests.map((r) => [
      r.method,
      r.path,
      [...r.query],
      Object.entries(r.headers).filter(([name]) => !/^(host|authorization|x-amz-date|amz-sdk-.*)$/.test(name)),
    ]);
  };
  expect(await sent({ [option]: value })).toEqual(await sent({}));
}

/** These need services of their own: `credentials.test.ts` has them. */
const elsewhere =
  'shared_credentials_file profile role_arn role_session_name role_session_duration role_external_id ibm_api_key ibm_resource_instance_id ibm_iam_endpoint'.split(
    ' ',
  );

test('every option has a test of its effect, and none is refused', async () => {
  const credentials = await readFile(new URL('credentials.test.ts', import.meta.url), 'utf8');
  for (const name of elsewhere) expect(credentials).toContain(name);
  expect([...Object.keys(effects), ...elsewhere].sort()).toEqual([...s3Options.meta.keys()].sort());
  expect(s3Options.meta.size).toBe(78);
  expect([...s3Options.meta].filter(([, meta]) => meta.notBuilt !== undefined)).toEqual([]);
});

describe('the effect of each option', () => {
  test.each(Object.keys(effects))('%s', async (name) => {
    expect(s3Options.meta.has(name)).toBe(true);
    await effects[name]?.();
  });
});

describe('setting a time keeps what the object is', () => {
  test('headers, user metadata, tier and lock are sent again', async () => {
    const all = {
      'x-amz-meta-mtime': '1700000000.5',
      'x-amz-meta-user': 'ü',
      'x-amz-meta-btime': '2020-01-01T00:00:00Z',
      'x-amz-meta-md5chksum': 'XUFAKrxLKna5cZ2REBfFkg==',
      'content-type': 'text/plain',
      'cache-control': 'max-age=5',
      'content-disposition': 'attachment',
      'content-encoding': 'aws-chunked,gzip',
      'content-language': 'en',
      expires: 'Tue, 03 Nov 2026 10:00:00 GMT',
      'x-amz-website-redirect-location': '/elsewhere',
      'x-amz-storage-class': 'STANDARD_IA',
      'x-amz-object-lock-mode': 'GOVERNANCE',
      'x-amz-object-lock-retain-until-date': '2030-01-01T00:00:00Z',
      'x-amz-object-lock-legal-hold': 'ON',
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'key',
    };
    const wire = Object.fromEntries(
      Object.entries(all).map(([name, value]) => [name, Buffer.from(value).toString('latin1')]),
    );
    const service = { objects: { 'bucket/old': { body: 'hello', headers: wire } } };
    const options = { provider: 'AWS', force_path_style: 'true' };
    const server = await requests({ options, service }, touch);
    const names = new RegExp(`^(${Object.keys(all).join('|')})$`);
    expect(headers(server, 'CopyObject', names)).toEqual([
      { ...wire, 'x-amz-meta-mtime': '1500000000', 'content-encoding': 'gzip' },
    ]);
  });

  test('an object in an archive is refused', async () => {
    const frozen = { body: 'x', headers: { 'x-amz-storage-class': 'DEEP_ARCHIVE' } };
    const { backend, server } = await start({ options: {}, service: { objects: { 'bucket/old': frozen } } });
    await expect(touch(backend)).rejects.toMatchObject({ code: 'unsupported' });
    expect(server.of('CopyObject')).toEqual([]);
  });
});

describe('copies in parts', () => {
  const options = { copy_cutoff: '5Mi' };

  test('the parts are of one source, and its MD5 is kept', async () => {
    const server = await requests({ options, service: large }, copy);
    const etags = new Set(server.of('UploadPartCopy').map((r) => r.headers['x-amz-copy-source-if-match']));
    expect(etags.size).toBe(1);
    expect(headers(server, 'CreateMultipartUpload', /md5chksum/)[0]).toHaveProperty('x-amz-meta-md5chksum');
  });

  test.each(['UploadPartCopy', 'CompleteMultipartUpload'])('a failure of %s aborts the upload', async (operation) => {
    const service = {
      ...large,
      instead: (r: { operation: string }) => (r.operation === operation ? fault(403, 'AccessDenied') : undefined),
    };
    const { backend, server } = await start({ options, service });
    await expect(copy(backend)).rejects.toMatchObject({ code: 'permission_denied' });
    expect(server.of('AbortMultipartUpload')).toHaveLength(1);
  });

  test('a source that changes meanwhile is an error', async () => {
    const service = {
      ...large,
      instead: (r: { operation: string }) =>
        r.operation === 'UploadPartCopy' ? fault(412, 'PreconditionFailed') : undefined,
    };
    const { backend } = await start({ options, service });
    await expect(copy(backend)).rejects.toThrow('the source changed while it was copied');
  });
});

describe('a bucket in another region', () => {
  const elsewhere = (region: string | undefined) => ({
    ...fault(301, 'PermanentRedirect'),
    ...(region === undefined ? {} : { headers: { 'x-amz-bucket-region': region } }),
  });
  const empty = xml('<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>');

  test('is followed once, with a notice, and stays known', async () => {
    const {
      backend,
      requests: sent,
      events,
    } = await openOnHost('store:bucket', {}, (r) =>
      r.hostname.includes('eu-west-3') ? empty : elsewhere('eu-west-3'),
    );
    await list(backend);
    await list(backend);
    expect(sent.map((r) => r.hostname)).toEqual([
      'bucket.s3.us-east-1.amazonaws.com',
      'bucket.s3.eu-west-3.amazonaws.com',
      'bucket.s3.eu-west-3.amazonaws.com',
    ]);
    expect(events).toMatchObject([{ level: 'notice', message: 'Switched region to "eu-west-3" from "us-east-1"' }]);
  });

  test('is asked for without a signature where the answer does not name it', async () => {
    const { backend, requests: sent } = await openOnHost('store:bucket', {}, (r) =>
      r.method === 'HEAD'
        ? { status: 403, headers: { 'x-amz-bucket-region': 'ap-south-1' } }
        : r.hostname.includes('ap-south-1')
          ? empty
          : elsewhere(undefined),
    );
    await list(backend);
    expect(sent.map((r) => [r.method, r.headers['authorization'] !== undefined])).toEqual([
      ['GET', true],
      ['HEAD', false],
      ['GET', true],
    ]);
  });

  test('an answer that sends back and forth ends in an error', async () => {
    const { backend } = await openOnHost('store:bucket', {}, (r) =>
      elsewhere(r.hostname.includes('eu-west-3') ? 'us-east-1' : 'eu-west-3'),
    );
    await expect(list(backend)).rejects.toThrow('another region');
  });

  test('an endpoint that the user names is never left', async () => {
    const service: AgreeableOptions = { instead: () => elsewhere('eu-west-3') };
    const { backend, server } = await start({ options: {}, service });
    await expect(list(backend)).rejects.toThrow('another region');
    expect(server.requests).toHaveLength(1);
  });
});

/** The answer to DeleteObjects that removed all. */
const deletedIn = (body: string): string =>
  [...body.matchAll(/<Object>(.*?)<\/Object>/gs)].map((m) => `<Deleted>${m[1]}</Deleted>`).join('');

describe('versions', () => {
  test('a name that was not listed is looked up by its prefix', async () => {
    const { backend, server } = await start({ options: { versions: 'true' }, service: past });
    expect(await backend.probe('a-v2026-01-02-030405-678.txt')).toMatchObject({ versionId: 'v1', size: 1 });
    expect(server.requests.map((r) => r.query.get('prefix'))).toEqual(['a.txt']);
    expect(await backend.probe('a-v2000-01-02-030405-678.txt')).toBeUndefined();
  });

  test('the versions of one object may be spread over pages', async () => {
    const page = (n: number): string =>
      n === 0
        ? `<IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker><NextVersionIdMarker>m</NextVersionIdMarker>${versionXml('j', 'j1', true, '2026-01-01T00:00:00.000Z', 1)}${versionXml('k', 'k1', false, '2026-01-01T00:00:00.000Z', 1)}`
        : `<IsTruncated>false</IsTruncated>${versionXml('k', 'k2', true, '2026-01-03T00:00:00.000Z', 1)}`;
    const service: AgreeableOptions = {
      instead: (_r, n) => xml(`<ListVersionsResult>${page(n)}</ListVersionsResult>`),
    };
    const { backend, server } = await start({ options: { version_at: '2026-01-04T00:00:00Z' }, service });
    expect(((await list(backend)) as ObjectInfo[]).map((e) => e.versionId)).toEqual(['j1', 'k2']);
    expect(server.requests[1]?.query.get('key-marker')).toBe('k');
    expect(server.requests[1]?.query.get('version-id-marker')).toBe('m');
  });

  test('a listing that repeats itself is an error', async () => {
    const again = '<IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>';
    const service: AgreeableOptions = { instead: () => xml(`<ListVersionsResult>${again}</ListVersionsResult>`) };
    const { backend } = await start({ options: { versions: 'true' }, service });
    await expect(list(backend)).rejects.toMatchObject({ code: 'bad_answer' });
  });

  test('purge of a versioned bucket leaves nothing behind', async () => {
    const versioned: AgreeableOptions = {
      ...past,
      instead: (r, n) =>
        r.operation === 'GetBucketVersioning'
          ? xml('<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>')
          : r.operation === 'DeleteObjects'
            ? xml(`<DeleteResult>${deletedIn(r.body.toString())}</DeleteResult>`)
            : past.instead?.(r, n),
    };
    const removed: string[] = [];
    const { backend, server } = await start({ options: {}, service: versioned });
    await backend.purge?.('', { onRemoved: ({ path }) => removed.push(path) });
    expect(server.operations()).toEqual(['GetBucketVersioning', 'ListObjectVersions', 'DeleteObjects', 'DeleteBucket']);
    expect(
      [...(server.of('DeleteObjects')[0]?.body.toString() ?? '').matchAll(/<VersionId>(\w+)/g)].map((m) => m[1]),
    ).toEqual(['v2', 'v1', 'g2', 'g1']);
    expect(removed).toEqual(['a.txt', 'a.txt', 'gone', 'gone']);
  });
});
