import type { S3Client } from '@aws-sdk/client-s3';
import type { TransportLimits } from '../../core/backend.ts';
import { toBase64, utf8 } from '../../core/bytes.ts';
import type { Emit } from '../../core/events.ts';
import type { Platform } from '../../core/platform.ts';
import { verifyAnswer } from './answers.ts';
import type { Identity } from './credentials.ts';
import type { CustomerKey } from './customer-key.ts';
import { optionHeaders } from './option-headers.ts';
import { redacted, requestText, responseText } from './log-text.ts';
import type { S3Options } from './options.ts';
import type { EffectiveQuirks } from './quirks.ts';
import { signV2 } from './sigv2.ts';
import { onWire, type HttpRequest } from './wire.ts';

export interface MiddlewareParts {
  readonly options: S3Options;
  readonly quirks: EffectiveQuirks;
  readonly customerKey: CustomerKey;
  /** With scheme; '' = AWS. */
  readonly endpoint: string;
  readonly platform: Platform;
  readonly limits: TransportLimits;
  readonly identity: Identity;
  readonly emit: Emit;
}

/** What tsclone changes in the requests of an SDK client, and checks in its answers. */
export function addMiddleware(client: S3Client, p: MiddlewareParts): void {
  const stack = client.middlewareStack;
  stack.add(
    (next, context) => (args) => {
      prepare(args.request as HttpRequest, (context.commandName ?? '').replace(/Command$/, ''), p);
      return next(args);
    },
    { step: 'build', name: 'tscloneBuild', priority: 'low' },
  );
  addOwnSignature(client, p);
  if (p.platform.kind === 'node') addAcceptEncoding(client, p);
  addUnsigned(client, p);
  if (p.options.sdk_log_mode.size > 0) addLog(client, p);
  stack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      await verifyAnswer(context.commandName ?? '', result.response as never, client.config.streamCollector);
      return result;
    },
    { step: 'deserialize', name: 'tscloneVerifyAnswer', priority: 'low' },
  );
}

function prepare(request: HttpRequest, operation: string, p: MiddlewareParts): void {
  const { options, quirks, endpoint } = p;
  Object.assign(request.headers, optionHeaders(operation, options, p.customerKey));
  if (p.platform.kind === 'node') {
    // The user's name for the program alone, as rclone sends it; in browsers and Workers it is not ours to set.
    request.headers['user-agent'] = p.limits.userAgent;
    delete request.headers['x-amz-user-agent'];
  }
  if (!quirks.use_x_id) delete request.query['x-id'];
  if (operation === 'CreateBucket' && options.location_constraint === '') {
    // The SDK writes the region into the body although nobody asked for a location.
    request.body = undefined;
    delete request.headers['content-type'];
    delete request.headers['content-length'];
  }
  if (digested.has(operation) && options.use_data_integrity_protections !== true) useContentMd5(request, p.platform);
  const unsigned = options.use_unsigned_payload ?? (quirks.use_unsigned_payload && !endpoint.startsWith('http://'));
  const framed = /aws-chunked/.test(request.headers['content-encoding'] ?? '');
  if (unsigned && !framed && (operation === 'PutObject' || operation === 'UploadPart')) {
    request.headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
  }
}

/**
 * `gzip` makes stores hand out objects with Content-Encoding: gzip as they are. Proxies rewrite this header: it is
 * signed only when the user insists.
 */
function addAcceptEncoding(client: S3Client, { options, quirks }: MiddlewareParts): void {
  const set = (args: { request: unknown }, commandName: string | undefined): void => {
    const gzip = commandName === 'GetObjectCommand' && quirks.use_accept_encoding_gzip;
    (args.request as HttpRequest).headers['accept-encoding'] = gzip ? 'gzip' : 'identity';
  };
  if (options.sign_accept_encoding === true) {
    client.middlewareStack.add(
      (next, context) => (args) => {
        set(args, context.commandName);
        return next(args);
      },
      { step: 'build', name: 'tscloneAcceptEncoding', priority: 'low' },
    );
  } else {
    client.middlewareStack.add(
      (next, context) => (args) => {
        set(args, context.commandName);
        return next(args);
      },
      { ...behindSigner, name: 'tscloneAcceptEncoding' },
    );
  }
}

/** Signatures that the SDK does not make. */
function addOwnSignature(client: S3Client, { identity, platform }: MiddlewareParts): void {
  if (identity.kind === 'anonymous' || (identity.kind === 'keys' && identity.version === 4)) return;
  client.middlewareStack.add(
    (next) => async (args) => {
      const request = args.request as HttpRequest;
      if (identity.kind === 'ibm') {
        request.headers['authorization'] = `Bearer ${await identity.token()}`;
        request.headers['ibm-service-instance-id'] = identity.instanceId;
      } else {
        const bucket = (args.input as { Bucket?: string }).Bucket;
        signV2(request, bucket, await identity.keys.get(), Number(platform.now() / 1_000_000n));
      }
      return next(args);
    },
    { ...behindSigner, name: 'tscloneSign' },
  );
}

/** Shows requests and answers in the log, without what is secret in them. */
function addLog(client: S3Client, { options: { sdk_log_mode: mode }, emit }: MiddlewareParts): void {
  const say = (message: string): void => emit({ type: 'log', level: 'debug', message: `S3 SDK: ${message}` });
  client.middlewareStack.add(
    (next) => async (args) => {
      const request = args.request as HttpRequest;
      if (mode.has('Signing'))
        say(`Request Signature: ${redacted('authorization', request.headers['authorization'] ?? 'none')}`);
      if (mode.has('Request') || mode.has('RequestWithBody')) say(requestText(request, mode.has('RequestWithBody')));
      return next(args);
    },
    { ...behindSigner, name: 'tscloneLogRequest' },
  );
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const response = result.response as { statusCode: number; headers: Record<string, string>; body?: unknown };
      if (mode.has('Response') || mode.has('ResponseWithBody'))
        say(responseText(response, mode.has('ResponseWithBody')));
      return result;
    },
    // Before the answer is read, behind `tscloneVerifyAnswer`, which has its bytes.
    { step: 'deserialize', name: 'tscloneLogResponse', priority: 'normal' },
  );
}

/** Headers that the signature does not cover, and the form in which headers go over the wire. */
function addUnsigned(client: S3Client, { limits }: MiddlewareParts): void {
  client.middlewareStack.add(
    (next, context) => (args) => {
      const { headers } = args.request as HttpRequest;
      for (const [name, value] of limits.headers) headers[name.toLowerCase()] = value;
      if (context.commandName === 'GetObjectCommand') {
        for (const [name, value] of limits.downloadHeaders) headers[name.toLowerCase()] = value;
      }
      Object.assign(headers, onWire(headers));
      return next(args);
    },
    { ...behindSigner, name: 'tscloneUnsigned' },
  );
}

const behindSigner = { step: 'finalizeRequest', priority: 'low' } as const;

/** These must carry a digest; the SDK picks CRC32, which older services refuse. */
const digested = new Set(['DeleteObjects', 'PutObjectRetention', 'PutObjectLegalHold', 'PutBucketVersioning']);

function useContentMd5(request: HttpRequest, platform: Platform): void {
  for (const name of Object.keys(request.headers)) {
    if (/^x-amz-(checksum-|sdk-checksum-algorithm)/i.test(name)) delete request.headers[name];
  }
  const hash = platform.createHash('md5');
  hash.update(typeof request.body === 'string' ? utf8(request.body) : (request.body as Uint8Array));
  request.headers['content-md5'] = toBase64(hash.digest());
}
