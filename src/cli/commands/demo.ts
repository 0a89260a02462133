import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { createMemoryBackend } from '../../backends/memory/backend.ts';
import { TscloneError } from '../../core/errors.ts';
import { serveHttp } from '../../node/serve-http.ts';
import { createS3Handler } from '../../serve/s3/index.ts';
import type { CommandContext, CommandDefinition } from '../command.ts';

const bucket = 'my-backup-bucket';
const size = 12_000_000;

export const demo: CommandDefinition = {
  name: 'demo',
  summary: 'Stream a backup into an embedded R2-like server and read it back',
  help: `Starts an S3 server in this process that answers like Cloudflare R2 to a token for one bucket, then runs the usual
steps against it: config create, rcat of a stream of unknown size, lsl, cat. Compares every byte. Needs no account and
leaves nothing behind.`,
  usage: '',
  minArgs: 0,
  maxArgs: 0,
  examples: ['tsclone demo'],
  run: runDemo,
};

async function runDemo(c: CommandContext): Promise<void> {
  const { platform } = c.operation;
  const keys = { accessKeyId: 'YOUR_ACCESS_KEY_ID', secretAccessKey: 'YOUR_SECRET_ACCESS_KEY' };
  const requests: string[] = [];
  const backend = createMemoryBackend('demo', platform);
  await backend.mkdir(bucket);
  const server = await serveHttp(
    createS3Handler({
      backend,
      platform,
      r2Tokens: [{ ...keys, tier: 'object-rw', buckets: [bucket] }],
      onRequest: (r) => requests.push(r.operation),
    }),
    { host: '127.0.0.1', port: 0 },
  );
  const dir = await mkdtemp(join(tmpdir(), 'tsclone-demo-'));
  const env = { ...c.env, RCLONE_CONFIG: join(dir, 'rclone.conf') };
  await writeFile(env.RCLONE_CONFIG, '', { mode: 0o600 });
  const object = `r2_backups:${bucket}/database.dump`;
  try {
    await step(c, env, [
      'config',
      'create',
      'r2_backups',
      's3',
      'provider=Cloudflare',
      `access_key_id=${keys.accessKeyId}`,
      `secret_access_key=${keys.secretAccessKey}`,
      `endpoint=${server.url}`,
      'no_check_bucket=true',
    ]);
    const sent = createHash('sha256');
    await step(c, env, ['rcat', object], { shown: 'a-database-dump | ', stdin: dump(platform.randomBytes, sent) });
    await step(c, env, ['lsl', `r2_backups:${bucket}`]);
    const got = createHash('sha256');
    let bytes = 0;
    await step(c, env, ['cat', object], {
      stdout: (chunk) => {
        bytes += chunk.length;
        got.update(chunk);
      },
    });
    const [before, after] = [sent.digest('hex'), got.digest('hex')];
    await c.out.line(`streamed in  ${size} bytes, sha256 ${before}`);
    await c.out.line(`read back    ${bytes} bytes, sha256 ${after}`);
    if (bytes !== size || before !== after) {
      throw new TscloneError('corrupted', 'demo: what was read back is not what was streamed in', { retry: 'no' });
    }
    await c.out.line(`equal, byte for byte. Requests: ${counted(requests)}`);
    await c.out.line('next: tsclone config create with the keys of your own bucket');
  } finally {
    await server.close();
    await rm(dir, { recursive: true, force: true });
  }
}

/** Bytes that do not compress, in uneven chunks, as a dump would come through a pipe. */
async function* dump(randomBytes: (n: number) => Uint8Array, hash: { update(b: Uint8Array): unknown }) {
  for (let left = size; left > 0;) {
    const chunk = randomBytes(Math.min(left, 64_000));
    hash.update(chunk);
    left -= chunk.length;
    yield chunk;
  }
}

async function step(
  c: CommandContext,
  env: Readonly<Record<string, string | undefined>>,
  args: readonly string[],
  o: { shown?: string; stdin?: AsyncIterable<Uint8Array>; stdout?: (chunk: Uint8Array) => void } = {},
): Promise<void> {
  await c.out.line(`$ ${o.shown ?? ''}tsclone ${args.join(' ')}${o.stdout ? ' | sha256sum' : ''}`);
  const { runCli } = await import('../main.ts');
  const printed: Uint8Array[] = [];
  const sink = (take: (chunk: Uint8Array) => void): Writable =>
    new Writable({
      write(chunk: Uint8Array, _encoding, done) {
        take(chunk);
        done();
      },
    });
  const code = await runCli(args, {
    env,
    stdout: sink(o.stdout ?? ((chunk) => printed.push(chunk))),
    stderr: sink((chunk) => printed.push(chunk)),
    stdin: o.stdin ?? (async function* () {})(),
    stdinIsEmpty: o.stdin === undefined,
    signal: c.operation.signal ?? new AbortController().signal,
  });
  for (const chunk of printed) await c.out.write(chunk);
  if (code !== 0) throw new TscloneError('other', `demo: tsclone ${args[0]} ended with ${code}`, { retry: 'no' });
  await c.out.line('');
}

function counted(requests: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of requests) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, n]) => (n === 1 ? name : `${n} ${name}`)).join(', ');
}
