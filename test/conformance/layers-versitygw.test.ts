import { describe, test } from 'vitest';
import { sessionWith } from '../support/layered.ts';
import { findPeer } from '../support/peers.ts';
import { startVersitygw } from '../support/servers.ts';
import { crypt, gzip } from '../support/stacks.ts';
import { conformance } from './suite.ts';

if (findPeer('versitygw')) {
  conformance(
    'crypt over compress over s3 on versitygw',
    async () => {
      const server = await startVersitygw();
      if (!server) throw new Error('the server is not installed although it was found');
      const { endpoint, accessKeyId, secretAccessKey } = server;
      const keys = { access_key_id: accessKeyId, secret_access_key: secretAccessKey };
      const session = sessionWith({
        s: { type: 's3', provider: 'Other', endpoint, ...keys },
        mid: { ...gzip, remote: 's:bucket/prefix' },
        top: { ...crypt, remote: 'mid:' },
      });
      try {
        await (await session.open('s:bucket')).mkdir('');
        return { backend: await session.open('top:'), cleanup: server.stop };
      } catch (e) {
        await server.stop();
        throw e;
      }
    },
    {
      cannot: {
        'keeps long in names of objects and directories': 'encrypted it is longer than names in its file system',
      },
    },
  );
} else describe.skip('crypt over compress over s3 on versitygw', () => test('is not installed', () => {}));
