import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPeer } from '../support/peers.ts';
import { startGate, type Gate } from '../support/r2-gate.ts';
import { run, tsclone } from '../support/run.ts';
import { startVersitygw, tempDir, type S3Server } from '../support/servers.ts';

const rclone = findPeer('rclone');
const available = rclone !== undefined && findPeer('versitygw') !== undefined;

interface Row {
  readonly name: string;
  readonly args: string;
  readonly stdin?: Uint8Array;
  /** Requests of the best that can be done safely; absent = not above rclone's. */
  readonly best?: number;
  /** Prepared with the real rclone: `copyto SOURCE DEST`. */
  readonly before?: readonly string[];
}

const small = new Uint8Array(1000).fill(97);
const mid = randomBytes(300 * 1024);
const big = randomBytes(12 * 1024 * 1024);
const put = (key: string): string => `copyto f1k s3:bkt/${key}`;

/** `D` is a fresh prefix of the bucket for each row and program. */
const rows: readonly Row[] = [
  { name: 'mkdir', args: 'mkdir R:bkt' },
  { name: 'rcat below 100 KiB', args: 'rcat R:bkt/D/s', stdin: small, best: 1 },
  { name: 'rcat up to one chunk', args: 'rcat R:bkt/D/m', stdin: mid, best: 1 },
  { name: 'rcat of 3 chunks', args: 'rcat R:bkt/D/b', stdin: big, best: 6 },
  { name: 'copyto up, absent', args: 'copyto f1k R:bkt/D/f', best: 2 },
  { name: 'copyto up, identical', args: 'copyto f1k R:bkt/D/f', before: [put('D/f')], best: 1 },
  { name: 'copyto down', args: 'copyto R:bkt/D/f out-D', before: [put('D/f')], best: 2 },
  { name: 'ls of a bucket', args: 'ls R:bkt', best: 1 },
  { name: 'ls of a directory', args: 'ls R:bkt/D', before: [put('D/a'), put('D/b')] },
  { name: 'lsl of a directory', args: 'lsl R:bkt/D', before: [put('D/a'), put('D/b')] },
  { name: 'lsf of a bucket', args: 'lsf R:bkt', best: 1 },
  {
    name: 'a deep listing with --fast-list',
    args: 'size R:bkt/D --fast-list --max-depth 4',
    before: [put('D/a/b/c/d')],
    best: 2,
  },
  { name: 'tree with a filter', args: 'tree R:bkt/D --exclude none/', before: [put('D/a/b/c')], best: 2 },
  { name: 'lsd of the root', args: 'lsd R:', best: 1 },
  { name: 'lsjson of a directory', args: 'lsjson R:bkt/D', before: [put('D/a'), put('D/b')] },
  {
    name: 'lsjson --no-modtime --no-mimetype',
    args: 'lsjson --no-modtime --no-mimetype R:bkt/D',
    before: [put('D/a'), put('D/b')],
  },
  { name: 'lsjson --stat', args: 'lsjson --stat R:bkt/D/a', before: [put('D/a')], best: 1 },
  { name: 'lsjson --stat of a directory', args: 'lsjson --stat R:bkt/D', before: [put('D/a')] },
  {
    name: 'lsjson --use-server-modtime',
    args: 'lsjson --use-server-modtime --no-mimetype R:bkt/D',
    before: [put('D/a')],
  },
  { name: 'cat', args: 'cat R:bkt/D/a', before: [put('D/a')], best: 1 },
  { name: 'cat of a range', args: 'cat --offset 2 --count 3 R:bkt/D/a', before: [put('D/a')], best: 1 },
  { name: 'cat of a missing key', args: 'cat R:bkt/D/none', best: 2 },
  { name: 'cat of a prefix', args: 'cat R:bkt/D', before: [put('D/a'), put('D/b')] },
  { name: 'size', args: 'size R:bkt/D', before: [put('D/a')] },
  { name: 'deletefile', args: 'deletefile R:bkt/D/a', before: [put('D/a')], best: 2 },
  { name: 'deletefile of a missing key', args: 'deletefile R:bkt/D/a --retries 1', best: 1 },
  { name: 'delete of a directory', args: 'delete R:bkt/D', before: [put('D/a'), put('D/b')] },
  { name: 'purge of a prefix', args: 'purge R:bkt/D', before: [put('D/a'), put('D/b'), put('D/c')], best: 2 },
  { name: 'moveto within a bucket', args: 'moveto R:bkt/D/a R:bkt/D/z', before: [put('D/a')], best: 5 },
  { name: 'moveto onto an identical object', args: 'moveto R:bkt/D/a R:bkt/D/z', before: [put('D/a'), put('D/z')] },
  { name: 'copyto within a bucket', args: 'copyto R:bkt/D/a R:bkt/D/z', before: [put('D/a')], best: 4 },
  { name: 'copyto up of a moved file', args: 'moveto m-D R:bkt/D/m', best: 2 },
  { name: 'touch', args: 'touch R:bkt/D/a', before: [put('D/a')] },
  { name: 'touch of a missing key', args: 'touch R:bkt/D/t', best: 2 },
  { name: 'touch -C of a missing key', args: 'touch -C R:bkt/D/t' },
  { name: 'rmdir of a prefix', args: 'rmdir R:bkt/D' },
  { name: 'rmdir of a bucket that is not empty', args: 'rmdir R:bkt --retries 1', before: [put('D/a')] },
  { name: 'sync up', args: 'sync tree R:bkt/D', before: [put('D/extra')] },
  { name: 'sync up, nothing to do', args: 'sync tree R:bkt/D', before: ['copy tree s3:bkt/D'] },
  { name: 'sync down', args: 'sync R:bkt/D out-D', before: ['copy tree s3:bkt/D'] },
  { name: 'copy up', args: 'copy tree R:bkt/D' },
];

describe.skipIf(!available)('requests per command, beside rclone', () => {
  let server: S3Server;
  let gate: Gate;
  let dir: Awaited<ReturnType<typeof tempDir>>;

  beforeAll(async () => {
    server = (await startVersitygw()) as S3Server;
    gate = await startGate(server);
    dir = await tempDir();
    const keys = `access_key_id = ${server.accessKeyId}\nsecret_access_key = ${server.secretAccessKey}\n`;
    const s3 = (name: string, more: string): string => `[${name}]\ntype = s3\n${keys}${more}\n`;
    await writeFile(
      join(dir.path, 'rclone.conf'),
      s3('s3', `provider = Other\nendpoint = ${server.endpoint}`) +
        s3('r2', `provider = Cloudflare\nendpoint = ${gate.url}`) +
        s3('r2n', `provider = Cloudflare\nno_check_bucket = true\nendpoint = ${gate.url}`),
    );
    await writeFile(join(dir.path, 'f1k'), small);
    await mkdir(join(dir.path, 'tree/sub'), { recursive: true });
    for (const name of ['tree/a', 'tree/b', 'tree/sub/c']) await writeFile(join(dir.path, name), name);
    await real('mkdir s3:bkt');
    await real('copyto f1k s3:bkt/first');
  });
  afterAll(async () => {
    await gate?.close();
    await server?.stop();
    await dir?.remove();
  });

  const options = (stdin?: Uint8Array) => ({
    cwd: dir.path,
    env: { RCLONE_CONFIG: join(dir.path, 'rclone.conf') },
    ...(stdin ? { stdin } : {}),
  });
  const real = (line: string) => run(rclone as string, line.split(' '), options());

  test.each(rows.flatMap((row, i) => ['r2', 'r2n'].map((remote) => [row.name, remote, row, i] as const)))(
    '%s (%s)',
    async (_name, remote, row, i) => {
      const count = async (who: 'rclone' | 'tsclone'): Promise<string[]> => {
        const fill = (text: string): string =>
          text.replaceAll('D', `${remote}-${i}-${who}`).replaceAll('R:', `${remote}:`);
        for (const line of row.before ?? []) await real(fill(line));
        await writeFile(join(dir.path, fill('m-D')), small);
        gate.take();
        const args = fill(row.args).split(' ');
        const done =
          who === 'rclone'
            ? await run(rclone as string, args, options(row.stdin))
            : await tsclone(args, options(row.stdin));
        const log = gate.take().map((r) => `${r.operation} ${r.status}`);
        return [`exit ${done.code}`, ...log];
      };
      const theirs = await count('rclone');
      const ours = await count('tsclone');
      expect(ours[0]).toBe(theirs[0]);
      expect(ours.slice(1), `rclone sent ${theirs.join(', ')}; tsclone ${ours.join(', ')}`).toSatisfy(
        (sent: string[]) => sent.length <= Math.min(theirs.length - 1, row.best ?? Number.POSITIVE_INFINITY),
      );
      if (remote === 'r2n') {
        const kinds = (log: readonly string[]): string[] => log.map((entry) => entry.replace(/ .*/, ''));
        expect(kinds(ours)).not.toEqual(expect.arrayContaining(['CreateBucket']));
        expect(kinds(ours)).not.toEqual(expect.arrayContaining(['HeadBucket']));
      }
    },
  );
});
