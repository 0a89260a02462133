import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLocalBackend } from '../../../src/backends/local/backend.ts';
import { createMemoryBackend } from '../../../src/backends/memory/backend.ts';
import type { Backend } from '../../../src/core/backend.ts';
import { parseEncoding } from '../../../src/core/encoding.ts';
import { obscured, onServer, platform, sessionWith } from '../../support/layered.ts';
import { startOwnServer, type OwnServer } from '../../support/own-server.ts';
import { probe, type ProbeContext } from '../../support/s3-probe.ts';
import { tempDir } from '../../support/servers.ts';

/** Stores that differ in what they can keep: everything, no metadata, no ETag, and another S3 service. */
const stores: Readonly<Record<string, () => Promise<{ backend: Backend; remove(): Promise<void> }>>> = {
  async memory() {
    return { backend: createMemoryBackend('memory', platform), remove: async () => {} };
  },
  async local() {
    const dir = await tempDir();
    const options = { encoding: parseEncoding('Slash,Dot'), copy_links: false } as never;
    const backend = createLocalBackend({ name: 'local', options, platform, emit: () => {} }, dir.path);
    return { backend, remove: dir.remove };
  },
  async 'crypt over memory'() {
    const session = sessionWith({
      base: { type: 'memory' },
      secret: { type: 'crypt', remote: 'base:bucket', password: obscured('one'), password2: obscured('two') },
    });
    return { backend: await session.open('secret:'), remove: async () => {} };
  },
  async 'another S3 service'() {
    const server = await startOwnServer();
    await server.backend.mkdir('bucket');
    const session = sessionWith({ store: onServer(server) });
    return { backend: await session.open('store:bucket/below'), remove: server.stop };
  },
};

describe.each(Object.keys(stores))('the probe of S3 servers on serve s3 over %s', (kind) => {
  let store: Awaited<ReturnType<(typeof stores)[string]>>;
  let server: OwnServer;
  let c: ProbeContext;

  beforeAll(async () => {
    store = await (stores[kind] as (typeof stores)[string])();
    server = await startOwnServer({ backend: store.backend });
    const { accessKeyId, endpoint } = server;
    const clientWith = (id: string, secretAccessKey: string): S3Client =>
      new S3Client({
        endpoint,
        region: 'us-east-1',
        forcePathStyle: true,
        credentials: { accessKeyId: id, secretAccessKey },
        maxAttempts: 1,
      });
    c = { client: clientWith(accessKeyId, server.secretAccessKey), clientWith, accessKeyId, bucket: 'probe-bucket' };
    await c.client.send(new CreateBucketCommand({ Bucket: c.bucket }));
  });
  afterAll(async () => {
    c.client.destroy();
    await server.stop();
    await store.remove();
  });

  expect(probe.length).toBe(23);
  for (const check of probe) {
    if (check.name !== 'versioning') test(check.name, () => check.run(c));
  }

  test('versioning, the one of 23 that is not there, is refused by name', async () => {
    const enable = new PutBucketVersioningCommand({
      Bucket: c.bucket,
      VersioningConfiguration: { Status: 'Enabled' },
    });
    await expect(c.client.send(enable)).rejects.toMatchObject({
      name: 'NotImplemented',
      message: 'PutBucketVersioning not implemented',
      $metadata: { httpStatusCode: 501 },
    });
  });
});
