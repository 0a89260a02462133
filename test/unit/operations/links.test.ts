import { lstat, mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createMemoryBackend } from '../../../src/backends/memory/backend.ts';
import { nodePlatform } from '../../../src/node/platform.ts';
import { cli } from '../../support/cli.ts';
import { put } from '../../support/layered.ts';
import { openFiles } from '../../support/local.ts';
import { tempDir } from '../../support/servers.ts';

let dir: Awaited<ReturnType<typeof tempDir>>;
let n = 0;
let root = '';
beforeAll(async () => {
  dir = await tempDir();
});
afterAll(() => dir.remove());
beforeEach(async () => {
  root = join(dir.path, String(n++));
  await mkdir(root);
});

test('a link that took the place of a file outlives the deletion of the file', async () => {
  await mkdir(join(root, 'src'));
  await mkdir(join(root, 'dst'));
  await symlink('elsewhere', join(root, 'src/x'));
  await writeFile(join(root, 'dst/x'), 'a file');
  const done = await cli(['sync', '--links', join(root, 'src'), join(root, 'dst')]);
  expect(done.code).toBe(0);
  expect(await readlink(join(root, 'dst/x'))).toBe('elsewhere');
});

test('links have the time of the source to the nanosecond, and leave what they point to alone', async () => {
  await writeFile(join(root, 'file'), 'text');
  const before = (await lstat(join(root, 'file'), { bigint: true })).mtimeNs;
  const backend = openFiles(root, { links: 'true' });
  await put(backend, 'l.rclonelink', 'file');
  await backend.setModTime?.('l.rclonelink', 1_234_567_890_123_456_789n);
  expect((await lstat(join(root, 'l'), { bigint: true })).mtimeNs).toBe(1_234_567_890_123_456_789n);
  expect((await lstat(join(root, 'file'), { bigint: true })).mtimeNs).toBe(before);
});

test('nothing is written through a link out of the root', async () => {
  await mkdir(join(root, 'outside'));
  await mkdir(join(root, 'inside'));
  const backend = openFiles(join(root, 'inside'), { links: 'true' });
  await put(backend, 'way.rclonelink', '../outside');
  await expect(put(backend, 'way/file', 'x')).rejects.toMatchObject({ code: 'bad_path' });
  await expect(lstat(join(root, 'outside/file'))).rejects.toThrow();
});

test('a file of that name that is no link is read as it is', async () => {
  await writeFile(join(root, 'x.rclonelink'), 'text');
  const bucket = createMemoryBackend('memory', nodePlatform({})).at('bucket');
  const backend = openFiles(root, { links: 'true' });
  const { body } = await backend.read('x.rclonelink');
  await bucket.write('x', body, {});
  expect((await bucket.stat('x')).size).toBe(4);
  expect(await readFile(join(root, 'x.rclonelink'), 'utf8')).toBe('text');
});

test.each([
  ['', /cannot point to ""/],
  ['a\0b', /cannot point to/],
  ['x'.repeat(70_000), /longer than a symbolic link can be/],
])('text that no link can hold is an error, and nothing is left', async (text, message) => {
  const backend = openFiles(root, { links: 'true' });
  await expect(put(backend, 'x.rclonelink', text)).rejects.toThrow(message);
  const names: string[] = [];
  for await (const entry of backend.list('')) names.push(entry.path);
  expect(names).toEqual([]);
});
