import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import * as module from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run, tscloneBin } from '../../support/run.ts';
import { tempDir } from '../../support/servers.ts';

// Node has it from 22.8 on.
describe.skipIf(!module.enableCompileCache)('compiled code is kept', () => {
  let dir: Awaited<ReturnType<typeof tempDir>>;
  beforeEach(async () => (dir = await tempDir()));
  afterEach(() => dir.remove());

  const start = async (env: Readonly<Record<string, string>>): Promise<void> => {
    const done = await run('env', ['-u', 'NODE_COMPILE_CACHE', process.execPath, tscloneBin, 'version'], { env });
    expect([done.code, done.stderr]).toEqual([0, '']);
  };

  test('in the cache folder of the user', async () => {
    await start({ HOME: dir.path });
    expect(await readdir(join(dir.path, '.cache'))).toEqual(['tsclone']);
    expect(await readdir(join(dir.path, '.cache/tsclone'))).toHaveLength(1);
  });

  test('where XDG_CACHE_HOME says', async () => {
    await mkdir(join(dir.path, 'home'));
    await start({ HOME: join(dir.path, 'home'), XDG_CACHE_HOME: join(dir.path, 'caches') });
    expect(await readdir(join(dir.path, 'caches'))).toEqual(['tsclone']);
    expect(await readdir(join(dir.path, 'home'))).toEqual([]);
  });

  test('nowhere for a user without a home, and where it is forbidden', async () => {
    await start({ HOME: join(dir.path, 'missing') });
    expect(existsSync(join(dir.path, 'missing'))).toBe(false);
    await start({ HOME: dir.path, NODE_DISABLE_COMPILE_CACHE: '1' });
    expect(await readdir(dir.path)).toEqual([]);
  });
});
