import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onServer, sessionWith } from '../support/layered.ts';
import { startOwnServer } from '../support/own-server.ts';
import { conformance } from './suite.ts';

const memory = { type: 'memory' };
const nothing = async (): Promise<void> => {};

for (const options of [{}, { create_policy: 'all', search_policy: 'newest' }]) {
  const title = Object.entries(options).map(([k, v]) => ` ${k}=${v}`);
  conformance(`union over memory${title.join('')}`, async () => {
    const upstreams = 'm:one/deep n:two';
    const session = sessionWith({ m: memory, n: memory, u: { type: 'union', upstreams, ...options } });
    const backend = await session.open('u:root/here');
    await backend.mkdir('');
    return { backend, cleanup: nothing };
  });
}

conformance('union over directories', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tsclone-union-'));
  const session = sessionWith({ u: { type: 'union', upstreams: `"${folder}/a b" ${folder}/c` } });
  const backend = await session.open('u:root');
  await backend.mkdir('');
  return { backend, cleanup: () => rm(folder, { recursive: true }) };
});

conformance('union over a directory and s3, written both', async () => {
  const server = await startOwnServer();
  await server.backend.mkdir('bucket');
  const folder = await mkdtemp(join(tmpdir(), 'tsclone-union-'));
  const upstreams = `s:bucket/prefix ${folder}`;
  const session = sessionWith({ s: onServer(server), u: { type: 'union', upstreams, create_policy: 'all' } });
  const cleanup = async (): Promise<void> => {
    await server.stop();
    await rm(folder, { recursive: true });
  };
  return { backend: await session.open('u:'), cleanup };
});

conformance('union over a union and a combine', async () => {
  const session = sessionWith({
    m: memory,
    u: { type: 'union', upstreams: '":union,upstreams=""m:a m:b"":" :combine,upstreams="dir=m:c":dir' },
  });
  const backend = await session.open('u:');
  await backend.mkdir('');
  return { backend, cleanup: nothing };
});
