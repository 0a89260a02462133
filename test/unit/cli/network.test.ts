import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cli, type CliResult } from '../../support/cli.ts';
import { startOwnServer, type OwnServer } from '../../support/own-server.ts';

/** Certificates made for tests alone: nothing trusts them, their keys are public. */
const { authority, good } = JSON.parse(readFileSync(new URL('../../vectors/tls.json', import.meta.url), 'utf8')) as {
  authority: string;
  good: { cert: string; key: string };
};

let dir: string;
let server: OwnServer;
/** In front of `server`: TLS that asks for a certificate of the client. */
let secure: Server;
/** Knows one host, `storage.example`, wherever it is asked to go. */
let proxy: Server;
const clients: { authorized: boolean; from: string | undefined; connection: string | undefined }[] = [];
const proxied: string[] = [];

const portOf = (s: Server): number => (s.address() as AddressInfo).port;
const listening = (s: Server): Promise<void> => new Promise((resolve) => s.listen(0, '127.0.0.1', resolve));

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tsclone-network-'));
  server = await startOwnServer();
  await server.backend.at('').mkdir('bucket');
  const upstream = new URL(server.endpoint);
  secure = createTlsServer({ ...good, ca: [authority], requestCert: true, rejectUnauthorized: false }, (req, res) => {
    const socket = req.socket as TLSSocket;
    const { authorized, remoteAddress } = socket;
    clients.push({ authorized, from: remoteAddress, connection: req.headers.connection });
    const on = request({
      host: upstream.hostname,
      port: upstream.port,
      path: req.url,
      method: req.method,
      headers: req.headers,
    });
    on.on('response', (answer) => answer.pipe(res.writeHead(answer.statusCode ?? 500, answer.headers)));
    req.pipe(on);
  });
  await listening(secure);
  proxy = createServer((req, res) => {
    proxied.push(`${req.method} ${req.url} ${req.headers['proxy-authorization'] ?? ''}`.trim());
    const { pathname, search } = new URL(req.url ?? '');
    const { 'proxy-authorization': _, ...headers } = req.headers;
    const on = request({
      host: upstream.hostname,
      port: upstream.port,
      path: pathname + search,
      method: req.method,
      headers,
    });
    on.on('response', (answer) => answer.pipe(res.writeHead(answer.statusCode ?? 500, answer.headers)));
    req.pipe(on);
  });
  proxy.on('connect', (req, socket: Socket) => {
    proxied.push(`CONNECT ${req.url}`);
    const on = connect(portOf(secure), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      on.pipe(socket).pipe(on);
    });
    on.on('error', () => socket.destroy());
    socket.on('error', () => on.destroy());
  });
  await listening(proxy);
  for (const [name, text] of Object.entries({ 'ca.pem': authority, 'cert.pem': good.cert, 'key.pem': good.key }))
    await writeFile(join(dir, name), text);
});
afterAll(async () => {
  for (const s of [secure, proxy]) {
    s.closeAllConnections();
    s.close();
  }
  await server.stop();
  await rm(dir, { recursive: true });
});

async function at(endpoint: string, args: string[], env: Record<string, string> = {}): Promise<CliResult> {
  clients.length = 0;
  proxied.length = 0;
  const remote = { TYPE: 's3', PROVIDER: 'Other', ENDPOINT: endpoint };
  const keys = { ACCESS_KEY_ID: server.accessKeyId, SECRET_ACCESS_KEY: server.secretAccessKey };
  const variables = Object.entries({ ...remote, ...keys }).map(([k, v]) => [`RCLONE_CONFIG_S_${k}`, v]);
  return cli(['lsf', 's:', '--retries', '1', '--low-level-retries', '1', ...args], {
    env: { ...(Object.fromEntries(variables) as Record<string, string>), ...env },
  });
}

describe('TLS', () => {
  const endpoint = (): string => `https://127.0.0.1:${portOf(secure)}`;
  const file = (name: string): string => join(dir, name);

  test('a certificate that nobody vouches for is refused', async () => {
    const done = await at(endpoint(), []);
    expect(done.code).toBe(1);
    expect(done.stderr).toMatch(/certificate/);
    expect(clients).toEqual([]);
  });

  test('--ca-cert says who vouches', async () => {
    expect(await at(endpoint(), ['--ca-cert', file('ca.pem')])).toMatchObject({ code: 0, stdout: 'bucket/\n' });
    expect(clients[0]).toMatchObject({ authorized: false, connection: 'keep-alive' });
  });

  test('--no-check-certificate takes any', async () => {
    expect(await at(endpoint(), ['--no-check-certificate'])).toMatchObject({ code: 0, stdout: 'bucket/\n' });
  });

  test('--client-cert and --client-key say who we are', async () => {
    const pair = ['--client-cert', file('cert.pem'), '--client-key', file('key.pem')];
    expect(await at(endpoint(), ['--ca-cert', file('ca.pem'), ...pair])).toMatchObject({ code: 0 });
    expect(clients[0]).toMatchObject({ authorized: true });
  });

  test('--bind and --disable-http-keep-alives', async () => {
    const args = ['--ca-cert', file('ca.pem'), '--bind', '127.0.0.9', '--disable-http-keep-alives'];
    expect(await at(endpoint(), args)).toMatchObject({ code: 0 });
    expect(clients[0]).toMatchObject({ from: '127.0.0.9', connection: 'close' });
  });

  test.each([
    [['--client-cert', 'x'], /--client-cert and --client-key go together/],
    [['--ca-cert', '/nonexistent/ca.pem'], /--ca-cert \/nonexistent\/ca\.pem: ENOENT/],
    [['--ca-cert', '/dev/null'], /it is no PEM file/],
    [['--http-proxy', 'nonsense'], /--http-proxy is no URL/],
  ])('%j is refused in one line', async (args, says) => {
    const done = await at(endpoint(), args);
    expect(done.code).not.toBe(0);
    expect(done.stderr.trimEnd().split('\n').at(-1)).toMatch(says);
    expect(clients).toEqual([]);
  });
});

describe('a proxy', () => {
  const address = (): string => `http://127.0.0.1:${portOf(proxy)}`;

  test('gets whole requests of http, with its own password', async () => {
    const through = `http://user:pass@127.0.0.1:${portOf(proxy)}`;
    expect(await at('http://storage.example', ['--http-proxy', through])).toMatchObject({
      code: 0,
      stdout: 'bucket/\n',
    });
    const basic = `Basic ${Buffer.from('user:pass').toString('base64')}`;
    expect(proxied[0]).toBe(`GET http://storage.example/?x-id=ListBuckets ${basic}`);
  });

  test('gets a tunnel for https, and the certificate is still checked', async () => {
    const args = ['--http-proxy', address(), '--ca-cert', join(dir, 'ca.pem')];
    expect(await at('https://127.0.0.1:9', args)).toMatchObject({ code: 0, stdout: 'bucket/\n' });
    expect(proxied).toEqual(['CONNECT 127.0.0.1:9']);
    expect((await at('https://127.0.0.1:9', ['--http-proxy', address()])).stderr).toMatch(/certificate/);
  });

  test('is found in the environment, and left out where that says so', async () => {
    const env = { HTTP_PROXY: address() };
    expect(await at('http://storage.example', [], env)).toMatchObject({ code: 0, stdout: 'bucket/\n' });
    expect(proxied).toHaveLength(1);
    expect((await at(server.endpoint, [], env)).code).toBe(0);
    expect(proxied).toEqual([]);
    const done = await at('http://storage.invalid', [], { ...env, NO_PROXY: '.invalid' });
    expect([done.code, proxied]).toEqual([1, []]);
  });

  test('of a kind that is not built in is refused by name, without its password', async () => {
    const done = await at('http://storage.example', ['--http-proxy', 'socks5://user:pass@127.0.0.1:1']);
    expect(done.code).toBe(1);
    expect(done.stderr).toMatch(/proxy "socks5:\/\/127\.0\.0\.1:1": only http:\/\/ and https:\/\/ are built in/);
    expect(done.stderr).not.toContain('pass@');
  });
});

test('copyurl, which connects by itself, refuses what it cannot heed', async () => {
  const done = await cli(['copyurl', 'https://storage.example/x', ':memory:b/x', '--no-check-certificate']);
  expect(done.code).toBe(2);
  expect(done.stderr).toContain('copyurl does not heed --no-check-certificate');
});
