import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPeer } from '../support/peers.ts';
import { run, tsclone, type RunOptions, type RunResult } from '../support/run.ts';
import { tempDir } from '../support/servers.ts';

const rclone = findPeer('rclone');

describe.skipIf(rclone === undefined)('encrypted configs of one program open in the other', () => {
  let dir: Awaited<ReturnType<typeof tempDir>>;
  let conf: string;
  const plain = '[r2]\ntype = s3\nprovider = Cloudflare\nsecret_access_key = SK\n\n[ünï]\ntype = memory\n\n';
  beforeAll(async () => {
    dir = await tempDir();
    conf = join(dir.path, 'rclone.conf');
  });
  afterAll(() => dir.remove());
  const theirs = (args: string[], o: RunOptions = {}): Promise<RunResult> =>
    run(rclone as string, [...args, '--config', conf], { cwd: dir.path, ...o });
  const ours = (args: string[], o: RunOptions = {}): Promise<RunResult> =>
    tsclone([...args, '--config', conf], { cwd: dir.path, ...o });

  const passwords = ['secret', 'pässwörd', 'ﬁ Ⅷ', '  padded  ', '密码', 'a'.repeat(300), 'e\u0301', '"q" $x'];
  test.each(passwords)('password %j', async (password) => {
    const env = { RCLONE_CONFIG_PASS: password };
    for (const [write, read] of [
      [ours, theirs],
      [theirs, ours],
    ] as const) {
      writeFileSync(conf, plain);
      // A pipe's lines are trimmed, a command's output is not.
      writeFileSync(join(dir.path, 'password'), password);
      const set = await write(['config', 'encryption', 'set', '--password-command', `cat ${dir.path}/password`]);
      expect([set.code, readFileSync(conf, 'utf8').includes('RCLONE_ENCRYPT_V0:')]).toEqual([0, true]);
      const dump = await read(['config', 'dump'], { env });
      expect([dump.code, JSON.parse(dump.stdout.toString())]).toMatchObject([0, { r2: { secret_access_key: 'SK' } }]);
      // A change by the reader keeps it encrypted, and the writer still opens it.
      expect((await read(['config', 'create', 'more', 'memory', '--no-output'], { env })).code).toBe(0);
      const listed = (await write(['listremotes'], { env })).stdout.toString();
      expect(listed.split('\n').sort()).toEqual(['', 'more:', 'r2:', 'ünï:']);
      expect((await read(['config', 'encryption', 'remove'], { env })).code).toBe(0);
      expect(readFileSync(conf, 'utf8')).toBe(`${plain}[more]\ntype = memory\n\n`);
    }
  });

  test('both trim a password that comes through a pipe', async () => {
    for (const [write, read] of [
      [ours, theirs],
      [theirs, ours],
    ] as const) {
      writeFileSync(conf, plain);
      await write(['config', 'encryption', 'set'], { stdin: '  padded \n padded\n' });
      expect((await read(['listremotes'], { env: { RCLONE_CONFIG_PASS: 'padded' } })).code).toBe(0);
      expect((await read(['listremotes'], { stdin: '\tpadded\n' })).code).toBe(0);
    }
  });

  test.each([
    [['listremotes'], {}, undefined],
    [['listremotes'], { RCLONE_CONFIG_PASS: 'nope' }, undefined],
    [['listremotes'], { RCLONE_CONFIG_PASS: '  ' }, undefined],
    [['listremotes', '--ask-password=false'], {}, undefined],
    [['listremotes', '--password-command', 'echo nope'], {}, undefined],
    [['listremotes', '--password-command', 'sh -c "exit 3"'], {}, undefined],
    [['listremotes', '--password-command', '/no/such/program'], {}, undefined],
    [['listremotes', '--password-command', 'nosuchprogram'], {}, undefined],
    [['config', 'encryption', 'check'], {}, undefined],
    [['config', 'encryption', 'check'], {}, 'secret\n'],
    [['config', 'encryption', 'remove'], {}, 'nope\n'],
    [['config', 'encryption', 'set'], {}, 'secret\none\n'],
    [['config', 'create', 'x', 'memory'], { RCLONE_CONFIG_PASS: 'nope' }, undefined],
  ])('%j with %j and input %j: the same answer, the file as it was', async (args, env, stdin) => {
    writeFileSync(conf, plain);
    await theirs(['config', 'encryption', 'set'], { stdin: 'secret\nsecret\n' });
    const sealed = readFileSync(conf, 'utf8');
    const o = { env: env as Record<string, string>, ...(stdin === undefined ? {} : { stdin }) };
    const [a, b] = [await theirs([...args], o), await ours([...args], o)];
    expect([b.code, b.stdout.toString()]).toEqual([a.code, a.stdout.toString()]);
    const words = (r: RunResult): string[] =>
      r.stderr
        .split('\n')
        .map((line) => line.replace(/\d{4}\/\S+ \S+ /, ''))
        .filter((line) => line !== '');
    expect(words(b)).toEqual(words(a));
    expect(readFileSync(conf, 'utf8')).toBe(sealed);
  });
});
