import { expect, test } from 'vitest';
import { ConfigFile } from '../../src/config/file.ts';
import { nodePlatform } from '../../src/node/platform.ts';
import { nodeRegistry } from '../../src/node/registry.ts';
import { createSession, type Session } from '../../src/session.ts';
import { tempDir } from '../support/servers.ts';
import { conformance } from './suite.ts';

const sessionWith = (config: string): Session =>
  createSession({ platform: nodePlatform({}), registry: nodeRegistry, config: ConfigFile.parse(config) });

conformance('alias of a directory', async () => {
  const dir = await tempDir();
  const session = sessionWith(`[a]\ntype = alias\nremote = ${dir.path}/below\n`);
  const backend = await session.open('a:place');
  await backend.mkdir('');
  return { backend, cleanup: dir.remove };
});

conformance('alias of an alias of a bucket', async () => {
  const session = sessionWith(
    '[m]\ntype = memory\n[inner]\ntype = alias\nremote = m:bucket\n[outer]\ntype = alias\nremote = inner:a/b\n',
  );
  const backend = await session.open('outer:c');
  await backend.mkdir('');
  return { backend, cleanup: async () => {} };
});

test('an alias stores below the place that it stands for', async () => {
  const session = sessionWith('[m]\ntype = memory\n[a]\ntype = alias\nremote = m:bucket/x\n');
  const backend = await session.open('a:y');
  await backend.write('z', (async function* () {})(), { size: 0 });
  expect((await (await session.open('m:bucket')).stat('x/y/z')).path).toBe('x/y/z');
});
