import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { OpenArgs, TransportLimits } from '../../core/backend.ts';
import { toBase64, utf8 } from '../../core/bytes.ts';
import { TscloneError } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import type { Platform } from '../../core/platform.ts';
import { verifyAnswer } from './answers.ts';
import { findCredentials, type StaticKeys } from './credentials.ts';
import type { S3Options } from './options.ts';
import { resolveQuirks, type EffectiveQuirks } from './quirks.ts';

/** An S3 remote that is ready for requests. */
export interface S3Connection {
  readonly client: S3Client;
  readonly options: S3Options;
  readonly quirks: EffectiveQuirks;
  /** Name of the remote, for messages. */
  readonly remote: string;
  /** With scheme; '' = the AWS host of the region. */
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly platform: Platform;
  readonly emit: Emit;
  readonly limits: TransportLimits;
}

/** Opens an S3 remote: quirks, credentials, client. Sends nothing. */
export async function connect(args: OpenArgs<S3Options>): Promise<S3Connection> {
  const { name, options, platform, emit, limits } = args;
  checkOptions(name, options);
  const quirks = resolveQuirks(options, emit);
  const endpoint =
    options.endpoint === '' || /^https?:\/\//i.test(options.endpoint)
      ? options.endpoint
      : `https://${options.endpoint}`;
  if (endpoint === '' && quirks.provider !== 'AWS' && options.provider !== '' && quirks.provider !== 'Other') {
    throw new TscloneError(
      'bad_config',
      `remote "${name}": provider ${options.provider} needs an endpoint; without one the keys would be sent to AWS. Set it: tsclone config update ${name} endpoint=https://…`,
      { remote: name, retry: 'no' },
    );
  }
  const keys = await findCredentials(name, options, platform);
  const client = newClient({ options, quirks, endpoint, keys, platform, limits });
  const accessKeyId = keys === 'anonymous' ? '' : keys.accessKeyId;
  return { client, options, quirks, remote: name, endpoint, accessKeyId, platform, emit, limits };
}

function checkOptions(remote: string, o: S3Options): void {
  const fail = (message: string): never => {
    throw new TscloneError('bad_config', `s3: ${message}`, { remote, retry: 'no' });
  };
  const MiB = 1024 * 1024;
  if (o.chunk_size < 5 * MiB) fail(`chunk size: ${sizeText(o.chunk_size)} is less than 5Mi`);
  if (o.chunk_size > 5 * 1024 * MiB) fail(`chunk size: ${sizeText(o.chunk_size)} is greater than 5Gi`);
  if (o.upload_cutoff > 5 * 1024 * MiB) fail(`upload cutoff: ${sizeText(o.upload_cutoff)} is greater than 5Gi`);
  if (o.copy_cutoff === 0) fail('copy cutoff: 0 is less than 1');
  if (o.upload_concurrency < 1) fail('upload_concurrency must be at least 1');
  if (o.list_chunk < 1) fail('list_chunk must be at least 1');
}

function sizeText(n: number): string {
  const MiB = 1024 * 1024;
  if (n >= MiB && n % MiB === 0)
    return n >= 1024 * MiB && n % (1024 * MiB) === 0 ? `${n / MiB / 1024}Gi` : `${n / MiB}Mi`;
  return n >= 1024 && n % 1024 === 0 ? `${n / 1024}Ki` : String(n);
}

interface ClientParts {
  readonly options: S3Options;
  readonly quirks: EffectiveQuirks;
  readonly endpoint: string;
  readonly keys: StaticKeys | 'anonymous';
  readonly platform: Platform;
  readonly limits: TransportLimits;
}

const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** The only place where an S3Client is made. Every setting that the environment could change is given here. */
function newClient(p: ClientParts): S3Client {
  const { options, quirks, endpoint, keys, platform, limits } = p;
  const config: S3ClientConfig = {
    region: options.region === '' || options.region === 'other-v2-signature' ? 'us-east-1' : options.region,
    forcePathStyle: quirks.force_path_style,
    // Since 2025 the SDK adds checksums that many services refuse; Content-MD5 and the checks after each call replace them.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Node waits six seconds for a 100 that R2 never sends.
    expectContinueHeader: false,
    // The retries are ours, above the client, where bodies can be sent again.
    maxAttempts: 1,
    followRegionRedirects: false,
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    useAccelerateEndpoint: false,
    useArnRegion: false,
    disableMultiregionAccessPoints: true,
    defaultsMode: 'standard',
    userAgentAppId: async () => undefined,
    customUserAgent: [[limits.userAgent]],
    logger: silent,
    requestHandler: handlerSettings(platform, limits, options),
    ...(endpoint === '' ? {} : { endpoint }),
    ...(keys === 'anonymous' ? anonymous : { credentials: sdkCredentials(keys) }),
  };
  const client = new S3Client(config);
  addMiddleware(client, p);
  return client;
}

function sdkCredentials(keys: StaticKeys): { accessKeyId: string; secretAccessKey: string; sessionToken?: string } {
  const { accessKeyId, secretAccessKey, sessionToken } = keys;
  return { accessKeyId, secretAccessKey, ...(sessionToken === '' ? {} : { sessionToken }) };
}

/** Both parts are needed: without credentials the SDK would ask its default chain. */
const anonymous: Pick<S3ClientConfig, 'credentials' | 'signer'> = {
  credentials: async () => ({ accessKeyId: '', secretAccessKey: '' }),
  signer: { sign: async (request) => request },
};

function handlerSettings(platform: Platform, limits: TransportLimits, o: S3Options): Record<string, unknown> {
  // fetch follows redirects by itself, with the signature, to any host.
  if (platform.kind === 'edge') return { requestInit: () => ({ redirect: 'manual' }) };
  const maxSockets = limits.transfers * o.upload_concurrency + limits.checkers + 4;
  return {
    connectionTimeout: limits.connectTimeoutMs,
    socketTimeout: limits.timeoutMs,
    socketAcquisitionWarningTimeout: 2 ** 31 - 1,
    httpAgent: { keepAlive: true, maxSockets },
    httpsAgent: { keepAlive: true, maxSockets },
  };
}

interface HttpRequest {
  headers: Record<string, string>;
  query: Record<string, unknown>;
  body?: unknown;
}

function addMiddleware(client: S3Client, { options, quirks, endpoint, platform }: ClientParts): void {
  const stack = client.middlewareStack;
  const https = !endpoint.startsWith('http://');

  stack.add(
    (next, context) => (args) => {
      const request = args.request as HttpRequest;
      const command = context.commandName ?? '';
      if (!quirks.use_x_id) delete request.query['x-id'];
      if (command === 'CreateBucketCommand' && options.location_constraint === '') {
        // The SDK writes the region into the body although nobody asked for a location.
        request.body = undefined;
        delete request.headers['content-type'];
        delete request.headers['content-length'];
      }
      if (command === 'DeleteObjectsCommand') useContentMd5(request, platform);
      if (https && quirks.use_unsigned_payload && (command === 'PutObjectCommand' || command === 'UploadPartCommand')) {
        request.headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
      }
      return next(args);
    },
    { step: 'build', name: 'tscloneBuild', priority: 'low' },
  );

  if (platform.kind === 'node') {
    // Low priority: behind the signer. Proxies rewrite this header, so it is never signed. `gzip` makes stores hand out objects
    // with Content-Encoding: gzip as they are.
    stack.add(
      (next, context) => (args) => {
        const gzip = context.commandName === 'GetObjectCommand' && quirks.use_accept_encoding_gzip;
        (args.request as HttpRequest).headers['accept-encoding'] = gzip ? 'gzip' : 'identity';
        return next(args);
      },
      { step: 'finalizeRequest', name: 'tscloneAcceptEncoding', priority: 'low' },
    );
  }

  stack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      await verifyAnswer(context.commandName ?? '', result.response as never, client.config.streamCollector);
      return result;
    },
    { step: 'deserialize', name: 'tscloneVerifyAnswer', priority: 'low' },
  );
}

/** DeleteObjects must carry a digest; the SDK picks CRC32, which older services refuse. */
function useContentMd5(request: HttpRequest, platform: Platform): void {
  for (const name of Object.keys(request.headers)) {
    if (/^x-amz-(checksum-|sdk-checksum-algorithm)/i.test(name)) delete request.headers[name];
  }
  const hash = platform.createHash('md5');
  hash.update(typeof request.body === 'string' ? utf8(request.body) : (request.body as Uint8Array));
  request.headers['content-md5'] = toBase64(hash.digest());
}
