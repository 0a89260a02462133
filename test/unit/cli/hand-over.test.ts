import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readWish } from '../../../src/cli/hand-over.ts';
import { findRclone } from '../../../src/node/rclone.ts';
import { run, tscloneBin, type RunOptions } from '../../support/run.ts';
import { tempDir } from '../../support/servers.ts';

describe('what the command line says about handing over', () => {
  test.each([
    ['mount a: b', { args: ['mount', 'a:', 'b'], binary: undefined, forbidden: false }],
    ['--rclone-binary /x ls a:', { args: ['ls', 'a:'], binary: '/x', forbidden: false }],
    ['ls a: --rclone-binary=/x', { args: ['ls', 'a:'], binary: '/x', forbidden: false }],
    ['--no-fallback ls a:', { args: ['ls', 'a:'], binary: undefined, forbidden: true }],
    ['--no-fallback=false ls a:', { args: ['ls', 'a:'], binary: undefined, forbidden: false }],
    ['ls -- --no-fallback', { args: ['ls', '--', '--no-fallback'], binary: undefined, forbidden: false }],
  ])('%s', (line, wish) => {
    expect(readWish(line.split(' '), {})).toEqual(wish);
  });

  test('the variable forbids too', () => {
    expect(readWish(['ls'], { RCLONE_NO_FALLBACK: 'true' }).forbidden).toBe(true);
  });
});

describe('the rclone that is found', () => {
  let dir: Awaited<ReturnType<typeof tempDir>>;
  let fake: string;
  beforeAll(async () => {
    dir = await tempDir();
    for (const name of ['fake', 'own', 'plain']) await mkdir(join(dir.path, name));
    fake = join(dir.path, 'fake/rclone');
    await writeFile(fake, '#!/bin/sh\necho "fake: $*"; cat; echo "config $RCLONE_CONFIG" >&2; exit 7\n');
    await chmod(fake, 0o755);
    await symlink(tscloneBin, join(dir.path, 'own/rclone'));
    await writeFile(join(dir.path, 'plain/rclone'), 'no program');
    await writeFile(
      join(dir.path, 'rclone.conf'),
      '[dav]\ntype = webdav\nurl = http://127.0.0.1:1\n[over]\ntype = alias\nremote = dav:x\n',
    );
  });
  afterAll(() => dir.remove());

  const self = [tscloneBin];
  const path = (...names: string[]) => names.map((name) => join(dir.path, name)).join(':');

  test('tsclone under its name and what is no program are passed over', () => {
    expect(findRclone({ env: { PATH: path('own', 'plain', 'fake') }, self })).toBe(fake);
    expect(findRclone({ env: { PATH: path('own', 'plain') }, self })).toBeUndefined();
  });
  test('the flag comes before the variable, the variable before PATH', () => {
    const env = { PATH: path('fake'), TSCLONE_RCLONE: '/bin/sh' };
    expect(findRclone({ env, self })).toBe('/bin/sh');
    expect(findRclone({ env, self, named: '/bin/cat' })).toBe('/bin/cat');
  });
  test('a name that cannot work is refused', () => {
    expect(() => findRclone({ env: {}, self, named: '/none' })).toThrow(/--rclone-binary: \/none is not a program/);
    expect(() => findRclone({ env: { TSCLONE_RCLONE: join(dir.path, 'own/rclone') }, self })).toThrow(
      /TSCLONE_RCLONE: .* is tsclone itself/,
    );
  });
  test('work that was handed over is never handed on', () => {
    expect(findRclone({ env: { PATH: path('fake'), TSCLONE_HANDED_OVER: '1' }, self })).toBeUndefined();
  });

  const cli = (args: string[], o: RunOptions = {}) =>
    run(process.execPath, [tscloneBin, ...args], {
      cwd: dir.path,
      ...o,
      env: { RCLONE_CONFIG: join(dir.path, 'rclone.conf'), PATH: path('own', 'fake') + ':/bin', ...o.env },
    });

  test.each([
    [['ls', 'dav:a', '-v']],
    [['rcat', 'dav:a/b', '--low-level-retries', '3']],
    [['lsf', 'over:']],
    [['copy', '/etc/hostname', 'dav:']],
    [['mount', 'dav:', '/mnt']],
    [['serve', 'http', 'dav:']],
  ])('%j goes over with arguments, input, config and exit code', async (args) => {
    const done = await cli(['--rclone-binary', fake, ...args], { stdin: 'input' });
    expect(done).toMatchObject({ code: 7, stderr: `config ${join(dir.path, 'rclone.conf')}\n` });
    expect(done.stdout.toString()).toBe(`fake: ${args.join(' ')}\ninput`);
    expect((await cli(args, { stdin: '' })).code).toBe(7);
  });

  test('without a rclone one line says what is missing', async () => {
    const done = await cli(['ls', 'dav:a'], { env: { PATH: '/nonexistent' } });
    expect(done.code).toBe(1);
    expect(done.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(done.stderr).toMatch(
      /CRITICAL: Failed to create file system for "dav:a": remote "dav" has type "webdav", which is not built into tsclone.*--rclone-binary or TSCLONE_RCLONE/,
    );
    const command = await cli(['mount', 'dav:', 'x'], { env: { PATH: '/nonexistent' } });
    expect(command.code).toBe(2);
    expect(command.stderr).toMatch(/command "mount" is not built in tsclone.*--rclone-binary/);
  });

  test('--no-fallback forbids it', async () => {
    const done = await cli(['--no-fallback', 'ls', 'dav:a']);
    expect(done.code).toBe(1);
    expect(done.stderr).toMatch(/"webdav".*leave out --no-fallback/);
    expect(done.stdout.toString()).toBe('');
  });

  test('a type that nobody knows is not handed over', async () => {
    const done = await cli(['ls', ':floppy:a']);
    expect(done).toMatchObject({ code: 1 });
    expect(done.stderr).toMatch(/didn't find backend called "floppy"/);
  });
});
