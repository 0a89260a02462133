import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigFile } from '../../src/config/file.ts';
import type { Platform } from '../../src/core/platform.ts';
import { nodePlatform } from '../../src/node/platform.ts';
import { nodeRegistry } from '../../src/node/registry.ts';
import { createSession, type Session } from '../../src/session.ts';
import { conformance } from './suite.ts';

function sessionOn(platform: Platform, remotes: Readonly<Record<string, Readonly<Record<string, string>>>>): Session {
  const config = new ConfigFile();
  for (const [name, options] of Object.entries(remotes))
    for (const [key, value] of Object.entries(options)) config.set(name, key, value);
  return createSession({ platform, registry: nodeRegistry, config });
}

/** As where there is no file system: the cache lives as long as the process. */
const { openLines: _openLines, ...inMemory } = nodePlatform({});

conformance('hasher over memory', async () => {
  const hasher = { type: 'hasher', hashes: 'sha1,sha512,blake3', remote: 'mem:bucket/dir' };
  const backend = await sessionOn(inMemory, { mem: { type: 'memory' }, h: hasher }).open('h:root');
  await backend.mkdir('');
  return { backend, cleanup: async () => {} };
});

conformance('hasher over chunker over memory', async () => {
  const session = sessionOn(inMemory, {
    mem: { type: 'memory' },
    c: { type: 'chunker', chunk_size: '4Mi', remote: 'mem:bucket/dir' },
    h: { type: 'hasher', auto_size: '1Gi', remote: 'c:below' },
  });
  const backend = await session.open('h:root');
  await backend.mkdir('');
  return { backend, cleanup: async () => {} };
});

conformance('hasher over local', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tsclone-hasher-'));
  const platform = nodePlatform({ RCLONE_CACHE_DIR: join(folder, 'cache') });
  const backend = await sessionOn(platform, { h: { type: 'hasher', remote: join(folder, 'data') } }).open('h:root');
  await backend.mkdir('');
  return { backend, cleanup: () => rm(folder, { recursive: true }) };
});
