import type { S3Client } from '@aws-sdk/client-s3';
import type { TransportLimits } from '../../core/backend.ts';
import { toBase64, utf8 } from '../../core/bytes.ts';
import type { Platform } from '../../core/platform.ts';
import { verifyAnswer } from './answers.ts';
import type { Identity } from './credentials.ts';
import type { CustomerKey } from './customer-key.ts';
import { optionHeaders } from './option-headers.ts';
import type { S3Options } from './options.ts';
import type { EffectiveQuirks } from './quirks.ts';
import { signV2 } from './sigv2.ts';
import type { HttpRequest } from './wire.ts';

export interface MiddlewareParts {
  readonly options: S3Options;
  readonly quirks: EffectiveQuirks;
  readonly customerKey: CustomerKey;
  /** With scheme; '' = AWS. */
  readonly endpoint: string;
  readonly platform: Platform;
  readonly limits: TransportLimits;
  readonly identity: Identity;
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

/** Headers that the signature does not cover, and the form in which headers go over the wire. */
function addUnsigned(client: S3Client, { limits }: MiddlewareParts): void {
  client.middlewareStack.add(
    (next, context) => (args) => {
      const { headers } = args.request as HttpRequest;
      for (const [name, value] of limits.headers) headers[name.toLowerCase()] = value;
      if (context.commandName === 'GetObjectCommand') {
        for (const [name, value] of limits.downloadHeaders) headers[name.toLowerCase()] = value;
      }
      // The signature was made over UTF-8; transports write one byte per character.
      for (const [name, value] of Object.entries(headers)) if (isWide(value)) headers[name] = bytesAsText(value);
      return next(args);
    },
    { ...behindSigner, name: 'tscloneUnsigned' },
  );
}

const behindSigner = { step: 'finalizeRequest', priority: 'low' } as const;

const isWide = (value: string): boolean => [...value].some((ch) => ch > '\x7f');
const bytesAsText = (value: string): string => String.fromCharCode(...utf8(value));

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
