import { afterAll, beforeAll, expect, test } from 'vitest';
import { edgeRegistry as registry } from '../../../../src/backends/registry.ts';
import { ConfigFile } from '../../../../src/config/file.ts';
import type { Backend, ByteSource, TransportThrottle } from '../../../../src/core/backend.ts';
import { bytesSource, collect } from '../../../../src/core/bytes.ts';
import { nodePlatform } from '../../../../src/node/platform.ts';
import { createSession } from '../../../../src/session.ts';
import { startOwnServer, type OwnServer } from '../../../support/own-server.ts';

let server: OwnServer;
beforeAll(async () => {
  server = await startOwnServer();
  await server.backend.mkdir('bucket');
});
afterAll(() => server.stop());

/** Counts, and lets everything pass in small pieces. */
function counting() {
  const seen = { requests: 0, up: 0, down: 0 };
  const throttle: TransportThrottle = {
    request: async () => void (seen.requests += 1),
    slow: (body, direction) => pieces(body, (bytes) => (seen[direction] += bytes)),
  };
  return { seen, throttle };
}

async function* pieces(body: ByteSource, count: (bytes: number) => void): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of body) {
    for (let at = 0; at < chunk.length; at += 50_000) {
      const piece = chunk.subarray(at, at + 50_000);
      count(piece.length);
      yield piece;
    }
  }
}

async function open(throttle: TransportThrottle, more = ''): Promise<Backend> {
  const { endpoint, accessKeyId, secretAccessKey } = server;
  const config = ConfigFile.parse(
    `[x]\ntype = s3\nprovider = Other\naccess_key_id = ${accessKeyId}\nsecret_access_key = ${secretAccessKey}\nendpoint = ${endpoint}\n${more}`,
  );
  return createSession({ platform: nodePlatform({}), registry, config, limits: { throttle } }).open('x:bucket');
}

test.each([
  ['in one request', 300_000, ''],
  ['in parts', 12_000_000, 'upload_cutoff = 5M\n'],
  ['as a presigned request', 300_000, 'use_presigned_request = true\n'],
])('every request waits for its turn, bodies go up and come down through the limit: %s', async (_how, size, more) => {
  const { seen, throttle } = counting();
  const backend = await open(throttle, more);
  const bytes = new Uint8Array(size).map((_, i) => i % 251);
  const before = server.log.length;
  await backend.write('a', bytesSource(bytes), { size });
  const { body } = await backend.read('a');
  expect(Buffer.compare(await collect(body), bytes)).toBe(0);
  expect(seen.requests).toBe(server.log.length - before);
  expect(seen.down).toBe(size);
  // What a part is wrapped in (the body of CompleteMultipartUpload) counts too.
  expect(seen.up).toBeGreaterThanOrEqual(size);
  expect(seen.up).toBeLessThan(size + 2000);
});

test('a request that may not be sent is not sent', async () => {
  const backend = await open({
    request: () => Promise.reject(new Error('not now')),
    slow: (body) => body,
  });
  const before = server.log.length;
  await expect(backend.stat('a')).rejects.toThrow('not now');
  expect(server.log.length).toBe(before);
});
