import { describe, test } from 'vitest';
import { ConfigFile } from '../../src/config/file.ts';
import { nodePlatform } from '../../src/node/platform.ts';
import { nodeRegistry } from '../../src/node/registry.ts';
import { createSession } from '../../src/session.ts';
import { findPeer } from '../support/peers.ts';
import { startSeaweedfs, startVersitygw, type S3Server } from '../support/servers.ts';
import { conformance, type Deviations } from './suite.ts';

/** Options beside endpoint and keys; the first part of the root is the bucket. */
interface Variant {
  readonly title: string;
  readonly root: string;
  readonly options: Readonly<Record<string, string>>;
  readonly deviations: Deviations;
}

function onServer(start: () => Promise<S3Server | undefined>, { title, root, options, deviations }: Variant): void {
  conformance(
    title,
    async () => {
      const server = await start();
      if (!server) throw new Error('the server is not installed although it was found');
      try {
        const { endpoint, accessKeyId, secretAccessKey } = server;
        const config = new ConfigFile();
        const keys = { access_key_id: accessKeyId, secret_access_key: secretAccessKey };
        for (const [key, value] of Object.entries({ type: 's3', endpoint, ...keys, ...options })) {
          config.set('store', key, value);
        }
        const session = createSession({ platform: nodePlatform({}), registry: nodeRegistry, config });
        const backend = await session.open(`store:${root}`);
        await backend.mkdir('');
        return { backend, cleanup: server.stop };
      } catch (e) {
        await server.stop();
        throw e;
      }
    },
    deviations,
  );
}

const control = { 'keeps control 1 in names of objects and directories': 'its listing writes U+FFFD in XML' };
const small = { chunk_size: '5Mi', upload_cutoff: '5Mi' };

if (findPeer('versitygw')) {
  // As a user of an unknown service would set it up, and with one whose DeleteObjects is used.
  onServer(startVersitygw, {
    title: 's3 on versitygw',
    root: 'bucket',
    options: { provider: 'Other' },
    deviations: { cannot: control },
  });
  onServer(startVersitygw, {
    title: 's3 on versitygw, below a prefix, in parts above 5 MiB, bulk removal',
    root: 'bucket/pre fix+',
    options: { provider: 'Minio', ...small },
    deviations: { cannot: control },
  });
} else describe.skip('s3 on versitygw', () => test('is not installed', () => {}));

if (findPeer('weed')) {
  onServer(startSeaweedfs, {
    title: 's3 on SeaweedFS',
    root: 'bucket/prefix',
    options: { provider: 'SeaweedFS' },
    deviations: {
      cannot: {
        ...control,
        'keeps backslash in names of objects and directories': 'it stores a slash',
        'removes an empty bucket only': 'it removes buckets with objects in them unless told otherwise at its start',
      },
    },
  });
} else describe.skip('s3 on SeaweedFS', () => test('is not installed', () => {}));
