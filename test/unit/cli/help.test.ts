import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commands } from '../../../src/cli/commands/index.ts';
import { readLine } from '../../../src/cli/complete/line.ts';
import { backendExamples } from '../../../src/cli/help/backend-examples.ts';
import { commandHelp } from '../../../src/cli/help/command.ts';
import { flagGroups } from '../../../src/cli/help/flags.ts';
import { commandGroups } from '../../../src/cli/help/groups.ts';
import { table, wrap } from '../../../src/cli/help/wrap.ts';
import { optionsOf } from '../../../src/cli/interview.ts';
import { runCli } from '../../../src/cli/main.ts';
import { bytesSource, utf8 } from '../../../src/core/bytes.ts';
import { obscure } from '../../../src/core/obscure.ts';
import { nodeRegistry } from '../../../src/node/registry.ts';
import { globalFlags } from '../../../src/options/global.ts';
import { cli } from '../../support/cli.ts';
import { startOwnServer, type OwnServer } from '../../support/own-server.ts';
import { tempDir } from '../../support/servers.ts';

const definitions = await Promise.all(commands.map((c) => c.load()));
const visible = definitions.filter((c) => !c.hidden);

let dir: Awaited<ReturnType<typeof tempDir>>;
let server: OwnServer;
let web: Server;
beforeAll(async () => {
  dir = await tempDir();
  server = await startOwnServer();
  web = createServer((_req, res) => void res.end('an image')).listen(0, '127.0.0.1');
  await once(web, 'listening');
});
afterAll(async () => {
  await server.stop();
  web.close();
  await dir.remove();
});

describe('the program alone', () => {
  test('fits one screen, says where the config is, makes nothing', async () => {
    const path = join(dir.path, 'nowhere/rclone.conf');
    const done = await cli([], { env: { RCLONE_CONFIG: path } });
    expect([done.code, done.stdout]).toEqual([2, '']);
    const lines = done.stderr.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(40);
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
    expect(done.stderr).toContain(`Config: ${path} (not there; \`tsclone config\` makes it)`);
    expect((await cli(['help'], { env: { RCLONE_CONFIG: path } })).stdout).toBe(done.stderr);
    expect((await cli(['--help', '--config', ''])).stdout).toContain('Config: in memory only');
    writeFileSync(join(dir.path, 'there.conf'), '');
    const there = await cli(['help', '--config', join(dir.path, 'there.conf')]);
    expect(there.stdout).toContain(`Config: ${join(dir.path, 'there.conf')}\n`);
  });

  test('a remote without a config: where it was looked for, and what makes one', async () => {
    const path = join(dir.path, 'nowhere/rclone.conf');
    const done = await cli(['ls', 'r2:my-backup-bucket'], { env: { RCLONE_CONFIG: path } });
    const lines = done.stderr.split('\n').map((line) => line.replace(/^\S+ \S+ /, ''));
    expect([done.code, lines]).toEqual([
      1,
      [
        `NOTICE: Config file "${path}" not found - using defaults`,
        'CRITICAL: Failed to create file system for "r2:my-backup-bucket": didn\'t find section in config file ("r2") (there are no remotes yet: `tsclone config` makes one)',
        '',
      ],
    ]);
    expect(existsSync(join(dir.path, 'nowhere'))).toBe(false);
  });

  test('names every command once', () => {
    const shown = commandGroups().flatMap((g) => g.words);
    expect(shown.filter((word, i) => shown.indexOf(word) !== i)).toEqual([]);
    expect(new Set(shown)).toEqual(new Set([...definitions.map((c) => c.name.split(' ')[0]), 'help']));
  });

  test('wraps to the terminal', async () => {
    const chunks: string[] = [];
    const write = (chunk: Buffer, _encoding: string, next: () => void): void => {
      chunks.push(chunk.toString());
      next();
    };
    const stdout = Object.assign(new Writable({ write }), { isTTY: true, columns: 60 });
    await cli(['help', 'rcat'], { stdout });
    const wide = chunks
      .join('')
      .split('\n')
      .filter((line) => line.length > 60);
    expect(wide.every((line) => line.startsWith('  '))).toBe(true);
    expect(chunks.join('')).toContain('\nStreams standard input to the object; its size need not be\n');
  });
});

describe('topics', () => {
  const help = async (...words: string[]) => {
    const done = await cli(['help', ...words]);
    return { ...done, lines: done.stdout.trimEnd().split('\n') };
  };

  test('commands lists all with their summaries', async () => {
    const { stdout } = await help('commands');
    for (const c of visible) expect(stdout).toMatch(new RegExp(`^  ${c.name} +${c.summary.slice(0, 20)}`, 'm'));
    expect(stdout).toMatch(/Handed over to a real rclone[\s\S]*\bmount\b/);
  });

  test('flags: all, a group, an expression, names only', async () => {
    const all = await help('flags');
    expect(globalFlags.filter((f) => !all.stdout.includes(`--${f.name}`)).map((f) => f.name)).toEqual([]);
    expect(all.lines.filter((line) => line.length > 100)).toEqual([]);
    const groups = (lines: string[]): string[] => lines.filter((line) => /^\w+:$/.test(line));
    expect(groups(all.lines)).toEqual(flagGroups.map((g) => `${g}:`));
    expect(groups((await help('flags', 'copy')).lines)).toEqual(['Copy:']);
    expect((await cli(['help', 'flags', '--group', 'Copy'])).stdout).toBe((await help('flags', 'Copy')).stdout);
    expect((await help('flags', '^--max-d')).stdout).toMatch(/Copy:\n +--max-duration[\s\S]*Filter:\n +--max-depth/);
    expect((await help('flags', 'chunk-size')).stdout).toContain('--s3-chunk-size');
    expect((await help('flags', 'everything')).stdout).toContain('--ignore-times');
    expect((await help('flags', 'everything', '--name')).code).toBe(2);
    expect((await help('flags', 'nosuchflag')).stderr).toContain('no flag fits "nosuchflag"');
    expect((await help('flags', 'x[')).stderr).toContain('neither a flag group');
  });

  test('backends: every type, and which ones rclone would do', async () => {
    const { stdout } = await help('backends');
    for (const type of Object.keys(nodeRegistry)) expect(stdout).toMatch(new RegExp(`^  ${type} +[A-Z]`, 'm'));
    expect(stdout).toMatch(/Handed over to a real rclone[\s\S]*\bdrive\b[\s\S]*\bsftp\b/);
  });

  test.each(Object.keys(nodeRegistry))('backend %s: every option with its flag, within 100 columns', async (type) => {
    const { stdout, lines } = await help('backend', type);
    // Those that rclone hides too are of no use any more.
    const options = ((await optionsOf(type)) ?? []).filter((o) => o.hide !== 'both').map((o) => o.name);
    expect(options.filter((name) => !new RegExp(`^  ${name}  --`, 'm').test(stdout))).toEqual([]);
    const prose = lines.filter((line) => !/^ {2}\S|^ {6}(secret_access_key|\S*=)/.test(line));
    expect(prose.filter((line) => line.length > 100)).toEqual([]);
  });

  test('backend s3 for one provider has what that provider has', async () => {
    const { stdout } = await help('backend', 's3', 'Cloudflare');
    expect(stdout).toContain('no_check_bucket');
    expect(stdout).not.toContain('requester_pays');
    expect(stdout).not.toContain('Wasabi');
    expect((await help('backend', 's3', 'cloudflare')).stderr).toContain('did you mean Cloudflare?');
  });

  test('what there is not is named with the nearest', async () => {
    expect((await help('flags', 'bwlimt')).stderr).toContain('no flag fits "bwlimt" (did you mean "bwlimit"?);');
    expect((await help('flags', 'Fliter')).stderr).toContain('(did you mean "Filter"?)');
    expect((await help('s3')).stderr).toContain('unknown help topic "s3" (did you mean "backend s3"?)');
    expect(await help('flagz')).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean "flags"?') });
    expect(await help('backend', 'cript')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('didn\'t find backend called "cript": did you mean crypt?'),
    });
    expect((await help('mount')).stderr).toContain('`tsclone mount --help` asks a real rclone');
    const handed = await cli(['help', 'backend', 'drive', '--no-fallback']);
    expect([handed.code, handed.stderr]).toEqual([
      2,
      expect.stringContaining('backend "drive" is not built into tsclone'),
    ]);
    expect((await cli(['serve'])).stderr).toMatch(/serve s3[\s\S]*needs one of its commands/);
    expect((await cli(['config', 'encryption'])).stdout).toContain('config encryption check');
  });
});

test.each(visible.map((c) => [c.name, c] as const))('help of %s', async (name, c) => {
  const text = commandHelp(c);
  expect(text.startsWith(`Usage:\n  tsclone ${name}`)).toBe(true);
  const prose = text.split('\n').filter((line) => !line.startsWith('  ') || line.startsWith('      '));
  expect(prose.filter((line) => line.length > 100)).toEqual([]);
  expect((await cli([...name.split(' '), '--help'])).stdout).toBe(text);
  const withoutExample = ['config reconnect', 'config disconnect', 'config userinfo'];
  expect(c.examples === undefined || c.examples.length === 0).toBe(withoutExample.includes(name));
});

test('text is wrapped, tables are not, long names get lines of their own', () => {
  expect(wrap('one two\nthree four\n\n  a   table\n\nfive', 9)).toBe('one two\nthree\nfour\n\n  a   table\n\nfive');
  expect(wrap('one two three', 8, '  ')).toBe('one two\n  three');
  expect(
    table(
      [
        ['a', 'x y'],
        ['long name', 'z'],
      ],
      30,
      4,
    ),
  ).toBe('a  x y\nlong name\n   z');
});

describe('every example runs', () => {
  /** Services of ours that these ask for something that only AWS does, or accounts that nobody has. */
  const refusedByService = /backend (versioning|restore)|settier/;
  const local = ['media', 'db.sql', 'SUMS', 'MD5SUMS', 'restored', 'report.txt', '/var/backups', '/srv/buckets'];
  let count = 0;

  async function fresh(): Promise<{ at: string; conf: string }> {
    const at = join(dir.path, `example-${++count}`);
    mkdirSync(join(at, 'media/empty'), { recursive: true });
    mkdirSync(join(at, 'var-backups'));
    writeFileSync(join(at, 'media/photo.jpg'), 'photo');
    for (const name of ['db.sql', 'var-backups/x']) writeFileSync(join(at, name), 'dump\n');
    const sums = '5ae0c1c8a5260bc7b6648f6fbd115c35  photo.jpg\n';
    for (const name of ['SUMS', 'MD5SUMS']) writeFileSync(join(at, name), sums);
    cpSync(join(at, 'media'), join(at, 'restored'), { recursive: true });
    const s3 = (name: string, provider: string): string =>
      `[${name}]\ntype = s3\nprovider = ${provider}\naccess_key_id = ${server.accessKeyId}\nsecret_access_key = ${server.secretAccessKey}\nendpoint = ${server.endpoint}\nsession_token =\n\n`;
    const password = obscure('YOUR_PASSWORD', (n) => crypto.getRandomValues(new Uint8Array(n)));
    const conf = join(at, 'rclone.conf');
    writeFileSync(
      conf,
      `${['r2', 'r2_backups'].map((name) => s3(name, 'Cloudflare')).join('')}${s3('s3', 'Other')}` +
        `[secret]\ntype = crypt\nremote = r2:my-backup-bucket/secret\npassword = ${password}\n\n` +
        `[hasher]\ntype = hasher\nremote = ${at}/media\nhashes = md5\n\n`,
      { mode: 0o600 },
    );
    for (const bucket of ['my-backup-bucket', 'bucket', 'my-bucket']) {
      await server.backend.mkdir(bucket);
      for (const name of ['db.sql', 'report.pdf', 'old', 'file', 'media/photo.jpg', 'dir/photo.jpg']) {
        const body = utf8(name.endsWith('photo.jpg') ? 'photo' : 'dump\n');
        await server.backend.write(`${bucket}/${name}`, bytesSource(body), { size: body.length });
      }
    }
    return { at, conf };
  }

  /** A command line of the help as this test can run it. */
  function prepared(example: string, at: string): { args: string[]; stdin?: string } {
    const [, before, line = '', ,] = /^(.* \| )?(?:\S+=\S+ )?(tsclone[^>]*)(>.*)?$/.exec(example) ?? [];
    const { port } = web.address() as AddressInfo;
    const args = readLine(line.trim(), '')
      .words.slice(1)
      .map((word) => {
        if (word.startsWith('https://example.com'))
          return word.replace('https://example.com', `http://127.0.0.1:${port}`);
        if (/^tsclone\.\w+$/.test(word)) return join(at, word);
        const place = local.find((name) => word === name || (word.endsWith(`:${name}`) && name.startsWith('/')));
        return place === undefined
          ? word
          : word.slice(0, -place.length) + join(at, place.replace('/var/', 'var-').replace('/srv/buckets', 'media'));
      });
    const answers: Record<string, string> = {
      config: 'q\n',
      'config edit': 'q\n',
      'config encryption set': 'one\none\n',
      'config encryption remove': 'one\n',
      'config encryption check': 'one\n',
    };
    const stdin = before === undefined ? answers[args.join(' ')] : 'YOUR_PASSWORD\n';
    return stdin === undefined ? { args } : { args, stdin };
  }

  async function runs(example: string): Promise<void> {
    const { at, conf } = await fresh();
    const { args, stdin } = prepared(example, at);
    const env = { RCLONE_CONFIG: conf, RCLONE_CACHE_DIR: join(at, 'cache'), HOME: at };
    if (/encryption (remove|check)/.test(example)) {
      await cli(['config', 'encryption', 'set'], { env, stdin: 'one\none\n' });
    }
    if (/secret:/.test(example)) await cli(['copy', join(at, 'media'), 'secret:media'], { env });
    if (/rmdir r2:another/.test(example)) await cli(['mkdir', 'r2:another-bucket'], { env });
    if (args[0] === 'serve') return serves(args, env);
    const done = await cli(args, { env, ...(stdin === undefined ? {} : { stdin }) });
    if (refusedByService.test(example)) expect([example, done.code]).not.toEqual([example, 2]);
    else expect([example, done.code, done.code === 0 ? '' : done.stderr]).toEqual([example, 0, '']);
  }

  /** Until it says its address. */
  async function serves(args: string[], env: Record<string, string>): Promise<void> {
    const stop = new AbortController();
    let said = '';
    const write = (chunk: Buffer, _encoding: string, next: () => void): void => {
      said += chunk.toString();
      if (/http:\/\//.test(said)) stop.abort();
      next();
    };
    const free = args.includes('--addr') ? args : [...args, '--addr', '127.0.0.1:0'];
    const stream = (): Writable => new Writable({ write });
    const io = { env, stdout: stream(), stderr: stream(), stdin: (async function* () {})(), stdinIsEmpty: true };
    await runCli(free, { ...io, signal: stop.signal });
    expect(said).toContain('http://127.0.0.1:');
  }

  const examples = definitions.flatMap((c) => (c.hidden && c.name !== 'config edit' ? [] : (c.examples ?? [])));
  test.each([...new Set(examples)])('%s', { timeout: 60_000 }, runs);

  test.each(Object.entries(backendExamples))('those of help backend %s', { timeout: 60_000 }, async (_type, lines) => {
    const joined = lines
      .join('\n')
      .replaceAll(/ \\\n\s+/g, ' ')
      .split('\n');
    const { at, conf } = await fresh();
    const env = { RCLONE_CONFIG: conf, RCLONE_CACHE_DIR: join(at, 'cache') };
    for (const line of joined) {
      const { args } = prepared(line, at);
      const mapped = args.map((arg) => arg.replace(/(?<=[= ])\/var\/backups/g, join(at, 'var-backups')));
      const done = await cli(mapped, { env });
      expect([line, done.code, done.code === 0 ? '' : done.stderr]).toEqual([line, 0, '']);
      // The made-up account becomes the server of this test.
      const text = readFileSync(conf, 'utf8');
      writeFileSync(
        conf,
        text
          .replace(/https:\/\/ACCOUNT_ID\S+/, server.endpoint)
          .replace('= YOUR_ACCESS_KEY_ID', `= ${server.accessKeyId}`)
          .replace('= YOUR_SECRET_ACCESS_KEY', `= ${server.secretAccessKey}`),
      );
    }
  });
});
