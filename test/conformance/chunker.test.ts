import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { obscured, onServer, sessionWith } from '../support/layered.ts';
import { startOwnServer } from '../support/own-server.ts';
import { conformance } from './suite.ts';
import type { Opened } from './suite/trial.ts';

const modes: readonly Readonly<Record<string, string>>[] = [
  { chunk_size: '3Mi' },
  { chunk_size: '5Mi', transactions: 'norename', hash_type: 'sha1all' },
  { chunk_size: '4Mi', hash_type: 'none', meta_format: 'none', name_format: '*.part#', start_from: '0' },
];

for (const options of modes) {
  const title = Object.entries(options).map(([k, v]) => ` ${k}=${v}`);
  conformance(`chunker over memory${title.join('')}`, async () => {
    const chunker = { type: 'chunker', ...options, remote: 'mem:bucket/dir' };
    const session = sessionWith({ mem: { type: 'memory' }, c: chunker });
    const backend = await session.open('c:root/deep');
    await backend.mkdir('');
    return { backend, cleanup: async () => {} };
  });
}

const onDisk = async (options: Readonly<Record<string, string>>): Promise<Opened> => {
  const folder = await mkdtemp(join(tmpdir(), 'tsclone-chunker-'));
  const backend = await sessionWith({ c: { type: 'chunker', ...options, remote: folder } }).open('c:root');
  await backend.mkdir('');
  return { backend, cleanup: () => rm(folder, { recursive: true }) };
};

const tooLong = { 'keeps long in names of objects and directories': 'with the suffix of a chunk it is too long' };

conformance('chunker over local', () => onDisk({ chunk_size: '3Mi' }), {
  cannot: {
    'gives no hash that it does not have': 'as in rclone a plain object has all that the wrapped remote gives',
  },
});
conformance('chunker over local hash_type=md5all', () => onDisk({ chunk_size: '6Mi', hash_type: 'md5all' }), {
  cannot: tooLong,
});
conformance('chunker over local meta_format=none', () => onDisk({ ...modes[2], chunk_size: '5Mi' }), {
  cannot: tooLong,
});

conformance('chunker over s3', async () => {
  const server = await startOwnServer();
  await server.backend.mkdir('bucket');
  const chunker = { type: 'chunker', chunk_size: '2Mi', transactions: 'auto', remote: 's:bucket/prefix' };
  const session = sessionWith({ s: onServer(server), c: chunker });
  return { backend: await session.open('c:'), cleanup: server.stop };
});

conformance('chunker over the buckets of s3', async () => {
  const server = await startOwnServer();
  const session = sessionWith({ s: onServer(server), c: { type: 'chunker', chunk_size: '2Mi', remote: 's:' } });
  await server.backend.mkdir('bucket');
  return { backend: await session.open('c:bucket/prefix'), cleanup: server.stop };
});

conformance('chunker over crypt over memory', async () => {
  const session = sessionWith({
    mem: { type: 'memory' },
    secret: { type: 'crypt', password: obscured('correct horse'), remote: 'mem:bucket/dir' },
    c: { type: 'chunker', chunk_size: '3Mi', remote: 'secret:' },
  });
  const backend = await session.open('c:root');
  await backend.mkdir('');
  return { backend, cleanup: async () => {} };
});

conformance('crypt over chunker over memory', async () => {
  const session = sessionWith({
    mem: { type: 'memory' },
    c: { type: 'chunker', chunk_size: '3Mi', remote: 'mem:bucket/dir' },
    secret: { type: 'crypt', password: obscured('correct horse'), remote: 'c:below' },
  });
  const backend = await session.open('secret:root');
  await backend.mkdir('');
  return { backend, cleanup: async () => {} };
});
