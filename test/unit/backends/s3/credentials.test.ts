import { createHash, createHmac } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Backend } from '../../../../src/core/backend.ts';
import { signV2 } from '../../../../src/backends/s3/sigv2.ts';
import { presign } from '../../../../src/backends/s3/sigv4.ts';
import type { HttpRequest } from '../../../../src/backends/s3/wire.ts';
import { nodePlatform } from '../../../../src/node/platform.ts';
import { agreeable, type AgreeableOptions } from '../../../support/agreeable-s3.ts';
import { openOnHost } from '../../../support/aws-host.ts';
import {
  fault,
  openScripted,
  startScriptedS3,
  type Answer,
  type Recorded,
  type ScriptedS3,
} from '../../../support/scripted-s3.ts';
import { tempDir } from '../../../support/servers.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const stop of stops.splice(0)) await stop();
});

/** Some other service on loopback. */
async function service(answer: (r: Recorded, n: number) => Answer): Promise<ScriptedS3> {
  let n = 0;
  const server = await startScriptedS3((r) => answer(r, n++));
  stops.push(server.stop);
  return server;
}

async function start(
  options: Readonly<Record<string, string>>,
  o: { env?: Record<string, string>; now?: () => bigint; store?: AgreeableOptions } = {},
): Promise<{ backend: Backend; server: ScriptedS3 }> {
  const opened = await openScripted(agreeable(o.store), {
    options,
    platform: { ...nodePlatform(o.env ?? {}), ...(o.now ? { now: o.now } : {}) },
  });
  stops.push(opened.server.stop);
  return opened;
}

const noKeys = { access_key_id: '', secret_access_key: '' };
const mkdirIn = async ({ backend }: { backend: Backend }): Promise<void> => backend.mkdir('');
const signedBy = (server: ScriptedS3): (string | undefined)[] =>
  server.requests.map((r) => /Credential=([^/]*)/.exec(r.headers['authorization'] ?? '')?.[1]);

const stsKeys = (id: string, expires: number): Answer => ({
  body: `<R><Credentials><AccessKeyId>${id}</AccessKeyId><SecretAccessKey>a&amp;b</SecretAccessKey><SessionToken>token-${id}</SessionToken><Expiration>${new Date(expires).toISOString()}</Expiration></Credentials></R>`,
});
const form = (r: Recorded | undefined): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(r?.body.toString()));
const inAnHour = (): number => Date.now() + 3_600_000;

describe('role_arn', () => {
  const role = { role_arn: 'arn:aws:iam::123456789012:role/backup' };

  test('asks STS with the remote as it is, and signs with what it gives', async () => {
    const sts = await service(() => stsKeys('ASIAROLE', inAnHour()));
    const opened = await start({ ...role, session_token: 'own' }, { env: { AWS_ENDPOINT_URL_STS: sts.endpoint } });
    await mkdirIn(opened);
    await mkdirIn(opened);
    expect(sts.requests).toHaveLength(1);
    expect(form(sts.requests[0])).toEqual({
      Action: 'AssumeRole',
      DurationSeconds: '900',
      RoleArn: role.role_arn,
      RoleSessionName: expect.stringMatching(/^tsclone-\d+$/),
      Version: '2011-06-15',
    });
    expect(sts.requests[0]?.headers['x-amz-security-token']).toBe('own');
    expect(signedBy(opened.server)).toEqual(['ASIAROLE', 'ASIAROLE']);
    expect(opened.server.requests[0]?.headers['x-amz-security-token']).toBe('token-ASIAROLE');
  });

  test('the request to STS is signed as the SDK signs', async () => {
    const sts = await service(() => stsKeys('ASIAROLE', inAnHour()));
    await mkdirIn(await start({ ...role, region: 'eu-west-1' }, { env: { AWS_ENDPOINT_URL_STS: sts.endpoint } }));
    const { headers, body } = sts.requests[0] as Recorded;
    const [, names = ''] = /SignedHeaders=([^,]*)/.exec(headers['authorization'] ?? '') ?? [];
    const date = (headers['x-amz-date'] ?? '').replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5');
    const signed = await sdkSigner('sts', 'eu-west-1').sign(
      {
        method: 'POST',
        protocol: 'http:',
        hostname: '127.0.0.1',
        path: '/',
        query: {},
        headers: Object.fromEntries(names.split(';').map((name) => [name, headers[name] ?? ''])),
        body: body.toString(),
      },
      { signingDate: new Date(date) },
    );
    const signature = (text = ''): string => text.replace(/.*Signature=/, '');
    expect(names).toBe('content-type;host;x-amz-date');
    expect(signature(headers['authorization'])).toBe(signature(signed.headers['authorization']));
  });

  test('its three companions are sent', async () => {
    const sts = await service(() => stsKeys('ASIAROLE', inAnHour()));
    const options = { ...role, role_session_name: 'nightly', role_session_duration: '1h', role_external_id: 'x+y' };
    await mkdirIn(await start(options, { env: { AWS_ENDPOINT_URL_STS: sts.endpoint } }));
    expect(form(sts.requests[0])).toMatchObject({
      RoleSessionName: 'nightly',
      DurationSeconds: '3600',
      ExternalId: 'x+y',
    });
  });

  test.each([
    ['ap-south-1', 'sts.ap-south-1.amazonaws.com'],
    ['', 'sts.us-east-1.amazonaws.com'],
    ['cn-north-1', 'sts.cn-north-1.amazonaws.com.cn'],
  ])('region "%s" has its STS at %s', async (region, host) => {
    const { backend, requests } = await openOnHost('store:bucket', { ...role, region }, () =>
      stsKeys('ASIAROLE', inAnHour()),
    );
    await backend.mkdir('').catch(() => {});
    expect(requests[0]).toMatchObject({ protocol: 'https:', hostname: host, path: '/' });
  });

  test('without keys the request to STS is not signed', async () => {
    const sts = await service(() => stsKeys('ASIAROLE', inAnHour()));
    await mkdirIn(await start({ ...role, ...noKeys }, { env: { AWS_ENDPOINT_URL_STS: sts.endpoint } }));
    expect(sts.requests[0]?.headers['authorization']).toBeUndefined();
  });

  test('keys are fetched anew five minutes before they end', async () => {
    let now = 1_800_000_000_000;
    const sts = await service((_, n) => stsKeys(`ASIA${n}`, now + 3_600_000));
    const opened = await start(role, {
      env: { AWS_ENDPOINT_URL_STS: sts.endpoint },
      now: () => BigInt(now) * 1_000_000n,
    });
    await mkdirIn(opened);
    now += 54 * 60_000;
    await mkdirIn(opened);
    now += 2 * 60_000;
    await mkdirIn(opened);
    expect(signedBy(opened.server)).toEqual(['ASIA0', 'ASIA0', 'ASIA1']);
  });

  test('keys that the service takes for expired are fetched anew, once', async () => {
    const sts = await service((_, n) => stsKeys(`ASIA${n}`, inAnHour()));
    const store = (answers: number): AgreeableOptions => ({
      instead: (_r, n) => (n < answers ? fault(400, 'ExpiredToken') : undefined),
    });
    const once = await start(role, { env: { AWS_ENDPOINT_URL_STS: sts.endpoint }, store: store(1) });
    await mkdirIn(once);
    expect(signedBy(once.server)).toEqual(['ASIA0', 'ASIA1']);
    const always = await start(role, { env: { AWS_ENDPOINT_URL_STS: sts.endpoint }, store: store(9) });
    await expect(mkdirIn(always)).rejects.toMatchObject({ code: 'bad_credentials' });
    expect(always.server.requests).toHaveLength(2);
    const fixed = await start({}, { store: store(9) });
    await expect(mkdirIn(fixed)).rejects.toMatchObject({ code: 'bad_credentials' });
    expect(fixed.server.requests).toHaveLength(1);
  });

  test('a refusal of STS is told without its request', async () => {
    const sts = await service(() => ({
      status: 403,
      body: '<ErrorResponse><Error><Code>AccessDenied</Code><Message>not &lt;yours&gt;</Message></Error></ErrorResponse>',
    }));
    const { backend } = await start(role, { env: { AWS_ENDPOINT_URL_STS: sts.endpoint } });
    const error = await backend.mkdir('').catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: 'bad_credentials',
      message: 'remote "store": no keys: AssumeRole was refused (403 AccessDenied: not <yours>)',
    });
    expect(sts.requests).toHaveLength(1);
  });
});

describe('env_auth', () => {
  const env_auth = { env_auth: 'true', ...noKeys };

  test('takes the variables', async () => {
    const env = { AWS_ACCESS_KEY_ID: 'ENVKEY', AWS_SECRET_ACCESS_KEY: 's', AWS_SESSION_TOKEN: 'envtok' };
    const { backend, server } = await start({ ...env_auth, session_token: 'not this' }, { env });
    await backend.mkdir('');
    expect(signedBy(server)).toEqual(['ENVKEY']);
    expect(server.requests[0]?.headers['x-amz-security-token']).toBe('envtok');
  });

  test('takes a web identity for its role, and reads the token each time', async () => {
    const dir = await tempDir();
    stops.push(dir.remove);
    const file = join(dir.path, 'token');
    await writeFile(file, 'first');
    let now = Date.now();
    const sts = await service((_, n) => stsKeys(`ASIAWEB${n}`, now + 600_000));
    const env = {
      AWS_WEB_IDENTITY_TOKEN_FILE: file,
      AWS_ROLE_ARN: 'arn:aws:iam::1:role/web',
      AWS_ROLE_SESSION_NAME: 'pod',
      AWS_ENDPOINT_URL_STS: sts.endpoint,
    };
    const opened = await start(env_auth, { env, now: () => BigInt(now) * 1_000_000n });
    await mkdirIn(opened);
    await writeFile(file, 'second');
    now += 600_000;
    await mkdirIn(opened);
    expect(sts.requests.map(form)).toEqual(
      ['first', 'second'].map((token) => ({
        Action: 'AssumeRoleWithWebIdentity',
        RoleArn: 'arn:aws:iam::1:role/web',
        RoleSessionName: 'pod',
        Version: '2011-06-15',
        WebIdentityToken: token,
      })),
    );
    expect(sts.requests[0]?.headers['authorization']).toBeUndefined();
    expect(signedBy(opened.server)).toEqual(['ASIAWEB0', 'ASIAWEB1']);
  });

  describe('profiles', () => {
    async function home(): Promise<Record<string, string>> {
      const dir = await tempDir();
      stops.push(dir.remove);
      await mkdir(join(dir.path, '.aws'));
      const keys = (id: string): string => `aws_access_key_id = ${id}\naws_secret_access_key = s\n`;
      const credentials = `[default]\n${keys('DEFAULT')}[other]\n${keys('OTHER')}`;
      await writeFile(join(dir.path, '.aws/credentials'), credentials);
      await writeFile(join(dir.path, '.aws/config'), `[profile conf]\n${keys('CONF')}`);
      await writeFile(join(dir.path, 'more'), `[profile more]\n${keys('MORE')}[bare]\n${keys('BARE')}`);
      vi.stubEnv('HOME', dir.path);
      for (const name of ['AWS_PROFILE', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, '');
      return { HOME: dir.path, more: join(dir.path, 'more') };
    }
    const variables = { AWS_ACCESS_KEY_ID: 'ENVKEY', AWS_SECRET_ACCESS_KEY: 's' };

    // Each as rclone 1.75.2 chose, but for `bare`, which it does not find.
    test.each<[string, Record<string, string>, Record<string, string>, string]>([
      ['the default one', {}, {}, 'DEFAULT'],
      ['that of AWS_PROFILE', {}, { AWS_PROFILE: 'other' }, 'OTHER'],
      ['variables before AWS_PROFILE', {}, { AWS_PROFILE: 'other', ...variables }, 'ENVKEY'],
      ['the named one before variables', { profile: 'other' }, variables, 'OTHER'],
      ['one of the config file', { profile: 'conf' }, {}, 'CONF'],
      ['one of a further file', { profile: 'more', shared_credentials_file: 'more' }, {}, 'MORE'],
      [
        'one of the usual file beside a further one',
        { profile: 'other', shared_credentials_file: 'more' },
        {},
        'OTHER',
      ],
      [
        'one of a further file in the form of credentials',
        { profile: 'bare', shared_credentials_file: 'more' },
        {},
        'BARE',
      ],
    ])('%s', async (_title, options, env, key) => {
      const at = await home();
      const file =
        options['shared_credentials_file'] === undefined ? {} : { shared_credentials_file: at['more'] ?? '' };
      const { backend, server } = await start(
        { ...env_auth, ...options, ...file },
        { env: { HOME: at['HOME'] ?? '', ...env } },
      );
      await backend.mkdir('');
      expect(signedBy(server)).toEqual([key]);
    });

    test('one that is not there is an error that says so', async () => {
      const at = await home();
      vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
      const { backend } = await start({ ...env_auth, profile: 'nope' }, { env: { HOME: at['HOME'] ?? '' } });
      await expect(backend.mkdir('')).rejects.toMatchObject({
        code: 'bad_credentials',
        message: expect.stringContaining('no keys for profile "nope"'),
      });
    });
  });

  test("takes a container's keys", async () => {
    const container = await service(() => ({
      body: JSON.stringify({
        AccessKeyId: 'CONTAINER',
        SecretAccessKey: 's',
        Token: 'ctok',
        Expiration: new Date(inAnHour()).toISOString(),
      }),
    }));
    vi.stubEnv('HOME', '/nonexistent');
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${container.endpoint}/creds`);
    vi.stubEnv('AWS_CONTAINER_AUTHORIZATION_TOKEN', 'secret-token');
    const { backend, server } = await start(env_auth);
    await backend.mkdir('');
    expect(container.requests[0]).toMatchObject({ path: '/creds', headers: { authorization: 'secret-token' } });
    expect(signedBy(server)).toEqual(['CONTAINER']);
    expect(server.requests[0]?.headers['x-amz-security-token']).toBe('ctok');
  });

  test("takes an instance's keys", async () => {
    const instance = await service((r) => {
      if (r.method === 'PUT') return { body: 'imds-token' };
      if (r.path.endsWith('/my-role'))
        return {
          body: JSON.stringify({
            Code: 'Success',
            AccessKeyId: 'INSTANCE',
            SecretAccessKey: 's',
            Token: 'itok',
            Expiration: new Date(inAnHour()).toISOString(),
          }),
        };
      return { body: 'my-role' };
    });
    vi.stubEnv('HOME', '/nonexistent');
    vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', instance.endpoint);
    const { backend, server } = await start(env_auth);
    await backend.mkdir('');
    expect(signedBy(server)).toEqual(['INSTANCE']);
    expect(instance.requests.at(-1)?.headers['x-aws-ec2-metadata-token']).toBe('imds-token');
  });

  test('is an error on a runtime that has nothing of the kind', async () => {
    const platform = { ...nodePlatform({}) };
    delete platform.awsKeys;
    await expect(
      openScripted(agreeable(), { options: env_auth, platform: { ...platform, awsKeys: undefined as never } }),
    ).rejects.toMatchObject({ code: 'bad_credentials' });
  });
});

describe('IBM', () => {
  const ibm = {
    provider: 'IBMCOS',
    v2_auth: 'true',
    ibm_api_key: 'api&key',
    ibm_resource_instance_id: 'inst',
    ...noKeys,
  };
  const token = (n: number): Answer => ({
    body: JSON.stringify({ access_token: `token${n}`, expiration: Math.floor(Date.now() / 1000) + 3600 }),
  });

  test('the API key buys a token that is kept', async () => {
    const iam = await service((_, n) => token(n));
    const opened = await start({ ...ibm, ibm_iam_endpoint: `${iam.endpoint}/x/` });
    await mkdirIn(opened);
    await mkdirIn(opened);
    expect(iam.requests.map((r) => [r.method, r.path, form(r)])).toEqual([
      [
        'POST',
        '/x/identity/token',
        { apikey: 'api&key', grant_type: 'urn:ibm:params:oauth:grant-type:apikey', response_type: 'cloud_iam' },
      ],
    ]);
    for (const { headers } of opened.server.requests) {
      expect(headers['authorization']).toBe('Bearer token0');
      expect(headers['ibm-service-instance-id']).toBe('inst');
    }
  });

  test('a token near its end is bought anew', async () => {
    let now = Date.now();
    const iam = await service((_, n) => token(n));
    const opened = await start({ ...ibm, ibm_iam_endpoint: iam.endpoint }, { now: () => BigInt(now) * 1_000_000n });
    await mkdirIn(opened);
    now += 3_400_000;
    await mkdirIn(opened);
    expect(opened.server.requests.map((r) => r.headers['authorization'])).toEqual(['Bearer token0', 'Bearer token1']);
  });

  test('a refused key is told without it', async () => {
    const iam = await service(() => ({ status: 400, body: JSON.stringify({ errorMessage: 'no such key' }) }));
    const { backend } = await start({ ...ibm, ibm_iam_endpoint: iam.endpoint });
    const error = (await backend.mkdir('').catch((e: unknown) => e)) as Error;
    expect(error.message).toMatch(/400: no such key/);
    expect(JSON.stringify(error)).not.toContain('api&key');
  });
});

describe('signature version 2', () => {
  const secret = 'secret/with+odd=signs';
  const right = (r: Recorded, resource: string): string => {
    const amz = Object.keys(r.headers)
      .filter((name) => name.startsWith('x-amz-'))
      .sort()
      .map((name) => `${name}:${r.headers[name]}\n`);
    const text = `${r.method}\n${r.headers['content-md5'] ?? ''}\n${r.headers['content-type'] ?? ''}\n${r.headers['date']}\n${amz.join('')}${resource}`;
    return `AWS AKTEST:${createHmac('sha1', secret).update(text).digest('base64')}`;
  };

  test.each([{ v2_auth: 'true' }, { region: 'other-v2-signature' }])('%o', async (options) => {
    const { backend, server } = await start({ ...options, session_token: 'tok' } as Record<string, string>);
    await backend.write('dir/ü +x', (async function* () {})(), { size: 0 });
    for await (const entry of backend.list('')) void entry;
    await backend.removeMany?.(['a', 'b']);
    const [put, list, remove] = server.requests as [Recorded, Recorded, Recorded];
    expect(put.headers['authorization']).toBe(right(put, '/bucket/dir/%C3%BC%20%2Bx'));
    expect(put.headers['x-amz-security-token']).toBe('tok');
    expect(list.headers['authorization']).toBe(right(list, '/bucket/'));
    expect(remove.headers['authorization']).toBe(right(remove, '/bucket/?delete'));
  });

  test('a bucket in the host name is signed in front of the path', () => {
    const request: HttpRequest = {
      method: 'GET',
      protocol: 'https:',
      hostname: 'johnsmith.s3.amazonaws.com',
      path: '/',
      query: { prefix: 'photos', 'max-keys': '50', acl: null },
      headers: {},
    };
    signV2(request, 'johnsmith', { accessKeyId: 'AK', secretAccessKey: 'sk' }, Date.UTC(2007, 2, 27, 19, 44, 46));
    const text = 'GET\n\n\nTue, 27 Mar 2007 19:44:46 GMT\n/johnsmith/?acl';
    expect(request.headers['authorization']).toBe(`AWS AK:${createHmac('sha1', 'sk').update(text).digest('base64')}`);
  });
});

describe('presigned URLs', () => {
  test('have the signature of the SDK', async () => {
    const make = (): HttpRequest => ({
      method: 'GET',
      protocol: 'https:',
      hostname: 'example.com',
      path: "/bucket/a%20b/%C3%BC'(1)*",
      query: { 'response-content-type': 'text/csv; x=(1)' },
      headers: { host: 'example.com' },
    });
    const date = new Date('2026-01-02T03:04:05Z');
    const ours = make();
    const keys = { accessKeyId: 'AKTEST', secretAccessKey: secretKey, sessionToken: 'tok/+=' };
    const scope = { region: 'eu-1', service: 's3', date: '20260102T030405Z' };
    presign(ours, keys, scope, 600);
    const payload = 'x-amz-content-sha256';
    const unsigned = { ...make(), headers: { host: 'example.com', [payload]: 'UNSIGNED-PAYLOAD' } };
    const theirs = await sdkSigner('s3', 'eu-1', 'tok/+=').presign(unsigned as never, {
      signingDate: date,
      expiresIn: 600,
      unhoistableHeaders: new Set([payload]),
      unsignableHeaders: new Set([payload]),
    });
    expect(ours.query).toEqual(theirs.query);
  });
});

const secretKey = 'secret/with+odd=signs';

/** The SDK's own signer over Node's hashes. */
function sdkSigner(service: string, region: string, sessionToken?: string): SignatureV4 {
  class Sha256 {
    readonly #hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>;
    constructor(secret?: string | Uint8Array | ArrayBuffer | ArrayBufferView) {
      this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Uint8Array);
    }
    update(data: string | Uint8Array): void {
      this.#hash.update(data);
    }
    async digest(): Promise<Uint8Array> {
      return new Uint8Array(this.#hash.digest());
    }
    reset(): void {}
  }
  return new SignatureV4({
    service,
    region,
    uriEscapePath: false,
    applyChecksum: service === 's3',
    sha256: Sha256 as never,
    credentials: {
      accessKeyId: 'AKTEST',
      secretAccessKey: secretKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
  });
}
