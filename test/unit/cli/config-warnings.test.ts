import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findMistakes } from '../../../src/cli/config-warnings.ts';
import { optionsOf } from '../../../src/cli/interview.ts';
import { tsclone } from '../../support/run.ts';
import { tempDir } from '../../support/servers.ts';

let dir: Awaited<ReturnType<typeof tempDir>>;
beforeAll(async () => void (dir = await tempDir()));
afterAll(() => dir.remove());

test.each([
  ['s3', 'provider', 'cloudflare', 'provider "cloudflare" is unknown and treated as Other: did you mean Cloudflare?'],
  ['s3', 'provider', 'R2', /did you mean Cloudflare\?$/],
  ['s3', 'provider', 'amazon', /did you mean AWS\?$/],
  ['s3', 'provider', 'Wasabbi', /did you mean Wasabi\?$/],
  ['s3', 'provider', 'Zork', 'provider "Zork" is unknown and treated as Other'],
  ['s3', 'no_chek_bucket', 'true', /^option "no_chek_bucket" is unknown to type s3, .*did you mean no_check_bucket\?$/],
  ['s3', 'access-key-id', 'x', /did you mean access_key_id\?$/],
  ['s3', 'accessKeyId', 'x', /did you mean access_key_id\?$/],
  ['s3', 'access_key', 'x', /did you mean access_key_id\?$/],
  ['s3', 'secret_key', 'x', /did you mean secret_access_key\?$/],
  ['s3', 'secret', 'x', /did you mean secret_access_key\?$/],
  ['s3', 'aws_secret_access_key', 'x', /did you mean secret_access_key\?$/],
  ['s3', 'aws_region', 'x', /did you mean region\?$/],
  ['s3', 'endpoint_url', 'x', /did you mean endpoint\?$/],
  [
    's3',
    'endpoint',
    'https://0.r2.cloudflarestorage.com/my-backup-bucket',
    'option endpoint: the bucket does not belong into it: did you mean https://0.r2.cloudflarestorage.com?',
  ],
  ['s3', 'bucket', 'x', 'option "bucket" is unknown to type s3, which ignores it'],
  ['s3', 'env_auth', 'yes', 'option env_auth: "yes" is no bool: did you mean true?'],
  ['s3', 'env_auth', 'ja', 'option env_auth: "ja" is no bool: did you mean true or false?'],
  ['s3', 'use_x_id', 'flase', 'option use_x_id: "flase" is no Tristate: did you mean false?'],
  ['s3', 'upload_concurrency', '8 parts', 'option upload_concurrency: "8 parts" is no int: did you mean 8?'],
  ['s3', 'chunk_size', '16 MB', 'option chunk_size: "16 MB" is no SizeSuffix: did you mean 16M?'],
  ['s3', 'chunk_size', 'big', 'option chunk_size: "big" is no SizeSuffix: did you mean 5Mi?'],
  ['s3', 'encoding', 'slash,Dots', 'option encoding: "slash,Dots" is no Encoding: did you mean Slash,Dot?'],
  ['s3', 'sdk_log_mode', 'Sining', 'option sdk_log_mode: "Sining" is no Bits: did you mean Signing?'],
  ['s3', 'version_at', 'when', 'option version_at: "when" is no Time: did you mean off?'],
  ['s3', 'acl', 'privat', 'option acl: "privat" is none of its words: did you mean private?'],
  ['s3', 'storage_class', 'standard', /did you mean STANDARD\?$/],
  ['local', 'time_type', 'mtimes', 'option time_type: "mtimes" is no mtime|atime|btime|ctime: did you mean mtime?'],
  ['crypt', 'filename_encryption', 'standart', /did you mean standard\?$/],
  ['compress', 'mode', 'gzp', /did you mean gzip\?$/],
] as const)('%s: %s = %s', async (type, key, value, line) => {
  const found = findMistakes(type, [[key, value]], (await optionsOf(type)) ?? []);
  expect(found).toEqual([typeof line === 'string' ? line : expect.stringMatching(line)]);
});

test.each([
  ['s3', 'provider', 'Cloudflare'],
  ['s3', 'region', 'us-east-9'],
  ['s3', 'endpoint', 'https://host/below/a/gateway'],
  ['s3', 'acl', 'private'],
  ['s3', 'acl', 'something-of-my-own'],
  ['s3', 'chunk_size', '16M'],
  ['s3', 'list_url_encode', ''],
  ['s3', 'secret_access_key', 'privat'],
  ['crypt', 'password', 'pw'],
  ['memory', 'override.transfers', '1'],
  ['memory', 'type', 'memory'],
])('%s: %s = %s is no mistake', async (type, key, value) => {
  expect(findMistakes(type, [[key, value]], (await optionsOf(type)) ?? [])).toEqual([]);
});

test('the line goes to standard error, the value to the file as it is, for create and update', async () => {
  const conf = join(dir.path, 'rclone.conf');
  const cli = (...args: string[]) => tsclone(['config', ...args, '--config', conf], { cwd: dir.path });
  await cli('touch');
  const made = await cli('create', 'r2', 's3', 'provider=cloudflare', 'chunk_size=5 MB', 'secret=very-secret');
  expect(made.code).toBe(0);
  const lines = made.stderr.split('\n').map((line) => line.replace(/^\S+ \S+ /, ''));
  expect(lines).toEqual([
    'NOTICE: remote "r2": provider "cloudflare" is unknown and treated as Other: did you mean Cloudflare?',
    'NOTICE: remote "r2": option chunk_size: "5 MB" is no SizeSuffix: did you mean 5M?',
    'NOTICE: remote "r2": option "secret" is unknown to type s3, which ignores it: did you mean secret_access_key?',
    '',
  ]);
  const changed = await cli('update', 'r2', 'env_auth=yes', '--non-interactive');
  expect([changed.code, changed.stderr]).toEqual([0, expect.stringContaining('did you mean true?')]);
  expect(readFileSync(conf, 'utf8')).toBe(
    '[r2]\ntype = s3\nprovider = cloudflare\nchunk_size = 5 MB\nsecret = very-secret\nenv_auth = yes\n\n',
  );
});

test('what a remote does not work without, and a misspelt remote below it', async () => {
  const conf = join(dir.path, 'gaps.conf');
  const told = async (...args: string[]): Promise<string[]> => {
    const done = await tsclone(['config', 'create', ...args, '--config', conf], { cwd: dir.path });
    return done.stderr
      .split('\n')
      .filter((line) => line !== '' && !line.includes('not found - using defaults'))
      .map((line) => line.replace(/^\S+ \S+ /, ''));
  };
  expect(await told('r2_backups', 's3', 'provider=Cloudflare')).toEqual([
    'NOTICE: remote "r2_backups": option endpoint is missing, and Cloudflare has no address of its own',
  ]);
  expect(await told('aws', 's3', 'provider=AWS')).toEqual([]);
  expect(await told('packed', 'compress', 'remote=r2_bakups:x')).toEqual([
    'NOTICE: remote "packed": option remote: there is no remote "r2_bakups": did you mean r2_backups?',
  ]);
  expect(await told('safe', 'crypt', 'remote=packed:')).toContain(
    'NOTICE: remote "safe": option password is missing, and crypt does not work without it',
  );
  expect(await told('x', 'S3')).toContain(
    'NOTICE: Fatal error: couldn\'t find backend for type "S3": did you mean s3?',
  );
  // Programs make remotes step by step.
  expect(await told('later', 'crypt', '--non-interactive')).toEqual([]);
});
