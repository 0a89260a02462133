import type { S3Client } from '@aws-sdk/client-s3';
import { TscloneError } from '../../core/errors.ts';
import type { S3Connection } from './client.ts';
import { presignV2 } from './sigv2.ts';
import { amzDate, presign } from './sigv4.ts';
import { canonicalQuery, type HttpRequest } from './wire.ts';

/** Any command of the SDK. */
export interface Command {
  readonly input: object;
  readonly middlewareStack: object;
}

/** Seconds in a week: no service signs for longer. */
export const longestPresigned = 7 * 86_400;

/** The request that a command would send, before it is signed. Sends nothing. */
export async function prepareRequest(c: S3Connection, command: Command): Promise<HttpRequest> {
  let captured: HttpRequest | undefined;
  const sendable = command as Parameters<S3Client['send']>[0];
  sendable.middlewareStack.add(
    () => async (args) => {
      captured = args.request as HttpRequest;
      return { response: {}, output: { $metadata: {} } };
    },
    { step: 'build', priority: 'low', name: 'tscloneCapture' },
  );
  await c.client.send(sendable);
  if (captured === undefined) throw new TscloneError('other', 'the SDK made no request');
  return captured;
}

/**
 * A URL with which anybody can send a command's request for `seconds`, without keys. `signed` headers must then be sent
 * as the command has them.
 * @throws unsupported where requests are not signed by keys that a URL can carry
 */
export async function presignedUrl(
  c: S3Connection,
  command: Command,
  seconds: number,
  signed: readonly string[] = [],
): Promise<string> {
  const request = await prepareRequest(c, command);
  // A browser that follows a link sends no headers.
  if (c.options.requester_pays) request.query['x-amz-request-payer'] = 'requester';
  const bucket = (command.input as { Bucket?: string }).Bucket;
  await signQuery(c, request, bucket, seconds, ['host', ...signed]);
  return urlOf(request);
}

export async function signQuery(
  c: S3Connection,
  request: HttpRequest,
  bucket: string | undefined,
  seconds: number,
  signed: readonly string[],
): Promise<void> {
  const { identity, platform } = c;
  request.headers['host'] ??= hostOf(request);
  switch (identity.kind) {
    // Nothing but the plain address: it works where the bucket is public.
    case 'anonymous':
      return;
    case 'ibm':
      throw new TscloneError(
        'unsupported',
        `remote "${c.remote}": with an IBM token no URL can be signed. Use HMAC keys`,
        {
          remote: c.remote,
          retry: 'no',
        },
      );
    case 'keys': {
      const keys = await identity.keys.get();
      const now = platform.now();
      if (identity.version === 2) presignV2(request, bucket, keys, Number(now / 1_000_000_000n) + seconds);
      else presign(request, keys, { region: c.region(), service: 's3', date: amzDate(now) }, seconds, signed);
    }
  }
}

export function urlOf(request: HttpRequest): string {
  const query = canonicalQuery(request.query);
  return `${request.protocol}//${hostOf(request)}${request.path}${query === '' ? '' : `?${query}`}`;
}

const hostOf = ({ hostname, port }: HttpRequest): string => (port === undefined ? hostname : `${hostname}:${port}`);
