import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, ListMultipartUploadsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPeer } from '../support/peers.ts';
import { tscloneBin } from '../support/run.ts';
import { startVersitygw, tempDir, type S3Server } from '../support/servers.ts';

const Bucket = 'signals';

describe.skipIf(findPeer('versitygw') === undefined)('a signal in the middle of an upload', () => {
  let server: S3Server;
  let dir: Awaited<ReturnType<typeof tempDir>>;
  let client: S3Client;

  beforeAll(async () => {
    server = (await startVersitygw()) as S3Server;
    dir = await tempDir();
    const { endpoint, accessKeyId, secretAccessKey } = server;
    const credentials = { accessKeyId, secretAccessKey };
    client = new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true });
    await client.send(new CreateBucketCommand({ Bucket }));
    await writeFile(
      join(dir.path, 'rclone.conf'),
      `[s3]\ntype = s3\nprovider = Other\naccess_key_id = ${accessKeyId}\nsecret_access_key = ${secretAccessKey}\nendpoint = ${endpoint}\n`,
    );
    await mkdir(join(dir.path, 'src'));
    await writeFile(join(dir.path, 'src/big'), randomBytes(40 * 1024 * 1024));
  });
  afterAll(async () => {
    client.destroy();
    await server.stop();
    await dir.remove();
  });

  const uploads = async (): Promise<number> =>
    (await client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads?.length ?? 0;
  const objects = async (): Promise<number> => (await client.send(new ListObjectsV2Command({ Bucket }))).KeyCount ?? 0;

  /** Starts a command, waits until the service knows of its upload, and sends the signal. */
  async function interrupt(args: readonly string[], signal: NodeJS.Signals, stdin?: Uint8Array) {
    const child = spawn(process.execPath, [tscloneBin, ...args], {
      cwd: dir.path,
      env: { PATH: process.env['PATH'], RCLONE_CONFIG: join(dir.path, 'rclone.conf') },
    });
    let stderr = '';
    child.stderr.on('data', (b: Buffer) => (stderr += b.toString()));
    child.stdin.on('error', () => {});
    // The input stays open: only the signal can end it.
    if (stdin) child.stdin.write(stdin);
    const ended = once(child, 'close');
    while ((await uploads()) === 0) if (child.exitCode !== null) throw new Error(`ended early: ${stderr}`);
    child.kill(signal);
    const [code] = (await ended) as [number | null];
    return { code, stderr };
  }

  const slow = ['--bwlimit', '1M', '--s3-upload-cutoff', '5M'];

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends a copy: one line, the upload is aborted, nothing is stored', async (signal, exit) => {
    const { code, stderr } = await interrupt(['copy', 'src', `s3:${Bucket}`, ...slow], signal);
    expect(code).toBe(exit);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain('Interrupted: what was under way was stopped, unfinished uploads were aborted');
    expect([await uploads(), await objects()]).toEqual([0, 0]);
  });

  test('SIGINT ends rcat while its input is open', async () => {
    const { code, stderr } = await interrupt(['rcat', `s3:${Bucket}/x`], 'SIGINT', new Uint8Array(12 * 1024 * 1024));
    expect(code).toBe(130);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect([await uploads(), await objects()]).toEqual([0, 0]);
  });

  test('SIGINT ends a download: no unfinished file is left', async () => {
    const put = spawn(process.execPath, [tscloneBin, 'copy', 'src', `s3:${Bucket}`], {
      cwd: dir.path,
      env: { PATH: process.env['PATH'], RCLONE_CONFIG: join(dir.path, 'rclone.conf') },
    });
    await once(put, 'close');
    await mkdir(join(dir.path, 'dst'));
    const child = spawn(process.execPath, [tscloneBin, 'copy', `s3:${Bucket}`, 'dst', ...slow], {
      cwd: dir.path,
      env: { PATH: process.env['PATH'], RCLONE_CONFIG: join(dir.path, 'rclone.conf') },
    });
    const ended = once(child, 'close');
    while ((await readdir(join(dir.path, 'dst'))).length === 0) expect(child.exitCode).toBe(null);
    child.kill('SIGINT');
    expect(await ended).toEqual([130, null]);
    expect(await readdir(join(dir.path, 'dst'))).toEqual([]);
  });
});
