import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run, type RunResult } from '../support/run.ts';
import { tempDir } from '../support/servers.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
let dir: Awaited<ReturnType<typeof tempDir>>;
let app: string;
const env = { HOME: process.env['HOME'] ?? '' };
const node = (args: string[]): Promise<RunResult> => run(process.execPath, args, { cwd: app, env });

beforeAll(async () => {
  dir = await tempDir();
  app = join(dir.path, 'app');
  await mkdir(app);
  // The scripts are left out: the build that is tested is the one that is packed.
  const packed = await run('npm', ['pack', '--ignore-scripts', '--pack-destination', dir.path], { cwd: root, env });
  expect([packed.code, packed.stderr]).toEqual([0, expect.anything()]);
  const tarball = (await readdir(dir.path)).find((name) => name.endsWith('.tgz')) as string;
  await writeFile(join(app, 'package.json'), '{"name":"app","private":true,"type":"module"}');
  const args = ['install', '--no-audit', '--no-fund', '--prefer-offline', join(dir.path, tarball)];
  const installed = await run('npm', args, { cwd: app, env, timeoutMs: 110_000 });
  expect([installed.code, installed.code === 0 ? '' : installed.stderr]).toEqual([0, '']);
}, 120_000);
afterAll(() => dir.remove());

test('the packed package has its command', async () => {
  const done = await run(join(app, 'node_modules/.bin/tsclone'), ['version'], {
    cwd: app,
    env: { ...env, PATH: join(process.execPath, '..') },
  });
  expect([done.code, done.stderr]).toEqual([0, '']);
  expect(done.stdout.toString()).toMatch(/^rclone v\d+\.\d+\.\d+\n- tsclone\/version: \d/);
});

test.each([
  ['tsclone', 'openSession uploadWithClient s3Client isTscloneError'],
  ['tsclone/edge', 'openSession s3Client'],
  ['tsclone/node', 'openSession s3Client'],
  ['tsclone/serve/s3', 'createS3Handler'],
])('imports %s', async (entry, names) => {
  const code = `const m = await import('${entry}'); const missing = '${names}'.split(' ').filter((n) => typeof m[n] !== 'function'); console.log(missing.join() || 'all there')`;
  const done = await node(['--input-type=module', '-e', code]);
  expect([done.stderr, done.stdout.toString()]).toEqual(['', 'all there\n']);
});

test('require() takes the same entries', async () => {
  const code = `const entries = ['tsclone', 'tsclone/edge', 'tsclone/node', 'tsclone/serve/s3']; console.log(entries.filter((e) => Object.keys(require(e)).length > 0).length)`;
  const done = await node(['--input-type=commonjs', '--no-warnings', '-e', code]);
  expect([done.stderr, done.stdout.toString()]).toEqual(['', '4\n']);
});

test('a bundle for Workers needs no Node built-ins and stays small', async () => {
  const bundled = await build({
    stdin: { contents: "export { openSession } from 'tsclone';", resolveDir: app },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    conditions: ['workerd', 'worker', 'browser'],
    minify: true,
    logLevel: 'silent',
  });
  const [file] = bundled.outputFiles;
  // The guide for functions tells the size.
  expect(gzipSync(file?.contents ?? '').length / 1024).toBeLessThan(350);
  expect(file?.contents.length).toBeGreaterThan(100_000);
});

test('the demo runs from the installed package', async () => {
  const done = await node([join(app, 'node_modules/tsclone/dist/cli/bin.js'), 'demo']);
  expect(done.code).toBe(0);
  expect(done.stdout.toString()).toContain('equal, byte for byte');
});

test('only what belongs there is packed', async () => {
  const entries = await readdir(join(app, 'node_modules/tsclone'));
  expect(entries.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'docs', 'package.json']);
});
