import { spawn } from 'node:child_process';
import { tscloneBin } from './run.ts';

/** `tsclone serve s3` in a process of its own, as a user starts it. */
export interface ServedS3 {
  readonly endpoint: string;
  readonly port: number;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly pid: number;
  /** What it has said so far. */
  log(): string;
  /** Ends it as a user would; answers its exit code. */
  stop(): Promise<number | null>;
}

export async function serveS3(
  remote: string,
  o: { args?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
): Promise<ServedS3> {
  const accessKeyId = 'AKTEST';
  const secretAccessKey = 'secret/with+odd=signs';
  const args = ['serve', 's3', remote, '--addr', '127.0.0.1:0', '-v', ...(o.args ?? [])];
  const child = spawn(process.execPath, [tscloneBin, ...args], {
    // A secret has no place in the arguments of a child.
    env: {
      PATH: process.env['PATH'] ?? '',
      RCLONE_CONFIG: '/dev/null',
      RCLONE_AUTH_KEY: `"${accessKeyId},${secretAccessKey}"`,
      ...o.env,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  const endpoint = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (b: Buffer) => {
      said += b.toString();
      const url = /Starting s3 server on \[(https?:\/\/[^\]]*)\/\]/.exec(said)?.[1];
      if (url !== undefined) resolve(url);
    });
    void ended.then((code) => reject(new Error(`serve s3 ended with ${code}: ${said}`)));
  });
  return {
    endpoint,
    port: Number(new URL(endpoint).port),
    accessKeyId,
    secretAccessKey,
    pid: child.pid as number,
    log: () => said,
    stop() {
      if (child.exitCode === null) child.kill('SIGTERM');
      return ended;
    },
  };
}
