import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { S3Handler, S3Response } from '../serve/s3/index.ts';
import { requestOf, unread } from './serve-request.ts';
import { headerValue, writeBody } from './serve-response.ts';

export interface HttpServer {
  /** `http://HOST:PORT` */
  readonly url: string;
  /** Takes no further requests, lets those under way end for so long, then cuts them; resolves when none is left. */
  close(graceMs?: number): Promise<void>;
}

/** Bounds on what clients may take up. Times in ms. */
export interface HttpLimits {
  /** Request line and headers. */
  readonly maxHeaderBytes: number;
  readonly maxConnections: number;
  /** For the request line and the headers. */
  readonly headersTimeoutMs: number;
  /** A client that neither sends nor takes anything for so long is cut off. */
  readonly idleTimeoutMs: number;
  /** For a whole request with its body. */
  readonly readTimeoutMs: number;
  /** For a whole answer. */
  readonly writeTimeoutMs: number;
}

export const defaultHttpLimits: HttpLimits = {
  maxHeaderBytes: 32 * 1024,
  maxConnections: 1000,
  headersTimeoutMs: 60_000,
  idleTimeoutMs: 5 * 60_000,
  readTimeoutMs: 3_600_000,
  writeTimeoutMs: 3_600_000,
};

export interface ServeOptions {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  readonly limits?: Partial<HttpLimits>;
  /** PEM texts; set = https. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Binds a handler to a port. @throws when the port is taken */
export async function serveHttp(handler: S3Handler, o: ServeOptions): Promise<HttpServer> {
  const limits = { ...defaultHttpLimits, ...o.limits };
  const http = {
    keepAliveTimeout: 65_000,
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeoutMs,
    // Of a whole request: counted here, where a client that is waited for can be told from a store that is slow.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.max(100, Math.min(30_000, limits.headersTimeoutMs / 2)),
  };
  const server: Server = o.tls ? createTlsServer({ ...o.tls, ...http }) : createServer(http);
  server.maxConnections = limits.maxConnections;
  const active = new Set<Promise<void>>();
  let closing = false;
  const onRequest = (req: IncomingMessage, res: ServerResponse, waits: boolean): void => {
    const done = handle(handler, req, res, { limits, waits, isClosing: () => closing }).finally(() =>
      active.delete(done),
    );
    active.add(done);
  };
  server.on('request', (req, res) => onRequest(req, res, false));
  // A client that waits before it sends its body is told to go on only when somebody wants the body.
  server.on('checkContinue', (req, res) => onRequest(req, res, true));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(o.port, o.host, resolve);
  });
  const { address, port, family } = server.address() as AddressInfo;
  return {
    url: `${o.tls ? 'https' : 'http'}://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    async close(graceMs = 0) {
      closing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), graceMs);
      // What was cut off still cleans up behind itself.
      while (active.size > 0) await Promise.allSettled(active);
      clearTimeout(cut);
      server.closeAllConnections();
      await closed;
    },
  };
}

interface HandleOptions {
  readonly limits: HttpLimits;
  /** The client waits for 100 Continue. */
  readonly waits: boolean;
  readonly isClosing: () => boolean;
}

async function handle(
  handler: S3Handler,
  req: IncomingMessage,
  res: ServerResponse,
  { limits, waits, isClosing }: HandleOptions,
): Promise<void> {
  // Whatever happens to the connection shows at the reads and writes.
  req.on('error', () => {});
  res.on('error', () => {});
  try {
    const incoming = requestOf(req, waits ? () => res.writeContinue() : undefined, limits);
    const response = await handler(incoming.request);
    if (isClosing()) res.setHeader('connection', 'close');
    await send(response, req, res, limits, incoming.isExpected());
  } catch {
    // The client went away, or the body broke after the headers were out: cutting the connection is all that is left.
    res.destroy();
  }
}

/** `expected`: the rest of the request's body is on its way. */
async function send(
  response: S3Response,
  req: IncomingMessage,
  res: ServerResponse,
  limits: HttpLimits,
  expected: boolean,
): Promise<void> {
  const { status, body } = response;
  const headers = Object.fromEntries(Object.entries(response.headers).map(([name, v]) => [name, headerValue(v)]));
  const isText = typeof body === 'string';
  const hasLength = headers['content-length'] !== undefined || status === 204 || status === 304;
  const length = isText ? Buffer.byteLength(body) : body === undefined && !hasLength ? 0 : undefined;
  if (length !== undefined) headers['content-length'] = String(length);
  // A body that was not read would be taken for the next request.
  if (!req.complete) headers['connection'] = 'close';
  res.writeHead(status, headers);
  if (isText) res.write(body);
  else if (body) await writeBody(res, body, limits);
  else res.flushHeaders();
  // A client reads the answer only once it has got rid of what it sends: an early end would reset the connection.
  if (!req.complete && expected) await unread(req, limits);
  res.end();
}
