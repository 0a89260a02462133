import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { obscured, onServer, sessionWith } from '../support/layered.ts';
import { startOwnServer } from '../support/own-server.ts';
import { conformance } from './suite.ts';

const memory = { type: 'memory' };
const nothing = async (): Promise<void> => {};

conformance('combine over a directory, crypt over s3, and memory', async () => {
  const server = await startOwnServer();
  await server.backend.mkdir('bucket');
  const folder = await mkdtemp(join(tmpdir(), 'tsclone-combine-'));
  const session = sessionWith({
    s: onServer(server),
    m: memory,
    x: { type: 'crypt', remote: 's:bucket/prefix', password: obscured('correct horse') },
    c: { type: 'combine', upstreams: `x=x: l=${folder} m=m:bucket` },
  });
  const cleanup = async (): Promise<void> => {
    await server.stop();
    await rm(folder, { recursive: true });
  };
  return { backend: await session.open('c:x'), cleanup };
});

// The trials of the suite lie in directories of the root: each is an upstream.
conformance('the root of a combine', async () => {
  const upstreams = Array.from({ length: 200 }, (_, i) => `case-${i}=m:bucket/${i}`).join(' ');
  const session = sessionWith({ m: memory, c: { type: 'combine', upstreams } });
  await (await session.open('m:bucket')).mkdir('');
  return { backend: await session.open('c:'), cleanup: nothing };
});
