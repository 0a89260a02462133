import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPeer } from './peers.ts';

export interface S3Server {
  readonly name: string;
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  stop(): Promise<void>;
}

const accessKeyId = 'AKTEST';
const secretAccessKey = 'secret/with+odd=signs';

/** A folder that is removed by `remove`. */
export async function tempDir(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'tsclone-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/**
 * versitygw over a folder; undefined when it is not installed. `versioning`: buckets may keep versions and lock them.
 * `users`: secrets by key id of users beside the root; policies of buckets give them rights.
 */
export async function startVersitygw(
  o: { versioning?: boolean; users?: Readonly<Record<string, string>> } = {},
): Promise<S3Server | undefined> {
  const program = findPeer('versitygw');
  if (program === undefined) return undefined;
  const dir = await tempDir();
  const port = await freePort();
  await mkdir(join(dir.path, 'data'));
  await mkdir(join(dir.path, 'versions'));
  const versions = o.versioning ? ['--versioning-dir', join(dir.path, 'versions')] : [];
  await mkdir(join(dir.path, 'iam'));
  const iam = o.users ? ['--iam-dir', join(dir.path, 'iam')] : [];
  const child = spawn(program, ['--port', `127.0.0.1:${port}`, ...iam, 'posix', ...versions, join(dir.path, 'data')], {
    env: { ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey, PATH: process.env['PATH'] ?? '' },
    stdio: 'ignore',
  });
  const server = await serverOf('versitygw', child, port, dir.remove);
  for (const [access, secret] of Object.entries(o.users ?? {})) {
    const root = ['--access', accessKeyId, '--secret', secretAccessKey, '--endpoint-url', server.endpoint];
    const user = ['create-user', '--access', access, '--secret', secret, '--role', 'user'];
    execFileSync(program, ['admin', ...root, ...user], { stdio: 'pipe' });
  }
  return server;
}

/** SeaweedFS with its S3 gateway; undefined when it is not installed. `users`: rights (`Read:bucket`) by key id. */
export async function startSeaweedfs(
  o: { users?: Readonly<Record<string, readonly string[]>> } = {},
): Promise<S3Server | undefined> {
  const program = findPeer('weed');
  if (program === undefined) return undefined;
  const dir = await tempDir();
  const [port, master, volume, filer] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const identities = [
    {
      name: 'test',
      credentials: [{ accessKey: accessKeyId, secretKey: secretAccessKey }],
      actions: ['Admin', 'Read', 'Write', 'List', 'Tagging'],
    },
    ...Object.entries(o.users ?? {}).map(([accessKey, actions]) => ({
      name: accessKey,
      credentials: [{ accessKey, secretKey: secretAccessKey }],
      actions,
    })),
  ];
  const config = join(dir.path, 's3.json');
  await writeFile(config, JSON.stringify({ identities }));
  const child = spawn(
    program,
    [
      'server',
      '-ip=127.0.0.1',
      '-ip.bind=127.0.0.1',
      `-dir=${dir.path}`,
      `-master.port=${master}`,
      `-volume.port=${volume}`,
      `-filer.port=${filer}`,
      `-master.port.grpc=${await freePort()}`,
      `-volume.port.grpc=${await freePort()}`,
      `-filer.port.grpc=${await freePort()}`,
      '-volume.max=50',
      '-master.volumeSizeLimitMB=64',
      '-filer',
      '-s3',
      `-s3.port=${port}`,
      `-s3.port.grpc=${await freePort()}`,
      `-s3.config=${config}`,
    ],
    { stdio: 'ignore', cwd: dir.path },
  );
  return serverOf('SeaweedFS', child, port, dir.remove);
}

async function serverOf(
  name: string,
  child: ChildProcess,
  port: number,
  cleanUp: () => Promise<void>,
): Promise<S3Server> {
  const endpoint = `http://127.0.0.1:${port}`;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    if (child.exitCode === null) child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(killer);
    await cleanUp();
  };
  try {
    await answers(endpoint, child, name);
  } catch (e) {
    await stop();
    throw e;
  }
  return { name, endpoint, accessKeyId, secretAccessKey, stop };
}

/** Waits until a signed-looking request gets an answer of S3's kind. */
async function answers(endpoint: string, child: ChildProcess, name: string): Promise<void> {
  for (const deadline = Date.now() + 50_000; ;) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode} before it answered`);
    const status = await fetch(endpoint).then(
      (r) => r.status,
      () => 0,
    );
    if (status === 403 || status === 200) return;
    if (Date.now() > deadline) throw new Error(`${name} does not answer at ${endpoint} (last status ${status})`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A port that was free a moment ago, with its gRPC neighbour far away. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
