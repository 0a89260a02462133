import dns from 'node:dns';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, afterAll, describe, expect, test, vi } from 'vitest';
import { utf8, bytesSource } from '../../../../src/core/bytes.ts';
import type { Diagnosis } from '../../../../src/core/diagnosis.ts';
import type { R2Token } from '../../../../src/serve/s3/index.ts';
import { cli } from '../../../support/cli.ts';
import { bucket, examine, keys, openWard, refusing, summary, type Front, type Ward } from '../../../support/doctor.ts';

/** Certificates made for tests alone: nothing trusts them, their keys are public. */
const tls = JSON.parse(readFileSync(new URL('../../../vectors/tls.json', import.meta.url), 'utf8')) as {
  authority: string;
} & Record<'good' | 'expired' | 'otherHost', { cert: string; key: string }>;

const lookup = dns.lookup;
/** No name server is asked: these names are not there. */
vi.spyOn(dns, 'lookup').mockImplementation(((host: string, options: unknown, done: (e: Error) => void) => {
  const down = host.endsWith('no-name-server.test');
  const missing = /\.(invalid|amazonaws\.com|localhost)$/.test(host);
  if (!missing && !down) return (lookup as (...args: unknown[]) => void)(host, options, done);
  const code = down ? 'EAI_AGAIN' : 'ENOTFOUND';
  const message = `getaddrinfo ${code} ${host}`;
  setImmediate(() => done(Object.assign(new Error(message), { code, syscall: 'getaddrinfo', hostname: host })));
}) as never);

const wards: Ward[] = [];
afterEach(async () => {
  await Promise.all(wards.splice(0).map((w) => w.stop()));
});
async function ward(o: Parameters<typeof openWard>[0] = {}, front?: Front): Promise<Ward> {
  const opened = await openWard(o);
  wards.push(opened);
  opened.front = front;
  return opened;
}

/** Nothing that was found out may show a secret, whatever the service echoes. */
function expectNoSecret(diagnosis: unknown, ...secrets: string[]): void {
  const text = JSON.stringify(diagnosis);
  for (const secret of [keys.secretAccessKey, ...secrets]) expect(text).not.toContain(secret);
}

interface Case {
  readonly options?: Record<string, string>;
  readonly token?: Partial<R2Token>;
  readonly front?: Front;
  readonly path?: string;
  readonly write?: boolean;
  /** All that is found. */
  readonly finds: readonly string[];
}

const htmlPage = {
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: '<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>',
};
const everySecond =
  (front: Front): Front =>
  (r, call) =>
    call.operation === 'ListBuckets' && r.headers['authorization'] === undefined ? undefined : front(r, call);

/** Everything behind the look at the address. */
const signed = (operation: string, ...fault: [number, string, string?, object?]): Front =>
  everySecond(refusing(operation, ...fault));

describe('credentials', () => {
  const cases: Record<string, Case> = {
    'wrong secret': {
      options: { secret_access_key: 'd00d'.repeat(16) },
      finds: ['credentials: wrong_secret -> secret_access_key = …'],
    },
    'key that nobody knows': {
      options: { access_key_id: 'f'.repeat(32) },
      finds: ['credentials: unknown_key -> access_key_id = …'],
    },
    'R2 answers 401 to an unknown key': {
      front: signed('*', 401, 'Unauthorized', 'Unauthorized'),
      finds: ['credentials: unknown_key -> access_key_id = …'],
    },
    'R2 counts the letters of a key': {
      options: { access_key_id: 'AKIAIOSFODNN7EXAMPLE' },
      front: signed('*', 400, 'InvalidArgument', 'Credential access key has length 20, should be 32'),
      finds: ['credentials: unknown_key -> access_key_id = …'],
    },
    'key and secret swapped': {
      options: { access_key_id: keys.secretAccessKey, secret_access_key: keys.accessKeyId },
      finds: ['credentials: swapped_keys -> access_key_id <-> secret_access_key (proved)'],
    },
    'key and secret of another form swapped': {
      options: { access_key_id: `${keys.secretAccessKey}+`, secret_access_key: keys.accessKeyId },
      finds: ['credentials: swapped_keys -> access_key_id <-> secret_access_key'],
    },
    'half a pair': {
      options: { secret_access_key: '' },
      finds: ['config: half_key_pair -> secret_access_key = …'],
    },
    'no keys at all': {
      options: { access_key_id: '', secret_access_key: '' },
      finds: ['credentials: keys_missing -> access_key_id = …'],
    },
    'env_auth without keys': {
      options: {
        access_key_id: '',
        secret_access_key: '',
        env_auth: 'true',
        profile: 'nobody',
        shared_credentials_file: '/nonexistent',
      },
      finds: ['credentials: no_environment_keys'],
    },
    'temporary keys that have run out': {
      options: { session_token: 'session-token-of-yesterday' },
      front: signed('*', 400, 'ExpiredToken', 'The provided token has expired.'),
      finds: ['credentials: expired_token -> session_token = …'],
    },
    'a session token that is left over': {
      options: { session_token: 'session-token-of-yesterday' },
      front: everySecond((r) => {
        if (r.headers['x-amz-security-token'] === undefined) return undefined;
        return refusing(
          '*',
          400,
          'InvalidToken',
          'The provided token session-token-of-yesterday is malformed',
        )(r, {} as never);
      }),
      finds: ['credentials: wrong_session_token -> session_token removed (proved)'],
    },
    'signature version 2': {
      options: { v2_auth: 'true' },
      finds: ['credentials: signature_version -> v2_auth = false (proved)'],
    },
    'a proxy that changes accept-encoding': {
      options: { sign_accept_encoding: 'true' },
      front: everySecond((r) =>
        /accept-encoding/.test(r.headers['authorization'] ?? '')
          ? refusing('*', 403, 'SignatureDoesNotMatch')(r, {} as never)
          : undefined,
      ),
      finds: ['credentials: signed_header_changed -> sign_accept_encoding = false (proved)'],
    },
  };
  test.each(Object.entries(cases))('%s', (_name, c) => check(c));
});

describe('region', () => {
  const regionOf = (authorization = ''): string => /Credential=[^/]*\/\d+\/([^/]*)\//.exec(authorization)?.[1] ?? '';
  /** A service in one region that names it, in its words or not at all. */
  const livesIn = (
    region: string,
    details: object,
    message: string,
    status = 400,
    code = 'AuthorizationHeaderMalformed',
  ): Front =>
    everySecond((r, call) =>
      regionOf(r.headers['authorization']) === region
        ? undefined
        : refusing('*', status, code, message, details)(r, call),
    );
  const cases: Record<string, Case> = {
    'R2 with the region of another service': {
      options: { region: 'eu-central-1' },
      finds: ['region: wrong_region -> region = auto (proved)'],
    },
    'a service that names its region': {
      options: { provider: 'Other', region: 'us-east-1' },
      front: livesIn('weur', { details: { Region: 'weur' } }, 'The authorization header is malformed.'),
      finds: ['region: wrong_region -> region = weur (proved)'],
    },
    'a service that says it in its words': {
      options: { provider: 'Other' },
      front: livesIn(
        'weur',
        {},
        "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'weur'",
      ),
      finds: ['region: wrong_region -> region = weur (proved)'],
    },
    'a redirect that names the region': {
      options: { provider: 'Other' },
      front: livesIn(
        'weur',
        { headers: { 'x-amz-bucket-region': 'weur' } },
        'Use the right endpoint.',
        301,
        'PermanentRedirect',
      ),
      finds: ['region: wrong_region -> region = weur (proved)'],
    },
    'a redirect to another host': {
      options: { provider: 'Other' },
      front: signed('*', 301, 'PermanentRedirect', 'Use the endpoint.', {
        details: { Endpoint: 's3.elsewhere.example' },
      }),
      finds: ['region: other_endpoint -> endpoint = …'],
    },
  };
  test.each(Object.entries(cases))('%s', (_name, c) => check(c));
});

describe('bucket and rights', () => {
  const cases: Record<string, Case> = {
    healthy: { write: true, finds: [] },
    'an object-scoped token without no_check_bucket': {
      options: { no_check_bucket: '' },
      finds: ['warning bucket: no_bucket_rights -> no_check_bucket = true'],
    },
    'an admin token without no_check_bucket needs none': {
      options: { no_check_bucket: '' },
      token: { tier: 'admin-rw' },
      finds: [],
    },
    'a token for another bucket': { path: 'someone-elses', finds: ['list: bucket_not_covered'] },
    'no bucket named': { path: '', finds: ['list: cannot_list_buckets'] },
    'a bucket that is not there': {
      token: { tier: 'admin-rw', buckets: [bucket, 'my-backup-buket'] },
      path: 'my-backup-buket',
      finds: ['list: bucket_missing'],
    },
    'a token that only reads': {
      token: { tier: 'object-ro' },
      write: true,
      finds: ['put: read_only -> access_key_id = …'],
    },
    'no right to list': {
      front: signed('ListObjectsV2', 403, 'AccessDenied', 'Access Denied'),
      finds: ['list: no_list'],
    },
    'no right to read': { front: refusing('GetObject', 403, 'AccessDenied'), finds: ['get: no_get'] },
    'an object under a key of its owner': {
      front: refusing(
        'GetObject',
        400,
        'InvalidRequest',
        'The object was stored using a form of Server Side Encryption. The correct parameters must be provided.',
      ),
      finds: ['get: customer_key_needed -> sse_customer_key = …'],
    },
    'an object in an archive': { front: refusing('GetObject', 403, 'InvalidObjectState'), finds: [] },
    'no right to delete': {
      front: refusing('DeleteObject', 403, 'AccessDenied'),
      write: true,
      finds: ['delete: no_delete'],
    },
    'no uploads in parts': {
      front: refusing('CreateMultipartUpload', 501, 'NotImplemented'),
      write: true,
      finds: ['multipart: no_multipart -> use_multipart_uploads = false'],
    },
    'no right to abort': {
      front: refusing('AbortMultipartUpload', 403, 'AccessDenied'),
      write: true,
      finds: ['abort: no_abort'],
    },
    'no copies': {
      front: refusing('CopyObject', 501, 'NotImplemented'),
      write: true,
      finds: ['warning copy: no_copy'],
    },
    'no right to copy': { front: refusing('CopyObject', 403, 'AccessDenied'), write: true, finds: ['copy: no_copy'] },
    'a bucket name that cannot be': { front: signed('*', 400, 'InvalidBucketName'), finds: ['list: bad_bucket_name'] },
  };
  test.each(Object.entries(cases))('%s', (_name, c) => check(c));

  test('the bucket that was meant is named', async () => {
    const w = await ward({ token: { tier: 'admin-rw', buckets: [bucket, 'my-backup-buket'] } });
    const { remotes } = await examine(w.url, {}, { path: 'my-backup-buket' });
    expect(remotes[0]?.findings[0]?.remedy).toBe(
      'Use r2:my-backup-bucket, or make it: tsclone mkdir r2:my-backup-buket.',
    );
  });

  test('what cannot be deleted is named', async () => {
    const w = await ward({}, refusing('DeleteObject', 403, 'AccessDenied'));
    const { remotes, ok } = await examine(w.url, {}, { write: true });
    expect(ok).toBe(false);
    expect(remotes[0]?.left).toHaveLength(3);
    expect(remotes[0]?.left.every((name) => name.startsWith(`${bucket}/.tsclone-doctor-`))).toBe(true);
  });

  test('an object that is there is read, not only a missing one', async () => {
    const w = await ward();
    await w.backend.write(`${bucket}/dir/a b+c`, bytesSource(utf8('x')), { size: 1 });
    const seen: string[] = [];
    w.front = (r) => void seen.push(`${r.method} ${r.path}`);
    expect((await examine(w.url, {}, { path: `${bucket}/dir` })).ok).toBe(true);
    expect(seen).toContain(`GET /${bucket}/dir/a%20b%2Bc`);
  });
});

describe('what the options put on requests', () => {
  const names = (pattern: RegExp) => (headers: Readonly<Record<string, string>>) =>
    Object.keys(headers).find((n) => pattern.test(n));
  const checksum = names(/^x-amz-(sdk-checksum|checksum-(?!mode))|^x-amz-trailer/);
  const cases: Record<string, Case> = {
    'checksums as R2 refused them': {
      options: { use_data_integrity_protections: 'true' },
      front: (r, call) => {
        const name = checksum(r.headers);
        return name === undefined
          ? undefined
          : refusing('*', 501, 'NotImplemented', `Header '${name}' with value '…' not implemented`)(r, call);
      },
      write: true,
      finds: ['put: checksums_refused -> use_data_integrity_protections = false (proved)'],
    },
    'checksums as B2 refuses them': {
      options: { use_data_integrity_protections: 'true' },
      front: (r, call) => {
        const name = checksum(r.headers);
        return name === undefined
          ? undefined
          : refusing('*', 400, 'InvalidArgument', `Unsupported header '${name}' received for this API call.`)(r, call);
      },
      write: true,
      finds: ['put: checksums_refused -> use_data_integrity_protections = false (proved)'],
    },
    'an ACL that R2 does not have': {
      options: { acl: 'public-read' },
      write: true,
      finds: ['put: acl_refused -> acl removed (proved)'],
    },
    'a storage class that R2 does not have': {
      options: { storage_class: 'GLACIER' },
      write: true,
      finds: ['put: storage_class_refused -> storage_class removed (proved)'],
    },
    'encryption that R2 does by itself': {
      options: { server_side_encryption: 'AES256' },
      write: true,
      finds: ['put: encryption_refused -> server_side_encryption removed (proved)'],
    },
    'two of them at once': {
      options: { acl: 'public-read', storage_class: 'GLACIER' },
      write: true,
      finds: [
        'put: acl_refused -> acl removed (proved)',
        'put: storage_class_refused -> storage_class removed (proved)',
      ],
    },
    'parts that are too small': {
      front: refusing('CompleteMultipartUpload', 400, 'EntityTooSmall', 'too small', {
        details: { MinSizeAllowed: 10_485_760 },
      }),
      write: true,
      finds: ['multipart: part_too_small -> chunk_size = 10Mi'],
    },
    'equal parts that something on the way has cut anew': {
      front: refusing(
        'CompleteMultipartUpload',
        400,
        'InvalidPart',
        'All non-trailing parts must have the same length.',
      ),
      write: true,
      finds: ['multipart: unequal_parts'],
    },
    'ETags of uploads that are made otherwise': {
      options: { use_multipart_etag: 'true' },
      front: async (r, call) =>
        call.operation === 'CompleteMultipartUpload'
          ? {
              status: 200,
              headers: { 'content-type': 'application/xml' },
              body: `<CompleteMultipartUploadResult><ETag>"${'0'.repeat(32)}-2"</ETag></CompleteMultipartUploadResult>`,
            }
          : undefined,
      write: true,
      finds: ['multipart: multipart_etag_differs -> use_multipart_etag = false'],
    },
    'metadata that are lost': {
      front: (_r, call) =>
        call.operation === 'GetObject' && call.key.endsWith('-put')
          ? { status: 200, headers: {}, body: 'tsclone doctor wrote this to see whether it may; it can be deleted\n' }
          : undefined,
      write: true,
      finds: ['warning put: metadata_lost'],
    },
    'content that comes back changed': {
      front: (_r, call) =>
        call.operation === 'GetObject' && call.key.endsWith('-put')
          ? { status: 200, headers: {}, body: 'other' }
          : undefined,
      write: true,
      finds: ['put: corrupted'],
    },
  };
  test.each(Object.entries(cases))('%s', (_name, c) => check(c));
});

describe('what answers', () => {
  const cases: Record<string, Case> = {
    'a web page': { front: () => htmlPage, finds: ['address: not_s3 -> endpoint = …'] },
    'a web page with an error': {
      front: everySecond(() => ({ ...htmlPage, status: 403 })),
      finds: ['address: not_s3 -> endpoint = …'],
    },
    'JSON of something else': {
      front: everySecond(() => ({
        status: 404,
        headers: { 'content-type': 'application/json' },
        body: '{"error":"not found"}',
      })),
      finds: ['address: not_s3 -> endpoint = …'],
    },
    'the login of a proxy': {
      front: everySecond(() => ({ status: 511, headers: {}, body: '' })),
      finds: ['address: not_s3 -> endpoint = …'],
    },
    'a busy service': {
      front: signed('*', 503, 'SlowDown', 'Please reduce your request rate.'),
      finds: ['list: throttled'],
    },
    'a broken service': { front: signed('*', 500, 'InternalError'), finds: ['list: service_trouble'] },
    'listings of version 1 alone': {
      front: signed('ListObjectsV2', 501, 'NotImplemented'),
      finds: ['list: list_version_1_needed -> list_version = 1 (proved)'],
    },
    'listings whose next page nobody can ask for': {
      front: everySecond((_r, call) =>
        call.operation === 'ListObjectsV2'
          ? {
              status: 200,
              headers: { 'content-type': 'application/xml' },
              body: '<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>a</Key><Size>0</Size></Contents></ListBucketResult>',
            }
          : undefined,
      ),
      finds: ['list: list_version_1_needed -> list_version = 1 (proved)'],
    },
    'names that are not encoded': {
      front: everySecond((r, call) =>
        /encoding-type/.test(r.query)
          ? refusing('*', 400, 'InvalidArgument', 'Invalid Encoding-Type')(r, call)
          : undefined,
      ),
      finds: ['list: list_encoding_refused -> list_url_encode = false (proved)'],
    },
    'something nobody knows': { front: signed('*', 400, 'StrangeError'), finds: ['list: refused'] },
    'the bucket wanted in the host name': {
      front: signed('*', 403, 'SecondLevelDomainForbidden', 'Please use virtual hosted style to access.'),
      finds: ['address: virtual_host_needed -> force_path_style = false'],
    },
  };
  test.each(Object.entries(cases))('%s', (_name, c) => check(c));

  test('the bucket in the host name, where the service wants it in the path', async () => {
    const w = await ward();
    const endpoint = w.url.replace('127.0.0.1', 'localhost');
    expect(summary(await examine(endpoint, { force_path_style: 'false' }))).toEqual([
      'address: path_style_needed -> force_path_style = true (proved)',
    ]);
    expect(summary(await examine(endpoint, { provider: 'AWS', region: 'auto' }))).toEqual([
      'address: path_style_needed -> provider = Other (proved)',
    ]);
  });
});

describe('address', () => {
  const account = '0123456789abcdef'.repeat(2);
  test.each([
    [
      'an R2 host without an account',
      'https://ACCOUNT_ID.r2.cloudflarestorage.com',
      'config: wrong_account_endpoint -> endpoint = …',
    ],
    [
      'the public address of an R2 bucket',
      `https://pub-${account}.r2.dev`,
      'config: wrong_account_endpoint -> endpoint = …',
    ],
    ['the dashboard', 'https://dash.cloudflare.com', 'config: wrong_account_endpoint -> endpoint = …'],
    [
      'an R2 host with the bucket',
      `https://${account}.r2.cloudflarestorage.com/${bucket}`,
      `config: endpoint_names_bucket -> endpoint = https://${account}.r2.cloudflarestorage.com`,
    ],
    ['a host that does not exist', 'https://no-such-host.invalid', 'address: host_not_found -> endpoint = …'],
    ['a port where nobody listens', 'http://127.0.0.1:1', 'address: connection_refused -> endpoint = …'],
    ['no address', 'https://:bad:', 'config: bad_endpoint -> endpoint = …'],
    ['none', '', 'config: endpoint_missing -> endpoint = …'],
  ])('%s', async (_name, endpoint, found) => {
    expect(summary(await examine(endpoint))).toEqual([found]);
  });

  test('no name server', async () => {
    expect(summary(await examine('https://s3.no-name-server.test'))).toEqual(['address: lookup_failed']);
  });

  test('a region that AWS does not have', async () => {
    expect(summary(await examine('', { provider: 'AWS', region: 'mars-1' }))).toEqual([
      'address: wrong_region -> region = …',
    ]);
    // Nobody has set the region that is taken then: it is not to blame.
    expect(summary(await examine('', { provider: 'AWS' }))).toEqual(['address: host_not_found -> endpoint = …']);
  });

  test('the bucket in the path of the endpoint', async () => {
    const w = await ward();
    expect(summary(await examine(`${w.url}/${bucket}`, { provider: 'Minio' }))).toEqual([
      `config: endpoint_names_bucket -> endpoint = ${w.url}`,
    ]);
    expect(w.operations).toEqual([]);
  });

  test('a provider that is misspelt', async () => {
    const w = await ward();
    expect(summary(await examine(w.url, { provider: 'Cloudfare' }))).toEqual([
      'warning config: unknown_provider -> provider = Cloudflare',
    ]);
  });

  test('a server that never answers', async () => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const found = summary(await examine(`http://127.0.0.1:${port}`, {}, { timeoutMs: 200 }));
    server.close();
    expect(found).toEqual(['address: no_answer -> endpoint = …']);
  });

  test('a server that hangs up', async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const found = summary(await examine(`http://127.0.0.1:${port}`));
    server.close();
    expect(found).toEqual(['address: connection_broken -> endpoint = …']);
  });

  test('a proxy that is not there', async () => {
    const proxied = (variable: string, proxy: string) => ({ platform: { env: { [variable]: proxy } } });
    expect(
      summary(await examine('http://storage.example', {}, proxied('HTTP_PROXY', 'http://me:pw-of-me@127.0.0.1:1'))),
    ).toEqual(['address: proxy_unreachable']);
    const diagnosis = await examine('https://storage.example', {}, proxied('HTTPS_PROXY', 'proxy.invalid:3128'));
    expect(summary(diagnosis)).toEqual(['address: proxy_unreachable']);
    expect(diagnosis.remotes[0]?.findings[0]?.remedy).toBe(
      'Check HTTPS_PROXY, or exempt the host: NO_PROXY=storage.example.',
    );
    expectNoSecret(diagnosis, 'pw-of-me');
  });

  test('https, where the server speaks plain HTTP', async () => {
    const w = await ward();
    expect(summary(await examine(w.url.replace('http:', 'https:')))).toEqual([
      `address: http_needed -> endpoint = ${w.url} (proved)`,
    ]);
  });
});

describe('TLS', () => {
  const run = async (name: 'good' | 'expired' | 'otherHost'): Promise<string[]> => {
    const w = await ward({ tls: tls[name] });
    const dir = await mkdtemp(join(tmpdir(), 'tsclone-doctor-'));
    const authority = join(dir, 'authority.pem');
    await writeFile(authority, tls.authority);
    const { accessKeyId, secretAccessKey } = keys;
    const remote = `:s3,provider=Cloudflare,endpoint='${w.url}',access_key_id=${accessKeyId},secret_access_key=${secretAccessKey},no_check_bucket:${bucket}`;
    const done = await cli(['doctor', remote, '--json', '--ca-cert', authority]);
    await rm(dir, { recursive: true });
    return summary(JSON.parse(done.stdout) as Diagnosis);
  };

  test('a certificate of an authority that is trusted', async () => {
    expect(await run('good')).toEqual([]);
  });

  test('one that has run out', async () => {
    expect(await run('expired')).toEqual(['address: certificate_expired']);
  });

  test('one of another host', async () => {
    expect(await run('otherHost')).toEqual(['address: certificate_of_other_host -> endpoint = …']);
  });

  test('one of an authority that nobody knows', async () => {
    const w = await ward({ tls: tls.good });
    const diagnosis = await examine(w.url);
    expect(summary(diagnosis)).toEqual(['address: certificate_unknown']);
    expect(diagnosis.remotes[0]?.findings[0]?.remedy).toContain('--ca-cert');
  });

  test('http, where the server wants TLS', async () => {
    const w = await ward({ tls: tls.good });
    expect(summary(await examine(w.url.replace('https:', 'http:')))).toEqual([
      `address: https_needed -> endpoint = ${w.url} (proved)`,
    ]);
  });

  test('http, where the server redirects to https', async () => {
    const w = await ward({}, () => ({ status: 301, headers: { location: 'https://127.0.0.1/' }, body: '' }));
    expect(summary(await examine(w.url))).toEqual(['address: https_needed -> endpoint = https://127.0.0.1 (proved)']);
  });
});

describe('clock', () => {
  const hour = 3_600_000_000_000n;
  let shifted: Ward;
  beforeAll(async () => {
    const now = (): bigint => BigInt(Date.now()) * 1_000_000n - hour;
    shifted = await openWard({ platform: { now } });
  });
  afterAll(() => shifted.stop());

  test('a server that tells another time', async () => {
    const date = new Date(Date.now() - 3_600_000).toUTCString();
    shifted.front = (_r, call) =>
      call.operation === 'ListBuckets' ? { status: 403, headers: { date }, body: '' } : undefined;
    const diagnosis = await examine(shifted.url);
    expect(summary(diagnosis)).toEqual(['clock: clock_skew']);
    expect(diagnosis.remotes[0]?.findings[0]?.cause).toContain('is 60 minutes ahead');
  });

  test('a server that refuses the time without telling its own before', async () => {
    const date = new Date(Date.now() - 3_600_000).toUTCString();
    const w = await ward(
      {},
      everySecond((r) => {
        const signedAt = r.headers['x-amz-date'] ?? '';
        const isNow =
          Math.abs(
            Date.parse(signedAt.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z')) -
              Date.now(),
          ) < 900_000;
        if (!isNow)
          return {
            status: 200,
            headers: { 'content-type': 'application/xml', date },
            body: '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>',
          };
        return refusing('*', 403, 'RequestTimeTooSkewed', 'The difference is too large.', { headers: { date } })(
          r,
          {} as never,
        );
      }),
    );
    const found = summary(await examine(w.url));
    expect(found).toEqual(['clock: clock_skew']);
  });

  test('a minute or two is a warning', async () => {
    const w = await ward({}, (_r, call) =>
      call.operation === 'ListBuckets'
        ? { status: 403, headers: { date: new Date(Date.now() + 180_000).toUTCString() }, body: '' }
        : undefined,
    );
    expect(summary(await examine(w.url))).toEqual(['warning clock: clock_skew']);
  });
});

describe('whatever answers, there is a finding and no error', () => {
  const xml = { 'content-type': 'application/xml' };
  const answers: Record<string, Awaited<ReturnType<Front>>> = {
    nothing: { status: 200, headers: {}, body: '' },
    'no content': { status: 204, headers: {} },
    'a broken document': { status: 200, headers: xml, body: '<ListBucketResult><Contents><Key>a' },
    'an error that says OK': { status: 200, headers: xml, body: '<Error><Code>AccessDenied</Code></Error>' },
    'an error without a code': { status: 400, headers: xml, body: '<Error><Message>no</Message></Error>' },
    'a document in a document': { status: 403, headers: xml, body: '<Error><Code><Code>x</Code></Code></Error>' },
    'a redirect to nowhere': { status: 302, headers: {}, body: '' },
    'a redirect to no address': { status: 301, headers: { location: '::', 'x-amz-bucket-region': '' }, body: '' },
    'a status of its own': { status: 418, headers: { date: 'yesterday' }, body: 'I am a teapot' },
    'control characters': {
      status: 400,
      headers: xml,
      body: '<Error><Code>A</Code><Message>&#x1b;[31m</Message></Error>',
    },
    'the secret': {
      status: 403,
      headers: xml,
      body: `<Error><Code>Odd</Code><Message>${keys.secretAccessKey} is wrong</Message></Error>`,
    },
    'a long page': { status: 500, headers: { 'content-type': 'text/html' }, body: '<p>'.repeat(500_000) },
  };
  test.each(Object.entries(answers))('%s', async (_name, answer) => {
    const w = await ward({}, () => answer);
    const diagnosis = await examine(w.url, {}, { write: true });
    expect(diagnosis.ok).toBe(false);
    expect(summary(diagnosis)).not.toEqual([]);
    expectNoSecret(diagnosis);
  });

  test('a status without content is no empty listing', async () => {
    const w = await ward({}, () => ({ status: 204, headers: {} }));
    expect(summary(await examine(w.url))).toEqual(['address: not_s3 -> endpoint = …']);
  });

  test.each(['no HTTP at all', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort'])('%j', async (text) => {
    const server = createServer((socket) => socket.once('data', () => socket.end(text)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const diagnosis = await examine(`http://127.0.0.1:${port}`, {}, { write: true });
    server.close();
    expect(diagnosis.ok).toBe(false);
  });
});

async function check(c: Case): Promise<void> {
  const w = await ward(c.token ? { token: c.token } : {}, c.front);
  const diagnosis = await examine(w.url, c.options, {
    ...(c.path === undefined ? {} : { path: c.path }),
    ...(c.write === undefined ? {} : { write: c.write }),
  });
  expect(summary(diagnosis)).toEqual(c.finds);
  const mayLeave = c.finds.some((line) => /no_delete|no_abort/.test(line));
  expect(diagnosis.remotes.flatMap((r) => r.left).length > 0).toBe(mayLeave);
  expectNoSecret(diagnosis, 'session-token-of-yesterday', 'd00d'.repeat(16));
}
