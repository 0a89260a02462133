import { serveHttp } from '../../node/serve-http.ts';
import { log } from '../../operations/context.ts';
import { createS3Handler, r2Tiers, type R2Tier, type R2Token, type S3Key } from '../../serve/s3/index.ts';
import type { CommandDefinition } from '../command.ts';
import { usageError } from '../errors.ts';
import { directory } from '../references.ts';

export const serveS3: CommandDefinition = {
  name: 'serve s3',
  summary: 'Serve a remote over the S3 protocol',
  help: `Answers S3 requests over local files or memory until it is interrupted; the first path segment is the bucket. Every
signature and digest is verified. --r2-token adds a token under the rules of a scoped Cloudflare R2 token, to try out
what such a token may do. Requests without a known key are refused: there is no anonymous access.`,
  usage: 'remote:path',
  minArgs: 1,
  maxArgs: 1,
  flags: [
    { name: 'addr', type: 'string', default: '127.0.0.1:8080', help: 'Address and port; port 0 = any free one' },
    { name: 'auth-key', type: 'stringArray', default: '', help: 'ACCESS_KEY,SECRET_KEY; may be repeated' },
    {
      name: 'r2-token',
      type: 'stringArray',
      default: '',
      help: 'ACCESS_KEY,SECRET_KEY,TIER[,BUCKET…]; tiers: admin-rw admin-ro object-rw object-ro',
    },
  ],
  examples: ['tsclone serve s3 :memory: --addr 127.0.0.1:0 --auth-key test,secret'],
  async run(c) {
    const keys = c.flags.list('auth-key').map(parseKey);
    const r2Tokens = c.flags.list('r2-token').map(parseToken);
    if (keys.length + r2Tokens.length === 0)
      throw usageError(
        'serve s3 needs --auth-key ACCESS_KEY,SECRET_KEY (or --r2-token): without a key nobody may enter',
      );
    const { host, port } = parseAddress(c.flags.string('addr'));
    const backend = await directory(c, c.args[0] as string);
    const handler = createS3Handler({
      backend,
      platform: c.operation.platform,
      keys,
      r2Tokens,
      onRequest: (r) =>
        log(c.operation, 'info', '', `${r.method} ${r.path}${r.query === '' ? '' : '?'} ${r.operation} ${r.status}`),
    });
    const server = await serveHttp(handler, { host, port }).catch((e: NodeJS.ErrnoException) => {
      throw usageError(
        `cannot listen on ${host}:${port}: ${e.code === 'EADDRINUSE' ? 'the port is taken' : e.message}`,
      );
    });
    log(c.operation, 'notice', '', `Starting s3 server on [${server.url}/]`);
    const { signal } = c.operation;
    await new Promise<void>((resolve) => {
      if (signal?.aborted) resolve();
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
    await server.close();
  },
};

function parseKey(text: string): S3Key {
  const [accessKeyId = '', secretAccessKey = '', ...rest] = text.split(',');
  if (accessKeyId === '' || secretAccessKey === '' || rest.length > 0)
    throw usageError('--auth-key needs ACCESS_KEY,SECRET_KEY');
  return { accessKeyId, secretAccessKey };
}

function parseToken(text: string): R2Token {
  const [accessKeyId = '', secretAccessKey = '', tier = '', ...buckets] = text.split(',');
  if (accessKeyId === '' || secretAccessKey === '' || !(r2Tiers as readonly string[]).includes(tier))
    throw usageError(`--r2-token needs ACCESS_KEY,SECRET_KEY,TIER[,BUCKET…] with a tier of ${r2Tiers.join(', ')}`);
  return { accessKeyId, secretAccessKey, tier: tier as R2Tier, ...(buckets.length > 0 ? { buckets } : {}) };
}

function parseAddress(text: string): { host: string; port: number } {
  const m = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  if (!m || Number(m[3]) > 65_535) throw usageError(`--addr ${JSON.stringify(text)}: needs HOST:PORT`);
  return { host: m[1] ?? (m[2] || '127.0.0.1'), port: Number(m[3]) };
}
