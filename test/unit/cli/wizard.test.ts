import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fromUtf8, bytesSource, utf8 } from '../../../src/core/bytes.ts';
import { reveal } from '../../../src/core/obscure.ts';
import { startOwnServer, type OwnServer } from '../../support/own-server.ts';
import { findPeer } from '../../support/peers.ts';
import { runOnPty, type PtySession } from '../../support/pty.ts';
import { tsclone, tscloneBin, type RunResult } from '../../support/run.ts';
import { tempDir } from '../../support/servers.ts';

const python = findPeer('python3');
const bucket = 'my-backup-bucket';
const token = { accessKeyId: 'AKTOKEN', secretAccessKey: 'very-secret-text' };
const times = (n: number): string[] => Array.from({ length: n }, () => '');

let dir: Awaited<ReturnType<typeof tempDir>>;
let server: OwnServer;
let conf: string;
let count = 0;
beforeAll(async () => {
  dir = await tempDir();
  server = await startOwnServer({ r2Tokens: [{ ...token, tier: 'object-rw', buckets: [bucket] }] });
  await server.backend.mkdir(bucket);
  const body = utf8('hello');
  await server.backend.write(`${bucket}/hello.txt`, bytesSource(body), { size: body.length });
});
afterAll(async () => {
  await server.stop();
  await dir.remove();
});
beforeEach(() => void (conf = join(dir.path, `${++count}.conf`)));

const cli = (args: string[], stdin?: string): Promise<RunResult> =>
  tsclone([...args, '--config', conf], { cwd: dir.path, ...(stdin === undefined ? {} : { stdin }) });
const config = (): string => readFileSync(conf, 'utf8');

describe.skipIf(python === undefined)('config on a terminal', () => {
  const session = (
    answers: string[],
    o: { args?: string[]; env?: Record<string, string>; prompts?: string } = {},
  ): Promise<PtySession> =>
    runOnPty(python as string, [process.execPath, tscloneBin, ...(o.args ?? ['config'])], {
      cwd: dir.path,
      env: { RCLONE_CONFIG: conf, ...o.env },
      answers,
      ...(o.prompts === undefined ? {} : { prompts: o.prompts }),
    });

  test("the recipe's steps end in a working ls under R2's rules", async () => {
    const basics = ['Cloudflare', '', token.accessKeyId, token.secretAccessKey, 'auto', server.endpoint, ''];
    const done = await session([
      'n',
      'r2_backups',
      's3',
      ...basics,
      'y',
      ...times(20),
      'true',
      ...times(30),
      'n',
      'y',
      'q',
    ]);
    expect(done.code).toBe(0);
    const asked = [...done.screen.matchAll(/^Option (\S+)\.$/gm)].map((m) => m[1]);
    expect(asked).toHaveLength(59);
    expect(asked.slice(0, 4)).toEqual(['Storage', 'provider', 'env_auth', 'access_key_id']);
    expect(asked[28]).toBe('no_check_bucket');
    expect(config()).toBe(`[r2_backups]
type = s3
provider = Cloudflare
access_key_id = ${token.accessKeyId}
secret_access_key = ${token.secretAccessKey}
region = auto
endpoint = ${server.endpoint}
no_check_bucket = true

`);
    const ls = await cli(['ls', `r2_backups:${bucket}`]);
    expect([ls.code, ls.stderr, ls.stdout.toString()]).toEqual([0, '', '        5 hello.txt\n']);
    expect((await cli(['rcat', `r2_backups:${bucket}/new`], 'x')).code).toBe(0);
    expect(server.log.filter((r) => r.operation === 'CreateBucket' || r.operation === 'HeadBucket')).toEqual([]);
  }, 120_000);

  test('secrets are never shown', async () => {
    const done = await session([
      'n',
      'r2',
      's3',
      'Cloudflare',
      '',
      'AK',
      'very-secret-text',
      '',
      'http://x',
      '',
      'y',
      ...times(7),
      'secret-session',
      ...times(43),
      'n',
      'e',
      ...times(7),
      'n',
      'y',
      'q',
    ]);
    expect(config()).toContain('secret_access_key = very-secret-text\n');
    expect(config()).toContain('session_token = secret-session\n');
    expect(done.screen).not.toContain('very-secret');
    expect(done.screen).not.toContain('secret-session');
    expect(done.screen).toContain('Press Enter for the default (***).');
    expect(done.screen).toContain('- secret_access_key: ***');
  }, 120_000);

  test('passwords are typed unseen, corrected, and stored obscured', async () => {
    const done = await session(
      ['n', 'c', 'crypt', 'm:x', '', '', 'y', 'px\x7fw\u00e4\x7f', 'wrong\x15pw', '', 'n', 'y', 'q'],
      {},
    );
    expect(done.screen).not.toMatch(/pw|px|wrong/);
    expect(fromUtf8(reveal(/^password = (.+)$/m.exec(config())?.[1] ?? ''))).toBe('pw');
  }, 120_000);

  test.each([
    ['before the first answer', []],
    ['at a name', ['n']],
    ['at a key', ['n', 'x', 's3', 'Cloudflare', '', 'AK']],
    ['at a hidden answer', ['n', 'x', 's3', 'Cloudflare', '', 'AK']],
    ['at a password', ['n', 'x', 'crypt', 'm:', '', '', 'y']],
    ['at the last question', ['n', 'x', 'memory', '']],
    ['in an edit', ['e', 'm', '']],
    ['in the quick set-up', ['k', 'Cloudflare', 'x']],
  ])(
    'Ctrl-C %s leaves the file as it was',
    async (_name, answers) => {
      const before = '# mine\n[m]\ntype = memory\n';
      writeFileSync(conf, before, { mode: 0o600 });
      const done = await session([...answers, '^C']);
      expect(done.code).toBe(130);
      expect(done.screen).toMatch(/\n\S+ \S+ NOTICE: Interrupted: the config stays as it was last written\n$/);
      expect(config()).toBe(before);
    },
    120_000,
  );

  test('the quick set-up makes a working remote by six questions', async () => {
    const done = await session([
      'k',
      'r2',
      'r2_backups',
      token.accessKeyId,
      token.secretAccessKey,
      server.endpoint,
      bucket,
      'q',
    ]);
    expect(done.code).toBe(0);
    expect(done.steps).toHaveLength(8);
    expect(config()).toBe(`[r2_backups]
type = s3
provider = Cloudflare
access_key_id = ${token.accessKeyId}
secret_access_key = ${token.secretAccessKey}
endpoint = ${server.endpoint}
no_check_bucket = true

`);
    expect(done.screen).toContain(`The check went well: r2_backups:${bucket} has`);
    expect(done.screen).toContain('RCLONE_CONFIG_R2_BACKUPS_PROVIDER=Cloudflare');
    expect(done.screen).not.toContain(token.secretAccessKey);
  }, 120_000);

  test('an account id becomes the endpoint, and a check that fails says why', async () => {
    const id = '0123456789abcdef0123456789abcdef';
    const done = await session(['k', 'cloudflare', '', 'AK', 'SK', id, '', 'q'], {
      env: { RCLONE_LOW_LEVEL_RETRIES: '1', RCLONE_CONTIMEOUT: '2s', HTTPS_PROXY: 'http://127.0.0.1:1' },
    });
    expect(config()).toContain(`[r2]\ntype = s3\nprovider = Cloudflare\n`);
    expect(config()).toContain(`endpoint = https://${id}.r2.cloudflarestorage.com\n`);
    expect(done.screen).toContain('The check failed: ');
    expect(done.screen).toContain('tsclone config update r2 key=value');
    expect(done.screen).toContain('To find the cause: tsclone doctor r2:\n');
  }, 120_000);

  test('the quick set-up takes the address of a bucket apart, and asks again for what is no account', async () => {
    const address = `${server.endpoint}/${bucket}`;
    const done = await session(['k', 'r2', '', token.accessKeyId, token.secretAccessKey, 'mine', address, '', 'q']);
    expect(done.screen).toContain('An account id has 32 hexadecimal digits');
    expect(config()).toContain(`\nendpoint = ${server.endpoint}\n`);
    expect(done.screen).toContain(`The check went well: r2:${bucket} has`);
  }, 120_000);

  test('the quick set-up finds region and endpoint of a service by one answer', async () => {
    await session(['k', 'Scaleway', '', 'AK', 'SK', '2', '', 'q'], {
      env: { RCLONE_LOW_LEVEL_RETRIES: '1', RCLONE_CONTIMEOUT: '2s', HTTPS_PROXY: 'http://127.0.0.1:1' },
    });
    expect(config()).toContain('region = fr-par\nendpoint = s3.fr-par.scw.cloud\n');
  }, 120_000);

  test('an encrypted file asks for its password first', async () => {
    writeFileSync(conf, '[m]\ntype = memory\n', { mode: 0o600 });
    await cli(['config', 'encryption', 'set'], 'one\none\n');
    const done = await session(['wrong', 'one', 'd', '1', 'q']);
    expect(done.code).toBe(0);
    expect(done.screen).not.toMatch(/^password:.*one/m);
    expect(config()).toContain('RCLONE_ENCRYPT_V0:');
    expect(
      (
        await tsclone(['listremotes', '--config', conf], { cwd: dir.path, env: { RCLONE_CONFIG_PASS: 'one' } })
      ).stdout.toString(),
    ).toBe('');
  }, 120_000);

  test('rclone is given the terminal for a type that is not built in, and gives it back', async () => {
    const rclone = join(dir.path, 'fake-rclone');
    writeFileSync(
      rclone,
      '#!/bin/sh\necho "ARGS $*"\nprintf "token> "\nread token\nprintf "[$5]\\ntype = $6\\ntoken = $token\\n\\n" >> "$2"\n',
    );
    chmodSync(rclone, 0o755);
    writeFileSync(conf, '[m]\ntype = memory\n\n', { mode: 0o600 });
    const done = await session(['n', 'gd', 'drive', 'TOKEN', 'n', 'm2', 'memory', '', '', 'q'], {
      env: { TSCLONE_RCLONE: rclone },
    });
    expect(done.code).toBe(0);
    expect(done.screen).toContain(`ARGS --config ${conf} config create gd drive --all`);
    expect(config()).toBe('[m]\ntype = memory\n\n[gd]\ntype = drive\ntoken = TOKEN\n\n[m2]\ntype = memory\n\n');
  }, 120_000);

  test('without rclone a type that is not built in is refused by name', async () => {
    const done = await session(['n', 'gd', 'drive'], { env: { TSCLONE_HANDED_OVER: '1' } });
    expect(done.code).toBe(1);
    expect(done.screen).toContain('storage type "drive" is not built into tsclone; a real rclone would do it');
    expect(existsSync(conf)).toBe(false);
  }, 120_000);
});

describe('config on a pipe', () => {
  test('the end of input in the middle leaves the file as it was', async () => {
    writeFileSync(conf, '[m]\ntype = memory\n');
    const done = await cli(['config'], 'n\nx\ns3\nCloudflare\n');
    expect([done.code, done.stderr.replace(/^\S+ \S+ /, '')]).toEqual([1, 'CRITICAL: Failed to read line: EOF\n']);
    expect(config()).toBe('[m]\ntype = memory\n');
  });

  test('what is probably a mistake is told before the remote is kept', async () => {
    // The default of everything, the menu included, which asks again.
    const answers = ['n', 'y', 's3', 'cloudflare', ...Array<string>(20).fill(''), 'q'];
    const done = await cli(['config'], `${answers.join('\n')}\n`);
    expect(done.code).toBe(0);
    expect(done.stderr).toContain('NOTICE: remote "y": provider "cloudflare" is unknown and treated as Other');
    expect(config()).toBe('[y]\ntype = s3\nprovider = cloudflare\n\n');
  });

  test('what was answered since the menu goes to rclone with the rest of the input', async () => {
    const rclone = join(dir.path, 'pipe-rclone');
    writeFileSync(rclone, '#!/bin/sh\necho "ARGS $*"\ncat\nexit 3\n');
    chmodSync(rclone, 0o755);
    const done = await tsclone(['config', '--config', conf], {
      cwd: dir.path,
      stdin: 'n\nm\nmemory\n\n\nn\ngd\ndrive\nID\n\nq\n',
      env: { TSCLONE_RCLONE: rclone },
    });
    expect(done.code).toBe(3);
    expect(done.stdout.toString()).toContain(`ARGS --config ${conf} config\nn\ngd\ndrive\nID\n\nq\n`);
    expect(config()).toBe('[m]\ntype = memory\n\n');
  });

  test('a wrong word is no command', async () => {
    const done = await cli(['config', 'creat']);
    expect(done.code).toBe(2);
    expect(done.stderr).toContain('did you mean "config create"?');
  });
});
