import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { catalog } from '../../../src/backends/s3/catalog.ts';
import { s3 } from '../../../src/backends/s3/definition.ts';
import { s3Options } from '../../../src/backends/s3/options.ts';
import { resolveQuirks } from '../../../src/backends/s3/quirks.ts';
import { bytesSource } from '../../../src/core/bytes.ts';
import type { Event } from '../../../src/core/events.ts';
import { parseOptions } from '../../../src/options/derive.ts';
import { openOnHost, type HostRequest } from '../../support/aws-host.ts';
import { fault, type Answer } from '../../support/scripted-s3.ts';

interface Effective {
  readonly force_path_style: boolean;
  readonly list_version: number;
  readonly list_url_encode: boolean;
  readonly use_accept_encoding_gzip: boolean;
  readonly use_already_exists: boolean;
  readonly use_unsigned_payload: boolean;
  readonly use_x_id: boolean;
  readonly etag_is_not_md5: boolean;
}
type Feature = 'serverSideCopy' | 'setModTime' | 'setTier' | 'multipart' | 'purge';
interface Provider {
  readonly id: string;
  readonly endpoints: readonly string[] | null;
  readonly regions: readonly string[] | null;
  readonly locationConstraints: readonly string[] | null;
  readonly storageClasses: readonly string[] | null;
  readonly effective: Effective & Readonly<Record<string, unknown>>;
  readonly features: Readonly<Record<Feature, boolean>>;
}
const vectors = JSON.parse(readFileSync(new URL('../../vectors/s3-providers.json', import.meta.url), 'utf8')) as {
  count: number;
  providers: Provider[];
};
const optionsFor = (provider: string) =>
  parseOptions(s3, 'x', (name) => (name === 'provider' ? provider : undefined)) as Parameters<typeof resolveQuirks>[0];

describe('quirks of the providers', () => {
  test('all are there', () => {
    expect(vectors.providers).toHaveLength(vectors.count);
    expect(vectors.count).toBe(58);
    expect(s3Options.meta.size).toBe(78);
  });

  test.each(vectors.providers)('$id', ({ id, effective }) => {
    const events: Event[] = [];
    const quirks = resolveQuirks(optionsFor(id), (e) => events.push(e)) as unknown as Record<string, unknown>;
    const shared = Object.keys(effective).filter((name) => name in quirks);
    expect(shared.length).toBeGreaterThan(14);
    expect(Object.fromEntries(shared.map((k) => [k, quirks[k]]))).toEqual(
      Object.fromEntries(shared.map((k) => [k, effective[k] ?? Number.POSITIVE_INFINITY])),
    );
    expect(events).toEqual([]);
  });

  test('a name that nobody knows is treated as Other, with a notice', () => {
    const events: Event[] = [];
    expect(resolveQuirks(optionsFor('Nobody'), (e) => events.push(e)).provider).toBe('Other');
    expect(events).toMatchObject([{ level: 'notice', message: expect.stringContaining('"Nobody"') }]);
  });
});

describe('what the questions offer for each provider', () => {
  const offered = (option: string, id: string): string[] =>
    (catalog.options[option as keyof typeof catalog.options]?.examples ?? [])
      .filter((e) => e.provider === undefined || e.provider.split(',').includes(id))
      .map((e) => e.value);

  test.each(vectors.providers)('$id', ({ id, endpoints, regions, locationConstraints, storageClasses }) => {
    const asked = {
      endpoint: endpoints,
      region: regions,
      location_constraint: locationConstraints,
      storage_class: storageClasses,
    };
    for (const [option, values] of Object.entries(asked)) {
      const known = [...(values ?? [])].sort((a, b) => (a < b ? -1 : 1));
      expect([option, offered(option, id).sort((a, b) => (a < b ? -1 : 1))]).toEqual([option, known]);
    }
  });
});

const answer = (r: HostRequest): Answer => {
  if (r.method === 'PUT')
    return /^\/?$|^\/bucket\/?$/.test(r.path)
      ? fault(409, 'BucketAlreadyExists')
      : { headers: { etag: '"5d41402abc4b2a76b9719d911017c592"' } };
  const dated = {
    'last-modified': 'Tue, 03 Nov 2026 10:00:00 GMT',
    etag: '"5d41402abc4b2a76b9719d911017c592"',
    'content-length': 5,
  };
  if (r.path.endsWith('key')) return { headers: dated, body: r.method === 'GET' ? 'hello' : '' };
  return {
    headers: { 'content-type': 'application/xml' },
    body: '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>',
  };
};

describe('requests to each provider', () => {
  /** The first place that its list offers, as a config made by the questions has it. */
  const open = (p: Provider) => {
    const given = p.endpoints?.[0]?.replaceAll('{account_name}', 'me') ?? 's3.example.com';
    const endpoint = p.id === 'AWS' ? '' : given;
    const region = p.regions?.find((name) => name !== '' && name !== 'other-v2-signature') ?? '';
    const host =
      endpoint === '' ? `s3.${region}.amazonaws.com` : endpoint.replace(/^https:\/\//, '').replace(/:\d+$/, '');
    return openOnHost('store:bucket', { provider: p.id, endpoint, region }, answer).then((opened) => ({
      ...opened,
      host,
      region,
    }));
  };

  test.each(vectors.providers)('$id', async (p) => {
    const { effective: q, features, id } = p;
    const { backend, requests, host, region } = await open(p);
    for await (const _entry of backend.list('')) throw new Error('nothing was listed');
    await backend.write('dir/key', bytesSource(Buffer.from('hello')), { size: 5, modTime: 1_000_000_000n });
    const { body } = await backend.read('dir/key');
    for await (const _chunk of body);
    const list = requests[0] as HostRequest;
    const put = requests.find((r) => r.method === 'PUT') as HostRequest;
    const get = requests.find((r) => r.method === 'GET' && r.path.endsWith('key')) as HostRequest;

    const where = { protocol: 'https:', hostname: q.force_path_style ? host : `bucket.${host}` };
    expect(requests).toEqual(requests.map(() => expect.objectContaining(where)));
    expect(put.path).toBe(q.force_path_style ? '/bucket/dir/key' : '/dir/key');
    expect(list.query['list-type']).toBe(q.list_version === 2 ? '2' : undefined);
    expect(list.query['encoding-type']).toBe(q.list_url_encode ? 'url' : undefined);
    expect(put.query['x-id']).toBe(q.use_x_id ? 'PutObject' : undefined);
    expect(get.headers['accept-encoding']).toBe(q.use_accept_encoding_gzip ? 'gzip' : 'identity');
    expect(put.headers['x-amz-content-sha256']).toEqual(
      q.use_unsigned_payload ? 'UNSIGNED-PAYLOAD' : expect.stringMatching(/^[0-9a-f]{64}$/),
    );
    expect(put.headers['content-md5']).toBe('XUFAKrxLKna5cZ2REBfFkg==');
    expect(put.headers['x-amz-meta-md5chksum']).toBe(q.etag_is_not_md5 ? 'XUFAKrxLKna5cZ2REBfFkg==' : undefined);
    expect(put.headers['x-amz-meta-mtime']).toBe('1');
    for (const { headers } of requests) {
      expect(headers['authorization']).toContain(`/${region === '' ? 'us-east-1' : region}/s3/aws4_request`);
      // A proxy may change it.
      expect(headers['authorization']).not.toMatch(/SignedHeaders=[^,]*accept-encoding/);
      expect(Object.keys(headers).filter((name) => /checksum|trailer|expect/i.test(name))).toEqual([]);
    }
    expect({
      serverSideCopy: backend.copy !== undefined,
      setModTime: backend.features.setModTime,
      setTier: backend.setTier !== undefined,
      purge: backend.purge !== undefined,
    }).toEqual({
      serverSideCopy: features.serverSideCopy,
      // A time is set by a copy.
      setModTime: features.setModTime && features.serverSideCopy,
      setTier: features.setTier,
      purge: features.purge,
    });

    requests.length = 0;
    const made = await backend.mkdir('').then(
      () => 'fine',
      (e: { code: string }) => e.code,
    );
    expect([id, made, requests.length]).toEqual(
      id === 'Autonomys' ? [id, 'fine', 0] : [id, q.use_already_exists ? 'no_retry' : 'fine', 1],
    );
  });
});
