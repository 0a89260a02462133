import type { HttpRequest } from './wire.ts';

/** A request that the SDK has no part in: to STS, to IBM, to a download URL, to a presigned URL. */
export interface PlainRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

export interface PlainResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** A stream of the runtime's kind. */
  readonly body: unknown;
}

export type SendPlain = (request: PlainRequest) => Promise<PlainResponse>;

/** The transport under an SDK client: connections, time-outs and proxies are the same. */
export interface HttpTransport {
  handle(request: HttpRequest, o?: { abortSignal?: AbortSignal }): Promise<{ response: RawResponse }>;
}

interface RawResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export function plainSender(transport: HttpTransport): SendPlain {
  return async ({ method, url, headers = {}, body, signal }) => {
    const u = new URL(url);
    const request: HttpRequest = {
      method,
      protocol: u.protocol,
      hostname: u.hostname,
      ...(u.port === '' ? {} : { port: Number(u.port) }),
      path: u.pathname,
      query: queryOf(u.search),
      headers: { host: u.host, ...headers },
      ...(body === undefined ? {} : { body }),
    };
    const { response } = await transport.handle(request, signal ? { abortSignal: signal } : {});
    const lower = Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), value]);
    return { status: response.statusCode, headers: Object.fromEntries(lower), body: response.body };
  };
}

function queryOf(search: string): Record<string, string | string[] | null> {
  const out: Record<string, string | string[] | null> = {};
  for (const [name, value] of new URLSearchParams(search)) {
    const before = out[name];
    out[name] = before === undefined || before === null ? value : [...[before].flat(), value];
  }
  return out;
}
