import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run, tsclone, type RunResult } from '../support/run.ts';
import { startVersitygw, tempDir, type S3Server } from '../support/servers.ts';

/** One program with a server and a folder of its own. */
export interface Side {
  readonly name: 'rclone' | 'tsclone';
  readonly dir: string;
  readonly server: S3Server;
  run(args: readonly string[], o?: { stdin?: string | Uint8Array; env?: Record<string, string> }): Promise<RunResult>;
}

export interface Pair {
  readonly rclone: Side;
  readonly tsclone: Side;
  stop(): Promise<void>;
}

/** Starts both sides: same paths, same keys, same config but for the port. */
export async function startPair(rclone: string): Promise<Pair> {
  const dirs = await tempDir();
  const sides: Side[] = [];
  for (const name of ['rclone', 'tsclone'] as const) {
    const server = await startVersitygw();
    if (!server) throw new Error('versitygw is missing');
    const dir = join(dirs.path, name);
    await mkdir(dir);
    await writeFile(join(dir, 'rclone.conf'), config(server));
    sides.push({
      name,
      dir,
      server,
      run(args, o = {}) {
        const options = {
          ...(o.stdin === undefined ? {} : { stdin: o.stdin }),
          cwd: dir,
          env: { RCLONE_CONFIG: join(dir, 'rclone.conf'), ...o.env },
        };
        return name === 'rclone' ? run(rclone, args, options) : tsclone(args, options);
      },
    });
  }
  const [a, b] = sides as [Side, Side];
  return {
    rclone: a,
    tsclone: b,
    async stop() {
      await Promise.all(sides.map((s) => s.server.stop()));
      await dirs.remove();
    },
  };
}

function config({ endpoint, accessKeyId, secretAccessKey }: S3Server): string {
  const keys = `access_key_id = ${accessKeyId}\nsecret_access_key = ${secretAccessKey}\n`;
  const s3 = (provider: string, at = endpoint): string =>
    `type = s3\nprovider = ${provider}\n${keys}endpoint = ${at}\n`;
  return `[s3]
${s3('Other')}
[r2]
${s3('Cloudflare')}no_check_bucket = true

[dead]
${s3('Other', 'http://127.0.0.1:1')}
[wrong]
type = s3
provider = Other
access_key_id = ${accessKeyId}
secret_access_key = nope
endpoint = ${endpoint}

[mem]
type = memory

[al]
type = alias
remote = t

[cr]
type = crypt
remote = s3:layered
password = Wmd7wUqWZ6mmkx46e9P2KJvfmuAbHg

[crl]
type = crypt
remote = t
password = Wmd7wUqWZ6mmkx46e9P2KJvfmuAbHg

[als3]
type = alias
remote = s3:shared/sub

[hook]
type = nosuchtype

[notype]
x = y
`;
}

/** The words of a command line; single quotes hold blanks. */
export function wordsOf(line: string): string[] {
  return Array.from(line.matchAll(/(?:'[^']*'|[^ '])+/g), ([word]) => word.replaceAll("'", ''));
}

/** Files with filter rules. */
export async function makeRules(dir: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(dir);
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(dir, name), text);
    await utimes(join(dir, name), 1_600_000_000, 1_600_000_000);
  }
  await utimes(dir, 1_600_000_000, 1_600_000_000);
}

/** The tree that cases work on: fixed times with nanoseconds, odd names, an empty directory. */
export async function makeTree(dir: string): Promise<void> {
  const files: Record<string, string | Uint8Array> = {
    'a.txt': 'hello\n',
    'b.json': '{"b":1}',
    'empty.bin': '',
    'sub/c d.txt': 'space',
    'sub/deep/ünï-日本.txt': 'unicode',
    'sub/deep/z': 'z'.repeat(3000),
    'other/a.txt': 'hello\n',
    'other/plus+&%=.txt': 'odd',
    'other/q"uote,comma.txt': 'csv',
  };
  let n = 0;
  for (const [name, body] of Object.entries(files)) {
    const path = join(dir, name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, body);
    const time = 1_700_000_000.25 + 1000 * n++;
    await utimes(path, time, time);
  }
  await mkdir(join(dir, 'hollow'), { recursive: true });
  for (const d of ['hollow', 'other', 'sub/deep', 'sub', '.']) await utimes(join(dir, d), 1_600_000_000, 1_600_000_000);
}

/** Facts of a local tree: size, digest and time of each entry; times after `since` (ms) count as "now". */
export async function localTree(dir: string, since: number): Promise<string[]> {
  const out: string[] = [];
  const visit = async (at: string, shown: string): Promise<void> => {
    for (const name of (await readdir(at)).sort()) {
      const path = join(at, name);
      const s = await lstat(path, { bigint: true });
      const time = Number(s.mtimeNs / 1_000_000n) >= since ? 'now' : String(s.mtimeNs);
      if (s.isDirectory()) {
        out.push(`${shown}${name}/ ${time}`);
        await visit(path, `${shown}${name}/`);
      } else if (!name.endsWith('.conf')) {
        const digest = createHash('sha256')
          .update(await readFile(path))
          .digest('hex')
          .slice(0, 16);
        out.push(`${shown}${name} ${s.size} ${digest} ${time}`);
      }
    }
  };
  await visit(dir, '');
  return out;
}

/** Facts of a bucket as the real rclone sees them. */
export async function bucketTree(rclone: string, side: Side, bucket: string, since: number): Promise<unknown> {
  const listed = await run(rclone, ['lsjson', '-R', '--hash', '-M', '--files-only', `s3:${bucket}`], {
    cwd: side.dir,
    env: { RCLONE_CONFIG: join(side.dir, 'rclone.conf') },
  });
  if (listed.code !== 0) return `exit ${listed.code}`;
  type Row = { Path: string; ModTime: string; Metadata?: Record<string, string> };
  const rows = JSON.parse(listed.stdout.toString()) as Row[];
  return rows
    .map((row) => {
      const isNow = Date.parse(row.ModTime) >= since;
      const { btime: _btime, ...metadata } = row.Metadata ?? {};
      if (isNow) metadata['mtime'] = 'now';
      return { ...row, ModTime: isNow ? 'now' : row.ModTime, Metadata: metadata };
    })
    .sort((a, b) => (a.Path < b.Path ? -1 : 1));
}

const stamp = /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /;

/** The level and message of each log line, without what differs from run to run. */
export function logLines(stderr: string, side: Side): string[] {
  return stderr
    .split('\n')
    .filter((line) => stamp.test(line))
    .map((line) =>
      line
        .replace(stamp, '')
        .replaceAll(side.server.endpoint, 'http://ENDPOINT')
        .replaceAll(`${side.dir}/`, '')
        .replace(/RequestID: [^,]*, HostID: [^,]*,/g, 'RequestID: , HostID: ,'),
    );
}

/** What a wrapper looks at: silence, the levels that occur, and the last line's level. */
export function stderrClass(stderr: string): string {
  if (stderr === '') return 'silent';
  const levels = [...stderr.matchAll(/^\d{4}\S+ \S+ (DEBUG|INFO|NOTICE|ERROR|CRITICAL) *:/gm)].map((m) => m[1]);
  return levels.length === 0
    ? 'text'
    : `${[...new Set(levels)].sort((a = '', b = '') => a.localeCompare(b)).join('+')}, last ${levels.at(-1)}`;
}
