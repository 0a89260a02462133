import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPeer } from '../support/peers.ts';
import { run, tsclone, type RunResult } from '../support/run.ts';
import { startVersitygw, tempDir, type S3Server } from '../support/servers.ts';

const rclone = findPeer('rclone');
const available = rclone !== undefined && findPeer('versitygw') !== undefined;

/** The server keeps the times of versions in whole seconds, and rounds them. */
const wholeSecond = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1100));

describe.skipIf(!available)('versions of objects, beside rclone', () => {
  let server: S3Server;
  let dir: Awaited<ReturnType<typeof tempDir>>;
  /** Times between the writes, in the order of the letters. */
  const times: Record<string, string> = {};

  beforeAll(async () => {
    server = (await startVersitygw({ versioning: true })) as S3Server;
    dir = await tempDir();
    const remote = `type = s3\nprovider = Other\naccess_key_id = ${server.accessKeyId}\nsecret_access_key = ${server.secretAccessKey}\nendpoint = ${server.endpoint}\n`;
    await writeFile(join(dir.path, 'rclone.conf'), `[v]\n${remote}[bulk]\n${remote.replace('Other', 'Minio')}`);
    await real('mkdir v:bkt');
    await real('backend versioning v:bkt Enabled');
    for (const [letter, name, body] of [
      ['A', 'd/a.txt', 'one'],
      ['B', 'd/a.txt', 'two2'],
      ['C', 'noext', 'x'],
      ['D', 'noext', 'yy'],
      ['E', 'd/gone.tar.gz', 'del'],
      ['F', '.hid', 'h'],
      ['G', 'd/ä +%/x.y', 'odd'],
      ['H', 'd/ä +%/x.y', 'odd2'],
    ] as const) {
      await real(`rcat v:bkt/${name.replace(' ', '\u0000')}`, body);
      await wholeSecond();
      times[letter] = new Date().toISOString();
      await wholeSecond();
    }
    await real('deletefile v:bkt/d/gone.tar.gz');
  }, 120_000);
  afterAll(async () => {
    await server?.stop();
    await dir?.remove();
  });

  const options = (stdin?: string) => ({
    cwd: dir.path,
    env: { RCLONE_CONFIG: join(dir.path, 'rclone.conf') },
    ...(stdin === undefined ? {} : { stdin }),
  });
  const words = (line: string): string[] => line.split(' ').map((word) => word.replaceAll('\u0000', ' '));
  const real = (line: string, stdin?: string): Promise<RunResult> => run(rclone as string, words(line), options(stdin));
  const ours = (line: string, stdin?: string): Promise<RunResult> => tsclone(words(line), options(stdin));

  /** Lines in any order; the time of a directory is now. */
  const shown = ({ code, stdout }: RunResult): unknown => ({
    code,
    lines: stdout
      .toString()
      .split('\n')
      .filter((line) => !line.includes('"IsDir":true'))
      .map((line) => line.replace(/,$/, ''))
      .sort(),
  });
  const same = async (line: string): Promise<void> => {
    const [theirs, mine] = [await real(line), await ours(line)];
    expect(shown(mine)).toEqual(shown(theirs));
  };
  const names = async (line: string): Promise<string[]> =>
    (await real(line)).stdout.toString().trim().split('\n').sort();

  test.each([
    'lsf -R --format psti --s3-versions --files-only v:bkt',
    'lsl --s3-versions v:bkt',
    'lsf -R --files-only --format ps --s3-versions --s3-version-deleted v:bkt',
    'lsjson -R --s3-versions --no-modtime v:bkt',
    'ls --s3-versions v:bkt/d',
    'lsf --s3-versions v:bkt',
    'size --s3-versions v:bkt',
    'cat --s3-versions v:bkt/d/a.txt',
    'lsf v:bkt',
  ])('%s', same);

  test.each(['A', 'B', 'C', 'D', 'E', 'F', 'G'])('the bucket as it was after write %s', async (letter) => {
    const at = `--s3-version-at ${times[letter]}`;
    await same(`lsf -R --format ps ${at} v:bkt`);
    await same(`lsl ${at} v:bkt`);
    await same(`cat ${at} v:bkt/d/a.txt`);
    await same(`cat ${at} v:bkt/d/gone.tar.gz`);
  });

  test('each version is read by its name', async () => {
    const all = await names('lsf -R --files-only --s3-versions --s3-version-deleted v:bkt');
    const sizes = await names('lsf -R --files-only --format sp --s3-versions --s3-version-deleted v:bkt');
    const isMark = (path: string): boolean => sizes.includes(`0;${path}`);
    expect(all.filter((name) => /-v\d{4}-/.test(name))).toHaveLength(5);
    for (const name of all) {
      const path = name.replaceAll(' ', '\u0000');
      // rclone fails to open the mark of a removal, which it shows as an empty file.
      if (!isMark(path)) await same(`cat --s3-versions v:bkt/${path}`);
      await same(`lsjson --stat --no-modtime --s3-versions v:bkt/${path}`);
    }
  });

  test.each(['deletefile X', 'rcat X', 'purge v:bkt/d', 'delete v:bkt/d'])(
    'nothing changes in the past: %s',
    async (line) => {
      const args = `--retries 1 --s3-version-at ${times['B']} ${line.replace('X', 'v:bkt/d/a.txt')}`;
      expect([(await real(args, 'x')).code, (await ours(args, 'x')).code]).toEqual([1, 1]);
    },
  );

  test('an old version comes back by a copy', async () => {
    const old = (await names('lsf --s3-versions v:bkt/d')).find((name) => name.startsWith('a-v')) ?? '';
    expect((await ours(`copyto --s3-versions v:bkt/d/${old} v:bkt/back/a.txt`)).code).toBe(0);
    expect((await real('cat v:bkt/back/a.txt')).stdout.toString()).toBe('one');
  });

  test('versions and marks of removals are deleted one by one', async () => {
    for (const body of ['1', '22', '333']) {
      await real('rcat v:bkt/del/f.txt', body);
      await wholeSecond();
    }
    await real('deletefile v:bkt/del/f.txt');
    const flags = '--s3-versions --s3-version-deleted';
    const all = await names(`lsf ${flags} v:bkt/del`);
    const mark = (await names(`lsf --format sp ${flags} v:bkt/del`)).find((line) => line.startsWith('0;'))?.slice(2);
    // The mark goes first: the object is back.
    expect((await ours(`deletefile ${flags} v:bkt/del/${mark}`)).code).toBe(0);
    expect((await real('cat v:bkt/del/f.txt')).stdout.toString()).toBe('333');
    const oldest = all.find((name) => name !== mark) ?? '';
    expect((await ours(`deletefile ${flags} v:bkt/del/${oldest}`)).code).toBe(0);
    expect(await names(`lsf ${flags} v:bkt/del`)).not.toContain(oldest);
  });

  test.each(['v', 'bulk'])('purge leaves no version behind (%s)', async (remote) => {
    for (const body of ['1', '22']) await real(`rcat v:bkt/${remote}/f`, body);
    await real(`deletefile v:bkt/${remote}/f`);
    expect((await ours(`purge ${remote}:bkt/${remote}`)).code).toBe(0);
    expect(await names(`lsf -R --s3-versions --s3-version-deleted v:bkt/${remote}`)).toEqual(['']);
  });
});
