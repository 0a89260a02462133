import { describe, expect, test } from 'vitest';
import { createMemoryBackend } from '../../../src/backends/memory/backend.ts';
import type { Backend } from '../../../src/core/backend.ts';
import { nodePlatform } from '../../../src/node/platform.ts';
import type { OperationSettings } from '../../../src/operations/settings.ts';
import { syncDirectories } from '../../../src/operations/sync/sync.ts';
import { put } from '../../support/layered.ts';
import { contextFor } from '../../support/operations.ts';

const platform = nodePlatform({});
const bucket = (): Backend => createMemoryBackend('memory', platform).at('bucket');

async function namesIn(backend: Backend): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of backend.list('', { recursive: true })) names.push(entry.path);
  return names;
}

/** A backend whose reads begin only when `opened` says so. */
function gated(backend: Backend, onRead: (path: string) => Promise<void>): Backend {
  return {
    ...backend,
    read: async (path, o) => {
      await onRead(path);
      o?.signal?.throwIfAborted();
      return backend.read(path, o);
    },
  };
}

/** --max-duration that passes when the test says so. */
async function sync(src: Backend, dst: Backend, settings: Partial<OperationSettings>, passed: Promise<void>) {
  const { c, logs } = contextFor(
    { transfers: 1, checkers: 1, maxDuration: 1_000_000_000n, ...settings },
    { platform: { ...platform, sleep: () => passed } },
  );
  const open = async (): Promise<Backend> => dst;
  const error: unknown = await syncDirectories(c, src, dst, {
    mode: 'sync',
    createEmptySrcDirs: false,
    deleteEmptySrcDirs: false,
    open,
  }).catch((e: unknown) => e);
  return { error, logs: logs() };
}

describe('--max-duration', () => {
  async function run(settings: Partial<OperationSettings>, passesAt: string) {
    const src = bucket();
    for (const name of ['a', 'b', 'c']) await put(src, name, name);
    const dst = bucket();
    await put(dst, 'extra', 'x');
    let pass = (): void => {};
    const passed = new Promise<void>((resolve) => (pass = resolve));
    const source = gated(src, async (path) => {
      if (path !== passesAt) return;
      pass();
      await new Promise((resolve) => setImmediate(resolve));
    });
    const result = await sync(source, dst, settings, passed);
    return { ...result, names: await namesIn(dst) };
  }

  test('hard: what is under way is stopped', async () => {
    const { error, names, logs } = await run({ cutoffMode: 'hard' }, 'b');
    expect(error).toMatchObject({ code: 'duration_limit' });
    expect(names).toEqual(['a', 'extra']);
    expect(logs).toContain('error b: Failed to copy: context deadline exceeded');
    expect(logs).not.toContain(expect.stringContaining('Cancelling sync'));
  });

  test('soft: what is under way ends, nothing more begins and nothing is deleted', async () => {
    const { error, names, logs } = await run({ cutoffMode: 'soft' }, 'b');
    expect(error).toMatchObject({ code: 'duration_limit' });
    expect(names).toEqual(['a', 'b', 'extra']);
    expect(logs).toContain(
      'error : not deleting files as there were IO errors'.replace(' :', ` ${"Memory root 'bucket'"}:`),
    );
  });

  test('soft: no error when the last one was under way', async () => {
    const { error, names } = await run({ cutoffMode: 'soft' }, 'c');
    expect(error).toBeUndefined();
    expect(names).toEqual(['a', 'b', 'c']);
  });
});

describe('--max-transfer', () => {
  const never = new Promise<void>(() => {});
  async function run(settings: Partial<OperationSettings>) {
    const src = bucket();
    for (const name of ['a', 'b', 'c', 'd']) await put(src, name, name.repeat(10));
    const dst = bucket();
    const { error, logs } = await sync(src, dst, { maxDuration: 0n, maxTransfer: 25, ...settings }, never);
    return { error, logs, names: await namesIn(dst) };
  }

  test.each([
    ['hard', ['a', 'b'], true],
    ['soft', ['a', 'b', 'c'], false],
    ['cautious', ['a', 'b'], false],
  ] as const)('%s', async (cutoffMode, stored, fatal) => {
    const { error, names } = await run({ cutoffMode });
    expect(error).toMatchObject({ code: 'transfer_limit', fatal });
    expect(names).toEqual(stored);
  });

  test('cautious counts what is under way', async () => {
    const { names } = await run({ cutoffMode: 'cautious', transfers: 4 });
    expect(names).toHaveLength(2);
  });
});
