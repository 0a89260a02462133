import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cli } from '../../support/cli.ts';
import { tempDir } from '../../support/servers.ts';

let dir: Awaited<ReturnType<typeof tempDir>>;
beforeAll(async () => {
  dir = await tempDir();
});
afterAll(() => dir.remove());

async function trees(name: string): Promise<{ src: string; dst: string; names: () => Promise<string[]> }> {
  const [src, dst] = [join(dir.path, name, 'src'), join(dir.path, name, 'dst')];
  await mkdir(join(src, 'Dir/Sub'), { recursive: true });
  await mkdir(join(dst, 'dir/sub'), { recursive: true });
  await writeFile(join(src, 'Dir/Sub/File'), 'x');
  await writeFile(join(dst, 'dir/sub/file'), 'x');
  return { src, dst, names: async () => (await readdir(dst, { recursive: true })).sort() };
}

test('--fix-case renames directories and what is in them; nothing is left under the old names', async () => {
  const { src, dst, names } = await trees('sync');
  const args = ['sync', src, dst, '--fix-case', '--ignore-case-sync', '--dest-after', '-', '--files-only=false'];
  const { code, stdout } = await cli(args);
  expect(code).toBe(0);
  expect(await names()).toEqual(['Dir', 'Dir/Sub', 'Dir/Sub/File']);
  expect(stdout).toBe('Dir/\nDir/Sub/\nDir/Sub/File\n');
});

test('a dry run of it changes nothing', async () => {
  const { src, dst, names } = await trees('dry');
  const before = await names();
  expect((await cli(['sync', src, dst, '--fix-case', '--ignore-case-sync', '-n'])).code).toBe(0);
  expect(await names()).toEqual(before);
});

test('--dest-after of a destination that does not exist is empty', async () => {
  const { src } = await trees('missing');
  const done = await cli(['copy', src, join(dir.path, 'nowhere'), '-n', '--dest-after', '-']);
  expect([done.code, done.stdout]).toEqual([0, '']);
});
