import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPeer } from './peers.ts';
import { call as raw } from './raw-s3.ts';
import { run, type RunResult } from './run.ts';
import { serveS3, type ServedS3 } from './serve-s3.ts';
import { tempDir } from './servers.ts';
import { makeTree } from '../differential/harness.ts';

const rclone = findPeer('rclone');
const MiB = 1024 * 1024;
/** Lines of stderr that are no complaint; the last is what rclone says of R2, which has no versioning. */
const usual = /^.*( NOTICE| INFO|Failed to read versioning status, assuming unversioned).*\n/gm;

export interface RcloneStore {
  /** What `serve s3` serves. */
  readonly remote: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** rclone's provider for it. Default: Other. */
  readonly provider?: string;
  /** Keys other than the server's own. */
  readonly keys?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** What the real rclone (1.75.2) does with an S3 service, in 13 steps; later ones see what earlier ones left. */
export function rcloneSteps(title: string, storeAt: (dir: string) => RcloneStore | Promise<RcloneStore>): void {
  describe.skipIf(rclone === undefined)(`rclone on serve s3 over ${title}, in 13 steps`, () => steps(storeAt));
}

function steps(storeAt: (dir: string) => RcloneStore | Promise<RcloneStore>): void {
  let served: ServedS3;
  let dir: Awaited<ReturnType<typeof tempDir>>;
  let store: Awaited<ReturnType<typeof tempDir>>;
  const big = randomBytes(12 * MiB + 5);

  beforeAll(async () => {
    [dir, store] = [await tempDir(), await tempDir()];
    const { remote, args, env, provider = 'Other', keys } = await storeAt(store.path);
    const started = await serveS3(remote, { args: args ?? [], env: env ?? {} });
    served = { ...started, ...keys };
    await makeTree(join(dir.path, 't'));
    await writeFile(join(dir.path, 'big.bin'), big);
    const lines = [
      '[s]',
      'type = s3',
      `provider = ${provider}`,
      `access_key_id = ${served.accessKeyId}`,
      `secret_access_key = ${served.secretAccessKey}`,
      `endpoint = ${served.endpoint}`,
    ];
    await writeFile(join(dir.path, 'rclone.conf'), `${lines.join('\n')}\n`);
  });
  afterAll(async () => {
    await served.stop();
    await dir.remove();
    await store.remove();
  });

  const call = async (args: readonly string[], stdin?: Uint8Array): Promise<RunResult> => {
    const done = await run(rclone as string, [...args, '--retries', '1', '--low-level-retries', '2'], {
      cwd: dir.path,
      env: { RCLONE_CONFIG: join(dir.path, 'rclone.conf') },
      ...(stdin === undefined ? {} : { stdin }),
    });
    return done;
  };
  const good = async (args: string, stdin?: Uint8Array): Promise<string> => {
    const done = await call(args.split(' '), stdin);
    expect([args, done.code, done.stderr.replace(usual, '')]).toEqual([args, 0, '']);
    return done.stdout.toString();
  };
  const md5 = (b: Uint8Array): string => createHash('md5').update(b).digest('hex');

  test('1 mkdir and lsd', async () => {
    await good('mkdir s:one');
    expect(await good('lsd s:')).toMatch(/ one\n$/);
  });
  test('2 copy of a tree keeps times to the nanosecond and MD5s', async () => {
    await good('copy t s:one');
    const args = ['lsjson', '-R', '--files-only', '--hash', '--hash-type', 'md5'];
    type Row = { Path: string; Size: number; ModTime: string; Hashes: unknown };
    const rows = async (remote: string): Promise<unknown[]> =>
      (JSON.parse((await call([...args, remote])).stdout.toString()) as Row[])
        .map(({ Path, Size, ModTime, Hashes }) => ({ Path, Size, ModTime: Date.parse(ModTime), Hashes }))
        .sort((a, b) => (a.Path < b.Path ? -1 : 1));
    expect(await rows('s:one')).toEqual(await rows('t'));
  });
  test('3 a second copy moves nothing, check agrees', async () => {
    const again = await call(['copy', 't', 's:one', '-v', '--stats-one-line']);
    expect([again.code, /Copied|Updated/.test(again.stderr)]).toEqual([0, false]);
    await good('check t s:one');
    await good('check --download t s:one');
  });
  test('4 cat, whole and in part', async () => {
    expect(await good('cat s:one/a.txt')).toBe('hello\n');
    expect(await good('cat s:one/sub/deep/z --offset 2990 --count 20')).toBe('z'.repeat(10));
  });
  test('5 rcat of a stream that needs parts', async () => {
    await good('rcat s:one/stream --s3-chunk-size 5Mi', big);
    expect(md5((await call(['cat', 's:one/stream'])).stdout)).toBe(md5(big));
  });
  test('6 upload of a large file in parts keeps its MD5', async () => {
    await good('copyto big.bin s:one/big.bin --s3-upload-cutoff 5Mi --s3-chunk-size 5Mi');
    expect(await good('md5sum s:one/big.bin')).toContain(md5(big));
    await good('check --download big.bin s:one');
  });
  test('7 server-side copy of an object of parts, and of a small one', async () => {
    await good('copyto s:one/big.bin s:one/copies/big.bin');
    await good('copyto s:one/a.txt s:two/a.txt');
    expect(md5((await call(['cat', 's:one/copies/big.bin'])).stdout)).toBe(md5(big));
    expect(await good('cat s:two/a.txt')).toBe('hello\n');
  });
  test('8 server-side copy in parts', async () => {
    await good('copyto s:one/big.bin s:one/copies/parts.bin --s3-copy-cutoff 5Mi --s3-chunk-size 5Mi');
    expect(md5((await call(['cat', 's:one/copies/parts.bin'])).stdout)).toBe(md5(big));
  });
  test('9 touch and moveto', async () => {
    await good('touch -t 2024-05-06T07:08:09.123456789 s:one/a.txt');
    expect(await good('lsl s:one/a.txt')).toContain('2024-05-06 07:08:09.123456789 a.txt');
    await good('moveto s:one/a.txt s:one/moved.txt');
    expect(await good('cat s:one/moved.txt')).toBe('hello\n');
    expect(await good('lsf s:one --files-only')).not.toContain('a.txt');
  });
  test('10 sync removes what is too much', async () => {
    await good('sync t s:one --max-delete 20');
    await good('check t s:one');
    expect(await good('size s:one --json')).toBe(await good('size t --json'));
  });
  test('11 a link works without keys', async () => {
    const url = (await good('link s:one/a.txt --expire 1m')).trim();
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([200, 'hello\n']);
  });
  test('12 unfinished uploads are listed and cleaned up', async () => {
    const started = await raw(served, { method: 'POST', path: '/one/left', query: { uploads: '' } });
    const uploadId = /<UploadId>(\w+)/.exec(started.text)?.[1] ?? '';
    await raw(served, { method: 'PUT', path: '/one/left', query: { uploadId, partNumber: '1' }, body: 'part' });
    const listed = async (): Promise<string[]> => {
      const all = JSON.parse(await good('backend list-multipart-uploads s:one')) as { one: { UploadId: string }[] };
      return all.one.map((u) => u.UploadId);
    };
    expect(await listed()).toEqual([uploadId]);
    await good('cleanup s:one');
    expect(await listed()).toEqual([uploadId]);
    await good('backend cleanup s:one -o max-age=0s');
    expect(await listed()).toEqual([]);
  });
  test('13 deletefile, purge, rmdir leave nothing', async () => {
    await good('deletefile s:one/a.txt');
    await good('purge s:one');
    await good('purge s:two');
    expect(await good('lsd s:')).toBe('');
    expect(await readdir(store.path)).toEqual([]);
    expect(await readFile(join(dir.path, 't/a.txt'), 'utf8')).toBe('hello\n');
  });
  test('14 the server had nothing to complain of', () => expect(served.log()).not.toMatch(/ ERROR /));
}
