import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tsclone, type RunOptions, type RunResult } from '../../support/run.ts';
import { tempDir } from '../../support/servers.ts';

interface Behaviour {
  readonly name: string;
  readonly env?: Record<string, string>;
  readonly args?: string[];
  readonly exit: number;
  readonly dump?: string | null;
  readonly stdout?: string;
  readonly messages?: string[] | string;
  readonly firstLines?: string[];
}
const vectors = JSON.parse(readFileSync(new URL('../../vectors/config-encrypted.json', import.meta.url), 'utf8')) as {
  plain: string;
  files: { password: string; file: string; dump: unknown }[];
  behaviour: Behaviour[];
};
const { file, dump } = vectors.files[0] as { file: string; dump: unknown };

/** Texts of the cases whose name says that the file is not the usual one. */
const texts: Record<string, string> = {
  'CRLF file': file.replaceAll('\n', '\r\n'),
  'extra comment lines first': `# a\n; b\n${file}`,
  'base64 wrapped at 60': file.replace(/[^\n]{60}/g, '$&\n'),
  'damaged data': `${file.slice(0, -8)}AAAAAAA=`,
  'password set for a plain file': vectors.plain,
  'config encryption check, plain file': vectors.plain,
  'save of a plain file with RCLONE_CONFIG_PASS set': vectors.plain,
};
const pass = { RCLONE_CONFIG_PASS: 'secret' };
const commands: Record<string, { args: string[]; env?: Record<string, string> }> = {
  'config encryption check, right': { args: ['config', 'encryption', 'check'], env: pass },
  'config encryption check, wrong': { args: ['config', 'encryption', 'check'], env: { RCLONE_CONFIG_PASS: 'nope' } },
  'config encryption check, plain file': { args: ['config', 'encryption', 'check'] },
  'save with RCLONE_CONFIG_PASS stays encrypted': { args: ['config', 'touch'], env: pass },
  'save of a plain file with RCLONE_CONFIG_PASS set': { args: ['config', 'touch'], env: pass },
  'config encryption remove': { args: ['config', 'encryption', 'remove'], env: pass },
};

let dir: Awaited<ReturnType<typeof tempDir>>;
let conf: string;
let count = 0;
beforeAll(async () => void (dir = await tempDir()));
afterAll(() => dir.remove());
const fresh = (text?: string): void => {
  conf = join(dir.path, `${++count}.conf`);
  if (text !== undefined) writeFileSync(conf, text, { mode: 0o600 });
};
const cli = (args: string[], o: RunOptions = {}): Promise<RunResult> =>
  tsclone([...args, '--config', conf], { cwd: dir.path, ...o });

describe('encrypted configs behave as with rclone', () => {
  test.each(vectors.behaviour)('$name', async (b) => {
    fresh(texts[b.name] ?? file);
    const { args, env } = commands[b.name] ?? { args: ['config', 'dump', '--ask-password=false', ...(b.args ?? [])] };
    const done = await cli(args, { env: { ...b.env, ...env } });
    expect([done.code, done.stderr]).toEqual([b.exit, expect.anything()]);
    if (b.dump === 'ok') expect(JSON.parse(done.stdout.toString())).toEqual(dump);
    const messages = typeof b.messages === 'string' ? b.messages.split('\n').slice(0, 2) : b.messages;
    for (const m of messages ?? []) {
      const wanted = m.replace(/<dir>.*\.conf/, conf).replace(/^(ERROR ?|CRITICAL|Error): /, '');
      if (!/^(Usage|$)/.test(wanted)) expect(done.stderr).toContain(wanted);
    }
    if (b.firstLines) {
      const lines = readFileSync(conf, 'utf8').split('\n');
      expect(lines.slice(0, b.firstLines.length)).toEqual(b.firstLines);
      expect(statSync(conf).mode & 0o777).toBe(0o600);
    }
    if (b.exit !== 0) expect(readFileSync(conf, 'utf8')).toBe(texts[b.name] ?? file);
  });
});

describe('the life of an encrypted config', () => {
  const create = (name: string, o: RunOptions = {}): Promise<RunResult> =>
    cli(['config', 'create', name, 'memory', '--no-output'], o);

  test('set from standard input, change, use, remove', async () => {
    fresh('[m]\ntype = memory\n');
    const set = await cli(['config', 'encryption', 'set'], { stdin: 'one\none\n' });
    expect(set).toMatchObject({ code: 0 });
    expect(set.stdout.toString()).toBe('');
    expect(set.stderr).not.toContain('one\n');
    const sealed = readFileSync(conf, 'utf8');
    expect(sealed).toContain('RCLONE_ENCRYPT_V0:');
    expect(sealed).not.toContain('memory');
    expect((await cli(['config', 'encryption', 'set'], { stdin: 'one\ntwo\ntwo\n' })).code).toBe(0);
    expect((await cli(['listremotes'], { stdin: 'one\ntwo\n' })).stdout.toString()).toBe('m:\n');
    expect((await create('n', { env: { RCLONE_CONFIG_PASS: 'two' } })).code).toBe(0);
    expect(readFileSync(conf, 'utf8')).toContain('RCLONE_ENCRYPT_V0:');
    expect((await cli(['config', 'encryption', 'remove'], { stdin: 'two\n' })).code).toBe(0);
    expect(readFileSync(conf, 'utf8')).toBe('[m]\ntype = memory\n\n[n]\ntype = memory\n\n');
  });

  test('passwords that do not match are asked again', async () => {
    fresh('[m]\ntype = memory\n');
    const set = await cli(['config', 'encryption', 'set'], { stdin: '\none\ntwo\none\none\n' });
    expect(set.code).toBe(0);
    expect(set.stderr).toContain('Bad password: no characters in password');
    expect(set.stderr).toContain('Passwords do not match!');
    expect((await cli(['listremotes'], { env: { RCLONE_CONFIG_PASS: 'one' } })).code).toBe(0);
  });

  test('end of input instead of a password leaves the file as it was', async () => {
    fresh('[m]\ntype = memory\n');
    const set = await cli(['config', 'encryption', 'set'], { stdin: 'one\n' });
    expect(set.code).toBe(1);
    expect(set.stderr).toContain('Failed to read line: EOF');
    expect(readFileSync(conf, 'utf8')).toBe('[m]\ntype = memory\n');
  });

  test('a password command gives the old and the new password', async () => {
    fresh('[m]\ntype = memory\n');
    const program = join(dir.path, 'pass.sh');
    writeFileSync(program, '#!/bin/sh\n[ -n "$RCLONE_PASSWORD_CHANGE" ] && echo new || echo old\n', { mode: 0o755 });
    const command = ['--password-command', program];
    expect((await cli(['config', 'encryption', 'set', ...command])).stdout.toString()).toBe(
      'Read password using --password-command\n',
    );
    expect((await cli(['listremotes', ...command])).code).toBe(1);
    expect((await cli(['listremotes'], { env: { RCLONE_CONFIG_PASS: 'new' } })).stdout.toString()).toBe('m:\n');
  });

  test('a password command that is not there fails and changes nothing', async () => {
    fresh('[m]\ntype = memory\n');
    const set = await cli(['config', 'encryption', 'set', '--password-command', '/no/such/program']);
    expect(set.code).toBe(1);
    expect(set.stderr).toContain('password command failed: fork/exec /no/such/program: no such file or directory');
    expect(readFileSync(conf, 'utf8')).toBe('[m]\ntype = memory\n');
  });

  test('a write without the right password never touches the file', async () => {
    fresh(file);
    for (const env of [{}, { RCLONE_CONFIG_PASS: 'nope' }] as Record<string, string>[]) {
      const done = await create('n', { env });
      expect(done.code).toBe(1);
      expect(readFileSync(conf, 'utf8')).toBe(file);
    }
  });

  const changes: string[][] = [
    ['create', 'n', 'memory'],
    ['create', 'n', 's3', '--all'],
    ['update', 'm', 'description=x'],
    ['password', 'm', 'password', 'pw'],
    ['unset', 'm', 'description'],
    ['delete', 'm'],
    ['touch'],
    ['encryption', 'set'],
    [],
    ['encryption', 'remove'],
    ['create', 'n', 'alias', 'remote=m:'],
  ];
  test.each([
    ['a wrong password', file, { RCLONE_CONFIG_PASS: 'nope' }],
    ['no password', file, {}],
    ['a damaged file', texts['damaged data'] as string, pass],
    ['a file that was cut', file.slice(0, -40), pass],
    ['a newer kind of encryption', file.replace('V0:', 'V1:'), pass],
  ])('with %s no command that writes touches the file', async (_name, text, env) => {
    fresh(text);
    // What differs between the commands does not depend on why the file does not open.
    const tried = text === file && 'RCLONE_CONFIG_PASS' in env ? changes : changes.slice(-2);
    const done = await Promise.all(
      tried.map((args) => cli(['config', ...args, '--ask-password=false'], { env: { ...env }, stdin: '' })),
    );
    expect(done.map((d, i) => [tried[i], d.code === 0])).toEqual(tried.map((args) => [args, false]));
    for (const d of done) expect(d.stderr).toMatch(/CRITICAL: Failed to load config file ".*": \S/);
    expect(readFileSync(conf, 'utf8')).toBe(text);
  });

  test('data on standard input is not taken for passwords without end', async () => {
    fresh(file);
    const done = await cli(['rcat', 'm:b/x'], { stdin: 'line of data\n'.repeat(100_000) });
    expect(done.code).toBe(1);
    expect(done.stderr.split('most likely wrong password').length - 1).toBe(10);
    expect(existsSync(conf)).toBe(true);
  });

  test('the password line comes before the data', async () => {
    fresh(file);
    const done = await cli(['rcat', `:local:${dir.path}/out`], { stdin: 'secret\nfirst\nsecond\n' });
    expect([done.code, done.stderr.replace(/^Enter configuration password:\npassword:/, '')]).toEqual([0, '']);
    expect(readFileSync(join(dir.path, 'out'), 'utf8')).toBe('first\nsecond\n');
  });
});
