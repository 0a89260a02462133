import { afterEach, beforeEach, expect, test } from 'vitest';
import { createMemoryBackend } from '../../../src/backends/memory/backend.ts';
import type { Backend } from '../../../src/core/backend.ts';
import { nodePlatform } from '../../../src/node/platform.ts';
import { syncDirectories } from '../../../src/operations/sync/sync.ts';
import { put } from '../../support/layered.ts';
import { contextFor } from '../../support/operations.ts';

const warnings: string[] = [];
const note = (w: Error): void => void warnings.push(w.name);
beforeEach(() => void process.on('warning', note));
afterEach(() => void process.off('warning', note));

test('many calls that listen to the signal of a run raise no warning', async () => {
  const src = createMemoryBackend('memory', nodePlatform({})).at('bucket');
  for (let i = 0; i < 40; i++) await put(src, `f${i}`, 'x');
  const listening: Backend = {
    ...src,
    async read(path, o) {
      const signal = o?.signal;
      const listener = (): void => {};
      signal?.addEventListener('abort', listener);
      await new Promise((resolve) => setImmediate(resolve));
      signal?.removeEventListener('abort', listener);
      return src.read(path, o);
    },
  };
  const dst = createMemoryBackend('memory', nodePlatform({})).at('bucket');
  const { c } = contextFor({ transfers: 40 }, { signal: new AbortController().signal });
  const open = async (): Promise<Backend> => dst;
  await syncDirectories(c, listening, dst, {
    mode: 'copy',
    createEmptySrcDirs: false,
    deleteEmptySrcDirs: false,
    open,
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(warnings).toEqual([]);
});
