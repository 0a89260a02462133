import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commands } from '../../../src/cli/commands/index.ts';
import { kindsAt, readUsage } from '../../../src/cli/complete/arguments.ts';
import { complete } from '../../../src/cli/complete/complete.ts';
import { readLine } from '../../../src/cli/complete/line.ts';
import { scripts } from '../../../src/cli/complete/scripts.ts';
import { ConfigFile } from '../../../src/config/file.ts';
import { nodePlatform } from '../../../src/node/platform.ts';
import { nodeRegistry } from '../../../src/node/registry.ts';
import { globalFlags } from '../../../src/options/global.ts';
import { createSession } from '../../../src/session.ts';
import { startOwnServer, type OwnServer } from '../../support/own-server.ts';
import { findPeer } from '../../support/peers.ts';
import { runOnPty } from '../../support/pty.ts';
import { run, tsclone, tscloneBin } from '../../support/run.ts';
import { tempDir } from '../../support/servers.ts';

let dir: Awaited<ReturnType<typeof tempDir>>;
let server: OwnServer;
let config: string;
beforeAll(async () => {
  dir = await tempDir();
  server = await startOwnServer({ r2Tokens: [{ accessKeyId: 'AK', secretAccessKey: 'SK', tier: 'admin-rw' }] });
  await server.backend.mkdir('backups');
  for (const key of ['backups/db.sql', 'backups/db old.sql', 'backups/media/a']) {
    await server.backend.write(key, (async function* () {})(), { size: 0 });
  }
  mkdirSync(join(dir.path, 'here/sub'), { recursive: true });
  for (const name of ['here/one.txt', 'here/two words.txt', 'here/.hidden', 'here/r-file']) {
    writeFileSync(join(dir.path, name), '');
  }
  config = `[r2]
type = s3
provider = Cloudflare
access_key_id = AK
secret_access_key = SK
endpoint = ${server.endpoint}

[here]
type = alias
remote = ${dir.path}/here

[secret]
type = crypt
remote = here:
`;
  writeFileSync(join(dir.path, 'rclone.conf'), config);
});
afterAll(async () => {
  await server.stop();
  await dir.remove();
});

describe('what may stand at the end of a line', () => {
  const values = async (...line: string[]) => {
    const platform = nodePlatform({});
    const session = createSession({ platform, registry: nodeRegistry, config: ConfigFile.parse(config) });
    const found = await complete(line, { session: async () => session, signal: new AbortController().signal });
    return { ...found, candidates: found.candidates.map((c) => c.value) };
  };

  test.each<[string[], string[]]>([
    [['lsj'], ['lsjson']],
    [['listr'], ['listremotes']],
    [
      ['config', 'pa'],
      ['password', 'paths'],
    ],
    [
      ['config', 'encryption', ''],
      ['set', 'remove', 'check'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['genautocomplete', 'b'], ['bash']],
    [['serve', ''], ['s3']],
    [['help', 'fl'], ['flags']],
    [['help', 'flags', 'Fil'], ['Filter']],
    [['help', 'backend', 'cr'], ['crypt']],
    [['help', 'config', 'cr'], ['create']],
    [['ls', 'r'], ['r2:']],
    [['ls', 'r2:'], ['r2:backups/']],
    [
      ['ls', 'r2:backups/'],
      ['r2:backups/media/', 'r2:backups/db old.sql', 'r2:backups/db.sql'],
    ],
    [['copy', '/tmp', 'r2:backups/m'], ['r2:backups/media/']],
    [['--config', 'x', 'ls', '-v', 'r2:backups/m'], ['r2:backups/media/']],
    [['ls', '--transfers', '4', 'r'], ['r2:']],
    [['ls', 'nosuch:'], []],
    [['ls', 'secret:'], []],
    [
      ['ls', ':c'],
      [':crypt:', ':compress:', ':chunker:', ':combine:'],
    ],
    [['about', 'h'], ['here:']],
    [['copy', 'a', 'b', ''], []],
    [['sync', '--track-renames-s'], ['--track-renames-strategy']],
    [['ls', '--track-renames-x'], []],
    [['lsf', '--form'], ['--format']],
    [['ls', '--form'], []],
    [['ls', '--', '--form'], []],
    [['ls', '--log-level', 'N'], ['NOTICE']],
    [
      ['ls', '--color=A'],
      ['--color=AUTO', '--color=ALWAYS'],
    ],
    [['ls', '--fast-list=t'], ['--fast-list=true']],
    [['ls', '--s3-no-check-b'], ['--s3-no-check-bucket']],
    [['ls', '--s3-provider', 'Cloudf'], ['Cloudflare']],
    [['sync', 'a', 'b', '--backup-dir', 'r2:backups/m'], ['r2:backups/media/']],
    [['hashsum', 'sha2'], ['sha256']],
    [['hashsum', 'md5', 'h'], ['here:']],
    [['dedupe', 'new'], ['newest']],
    [['dedupe', 'her'], ['here:']],
    [['dedupe', 'newest', 'h'], ['here:']],
    [
      ['config', 'show', ''],
      ['r2', 'here', 'secret'],
    ],
    [['explain', 'AccessD'], ['AccessDenied']],
    [
      ['backend', 'help', 's'],
      ['s3', 'secret:'],
    ],
    [['config', 'create', ''], []],
    [['config', 'create', 'x', 'al'], ['alias']],
    [['config', 'create', 'x', 's3', 'provider=', 'no_check'], ['no_check_bucket=']],
    [['config', 'create', 'x', 's3', 'provider=Cloudf'], ['provider=Cloudflare']],
    [['config', 'create', 'x', 's3', 'provider=Cloudflare', 'region='], ['region=auto']],
    [['config', 'create', 'x', 's3', 'provider=Cloudflare', 'provi'], []],
    [['config', 'update', 'r2', 'region='], ['region=auto']],
    [['config', 'update', 'secret', 'filename_encryption=s'], ['filename_encryption=standard']],
    [['config', 'unset', 'r2', 'end'], ['endpoint']],
    [['config', 'unset', 'r2', 'endpoint', 'acc'], ['access_key_id']],
    [
      ['config', 'password', 'secret', ''],
      ['password', 'password2'],
    ],
    [['config', 'password', 'secret', 'password', ''], []],
    [['config', 'password', 'secret', 'password', 'pw', 'pass'], ['password2']],
  ])('%j', async (line, wanted) => {
    expect((await values(...line)).candidates.sort()).toEqual([...wanted].sort());
  });

  test('files of this machine stand beside remotes; hidden ones only when a dot is typed', async () => {
    const at = `${dir.path}/here/`;
    expect((await values('copy', at)).candidates.sort()).toEqual(
      ['one.txt', 'r-file', 'sub/', 'two words.txt'].map((name) => at + name),
    );
    expect((await values('copy', `${at}.`)).candidates).toEqual([`${at}.hidden`]);
    expect((await values('copy', '~/x')).files).toBe(true);
    expect((await values('ls', '--log-file', '')).files).toBe(true);
    expect((await values('checksum', 'md5', '')).files).toBe(true);
    expect((await values('config', 'show', '')).files).toBe(false);
  });

  test('no blank behind what is to be typed on', async () => {
    expect((await values('ls', 'r2')).noSpace).toBe(true);
    expect((await values('ls', 'r2:backups/m')).noSpace).toBe(true);
    expect((await values('ls', 'r2:backups/db.')).noSpace).toBe(false);
    expect((await values('config', 'create', 'x', 's3', 'no_check')).noSpace).toBe(true);
  });

  test('what is refused is not offered', async () => {
    const refused = globalFlags.filter((f) => f.notBuilt !== undefined);
    const { candidates } = await values('ls', '--');
    expect(candidates).toContain('--transfers');
    expect(refused.filter((f) => candidates.includes(`--${f.name}`))).toEqual([]);
  });

  test('help texts come along', async () => {
    const found = await complete(['lsj'], { session: () => Promise.reject(new Error()), signal: AbortSignal.abort() });
    expect(found.candidates).toEqual([{ value: 'lsjson', help: 'List as JSON for programs' }]);
  });
});

test('the usage text of every command can be read', async () => {
  for (const entry of commands) {
    const { name, usage } = await entry.load();
    const kinds = readUsage(usage).map((a) => a.kind);
    // What has a colon is a remote or a path in one, save for addresses of the web.
    const places = usage.split(' ').filter((token) => /:/.test(token) && !token.startsWith('http')).length;
    expect([name, kinds.filter((kind) => kind === 'path' || kind.startsWith('remote')).length]).toEqual([name, places]);
  }
  expect(kindsAt('name [key value]+', 4)).toEqual(['word']);
  expect(kindsAt('name [key value]+', 5)).toEqual(['option name']);
});

test.each<[string, string[], string]>([
  ['tsclone ls r2:b', ['tsclone', 'ls', 'r2:b'], 'r2:'],
  ['tsclone ls ', ['tsclone', 'ls', ''], ''],
  ['tsclone ls "r2:a b', ['tsclone', 'ls', 'r2:a b'], ''],
  ["tsclone ls 'a\\b' x", ['tsclone', 'ls', 'a\\b', 'x'], ''],
  ['tsclone ls r2:a\\ b', ['tsclone', 'ls', 'r2:a b'], 'r2:'],
  ['tsclone ls r2\\:a', ['tsclone', 'ls', 'r2:a'], ''],
  ['tsclone --a=b:c', ['tsclone', '--a=b:c'], '--a=b:'],
  ['tsclone "x\\"y\\z" $HOME', ['tsclone', 'x"y\\z', '$HOME'], ''],
])('the line %j', (line, words, kept) => {
  expect(readLine(line, ' \t\n"\'><=;|&(:')).toEqual({ words, kept });
});

describe('the program answers shells', () => {
  const ask = async (...args: string[]): Promise<[number | null, string, string]> => {
    const done = await tsclone(args, { cwd: dir.path, env: { RCLONE_CONFIG: join(dir.path, 'rclone.conf') } });
    return [done.code, done.stdout.toString(), done.stderr];
  };

  test('as rclone does, and for bash without what bash keeps', async () => {
    expect(await ask('__complete', 'ls', 'r2:backups/db')).toEqual([
      0,
      'r2:backups/db old.sql\nr2:backups/db.sql\n:4\n',
      '',
    ]);
    expect(await ask('__complete', 'ls', 'r2')).toEqual([0, 'r2:\ts3\n:2\n', '']);
    expect(await ask('__completeNoDesc', 'ls', 'r2')).toEqual([0, 'r2:\n:2\n', '']);
    expect(await ask('__completeLine', ':=', 'tsclone ls r2:ba')).toEqual([0, 'backups/\n:6\n', '']);
  });

  test('with the config that the line names, and without a word when it cannot', async () => {
    const other = join(dir.path, 'other.conf');
    writeFileSync(other, '[elsewhere]\ntype = memory\n');
    expect(await ask('__complete', '--config', other, 'ls', 'el')).toEqual([0, 'elsewhere:\tmemory\n:2\n', '']);
    writeFileSync(other, '# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\nAAAA');
    expect(await ask('__complete', `--config=${other}`, 'ls', 'el')).toEqual([0, ':4\n', '']);
    expect(await ask('__complete', 'ls', '--nosuchflag', '--s3-chunk-size=bad', 'r2')).toEqual([
      0,
      'r2:\ts3\n:2\n',
      '',
    ]);
  });

  test('the script goes to standard output or into a file', async () => {
    expect(await ask('completion', 'bash')).toEqual([0, scripts.bash, '']);
    expect(await ask('genautocomplete', 'zsh', '-')).toEqual([0, scripts.zsh, '']);
    expect(await ask('completion', 'fish', 'made.fish')).toEqual([0, '', '']);
    expect(readFileSync(join(dir.path, 'made.fish'), 'utf8')).toBe(scripts.fish);
    const [code, , stderr] = await ask('completion', 'powershell');
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('unknown command "powershell" for "tsclone completion"'),
    ]);
  });
});

const inPath = (name: string): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
const python = findPeer('python3');

describe.skipIf(python === undefined)('real shells, with the Tab key', () => {
  /** A `tsclone` that completes as the real one and otherwise shows its arguments. */
  function standIn(): Record<string, string> {
    const bin = join(dir.path, 'bin');
    mkdirSync(bin, { recursive: true });
    const text = `#!/bin/sh
case $1 in __complete*|completion) exec ${process.execPath} ${tscloneBin} "$@" ;; esac
for word; do printf '<%s>' "$word"; done
echo
`;
    writeFileSync(join(bin, 'tsclone'), text);
    chmodSync(join(bin, 'tsclone'), 0o755);
    const path = `${bin}${delimiter}${process.env['PATH'] ?? ''}`;
    return { PATH: path, RCLONE_CONFIG: join(dir.path, 'rclone.conf'), PS1: '$ ', TERM: 'dumb' };
  }
  const typed: [string, string][] = [
    ['tsclone listr\tx', '<listremotes><x>'],
    ['tsclone ls r2\tba\tdb.\tx', '<ls><r2:backups/db.sql><x>'],
    ['tsclone ls r2:backups/db\\ \tx', '<ls><r2:backups/db old.sql><x>'],
    ['tsclone ls "r2:backups/db \t', '<ls><r2:backups/db old.sql>'],
    ['tsclone ls --log-level=DE\tx', '<ls><--log-level=DEBUG><x>'],
    [
      'tsclone config create r s3 provider=Cloudf\tno_check_b\ttrue',
      '<config><create><r><s3><provider=Cloudflare><no_check_bucket=true>',
    ],
    ['tsclone copy here/tw\tr2:ba\tx', '<copy><here/two words.txt><r2:backups/x>'],
  ];
  const shown = (screen: string): string[] => screen.split('\n').filter((line) => line.startsWith('<'));

  const bash = inPath('bash');
  test.skipIf(bash === undefined)('bash', { timeout: 120_000 }, async () => {
    const answers = ['source <(tsclone completion bash)', ...typed.map(([line]) => line), 'exit'];
    const argv = [bash as string, '--norc', '--noprofile', '-i'];
    const done = await runOnPty(python as string, argv, { cwd: dir.path, env: standIn(), answers, prompts: '\\$ $' });
    expect(shown(done.screen)).toEqual(typed.map(([, words]) => words));
  });

  const zsh = inPath('zsh');
  test.skipIf(zsh === undefined)('zsh', { timeout: 120_000 }, async () => {
    const answers = [
      "autoload -Uz compinit && compinit -u -D; bindkey '^I' complete-word; unsetopt prompt_cr prompt_sp",
      'source <(tsclone completion zsh)',
      ...typed.map(([line]) => line),
      'exit',
    ];
    const prompts = '\\$ (\x1b\\[\\?2004h)?$';
    const argv = [zsh as string, '-f', '-i'];
    const done = await runOnPty(python as string, argv, { cwd: dir.path, env: standIn(), answers, prompts });
    expect(shown(done.screen)).toEqual(typed.map(([, words]) => words));
  });

  const fish = inPath('fish');
  test.skipIf(fish === undefined)('fish', { timeout: 120_000 }, async () => {
    const ask = async (line: string): Promise<string> => {
      const text = `tsclone completion fish | source; complete -C ${JSON.stringify(line)}`;
      const done = await run(fish as string, ['-c', text], { cwd: dir.path, env: standIn() });
      return done.stdout.toString();
    };
    expect(await ask('tsclone listr')).toBe('listremotes\tList the configured remotes\n');
    expect(await ask("tsclone ls 'r2:backups/db ")).toBe('r2:backups/db old.sql\n');
    expect(await ask('tsclone checksum md5 rcl')).toBe('rclone.conf\n');
    expect(await ask('tsclone config show ')).toBe('here\talias\nr2\ts3\nsecret\tcrypt\n');
  });
});
