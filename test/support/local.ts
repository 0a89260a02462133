import { createLocalBackend } from '../../src/backends/local/backend.ts';
import { local } from '../../src/backends/local/definition.ts';
import type { Backend } from '../../src/core/backend.ts';
import { nodePlatform } from '../../src/node/platform.ts';
import { parseOptions } from '../../src/options/derive.ts';

/** Files below an absolute directory, with some of the backend's options. */
export function openFiles(root: string, given: Readonly<Record<string, string>> = {}): Backend {
  const options = parseOptions(local, 'local', (key) => given[key]) as never;
  return createLocalBackend({ name: 'local', options, platform: nodePlatform({}), emit: () => {} }, root);
}
