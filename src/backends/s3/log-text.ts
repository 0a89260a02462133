import { fromUtf8 } from '../../core/bytes.ts';
import { canonicalQuery, type HttpRequest } from './wire.ts';

/** Bytes of a body that a log shows. */
const mostShown = 4096;

export function requestText(request: HttpRequest, withBody: boolean): string {
  const query = canonicalQuery(request.query).replace(
    /(X-Amz-Signature|X-Amz-Security-Token|Signature)=[^&]*/g,
    '$1=…',
  );
  return [
    'Request',
    `${request.method} ${request.path}${query === '' ? '' : `?${query}`}`,
    ...headerLines({ host: request.hostname, ...request.headers }),
    ...(withBody ? ['', bodyText(request.body)] : []),
  ].join('\n');
}

export function responseText(
  r: { readonly statusCode: number; readonly headers: Readonly<Record<string, string>>; readonly body?: unknown },
  withBody: boolean,
): string {
  const body = withBody ? ['', bodyText(r.body)] : [];
  return ['Response', `HTTP ${r.statusCode}`, ...headerLines(r.headers), ...body].join('\n');
}

const headerLines = (headers: Readonly<Record<string, string>>): string[] =>
  Object.entries(headers).map(([name, value]) => `${name}: ${redacted(name, value)}`);

const secret =
  /^(x-amz-security-token|x-amz-s3session-token|x-amz-(copy-source-)?server-side-encryption-customer-key)$/i;

/** Signatures, tokens and keys are left out. */
export function redacted(name: string, value: string): string {
  if (secret.test(name)) return '…';
  if (!/^authorization$/i.test(name)) return value;
  return value.replace(/(Signature=|Bearer |AWS [^:]*:).*/s, '$1…');
}

function bodyText(body: unknown): string {
  if (body === undefined || body === null) return '';
  if (typeof body === 'string') return body.slice(0, mostShown);
  if (body instanceof Uint8Array) return fromUtf8(body.subarray(0, mostShown));
  return '(a stream)';
}
