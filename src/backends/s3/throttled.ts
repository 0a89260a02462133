import type { ByteSource, TransportThrottle } from '../../core/backend.ts';
import { collect } from '../../core/bytes.ts';
import type { Platform } from '../../core/platform.ts';
import type { HttpTransport } from './plain-http.ts';
import type { HttpRequest } from './wire.ts';

/** Makes a transport wait for its turn before each request, and send bodies no faster than they may go. */
export function slowDown(transport: HttpTransport, throttle: TransportThrottle, platform: Platform): void {
  const handle = transport.handle.bind(transport);
  transport.handle = async (request, o) => {
    await throttle.request(o?.abortSignal);
    return handle(await withSlowBody(request, throttle, platform, o?.abortSignal), o);
  };
}

async function withSlowBody(
  request: HttpRequest,
  throttle: TransportThrottle,
  platform: Platform,
  signal: AbortSignal | undefined,
): Promise<HttpRequest> {
  const { body } = request;
  const source = body instanceof Uint8Array ? oneChunk(body) : isStream(body) ? body : undefined;
  if (source === undefined) return request;
  const slow = throttle.slow(source, 'up', signal);
  if (slow === source) return request;
  const length = Number(request.headers['content-length']);
  // Where a body can only be sent as a whole it waits until all of it may go.
  const sent = platform.streamBody ? platform.streamBody(slow, length) : await collect(slow);
  return Object.assign(Object.create(Object.getPrototypeOf(request) as object) as HttpRequest, request, { body: sent });
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  if (bytes.length > 0) yield bytes;
}

const isStream = (body: unknown): body is ByteSource =>
  typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
