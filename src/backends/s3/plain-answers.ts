import { collect, fromUtf8 } from '../../core/bytes.ts';
import type { ObjectHeaders } from './metadata.ts';
import type { PlainResponse } from './plain-http.ts';
import { streamOf } from './streams.ts';

/** Something else than success, in the form in which the SDK throws it. */
export async function answerFailure({ status, headers, body }: PlainResponse): Promise<Error> {
  const text = fromUtf8(await collect(streamOf(body)).catch(() => new Uint8Array(0))).slice(0, 4096);
  const element = (name: string): string | undefined => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1];
  return Object.assign(new Error(element('Message') ?? 'Unknown'), {
    name: element('Code') ?? 'Unknown',
    $metadata: { httpStatusCode: status, requestId: headers['x-amz-request-id'] },
    $response: { statusCode: status, headers },
  });
}

/** What a read needs of the answer to a GET. */
export interface ObjectAnswer extends ObjectHeaders {
  readonly Body?: unknown;
  readonly ContentRange?: string | undefined;
}

/** The answer to a GET of an object, as the SDK would give it. */
export function objectAnswer({ headers, body }: PlainResponse): ObjectAnswer {
  const text = (name: string): string | undefined => headers[name];
  const length = text('content-length');
  const modified = Date.parse(text('last-modified') ?? '');
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'));
  return {
    Body: body,
    ContentLength: length === undefined ? undefined : Number(length),
    ContentRange: text('content-range'),
    ContentType: text('content-type'),
    ContentEncoding: text('content-encoding'),
    ContentDisposition: text('content-disposition'),
    ContentLanguage: text('content-language'),
    CacheControl: text('cache-control'),
    ETag: text('etag'),
    LastModified: Number.isNaN(modified) ? undefined : new Date(modified),
    StorageClass: text('x-amz-storage-class'),
    VersionId: text('x-amz-version-id'),
    Metadata: Object.fromEntries(metadata.map(([name, value]) => [name.slice('x-amz-meta-'.length), value])),
  };
}
