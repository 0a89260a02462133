import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { obscured, onServer, sessionWith } from '../support/layered.ts';
import { startOwnServer } from '../support/own-server.ts';
import { conformance } from './suite.ts';

const secrets = { type: 'crypt', password: obscured('correct horse'), password2: obscured('battery staple') };

const modes: readonly Readonly<Record<string, string>>[] = [
  {},
  { filename_encoding: 'base64' },
  { filename_encryption: 'obfuscate', directory_name_encryption: 'false' },
  { filename_encryption: 'off', suffix: '.enc' },
  { no_data_encryption: 'true' },
];

for (const options of modes) {
  const title = Object.entries(options).map(([k, v]) => ` ${k}=${v}`);
  conformance(`crypt over memory${title.join('')}`, async () => {
    const session = sessionWith({ mem: { type: 'memory' }, c: { ...secrets, ...options, remote: 'mem:bucket/dir' } });
    const backend = await session.open('c:root/deep');
    await backend.mkdir('');
    return { backend, cleanup: async () => {} };
  });
}

conformance(
  'crypt over local',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tsclone-crypt-'));
    const backend = await sessionWith({ c: { ...secrets, remote: folder } }).open('c:root');
    await backend.mkdir('');
    return { backend, cleanup: () => rm(folder, { recursive: true }) };
  },
  { cannot: { 'keeps long in names of objects and directories': 'encrypted it has more than 255 bytes' } },
);

conformance('crypt over s3', async () => {
  const server = await startOwnServer();
  await server.backend.mkdir('bucket');
  const session = sessionWith({ s: onServer(server), c: { ...secrets, remote: 's:bucket/prefix' } });
  return { backend: await session.open('c:'), cleanup: server.stop };
});

conformance('crypt over the buckets of s3', async () => {
  const server = await startOwnServer();
  const names = { filename_encryption: 'off', suffix: '.bin' };
  const session = sessionWith({ s: onServer(server), c: { ...secrets, ...names, remote: 's:' } });
  await server.backend.mkdir('bucket');
  return { backend: await session.open('c:bucket/prefix'), cleanup: server.stop };
});
