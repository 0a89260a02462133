import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { S3Handler, S3Request, S3Response } from '../serve/s3/index.ts';

export interface HttpServer {
  /** `http://HOST:PORT` */
  readonly url: string;
  close(): Promise<void>;
}

/** Binds a handler to a port; 0 = any free one. @throws when the port is taken */
export async function serveHttp(handler: S3Handler, o: { host: string; port: number }): Promise<HttpServer> {
  const server = createServer({ keepAliveTimeout: 65_000, maxHeaderSize: 64 * 1024 }, (req, res) => {
    void handle(handler, req, res);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(o.port, o.host, resolve);
  });
  const { address, port, family } = server.address() as { address: string; port: number; family: string };
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handle(handler: S3Handler, req: IncomingMessage, res: ServerResponse): Promise<void> {
  try {
    await send(await handler(requestOf(req)), req, res);
  } catch {
    // The client went away, or the body broke after the headers were out: cutting the connection is all that is left.
    res.destroy();
  }
}

function requestOf(req: IncomingMessage): S3Request {
  const url = req.url ?? '/';
  const mark = url.indexOf('?');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(req.headers))
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value;
  return {
    method: req.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? '' : url.slice(mark + 1),
    headers,
    body: req as AsyncIterable<Uint8Array>,
  };
}

async function send(response: S3Response, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { status, headers, body } = response;
  // A body that was not read would be taken for the next request.
  if (!req.complete) {
    res.setHeader('connection', 'close');
    req.resume();
  }
  if (typeof body === 'string') {
    res.writeHead(status, { 'content-length': String(Buffer.byteLength(body)), ...headers }).end(body);
  } else if (body) {
    res.writeHead(status, headers);
    await pipeline(Readable.from(body, { objectMode: false }), res);
  } else {
    const length =
      headers['content-length'] === undefined && status !== 204 && status !== 304 ? { 'content-length': '0' } : {};
    res.writeHead(status, { ...length, ...headers }).end();
  }
}
