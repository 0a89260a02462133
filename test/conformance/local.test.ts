import { nodePlatform } from '../../src/node/platform.ts';
import { nodeRegistry } from '../../src/node/registry.ts';
import { createSession } from '../../src/session.ts';
import { tempDir } from '../support/servers.ts';
import { conformance } from './suite.ts';

conformance('local', async () => {
  const dir = await tempDir();
  const session = createSession({ platform: nodePlatform({}), registry: nodeRegistry });
  return { backend: await session.open(dir.path), cleanup: dir.remove };
});
