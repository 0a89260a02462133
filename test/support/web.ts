import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A web server with odd answers, for downloads. */
export interface Web {
  readonly url: string;
  /** Requests as `METHOD /path`. */
  readonly requests: string[];
  close(): Promise<void>;
}

const modified = { 'last-modified': 'Tue, 14 Nov 2023 22:13:20 GMT' };

const pages: Readonly<Record<string, (r: ServerResponse, query: URLSearchParams) => void>> = {
  '/dir/file.txt': (r) =>
    r.writeHead(200, { ...modified, 'content-length': 5, 'content-type': 'text/plain' }).end('hello'),
  '/chunked'(r) {
    r.writeHead(200, modified).write('chu');
    setImmediate(() => r.end('nked'));
  },
  '/named': (r, query) =>
    r
      .writeHead(200, { ...modified, 'content-disposition': query.get('v') ?? 'attachment; filename="named.bin"' })
      .end('n'),
  '/moved': (r) => r.writeHead(302, { location: '/dir/file.txt' }).end(),
  '/short'(r) {
    r.writeHead(200, { 'content-length': 100 }).write('abc');
    setImmediate(() => r.destroy());
  },
  '/broken': (r) => r.writeHead(500).end('x'),
  '/sp%20ace/a%2Fb%20c.txt': (r) => r.writeHead(200, modified).end('sp'),
  '/': (r) => r.end('root'),
  '/undated': (r) => r.end('u'),
  '/silent': (r) => r.writeHead(200, { 'content-length': 10 }).write('abc'),
};

export async function startWeb(): Promise<Web> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    requests.push(`${request.method} ${pathname} ${request.headers.authorization ?? ''}`.trimEnd());
    const page = Object.hasOwn(pages, pathname) ? pages[pathname] : undefined;
    if (page) page(response, searchParams);
    else response.writeHead(404).end('nope');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
