import { nodePlatform } from '../../src/node/platform.ts';
import { nodeRegistry } from '../../src/node/registry.ts';
import { createSession } from '../../src/session.ts';
import { conformance } from './suite.ts';

conformance('memory', async () => {
  const session = createSession({ platform: nodePlatform({}), registry: nodeRegistry });
  const backend = await session.open(':memory:bucket/prefix');
  await backend.mkdir('');
  return { backend, cleanup: async () => {} };
});
