import { lstat, mkdir, readdir, readFile, readlink, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { createHash } from 'node:crypto';
import { runCli } from '../../../src/cli/main.ts';
import { run } from '../../support/run.ts';
import { startVersitygw, tempDir, type S3Server } from '../../support/servers.ts';

/**
 * Files of a folder or bucket: `text@2021-05-06` with the time, `->target` for a symbolic link; a name that ends in a
 * slash is a directory.
 */
export type Tree = Readonly<Record<string, string>>;

export interface TransferCase {
  /** Words of the command line, which both programs run; `-v` is added unless `quiet`. `{b}` = the case's bucket. */
  readonly args: string;
  /** Folders by name. */
  readonly folders?: Readonly<Record<string, Tree>>;
  /** What the bucket holds, by prefix; absent = there is no bucket. */
  readonly bucket?: Readonly<Record<string, Tree>>;
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Log lines are not compared, because … */
  readonly anyLog?: string;
  /** Log lines of one program or the other that match are left out, because … */
  readonly ignoreLines?: { readonly pattern: RegExp; readonly why: string };
  /** The exit code differs, or the tree: why, and what is compared then. */
  readonly deviation?: { readonly why: string; readonly compare: readonly ('code' | 'stdout' | 'tree' | 'logs')[] };
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: readonly string[];
  readonly tree: readonly string[];
  readonly logs: readonly string[];
}

interface Side {
  readonly dir: string;
  readonly server: S3Server;
  readonly run: (
    args: readonly string[],
    stdin: string | undefined,
    env: Readonly<Record<string, string>>,
  ) => Promise<{ code: number | null; stdout: string; stderr: string }>;
}

export interface Lab {
  /** Runs a case with both programs, each on a set of files and a server of its own. */
  compare(c: TransferCase, bucket: string): Promise<{ rclone: Outcome; tsclone: Outcome }>;
  stop(): Promise<void>;
}

/** tsclone runs within this process: only so are hundreds of cases quick. */
export async function startLab(rclone: string): Promise<Lab> {
  const temp = await tempDir();
  const sides: Side[] = [];
  for (const name of ['rclone', 'tsclone'] as const) {
    const server = await startVersitygw();
    if (!server) throw new Error('versitygw is missing');
    const dir = join(temp.path, name);
    await mkdir(dir);
    await writeFile(join(dir, 'rclone.conf'), configOf(server));
    const runWith: Side['run'] =
      name === 'tsclone'
        ? (args, stdin, env) => runHere(args, dir, stdin, env)
        : async (args, stdin, env) => {
            const o = { cwd: dir, env: { ...env, RCLONE_CONFIG: join(dir, 'rclone.conf') } };
            const done = await run(rclone, args, stdin === undefined ? o : { ...o, stdin });
            return { ...done, stdout: done.stdout.toString() };
          };
    sides.push({ dir, server, run: runWith });
  }
  const [theirs, ours] = sides as [Side, Side];
  return {
    async compare(c, bucket) {
      const results = await Promise.all(sides.map((side) => runCase(side, theirs, c, bucket)));
      void ours;
      return { rclone: results[0] as Outcome, tsclone: results[1] as Outcome };
    },
    async stop() {
      await Promise.all(sides.map((s) => s.server.stop()));
      await temp.remove();
    },
  };

  async function runCase(side: Side, helper: Side, c: TransferCase, bucket: string): Promise<Outcome> {
    void helper;
    const config = { cwd: side.dir, env: { RCLONE_CONFIG: join(side.dir, 'rclone.conf') } };
    const prepare = async (...args: string[]): Promise<string> => {
      const done = await run(rclone, args, config);
      if (done.code !== 0) throw new Error(`preparing ${args.join(' ')}: ${done.stderr}`);
      return done.stdout.toString();
    };
    for (const entry of await readdir(side.dir))
      if (entry !== 'rclone.conf') await rm(join(side.dir, entry), { recursive: true });
    for (const [name, tree] of Object.entries(c.folders ?? {})) await makeTree(join(side.dir, name), tree);
    if (c.bucket) {
      for (const [prefix, tree] of Object.entries(c.bucket)) await makeTree(join(side.dir, '.up', prefix), tree);
      await mkdir(join(side.dir, '.up'), { recursive: true });
      await prepare('mkdir', `s3:${bucket}`);
      await prepare('copy', '.up', `s3:${bucket}`);
      await rm(join(side.dir, '.up'), { recursive: true });
    }
    const since = Date.now() - 2000;
    const words = c.args.replaceAll('{b}', bucket).split(' ');
    const args = [...words, '--retries', '1', '--low-level-retries', '1'];
    const done = await side.run(/ -(q|v+)\b/.test(c.args) ? args : [...args, '-v'], c.stdin, c.env ?? {});
    const tree = await localTree(side.dir, since);
    if (c.bucket || /s3:/.test(c.args)) {
      const listed = await run(rclone, ['lsjson', '-R', '-M', '--hash', '--files-only', `s3:${bucket}`], config);
      if (listed.code === 0) tree.push(...bucketLines(listed.stdout.toString(), since));
    }
    return {
      code: done.code,
      stdout: done.stdout.split('\n').sort(),
      tree,
      logs: logLines(done.stderr, side).filter((line) => !c.ignoreLines?.pattern.test(line)),
    };
  }
}

function configOf({ endpoint, accessKeyId, secretAccessKey }: S3Server): string {
  const s3 = `type = s3\nprovider = Other\naccess_key_id = ${accessKeyId}\nsecret_access_key = ${secretAccessKey}\nendpoint = ${endpoint}\n`;
  // The password is the word "password".
  return `[s3]\n${s3}\n[twin]\n${s3}\n[secret]\ntype = crypt\nremote = vault\npassword = PDPcQVVjVtzFY-GTdDFozqBhTdsPg3qH\n`;
}

/** Runs a command line in this process. The working directory is the program's. */
async function runHere(
  args: readonly string[],
  dir: string,
  stdin: string | undefined,
  env: Readonly<Record<string, string>>,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const out = { stdout: '', stderr: '' };
  const sink = (key: 'stdout' | 'stderr'): Writable =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        out[key] += chunk.toString();
        done();
      },
    });
  process.chdir(dir);
  const code = await runCli(args, {
    env: { HOME: dir, TZ: 'UTC', RCLONE_CONFIG: join(dir, 'rclone.conf'), ...env },
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    stdin: Readable.from(stdin === undefined ? [] : [Buffer.from(stdin)]),
    stdinIsEmpty: stdin === undefined,
    signal: new AbortController().signal,
  });
  return { code, ...out };
}

async function makeTree(dir: string, tree: Tree): Promise<void> {
  await mkdir(dir, { recursive: true });
  const times = new Map<string, Date>();
  for (const [name, spec] of Object.entries(tree)) {
    const path = join(dir, name.replace(/\/$/, ''));
    const [, text = '', time] = /^(.*?)(?:@(\d{4}-\d\d-\d\d))?$/s.exec(spec) ?? [];
    for (let at = dirname(name); at !== '.'; at = dirname(at)) times.set(join(dir, at), new Date('2021-01-01'));
    if (name.endsWith('/')) await mkdir(path, { recursive: true });
    else await mkdir(join(path, '..'), { recursive: true });
    if (text.startsWith('->')) await symlink(text.slice(2), path);
    else {
      if (!name.endsWith('/')) await writeFile(path, text);
      times.set(path, new Date(time ?? '2021-01-01'));
    }
  }
  // What lies deepest first: to set one touches its parent.
  for (const [path, time] of [...times].sort(([a], [b]) => (a < b ? 1 : -1))) await utimes(path, time, time);
}

/** Every file and directory below, with content and time. Times of this run are `now`. */
async function localTree(dir: string, since: number): Promise<string[]> {
  const out: string[] = [];
  const visit = async (at: string, shown: string): Promise<void> => {
    for (const name of (await readdir(at)).sort()) {
      if (shown === '' && name === 'rclone.conf') continue;
      const path = join(at, name);
      const s = await lstat(path, { bigint: true });
      const time =
        Number(s.mtimeNs / 1_000_000n) >= since ? 'now' : new Date(Number(s.mtimeNs / 1_000_000n)).toISOString();
      const mode = (s.mode & 0o7777n).toString(8);
      if (s.isSymbolicLink()) out.push(`${shown}${name} -> ${await readlink(path)}`);
      else if (s.isDirectory()) {
        // The folders of a case are no part of what is transferred.
        out.push(shown === '' ? `${name}/` : `${shown}${name}/ ${mode} ${time}`);
        await visit(path, `${shown}${name}/`);
      } else out.push(`${shown}${name} ${mode} ${time} ${await contentOf(path)}`);
    }
  };
  await visit(dir, '');
  return out;
}

async function contentOf(path: string): Promise<string> {
  const bytes = await readFile(path);
  // What crypt writes differs each time.
  if (path.includes('/vault/')) return String(bytes.length);
  if (basename(path).startsWith('report')) return bytes.toString().split('\n').sort().join(' ');
  return bytes.length <= 40 ? JSON.stringify(bytes.toString()) : createHash('md5').update(bytes).digest('hex');
}

function bucketLines(json: string, since: number): string[] {
  type Row = { Path: string; Size: number; ModTime: string; Hashes?: unknown; Metadata?: Record<string, string> };
  return (JSON.parse(json) as Row[])
    .map(({ Path, Size, ModTime, Hashes, Metadata }) => {
      const isNow = Date.parse(ModTime) >= since;
      const { btime: _btime, mtime, ...metadata } = Metadata ?? {};
      for (const [key, value] of Object.entries(metadata)) if (Date.parse(value) >= since) metadata[key] = 'now';
      const kept = Object.entries({ ...metadata, ...(isNow ? {} : { mtime }) }).map((e) => e.join('='));
      return `s3:${Path} ${Size} ${isNow ? 'now' : ModTime} ${JSON.stringify(Hashes)} ${kept.sort().join(' ')}`;
    })
    .sort();
}

const stamp = /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /;

/** The log lines, sorted, without what differs from run to run. */
function logLines(stderr: string, side: Side): string[] {
  return (
    stderr
      .split('\n')
      .filter((line) => stamp.test(line))
      .map((line) =>
        line
          .replace(stamp, '')
          .replaceAll(side.server.endpoint, 'http://ENDPOINT')
          .replaceAll(`${side.dir}/`, '')
          .replace(/\.[0-9a-f]{8}\.partial/, '.PARTIAL')
          .replace(/deadline: .*/, 'deadline')
          .replace(/RequestID: [^,]*, HostID: [^,]*,/g, 'RequestID: , HostID: ,'),
      )
      .filter((line) => !/^(INFO|NOTICE) *: *$/.test(line))
      .filter((line) => !line.startsWith('NOTICE: Local file system at out: Skipped set directory modification time'))
      .sort()
      // rclone sets the time or the metadata of some directories twice.
      .filter(
        (line, i, all) =>
          line !== all[i - 1] ||
          !/et directory modification time|date directory metadata|dated directory metadata/.test(line),
      )
  );
}
