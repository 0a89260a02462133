import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cli } from '../../../support/cli.ts';
import { tempDir } from '../../../support/servers.ts';

let dir: Awaited<ReturnType<typeof tempDir>>;
beforeAll(async () => {
  dir = await tempDir();
});
afterAll(() => dir.remove());

/** Latin-1, an emoji whose second half looks like a bad byte, and so long that the name of the partial file is cut. */
const names = ['636166e92e747874', 'f09f93842e747874', '61e9'.repeat(120)];

test('names that are no UTF-8 are written, moved and deleted byte for byte', async () => {
  const namesIn = async (at: string): Promise<string[]> =>
    (await readdir(join(dir.path, at), { encoding: 'buffer' })).map((name) => name.toString('hex')).sort();
  const run = async (...args: string[]): Promise<void> =>
    expect(await cli([...args, '-q'])).toMatchObject({ code: 0, stderr: '' });
  const [from, to, last] = ['from', 'to/in', 'last'].map((name) => join(dir.path, name)) as [string, string, string];
  await run('mkdir', from);
  for (const name of names) await writeFile(Buffer.concat([Buffer.from(`${from}/`), Buffer.from(name, 'hex')]), 'text');

  await run('copy', from, to);
  expect(await namesIn('to/in')).toEqual(names.toSorted());
  await run('mkdir', last);
  await run('move', to, last);
  expect(await namesIn('last')).toEqual(names.toSorted());
  expect(await namesIn('to/in')).toEqual([]);

  const { stdout } = await cli(['lsjson', last, '--no-modtime']);
  expect(stdout).toContain('"caf\\ufffd.txt"');
  await run('delete', last);
  expect(await namesIn('last')).toEqual([]);
});
