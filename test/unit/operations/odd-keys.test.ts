import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cli } from '../../support/cli.ts';
import { put } from '../../support/layered.ts';
import { startOwnServer, type OwnServer } from '../../support/own-server.ts';
import { tempDir } from '../../support/servers.ts';

let server: OwnServer;
let dir: Awaited<ReturnType<typeof tempDir>>;
const keys = ['a/../b', './x', 'a//b'];

beforeAll(async () => {
  server = await startOwnServer();
  dir = await tempDir();
  // Each alone, so that none hides behind the error of another.
  for (const [i, key] of keys.entries()) {
    await put(server.backend, `one-${i}/${key}`, key);
    await put(server.backend, `one-${i}/plain`, 'plain');
    await put(server.backend, `all/${key}`, key);
  }
  await put(server.backend, 'all/plain', 'plain');
});
afterAll(async () => {
  await server.stop();
  await dir.remove();
});

const run = (...args: string[]) =>
  cli([...args, '--retries', '1'], {
    env: {
      RCLONE_CONFIG_S_TYPE: 's3',
      RCLONE_CONFIG_S_PROVIDER: 'Other',
      RCLONE_CONFIG_S_ENDPOINT: server.endpoint,
      RCLONE_CONFIG_S_ACCESS_KEY_ID: server.accessKeyId,
      RCLONE_CONFIG_S_SECRET_ACCESS_KEY: server.secretAccessKey,
    },
  });

async function keysIn(bucket: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of server.backend.at(bucket).list('', { recursive: true })) found.push(entry.path);
  return found.sort();
}

describe.each(keys.map((key, i) => [key, i] as const))('an object %j', (key, i) => {
  const says = key.includes('//') ? '"a//" have an empty part' : `"${key.replace('/b', '').replace('/x', '')}`;

  test('is listed', async () => {
    const { code, stdout } = await run('size', '--json', `s:one-${i}`);
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { count: 2 }]);
  });

  test('is not copied to files, which is an error, and everything else is', async () => {
    const out = join(dir.path, `out-${i}`);
    const { code, stderr } = await run('copy', `s:one-${i}`, out);
    expect(code).toBe(1);
    expect(stderr).toContain(says);
    expect(await readdir(out, { recursive: true })).toEqual(['plain']);
  });

  test('is not copied to another bucket, nor moved', async () => {
    for (const command of ['copy', 'move']) {
      const { code, stderr } = await run(command, `s:one-${i}`, `s:${command}-${i}`);
      expect(code).toBe(1);
      expect(stderr).toContain(says);
    }
    expect(await keysIn(`copy-${i}`)).toEqual(['plain']);
    expect(await keysIn(`one-${i}`)).toContain(key);
  });

  test('keeps a sync from deleting', async () => {
    await put(server.backend, `sync-${i}/extra`, 'x');
    const { code, stderr } = await run('sync', `s:one-${i}`, `s:sync-${i}`);
    expect(code).toBe(1);
    expect(stderr).toContain('not deleting files as there were IO errors');
    expect(await keysIn(`sync-${i}`)).toContain('extra');
  });

  test('makes check fail', async () => {
    expect((await run('check', `s:one-${i}`, `s:sync-${i}`)).code).toBe(1);
  });
});

test('with --fast-list none of them is skipped or merged in silence', async () => {
  const { code, stderr } = await run('copy', '--fast-list', 's:all', 's:fast-list');
  expect(code).not.toBe(0);
  for (const shown of ['a/../b', './x']) expect(stderr).toContain(JSON.stringify(shown));
  expect((await keysIn('fast-list')).filter((key) => key !== 'a//b')).toEqual(['plain']);
});

test('a deletion says what it cannot delete', async () => {
  const { code, stderr } = await run('delete', 's:all');
  expect(code).toBe(1);
  for (const shown of ['a/../b', './x']) expect(stderr).toContain(`"${shown}": no path leads to such a name`);
  expect((await keysIn('all')).filter((key) => key !== 'a//b')).toEqual(['./x', 'a/../b']);
});
