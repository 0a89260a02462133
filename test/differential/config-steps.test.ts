import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fromUtf8 } from '../../src/core/bytes.ts';
import { reveal } from '../../src/core/obscure.ts';
import { findPeer } from '../support/peers.ts';
import { facts, type Option } from '../support/rclone-options.ts';
import { run, tsclone, type RunResult } from '../support/run.ts';
import { tempDir } from '../support/servers.ts';
import { sortedConfig } from '../support/wizard.ts';

const rclone = findPeer('rclone');

interface Answer {
  State: string;
  Option: (Option & { DefaultStr: string; IsPassword: boolean }) | null;
  Error: string;
  Result: string;
}
interface Walk {
  readonly name: string;
  readonly create: readonly string[];
  readonly before?: string;
  /** By option; others get their default. Each is used once. */
  readonly answers?: Readonly<Record<string, string>>;
}

describe.skipIf(rclone === undefined)('config create and update for programs', () => {
  let dir: Awaited<ReturnType<typeof tempDir>>;
  let count = 0;
  beforeAll(async () => void (dir = await tempDir()));
  afterAll(() => dir.remove());
  const theirs = (args: readonly string[]): Promise<RunResult> => run(rclone as string, args, { cwd: dir.path });
  const ours = (args: readonly string[]): Promise<RunResult> => tsclone(args, { cwd: dir.path });

  const shown = (text: string): string =>
    sortedConfig(text).replace(
      /^(password2? = )(.+)$/gm,
      (_, key: string, value: string) => key + fromUtf8(reveal(value)),
    );

  const walks: Walk[] = [
    { name: 'nothing to ask', create: ['x', 's3', '--non-interactive', 'provider=AWS'] },
    {
      name: 'R2',
      create: ['x', 's3', '--non-interactive', '--all', 'provider=Cloudflare', 'env_auth=true'],
      answers: {
        access_key_id: 'AK',
        endpoint: 'https://x',
        config_fs_advanced: 'true',
        no_check_bucket: 'true',
        chunk_size: '7M',
      },
    },
    {
      name: 'AWS',
      create: ['x', 's3', '--non-interactive', '--all'],
      answers: { provider: 'AWS', region: 'eu-west-1', acl: 'private' },
    },
    { name: 'IBMCOS', create: ['x', 's3', '--non-interactive', '--all'], answers: { provider: 'IBMCOS' } },
    { name: 'no provider', create: ['x', 's3', '--non-interactive', '--all'] },
    {
      name: 'crypt',
      create: ['x', 'crypt', '--non-interactive', '--all', 'password=pw'],
      answers: { remote: 'm:x', filename_encryption: 'off' },
    },
    {
      name: 'memory',
      create: ['x', 'memory', '--non-interactive', '--all'],
      answers: { config_fs_advanced: 'true', discard: 'true' },
    },
    { name: 'alias', create: ['x', 'alias', '--non-interactive', '--all'], answers: { remote: 'm:' } },
    {
      name: 'local',
      create: ['x', 'local', '--non-interactive', '--all'],
      answers: { config_fs_advanced: 'true', time_type: 'atime', hashes: 'md5,sha1' },
    },
  ];

  test.each(walks.map((w) => [w.name, w] as const))(
    '%s: the same states, options and file',
    async (_name, w) => {
      const results = [];
      for (const [who, cli] of [
        ['theirs', theirs],
        ['ours', ours],
      ] as const) {
        const conf = join(dir.path, `${++count}-${who}.conf`);
        writeFileSync(conf, w.before ?? '', { mode: 0o600 });
        const answers = new Map(Object.entries(w.answers ?? {}));
        const steps: Answer[] = [];
        let args = ['config', 'create', ...w.create];
        for (;;) {
          const done = await cli([...args, '--config', conf]);
          expect([args, done.code, done.stderr]).toEqual([args, 0, '']);
          const step = JSON.parse(done.stdout.toString()) as Answer;
          steps.push(step);
          if (step.State === '' || !step.Option) break;
          const answer = answers.get(step.Option.Name) ?? (step.Option.IsPassword ? '' : step.Option.DefaultStr);
          answers.delete(step.Option.Name);
          args = ['config', 'update', 'x', '--continue', '--state', step.State, '--result', answer];
        }
        results.push({ steps, config: shown(readFileSync(conf, 'utf8')) });
      }
      const [a, b] = results as [(typeof results)[0], (typeof results)[0]];
      expect(b.steps.map((s) => [s.State, s.Option?.Name])).toEqual(a.steps.map((s) => [s.State, s.Option?.Name]));
      for (const [i, step] of b.steps.entries()) {
        const other = a.steps[i] as Answer;
        expect(Object.keys(step)).toEqual(Object.keys(other));
        // Obscured with another random.
        for (const o of [step.Option, other.Option]) {
          if (o?.IsPassword && o.DefaultStr !== '') Object.assign(o, { Default: 'P', DefaultStr: 'P', ValueStr: 'P' });
        }
        if (step.Option && other.Option) {
          expect(facts(step.Option, other.Option)).toEqual(facts(other.Option, other.Option));
          expect(Object.keys(step.Option)).toEqual(Object.keys(other.Option));
        } else expect(step).toEqual(other);
      }
      expect(b.config).toBe(a.config);
    },
    240_000,
  );

  const file = `[a]
type = s3
provider = Cloudflare
env_auth = maybe
chunk_size = 7M
upload_cutoff = abc
list_url_encode = true
sdk_log_mode = Signing

[c]
type = crypt
remote = x:

`;
  const state = (at: string, result: string): string[] => [
    'config',
    'update',
    'a',
    '--continue',
    '--state',
    at,
    '--result',
    result,
  ];
  test.each([
    [state('', '')],
    [state('bogus', 'x')],
    [state('*bogus', 'x')],
    [state('*oauth-x', 'x')],
    [state('*all-set,99,false', 'x')],
    [state('*all-set,-1,false', 'x')],
    [state('*all-set,x,false', 'x')],
    [state('*all-set', 'AWS')],
    [state('*all,0,false', 'x')],
    [state('*all-advanced', 'yes')],
    [state('*all-advanced', 'true')],
    [state('*postconfig', 'true')],
    [state('*all-set,0,false', 'Cloudflare')],
    [state('*all-set,16,true', '')],
    [state('*all-set,17,true', 'abc')],
    [state('*all-set,65,true', '')],
    [state('*all-set,77,true', 'text')],
    [[...state('*all-set,1,false', 'true'), 'access_key_id=AK']],
    [[...state('*all-set,1,false', 'true'), '--no-output']],
    [['config', 'update', 'a', '--all', '--non-interactive']],
    [['config', 'update', 'a', '--continue', '--all']],
    [['config', 'update', 'a', '--state', '*all-set,1,false', '--result', 'true']],
    [['config', 'update', 'nosuch', '--all', '--non-interactive']],
    [['config', 'create', 'n', 'nosuch', '--all', '--non-interactive']],
    [['config', 'create', 'n', 'memory', '--obscure', '--no-obscure']],
    [['config', 'create', 'n', 'memory', '--auto-confirm', '--all']],
    [['config', 'create', 'n', 'crypt', 'remote=x:', 'password=pw', '--auto-confirm', '--all', '--non-interactive']],
    [['config', 'create', 'n', 's3', 'provider=cloudflare', 'no_chek_bucket=true', 'chunk_size=5 MB', 'env_auth=ja']],
    [['config', 'update', 'a', 'provider=R2', 'secret=x', 'upload_cutoff=big', 'acl=privat']],
    [['config', 'redacted']],
    [['config', 'redacted', 'a']],
    [['config', 'show', 'c']],
    [['config', 'show', 'nosuch']],
    [['config', 'password', 'c', 'password', 'pw', 'password2=two']],
    [['config', 'password', 'nosuch', 'password', 'pw']],
    [['config', 'password', 'c', 'password']],
    [['config', 'string', 'c:abc/def']],
    [['config', 'string', 'a:']],
    [['config', 'string', 'nosuch:']],
    [['config', 'reconnect', 'c:']],
    [['config', 'disconnect', 'a:']],
    [['config', 'userinfo', 'a:b']],
    [['config', 'userinfo', 'nosuch:']],
  ])(
    '%j: the same answer, exit code and file',
    async (args) => {
      const results = [];
      for (const [who, cli] of [
        ['theirs', theirs],
        ['ours', ours],
      ] as const) {
        const conf = join(dir.path, `${++count}-${who}.conf`);
        writeFileSync(conf, file, { mode: 0o600 });
        const done = await cli([...args, '--config', conf]);
        const text = done.stdout.toString();
        const parsed = text.startsWith('{') ? (JSON.parse(text) as Answer) : undefined;
        const errors = done.stderr
          .split('\n')
          .map((line) => line.replace(/^\S+ \S+ /, ''))
          .filter((line) => /^(NOTICE: Fatal|ERROR)/.test(line))
          // The reason is each program's own.
          .map((line) => line.replace(/(using default: parsing "[^"]*" as \S+ failed: ).*/, '$1'))
          // What it is about is told by ours alone.
          .map((line) => line.replace(/(find type field in config|found key without value): .*/, '$1'));
        results.push({
          code: done.code,
          stdout: parsed
            ? [parsed.State, parsed.Option && facts(parsed.Option, parsed.Option)]
            : text.split('\n').sort(),
          errors,
          config: shown(readFileSync(conf, 'utf8')),
        });
      }
      const [a, b] = results as [(typeof results)[0], (typeof results)[0]];
      expect(b).toEqual(a);
    },
    60_000,
  );
});
