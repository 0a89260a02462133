import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { ConfigFile } from '../../src/config/file.ts';
import { throwIfAborted } from '../../src/core/errors.ts';
import type { Backend, TransportLimits } from '../../src/core/backend.ts';
import type { Event } from '../../src/core/events.ts';
import type { Platform } from '../../src/core/platform.ts';
import { nodePlatform } from '../../src/node/platform.ts';
import { nodeRegistry } from '../../src/node/registry.ts';
import { createSession } from '../../src/session.ts';

export interface Recorded {
  /** The S3 operation, told from method and query: `PutObject`. */
  readonly operation: string;
  readonly method: string;
  /** As it came, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Requests whose headers had come before. */
  readonly began: number;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: string | Uint8Array;
  /** Ends the connection after so many bytes of the body. */
  readonly cutAfter?: number;
  /** Sends no more after so many bytes of the body, and keeps the connection. */
  readonly stallAfter?: number;
  /** Sends the body chunked, without Content-Length. */
  readonly chunked?: boolean;
}

/** What the server does with a request; `n` counts the requests of that operation from 0. `'hang'` never answers. */
export type Script = (r: Recorded, n: number) => Answer | 'hang' | Promise<Answer | 'hang'>;

export interface ScriptedS3 {
  readonly endpoint: string;
  /** In the order in which their bodies were whole. */
  readonly requests: Recorded[];
  /** Operations of the requests so far. */
  operations(): string[];
  of(operation: string): Recorded[];
  stop(): Promise<void>;
}

/** An HTTP server that answers as the test says, whatever was asked. It checks nothing. */
export async function startScriptedS3(script: Script): Promise<ScriptedS3> {
  const requests: Recorded[] = [];
  const counts = new Map<string, number>();
  let began = 0;
  const answerOne = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const recorded = await record(req, began++);
    requests.push(recorded);
    const n = counts.get(recorded.operation) ?? 0;
    counts.set(recorded.operation, n + 1);
    const answer = await script(recorded, n);
    if (answer !== 'hang') send(res, recorded.method, answer);
  };
  const server = createServer((req, res) => {
    answerOne(req, res).catch(() => res.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    operations: () => requests.map((r) => r.operation),
    of: (operation) => requests.filter((r) => r.operation === operation),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function record(req: IncomingMessage, began: number): Promise<Recorded> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  const [path = '/', search = ''] = (req.url ?? '/').split(/\?(.*)/s);
  const query = new URLSearchParams(search);
  const headers = Object.fromEntries(
    Object.entries(req.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : (value ?? '')]),
  );
  const method = req.method ?? 'GET';
  return {
    operation: operationOf(method, path, query, headers),
    method,
    path,
    query,
    headers,
    body: Buffer.concat(chunks),
    began,
  };
}

function operationOf(
  method: string,
  path: string,
  query: URLSearchParams,
  headers: Readonly<Record<string, string>>,
): string {
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? [];
  if (bucket === '') return 'ListBuckets';
  if (key === '') {
    if (query.has('versioning')) return method === 'PUT' ? 'PutBucketVersioning' : 'GetBucketVersioning';
    if (query.has('versions')) return 'ListObjectVersions';
    if (query.has('uploads')) return 'ListMultipartUploads';
    if (method === 'GET') return query.has('list-type') ? 'ListObjectsV2' : 'ListObjects';
    if (method === 'POST') return 'DeleteObjects';
    return { HEAD: 'HeadBucket', PUT: 'CreateBucket', DELETE: 'DeleteBucket' }[method] ?? method;
  }
  if (query.has('restore')) return 'RestoreObject';
  if (query.has('retention')) return 'PutObjectRetention';
  if (query.has('legal-hold')) return 'PutObjectLegalHold';
  if (method === 'POST') return query.has('uploads') ? 'CreateMultipartUpload' : 'CompleteMultipartUpload';
  const copies = headers['x-amz-copy-source'] !== undefined;
  if (query.has('uploadId')) {
    if (copies) return 'UploadPartCopy';
    return { PUT: 'UploadPart', DELETE: 'AbortMultipartUpload', GET: 'ListParts' }[method] ?? method;
  }
  if (method === 'PUT') return copies ? 'CopyObject' : 'PutObject';
  return { GET: 'GetObject', HEAD: 'HeadObject', DELETE: 'DeleteObject' }[method] ?? method;
}

function send(res: ServerResponse, method: string, answer: Answer): void {
  const { status = 200, headers = {}, cutAfter, chunked = false } = answer;
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : (answer.body ?? new Uint8Array(0));
  res.statusCode = status;
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  if (!chunked && status !== 204 && !res.hasHeader('content-length') && method !== 'HEAD')
    res.setHeader('content-length', body.length);
  if (chunked && method !== 'HEAD') res.setHeader('transfer-encoding', 'chunked');
  if (answer.stallAfter !== undefined) {
    res.write(body.subarray(0, answer.stallAfter));
    return;
  }
  if (cutAfter === undefined) {
    res.end(body);
    return;
  }
  res.flushHeaders();
  // The connection may only go once the bytes before the cut are out.
  if (cutAfter === 0) res.socket?.end(() => res.destroy());
  else res.write(body.subarray(0, cutAfter), () => res.destroy());
}

/** Answers in turn, whatever is asked; a request too many is refused. */
export function inTurn(...answers: readonly (Answer | 'hang')[]): Script {
  let at = 0;
  return () => answers[at++] ?? fault(400, 'OutOfScript', 'the script of the test has no further answer');
}

/** Answers by operation; an operation without one is refused. A list gives one answer per request, the last for the rest. */
export function byOperation(
  answers: Readonly<Record<string, Answer | 'hang' | Script | readonly (Answer | 'hang')[]>>,
): Script {
  return (r, n) => {
    const answer = answers[r.operation];
    if (answer === undefined) return fault(400, 'OutOfScript', `the script of the test has no ${r.operation}`);
    if (typeof answer === 'function') return answer(r, n);
    if (!Array.isArray(answer)) return answer as Answer | 'hang';
    const list = answer as readonly (Answer | 'hang')[];
    return list[Math.min(n, list.length - 1)] as Answer | 'hang';
  };
}

/** An error as S3 words it. */
export function fault(status: number, code: string, message = code, headers: Answer['headers'] = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'application/xml', ...headers },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
  };
}

export function xml(text: string): Answer {
  return { headers: { 'content-type': 'application/xml' }, body: `<?xml version="1.0" encoding="UTF-8"?>\n${text}` };
}

/** What a login page or a misconfigured proxy gives. */
export const htmlPage: Answer = {
  headers: { 'content-type': 'text/html' },
  body: '<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Please sign in.</body></html>',
};

export interface OpenScripted {
  readonly server: ScriptedS3;
  /** Rooted at `store:bucket`. */
  readonly backend: Backend;
  /** Pauses asked of the platform, in ms; none of them is waited for. */
  readonly waits: number[];
  readonly events: Event[];
}

/** A scripted server and the s3 backend on it, through a session as users have it. The clock stands still for pauses. */
export async function openScripted(
  script: Script,
  o: {
    readonly options?: Readonly<Record<string, string>>;
    readonly limits?: Partial<TransportLimits>;
    readonly platform?: Partial<Platform>;
  } = {},
): Promise<OpenScripted> {
  const server = await startScriptedS3(script);
  const waits: number[] = [];
  const events: Event[] = [];
  const platform: Platform = {
    ...nodePlatform({}),
    async sleep(ms, signal) {
      waits.push(ms);
      throwIfAborted(signal);
    },
    ...o.platform,
  };
  const config = new ConfigFile();
  const options = {
    type: 's3',
    provider: 'Minio',
    endpoint: server.endpoint,
    access_key_id: 'AKTEST',
    secret_access_key: 'secret/with+odd=signs',
    ...o.options,
  };
  for (const [key, value] of Object.entries(options)) config.set('store', key, value);
  const session = createSession({
    platform,
    registry: nodeRegistry,
    config,
    emit: (e) => events.push(e),
    limits: { lowLevelRetries: 3, ...o.limits },
  });
  return { server, backend: await session.open('store:bucket'), waits, events };
}
