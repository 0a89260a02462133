import { describe, expect, test } from 'vitest';
import { agentOptions, defaultNetwork, proxyFor } from '../../../src/core/network.ts';

describe('the proxy of a URL', () => {
  const env = { HTTP_PROXY: 'plain.example:3128', HTTPS_PROXY: 'https://user:pw@secure.example' };
  const of = (url: string, more: Record<string, string> = {}): string | undefined =>
    proxyFor({ ...env, ...more }, new URL(url));

  test.each([
    ['http://storage.example/b', {}, 'http://plain.example:3128'],
    ['https://storage.example/b', {}, 'https://user:pw@secure.example'],
    ['https://storage.example/b', { HTTPS_PROXY: '', https_proxy: 'http://lower.example' }, 'http://lower.example'],
    ['https://storage.example/b', { HTTPS_PROXY: '' }, undefined],
    ['http://storage.example/b', { REQUEST_METHOD: 'GET' }, undefined],
    ['http://localhost:9000/b', {}, undefined],
    ['http://127.0.0.1:9000/b', {}, undefined],
    ['http://[::1]:9000/b', {}, undefined],
    ['https://b.s3.example', { NO_PROXY: '*' }, undefined],
    ['https://b.s3.example', { NO_PROXY: 'a.example, s3.example' }, undefined],
    ['https://s3.example', { no_proxy: 's3.example' }, undefined],
    ['https://s3.example', { NO_PROXY: '.s3.example' }, 'https://user:pw@secure.example'],
    ['https://b.s3.example', { NO_PROXY: '*.s3.example' }, undefined],
    ['https://bs3.example', { NO_PROXY: 's3.example' }, 'https://user:pw@secure.example'],
    ['https://s3.example:9000', { NO_PROXY: 's3.example:9000' }, undefined],
    ['https://s3.example', { NO_PROXY: 's3.example:9000' }, 'https://user:pw@secure.example'],
    ['https://s3.example', { NO_PROXY: 's3.example:443' }, undefined],
    ['http://10.1.2.3:9000', { NO_PROXY: '10.1.0.0/16' }, undefined],
    ['http://10.2.2.3:9000', { NO_PROXY: '10.1.0.0/16' }, 'http://plain.example:3128'],
    ['http://10.1.2.3:9000', { NO_PROXY: '10.1.2.3' }, undefined],
    ['http://110.1.2.3:9000', { NO_PROXY: '10.1.2.3' }, 'http://plain.example:3128'],
  ] as [string, Record<string, string>, string | undefined][])('%s with %j', (url, more, proxy) => {
    expect(of(url, more)).toBe(proxy);
  });
});

test('settings become options of agents', () => {
  expect(agentOptions(defaultNetwork, 20)).toEqual({
    http: { keepAlive: true, maxSockets: 20 },
    https: { keepAlive: true, maxSockets: 20 },
  });
  const client = { cert: 'C', key: 'K', passphrase: 'P' };
  const all = { ...defaultNetwork, bind: '127.0.0.2', authorities: ['A'], client, checkCertificates: false };
  expect(agentOptions({ ...all, keepAlive: false, maxConnections: 3 }, 20)).toEqual({
    http: { keepAlive: false, maxSockets: Number.POSITIVE_INFINITY, maxTotalSockets: 3, localAddress: '127.0.0.2' },
    https: {
      keepAlive: false,
      maxSockets: Number.POSITIVE_INFINITY,
      maxTotalSockets: 3,
      localAddress: '127.0.0.2',
      ca: ['A'],
      ...client,
      rejectUnauthorized: false,
    },
  });
});
