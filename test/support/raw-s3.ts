import { createHash, createHmac } from 'node:crypto';
import { request, type IncomingHttpHeaders } from 'node:http';

/** A client that sends exactly what it is told to, signed by hand. */
export interface RawTarget {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface RawRequest {
  readonly method?: string;
  /** As it goes over the wire. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** `x-amz-content-sha256`; default: the body's. */
  readonly payload?: string;
  /** Headers added after signing. */
  readonly unsigned?: Readonly<Record<string, string>>;
  readonly date?: Date;
  readonly host?: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  /** Of an error. */
  readonly code: string | undefined;
}

const hash = (data: Uint8Array | string): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: Uint8Array | string, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const strict = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (ch) => `%${ch.charCodeAt(0).toString(16).toUpperCase()}`);
const stamp = (date: Date): string => date.toISOString().replace(/[-:]|\.\d+/g, '');

export const emptySha256 = hash('');

export interface Signed {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly key: Buffer;
  readonly scope: string;
  readonly date: string;
  readonly signature: string;
}

/** AWS Signature Version 4 in the Authorization header. */
export function sign(t: RawTarget, r: RawRequest): Signed {
  const date = stamp(r.date ?? new Date());
  const payload = r.payload ?? hash(r.body ?? '');
  const headers: Record<string, string> = {
    host: r.host ?? new URL(t.endpoint).host,
    'x-amz-date': date,
    'x-amz-content-sha256': payload,
    ...r.headers,
  };
  const query = canonicalQuery(r.query ?? {});
  const made = signature(t, r.method ?? 'GET', r.path, query, headers, payload, date);
  const authorization = `AWS4-HMAC-SHA256 Credential=${t.accessKeyId}/${made.scope}, SignedHeaders=${made.names}, Signature=${made.signature}`;
  return {
    ...made,
    path: query === '' ? r.path : `${r.path}?${query}`,
    headers: { ...headers, authorization, ...r.unsigned },
    date,
  };
}

/** A presigned URL's path and query. */
export function presign(t: RawTarget, r: RawRequest & { expires?: number }): string {
  const date = stamp(r.date ?? new Date());
  const headers = { host: r.host ?? new URL(t.endpoint).host, ...r.headers };
  const names = Object.keys(headers).sort().join(';');
  const scope = `${date.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const query = canonicalQuery({
    ...r.query,
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${t.accessKeyId}/${scope}`,
    'X-Amz-Date': date,
    'X-Amz-Expires': String(r.expires ?? 60),
    'X-Amz-SignedHeaders': names,
  });
  const made = signature(t, r.method ?? 'GET', r.path, query, headers, 'UNSIGNED-PAYLOAD', date);
  return `${r.path}?${query}&X-Amz-Signature=${made.signature}`;
}

function canonicalQuery(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => `${strict(name)}=${strict(value)}`)
    .sort()
    .join('&');
}

function signature(
  t: RawTarget,
  method: string,
  path: string,
  query: string,
  headers: Readonly<Record<string, string>>,
  payload: string,
  date: string,
) {
  const sorted = Object.keys(headers).sort();
  const names = sorted.join(';');
  const lines = sorted.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`).join('');
  const canonical = [method, path, query, lines, names, payload].join('\n');
  const scope = `${date.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const key = ['us-east-1', 's3', 'aws4_request'].reduce(hmac, hmac(`AWS4${t.secretAccessKey}`, date.slice(0, 8)));
  const text = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${hash(canonical)}`;
  return { names, scope, key, signature: hmac(key, text).toString('hex') };
}

/** The body of an `aws-chunked` upload; `trailers` are signed too when the chunks are. */
export function awsChunked(
  chunks: readonly (Uint8Array | string)[],
  signed: Signed | undefined,
  trailers: Readonly<Record<string, string>> = {},
): Buffer {
  let previous = signed?.signature ?? '';
  const parts: (Uint8Array | string)[] = [];
  const signLine = (kind: string, digests: string): string => {
    previous = hmac(
      signed?.key ?? '',
      `AWS4-HMAC-SHA256-${kind}\n${signed?.date}\n${signed?.scope}\n${previous}\n${digests}`,
    ).toString('hex');
    return previous;
  };
  for (const chunk of [...chunks, '']) {
    const suffix = signed ? `;chunk-signature=${signLine('PAYLOAD', `${emptySha256}\n${hash(chunk)}`)}` : '';
    parts.push(`${Buffer.byteLength(chunk).toString(16)}${suffix}\r\n`, chunk, chunk.length > 0 ? '\r\n' : '');
  }
  const lines = Object.entries(trailers).map(([name, value]) => `${name}:${value}`);
  for (const line of lines) parts.push(`${line}\r\n`);
  if (signed && lines.length > 0)
    parts.push(`x-amz-trailer-signature:${signLine('TRAILER', hash(lines.map((l) => `${l}\n`).join('')))}\r\n`);
  return Buffer.concat([...parts, '\r\n'].map((p) => Buffer.from(p as string)));
}

/** Sends a request as it stands. */
export function send(
  t: RawTarget,
  r: {
    readonly method?: string | undefined;
    readonly path: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: Uint8Array | string | undefined;
  },
): Promise<RawAnswer> {
  const { hostname, port } = new URL(t.endpoint);
  return new Promise((resolve, reject) => {
    const body = r.body === undefined ? undefined : Buffer.from(r.body as string);
    const headers = body === undefined ? r.headers : { 'content-length': String(body.length), ...r.headers };
    const req = request({ hostname, port, method: r.method ?? 'GET', path: r.path, headers, agent: false }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (b: Buffer) => chunks.push(b));
      res.on('error', reject);
      res.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const text = bytes.toString();
        const code = /<Code>(\w+)<\/Code>/.exec(text)?.[1];
        resolve({ status: res.statusCode ?? 0, headers: res.headers, body: bytes, text, code });
      });
    });
    req.on('error', reject);
    req.end(body);
  });
}

/** Signs and sends. */
export function call(t: RawTarget, r: RawRequest): Promise<RawAnswer> {
  const { path, headers } = sign(t, r);
  return send(t, { method: r.method, path, headers, body: r.body });
}
