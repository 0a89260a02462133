import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fromUtf8 } from '../../../src/core/bytes.ts';
import { reveal } from '../../../src/core/obscure.ts';
import { run, tsclone, tscloneBin, type RunResult } from '../../support/run.ts';
import { tempDir } from '../../support/servers.ts';

interface Case {
  readonly name?: string;
  readonly args?: string[];
  readonly env?: Record<string, string>;
  readonly config?: string;
  readonly before?: string | null;
  readonly after?: string;
  readonly dump?: unknown;
  readonly exit: number;
  readonly stdout?: string;
  readonly messages?: string[];
  readonly resolved?: { Name: string; Root: string };
  readonly existing?: string[];
  readonly note?: string;
}

const read = (name: string) => JSON.parse(readFileSync(new URL(`../../vectors/${name}.json`, import.meta.url), 'utf8'));

let dir: Awaited<ReturnType<typeof tempDir>>;
let count = 0;
const fresh = (): string => {
  const path = join(dir.path, String(++count));
  mkdirSync(path);
  return path;
};
beforeAll(async () => void (dir = await tempDir()));
afterAll(() => dir.remove());

/** The last line without its time; rclone's words must be in it. */
function expectMessages(done: RunResult, messages: readonly string[] | undefined, at: string): void {
  for (const message of messages ?? []) {
    const wanted = message.replaceAll('<dir>', at).replace(/^ERROR\+4 /, '');
    expect(done.stderr).toContain(wanted.replace(/^(Error|NOTICE|CRITICAL): /, ''));
  }
}

describe('where options come from', () => {
  const vectors = read('config-env') as { config: string; cases: Case[] };
  const own = new Set([
    'bool flag env bad',
    'int flag env bad',
    'size flag env bad',
    'override. in connection string with lsf, bad value',
    'override. in the config file, bad value',
    'global. in the config file, bad value',
  ]);

  test.each(vectors.cases.filter((c) => !c.existing && !own.has(c.name ?? '')))('$name', async (c) => {
    const at = fresh();
    const conf = join(at, 'r.conf');
    writeFileSync(conf, c.config ?? vectors.config);
    const done = await tsclone([...(c.args ?? []), '--config', conf], { cwd: at, env: { ...c.env } });
    expect([done.code, done.code === 0 ? '' : done.stderr]).toEqual([c.exit, expect.anything()]);
    if (c.resolved) expect(JSON.parse(done.stdout.toString())).toMatchObject(c.resolved);
    if (c.stdout !== undefined) expect(done.stdout.toString()).toBe(c.stdout.replaceAll('<dir>', at));
    expectMessages(done, c.messages, at);
  });

  test.each([...own])('%s: the same beginning of the line, the reason in our words', async (name) => {
    const c = vectors.cases.find((x) => x.name === name) as Case;
    const at = fresh();
    const conf = join(at, 'r.conf');
    writeFileSync(conf, c.config ?? configFor(name));
    const done = await tsclone([...(c.args ?? []), '--config', conf], { cwd: at, env: { ...c.env } });
    expect(done.code).toBe(c.exit);
    expect(done.stdout.toString()).toBe('');
    const beginning = (c.messages?.[0] ?? '').replace(/^(ERROR\+4|CRITICAL:) /, '').replace(/ as \S+: .*/, ' as ');
    expect(done.stderr).toContain(beginning);
  });

  /** The files of these cases are not among the vectors. */
  function configFor(name: string): string {
    if (name.startsWith('global.')) return '[m2]\ntype = memory\nglobal.checkers = x\n';
    return `[mem]\ntype = memory\n${name.includes('config file') ? 'override.transfers = x\n' : ''}`;
  }

  test('a variable of a flag that is not built is refused by its name', async () => {
    const at = fresh();
    writeFileSync(join(at, 'r.conf'), vectors.config);
    const env = { RCLONE_SYSLOG: 'true' };
    const done = await tsclone(['lsf', 'mem:', '--config', join(at, 'r.conf')], { cwd: at, env });
    expect(done.code).toBe(2);
    expect(done.stderr).toContain('--syslog');
  });

  test.each(vectors.cases.filter((c) => c.existing))('config file: $name', async (c) => {
    const at = fresh();
    const home = (text: string): string => text.replaceAll('<home of passwd>', homedir()).replaceAll('<home>', at);
    mkdirSync(join(at, 'cwd'));
    for (const file of c.existing ?? []) {
      mkdirSync(dirname(join(at, file)), { recursive: true });
      writeFileSync(join(at, file), '');
    }
    const env: Record<string, string> = Object.fromEntries(
      Object.entries(c.env ?? { HOME: '<home>', XDG_CONFIG_HOME: '<home>/xdg' }).map(([k, v]) => [k, home(v)]),
    );
    if (!('HOME' in env)) env['HOME'] = '';
    let program = tscloneBin;
    if (c.existing?.some((file) => file.startsWith('bin/'))) {
      cpSync(dirname(tscloneBin), join(at, 'bin'), { recursive: true });
      writeFileSync(join(at, 'bin/package.json'), '{"type":"module"}');
      program = join(at, 'bin/bin.js');
    }
    const args = [program, 'config', 'file', ...(c.args ?? []).map(home)];
    const done = await run(process.execPath, args, { cwd: join(at, 'cwd'), env });
    expect([done.code, done.stderr]).toEqual([c.exit, '']);
    expect(done.stdout.toString()).toBe(home(c.stdout ?? ''));
    // rclone makes the folder already when it is asked where the file would be; we do not.
    expect(existsSync(join(at, 'xdg/rclone/rclone.conf'))).toBe(c.existing?.includes('xdg/rclone/rclone.conf'));
  });
});

describe('what the config commands write', () => {
  const vectors = read('config-write') as { base: string; cases: Case[] };

  test.each(vectors.cases.map((c) => [c.args?.join(' ').slice(0, 70), c] as const))('%s', async (_name, c) => {
    const at = fresh();
    const conf = join(at, 'r.conf');
    if (c.before !== null) writeFileSync(conf, c.before ?? vectors.base);
    const done = await tsclone([...(c.args ?? []), '--config', conf], { cwd: at });
    expect([done.code, done.stderr]).toEqual([c.exit, expect.anything()]);
    // Obscured with another random each time.
    const plain = (text: string): string =>
      c.note?.includes('random IV')
        ? text.replace(/^( *"?pw"?[ :=]+"?)([\w-]+)/m, (_, key: string, pw: string) => key + fromUtf8(reveal(pw)))
        : text;
    if (c.stdout !== undefined) expect(plain(done.stdout.toString())).toBe(plain(c.stdout));
    expectMessages(done, c.messages, at);
    const unordered = (text: string): string => (c.note?.includes('order') ? text.split('\n').sort().join('\n') : text);
    if (c.after !== undefined) expect(unordered(plain(readFileSync(conf, 'utf8')))).toBe(unordered(plain(c.after)));
    if (c.dump !== undefined) {
      const dumped = await tsclone(['config', 'dump', '--config', conf], { cwd: at });
      expect(JSON.parse(plain(dumped.stdout.toString()))).toEqual(JSON.parse(plain(JSON.stringify(c.dump, null, 4))));
    }
  });
});

describe('how references resolve', () => {
  const vectors = read('fspath') as {
    config: string[];
    backendFeatures: (Case & { input: string; Name?: string; Root?: string; String?: string })[];
  };

  // A bad option is refused in our own words; without an endpoint the keys of another provider would go to AWS.
  const own: Record<string, [code: number, text: string]> = {
    ':local,encoding=Bad:/tmp': [1, 'bad encoding "Bad"'],
    ':s3,provider=Minio:b': [1, 'needs an endpoint'],
  };
  test.each(Object.entries(own))('%s: our own line', async (input, [code, text]) => {
    const done = await tsclone(['backend', 'features', input, '--config', ''], { cwd: fresh() });
    expect(done.code).toBe(code);
    expect(done.stderr).toContain(text);
  });

  test.each(vectors.backendFeatures.filter((c) => !(c.input in own)))('$input', async (c) => {
    const at = fresh();
    writeFileSync(join(at, 'r.conf'), vectors.config.join('\n'));
    const done = await tsclone(['backend', 'features', c.input, '--config', join(at, 'r.conf')], { cwd: at });
    expect(done.code).toBe(c.exit);
    if (c.exit === 0) {
      const { Name, Root, String } = c;
      expect(JSON.parse(done.stdout.toString())).toMatchObject({ Name, Root, String });
    } else expectMessages(done, c.messages, at);
  });
});
