import { readFile } from 'node:fs/promises';
import { messageOf } from '../../core/errors.ts';
import { serveHttp, type HttpServer, type ServeOptions } from '../../node/serve-http.ts';
import { log } from '../../operations/context.ts';
import type { FlagSpec } from '../../options/flags.ts';
import {
  createS3Handler,
  r2Tiers,
  type R2Tier,
  type R2Token,
  type S3Handler,
  type S3Key,
} from '../../serve/s3/index.ts';
import { switchFlag, type CommandContext, type CommandDefinition } from '../command.ts';
import { StartError, usageError } from '../errors.ts';
import { directory } from '../references.ts';

/** What a stopped server still gives requests that are under way. */
const graceMs = 5000;

export const serveS3: CommandDefinition = {
  name: 'serve s3',
  summary: 'Serve a remote over the S3 protocol',
  help: `Answers S3 requests over a remote until it is interrupted; the directories at its top are the buckets. Every signature
and digest is verified, and an object appears only once all of it has come and agreed. Requests without a known key are
refused: there is no anonymous access. --r2-token adds a token under the rules of a scoped Cloudflare R2 token, to try
out what such a token may do. A first signal stops the server and lets requests that are under way end for 5 seconds.`,
  usage: 'remote:path',
  minArgs: 1,
  maxArgs: 1,
  flags: [
    {
      name: 'addr',
      type: 'stringArray',
      default: '127.0.0.1:8080',
      help: 'Address and port to listen on; port 0 = any free one; may be repeated',
    },
    { name: 'auth-key', type: 'stringArray', default: '', help: 'ACCESS_KEY,SECRET_KEY; may be repeated' },
    {
      name: 'r2-token',
      type: 'stringArray',
      default: '',
      help: 'ACCESS_KEY,SECRET_KEY,TIER[,BUCKET…]; tiers: admin-rw admin-ro object-rw object-ro',
    },
    switchFlag('read-only', 'Refuse whatever would change something'),
    {
      name: 'force-path-style',
      type: 'bool',
      default: 'true',
      help: 'false: the bucket is the first label of the host name, as in bucket.host/key',
    },
    {
      name: 'domain',
      type: 'stringArray',
      default: '',
      help: 'Host name below which bucket.NAME/key is taken too; may be repeated',
    },
    {
      name: 'etag-hash',
      type: 'string',
      default: 'MD5',
      help: 'MD5 or auto: what the remote has no MD5 of is read for its ETag; empty: it gets another ETag',
    },
    switchFlag('no-cleanup', 'Leave directories that have become empty'),
    { name: 'allow-origin', type: 'string', default: '', help: 'Origin whose pages may read the answers; * = any' },
    { name: 'cert', type: 'string', default: '', help: 'PEM file of the certificate and those above it: serve https' },
    { name: 'key', type: 'string', default: '', help: 'PEM file of its private key' },
    { name: 'max-header-bytes', type: 'int', default: '32768', help: 'Largest request line with its headers' },
    { name: 'max-connections', type: 'int', default: '1000', help: 'Connections at a time' },
    { name: 'server-read-timeout', type: 'GoDuration', default: '1h0m0s', help: 'For a whole request with its body' },
    { name: 'server-write-timeout', type: 'GoDuration', default: '1h0m0s', help: 'For a whole answer' },
    {
      name: 'multipart-expiry',
      type: 'Duration',
      default: '1d',
      help: 'Unfinished uploads that nobody has touched for so long are aborted; 0 = never',
    },
    { name: 'multipart-max-uploads', type: 'int', default: '1000', help: 'Unfinished uploads at a time' },
    {
      name: 'metadata-max-objects',
      type: 'int',
      default: '100000',
      help: 'Objects whose headers and checksums are remembered where the remote cannot keep them',
    },
    ...refused('there is no VFS between the protocol and the remote, nothing is cached', [
      ['dir-cache-time', 'Duration', '5m0s'],
      ['dir-perms', 'string', '777'],
      ['file-perms', 'string', '666'],
      ['gid', 'string', ''],
      ['link-perms', 'string', '666'],
      ['no-checksum', 'bool', 'false'],
      ['no-modtime', 'bool', 'false'],
      ['no-seek', 'bool', 'false'],
      ['poll-interval', 'Duration', '1m0s'],
      ['uid', 'string', ''],
      ['umask', 'string', ''],
      ['vfs-cache-mode', 'string', 'off'],
      ['vfs-cache-max-age', 'Duration', '1h0m0s'],
      ['vfs-cache-max-size', 'SizeSuffix', 'off'],
      ['vfs-read-ahead', 'SizeSuffix', '0'],
      ['vfs-read-chunk-size', 'SizeSuffix', '128Mi'],
      ['vfs-read-chunk-size-limit', 'SizeSuffix', 'off'],
      ['vfs-read-chunk-streams', 'int', '0'],
      ['vfs-write-back', 'Duration', '5s'],
    ]),
    ...refused('parts lie on the remote until the upload is completed, none is held in memory', [
      ['disable-multipart-streaming', 'bool', 'false'],
      ['multipart-streaming-buffer-limit', 'SizeSuffix', '256Mi'],
      ['multipart-streaming-buffer-total', 'SizeSuffix', '1Gi'],
    ]),
    ...refused('every request is signed with a key of --auth-key', [
      ['auth-proxy', 'string', ''],
      ['client-ca', 'string', ''],
      ['htpasswd', 'string', ''],
      ['user', 'string', ''],
      ['pass', 'string', ''],
      ['user-from-header', 'string', ''],
    ]),
    ...refused('paths begin with the bucket', [['baseurl', 'string', '']]),
    ...refused('Node decides: 1.2 and newer', [['min-tls-version', 'string', 'tls1.0']]),
  ],
  examples: [
    'tsclone serve s3 :memory: --addr 127.0.0.1:0 --auth-key test,secret',
    'tsclone serve s3 /srv/buckets --auth-key YOUR_ACCESS_KEY_ID,YOUR_SECRET_ACCESS_KEY',
  ],
  run,
};

function refused(reason: string, flags: readonly (readonly [string, FlagSpec['type'], string])[]): FlagSpec[] {
  return flags.map(([name, type, byDefault]) => ({ name, type, default: byDefault, help: '', notBuilt: reason }));
}

async function run(c: CommandContext): Promise<void> {
  const { flags } = c;
  const keys = flags.list('auth-key').map(parseKey);
  const r2Tokens = flags.list('r2-token').map(parseToken);
  if (keys.length + r2Tokens.length === 0)
    throw usageError('serve s3 needs --auth-key ACCESS_KEY,SECRET_KEY (or --r2-token): without a key nobody may enter');
  const addresses = (flags.isSet('addr') ? flags.list('addr') : ['127.0.0.1:8080']).map(parseAddress);
  const tls = await readTls(flags.string('cert'), flags.string('key'));
  const limits = {
    maxHeaderBytes: positive(flags.int('max-header-bytes'), 'max-header-bytes'),
    maxConnections: positive(flags.int('max-connections'), 'max-connections'),
    readTimeoutMs: timeout(flags.duration('server-read-timeout')),
    writeTimeoutMs: timeout(flags.duration('server-write-timeout')),
  };
  const handler = createS3Handler({
    backend: await directory(c, c.args[0] as string),
    platform: c.operation.platform,
    keys,
    r2Tokens,
    readOnly: flags.bool('read-only'),
    virtualHosts: flags.bool('force-path-style') ? flags.list('domain') : 'any',
    hashForEtag: parseEtagHash(flags.string('etag-hash')),
    keepEmptyDirs: flags.bool('no-cleanup'),
    remembered: positive(flags.int('metadata-max-objects'), 'metadata-max-objects'),
    allowOrigin: flags.string('allow-origin') || undefined,
    limits: {
      uploadExpiryMs: Number(flags.duration('multipart-expiry') / 1_000_000n),
      maxUploads: positive(flags.int('multipart-max-uploads'), 'multipart-max-uploads'),
    },
    onRequest: (r) =>
      log(
        c.operation,
        'info',
        '',
        `${r.method} ${r.path}${r.query === '' ? '' : '?'} ${r.operation} ${r.status}${r.code === undefined ? '' : ` ${r.code}`}`,
      ),
    onError: (e, r) => log(c.operation, 'error', '', `${r.method} ${r.path} ${r.operation}: ${messageOf(e)}`),
  });
  await serveUntilStopped(c, handler, addresses, { limits, ...(tls ? { tls } : {}) });
}

async function serveUntilStopped(
  c: CommandContext,
  handler: S3Handler,
  addresses: readonly Address[],
  o: Omit<ServeOptions, 'host' | 'port'>,
): Promise<void> {
  const servers: HttpServer[] = [];
  try {
    for (const { host, port } of addresses) {
      const server = await serveHttp(handler, { host, port, ...o }).catch((e: NodeJS.ErrnoException) => {
        throw usageError(
          `cannot listen on ${host}:${port}: ${e.code === 'EADDRINUSE' ? 'the port is taken' : e.message}`,
        );
      });
      servers.push(server);
      log(c.operation, 'notice', '', `Starting s3 server on [${server.url}/]`);
    }
    const { signal } = c.operation;
    await new Promise<void>((resolve) => {
      if (signal?.aborted) resolve();
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
  } finally {
    await Promise.all(servers.map((server) => server.close(graceMs)));
  }
}

async function readTls(cert: string, key: string): Promise<ServeOptions['tls']> {
  if (cert === '' && key === '') return undefined;
  if (cert === '' || key === '') throw usageError('--cert and --key go together');
  try {
    return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
  } catch (e) {
    throw new StartError(`Failed to read the certificate or its key: ${messageOf(e)}`);
  }
}

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

interface Address {
  readonly host: string;
  readonly port: number;
}

function parseAddress(text: string): Address {
  const m = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  if (!m || Number(m[3]) > 65_535) throw usageError(`--addr ${JSON.stringify(text)}: needs HOST:PORT`);
  return { host: m[1] ?? (m[2] || '127.0.0.1'), port: Number(m[3]) };
}

function parseEtagHash(text: string): boolean {
  if (text === '' || text === 'off') return false;
  if (/^(md5|auto)$/i.test(text)) return true;
  throw usageError(`--etag-hash ${JSON.stringify(text)}: clients take an ETag for an MD5: MD5, auto or nothing`);
}

function positive(value: number, name: string): number {
  if (value < 1) throw usageError(`--${name} needs a number above 0`);
  return value;
}

/** 0 = no limit. Timers take 32 bits. */
function timeout(ns: bigint): number {
  const ms = Number(ns / 1_000_000n);
  return ms <= 0 ? 2 ** 31 - 1 : Math.min(ms, 2 ** 31 - 1);
}
