import { ConfigFile } from '../../src/config/file.ts';
import { nodePlatform } from '../../src/node/platform.ts';
import { nodeRegistry } from '../../src/node/registry.ts';
import { createSession } from '../../src/session.ts';
import { startOwnServer } from '../support/own-server.ts';
import { conformance } from './suite.ts';

// Needs no peer: the S3 backend against `serve s3`, in both versions of the listing.
for (const provider of ['Cloudflare', 'Other']) {
  conformance(
    `s3 (${provider}) on serve s3 over memory`,
    async () => {
      const server = await startOwnServer();
      const config = new ConfigFile();
      const options = {
        type: 's3',
        provider,
        endpoint: server.endpoint,
        access_key_id: server.accessKeyId,
        secret_access_key: server.secretAccessKey,
      };
      for (const [key, value] of Object.entries(options)) config.set('store', key, value);
      const session = createSession({ platform: nodePlatform({}), registry: nodeRegistry, config });
      const backend = await session.open('store:bucket/some prefix');
      await server.backend.mkdir('bucket');
      return { backend, cleanup: server.stop };
    },
    {},
  );
}
