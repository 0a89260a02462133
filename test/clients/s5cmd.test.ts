import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPeer } from '../support/peers.ts';
import { run, type RunResult } from '../support/run.ts';
import { serveS3, type ServedS3 } from '../support/serve-s3.ts';
import { tempDir } from '../support/servers.ts';

const s5cmd = findPeer('s5cmd');
const MiB = 1024 * 1024;

/** Later checks see what earlier ones left. */
describe.skipIf(s5cmd === undefined).each(['memory', 'local'])('s5cmd on serve s3 over %s', (kind) => {
  let served: ServedS3;
  let dir: Awaited<ReturnType<typeof tempDir>>;
  let store: Awaited<ReturnType<typeof tempDir>>;
  const big = randomBytes(16 * MiB + 7);
  const at = (name: string): string => join(dir.path, name);

  beforeAll(async () => {
    [dir, store] = [await tempDir(), await tempDir()];
    served = await serveS3(kind === 'memory' ? ':memory:' : store.path);
    await mkdir(at('tree/sub/deep'), { recursive: true });
    for (const name of ['a.txt', 'b c.txt', 'sub/ü.txt', 'sub/deep/+&%.txt']) await writeFile(at(`tree/${name}`), name);
    await writeFile(at('big.bin'), big);
  });
  afterAll(async () => {
    await served.stop();
    await dir.remove();
    await store.remove();
  });

  const call = (args: readonly string[], stdin?: Uint8Array): Promise<RunResult> =>
    run(s5cmd as string, ['--retry-count', '0', ...args], {
      cwd: dir.path,
      env: {
        S3_ENDPOINT_URL: served.endpoint,
        AWS_ACCESS_KEY_ID: served.accessKeyId,
        AWS_SECRET_ACCESS_KEY: served.secretAccessKey,
        AWS_REGION: 'us-east-1',
      },
      ...(stdin === undefined ? {} : { stdin }),
    });
  const good = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await call(args);
    expect([args, code, stderr]).toEqual([args, 0, '']);
    return stdout.toString();
  };
  const keys = async (place = 's3://one/*'): Promise<string[]> =>
    (await good('ls', place))
      .trim()
      .split('\n')
      .map((line) => line.replace(/^\S+ \S+ +\S+ +/, ''))
      .sort();
  const md5 = (b: Uint8Array): string => createHash('md5').update(b).digest('hex');

  test('mb, and ls of the buckets', async () => {
    await good('mb', 's3://one');
    expect(await good('ls')).toMatch(/ s3:\/\/one\n$/);
    expect((await call(['mb', 's3://one'])).stderr).toContain('BucketAlreadyOwnedByYou');
  });
  test('cp of one file, cat', async () => {
    await good('cp', 'tree/a.txt', 's3://one/a.txt');
    expect(await good('cat', 's3://one/a.txt')).toBe('a.txt');
  });
  test('cp of a tree, ls of a level and of all', async () => {
    await good('cp', 'tree/', 's3://one/tree/');
    expect(await keys()).toEqual(['a.txt', 'tree/a.txt', 'tree/b c.txt', 'tree/sub/deep/+&%.txt', 'tree/sub/ü.txt']);
    expect(await good('ls', 's3://one/tree/')).toMatch(/DIR +sub\//);
  });
  test('cp of a large file in parts, up and down', async () => {
    await good('cp', '--part-size', '5', '--concurrency', '3', 'big.bin', 's3://one/big.bin');
    await good('cp', '--part-size', '5', 's3://one/big.bin', 'big.down');
    expect(md5(await readFile(at('big.down')))).toBe(md5(big));
  });
  test('cp down by a wildcard', async () => {
    await good('cp', 's3://one/tree/*', 'down/');
    expect((await readdir(at('down'), { recursive: true })).sort()).toEqual(
      ['a.txt', 'b c.txt', 'sub', 'sub/deep', 'sub/deep/+&%.txt', 'sub/ü.txt'].sort(),
    );
    expect(await readFile(at('down/sub/deep/+&%.txt'), 'utf8')).toBe('sub/deep/+&%.txt');
  });
  test('cp within the service, of odd names and of a large object', async () => {
    await good('cp', 's3://one/tree/*', 's3://one/copied/');
    expect(await good('cat', 's3://one/copied/sub/deep/+&%.txt')).toBe('sub/deep/+&%.txt');
    await good('cp', 's3://one/big.bin', 's3://one/big copy.bin');
    expect(md5((await call(['cat', 's3://one/big copy.bin'])).stdout)).toBe(md5(big));
  });
  test('cp with metadata and headers, head', async () => {
    await good(
      'cp',
      '--metadata',
      'owner=me',
      '--content-type',
      'x/y',
      '--cache-control',
      'no-store',
      'tree/a.txt',
      's3://one/m',
    );
    const head = JSON.parse(await good('head', 's3://one/m')) as {
      content_type: string;
      metadata: unknown;
      size: number;
    };
    expect(head).toMatchObject({ content_type: 'x/y', metadata: { owner: 'me' }, size: 5 });
  });
  test('cp -n leaves what is there', async () => {
    await writeFile(at('other.txt'), 'other');
    await good('cp', '-n', 'other.txt', 's3://one/a.txt');
    expect(await good('cat', 's3://one/a.txt')).toBe('a.txt');
  });
  test('pipe', async () => {
    expect((await call(['pipe', 's3://one/piped'], big)).code).toBe(0);
    expect(md5((await call(['cat', 's3://one/piped'])).stdout)).toBe(md5(big));
  });
  test('du', async () => {
    expect(await good('du', 's3://one/tree/*')).toMatch(/^38 bytes in 4 objects/);
  });
  test('mv up, within and down', async () => {
    await good('mv', 'other.txt', 's3://one/moved');
    await good('mv', 's3://one/moved', 's3://one/moved again');
    await good('mv', 's3://one/moved again', 'back.txt');
    expect(await readFile(at('back.txt'), 'utf8')).toBe('other');
    expect((await keys()).filter((key) => key.startsWith('moved'))).toEqual([]);
  });
  test('sync up moves only what is new and removes with --delete', async () => {
    await writeFile(at('tree/new.txt'), 'new');
    await rm(at('tree/b c.txt'));
    const first = await good('sync', '--delete', 'tree/', 's3://one/tree/');
    expect(first.trim().split('\n').sort()).toEqual([
      'cp tree/new.txt s3://one/tree/new.txt',
      'rm s3://one/tree/b c.txt',
    ]);
    expect(await good('sync', '--delete', 'tree/', 's3://one/tree/')).toBe('');
  });
  test('sync down', async () => {
    await good('sync', 's3://one/tree/*', 'synced/');
    expect((await readdir(at('synced'))).sort()).toEqual(['a.txt', 'new.txt', 'sub']);
  });
  test('presign', async () => {
    const url = (await good('presign', '--expire', '1m', 's3://one/tree/sub/ü.txt')).trim();
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([200, 'sub/ü.txt']);
  });
  test('run takes a list of commands', async () => {
    await writeFile(at('list'), 'cp tree/a.txt s3://one/run/1\ncp tree/a.txt s3://one/run/2\nrm s3://one/m\n');
    await good('run', 'list');
    expect(await keys('s3://one/run/*')).toEqual(['1', '2']);
  });
  test('bucket-version tells that there are none', async () => {
    expect(await good('bucket-version', 's3://one')).toContain('unversioned');
  });
  test('errors: what is not there', async () => {
    expect((await call(['cat', 's3://one/none'])).stderr).toContain('given object s3://one/none not found');
    expect((await call(['ls', 's3://none'])).stderr).toContain('NoSuchBucket');
    expect((await call(['rb', 's3://one'])).stderr).toContain('BucketNotEmpty');
  });
  test('rm by wildcard in bulk, rb', async () => {
    await good('rm', 's3://one/*');
    await good('rb', 's3://one');
    expect(await good('ls')).toBe('');
    if (kind === 'local') expect(await readdir(store.path)).toEqual([]);
  });

  test('the server had nothing to complain of', () => expect(served.log()).not.toMatch(/ ERROR /));
});
