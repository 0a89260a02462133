import { Readable } from 'node:stream';
import { connectionOf } from '../../src/backends/s3/backend.ts';
import { ConfigFile } from '../../src/config/file.ts';
import type { Backend } from '../../src/core/backend.ts';
import type { Event } from '../../src/core/events.ts';
import { nodePlatform } from '../../src/node/platform.ts';
import { nodeRegistry } from '../../src/node/registry.ts';
import { createSession } from '../../src/session.ts';
import type { Answer } from './scripted-s3.ts';

/** A request that would have gone to a host of the Internet. */
export interface HostRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly path: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
}

export interface OpenOnAws {
  readonly backend: Backend;
  readonly requests: HostRequest[];
  readonly events: Event[];
}

/** An s3 backend whose requests are recorded and answered here: for what depends on the name of the host. */
export async function openOnHost(
  reference: string,
  options: Readonly<Record<string, string>>,
  answer: (r: HostRequest, n: number) => Answer = () => ({}),
): Promise<OpenOnAws> {
  const requests: HostRequest[] = [];
  const events: Event[] = [];
  const config = new ConfigFile();
  const all = { type: 's3', provider: 'AWS', access_key_id: 'AKTEST', secret_access_key: 'secret', ...options };
  for (const [key, value] of Object.entries(all)) config.set('store', key, value);
  const session = createSession({
    platform: { ...nodePlatform({}), sleep: async () => {} },
    registry: nodeRegistry,
    config,
    emit: (e) => events.push(e),
    limits: { lowLevelRetries: 2 },
  });
  const backend = await session.open(reference);
  const connection = connectionOf(backend);
  if (!connection) throw new Error('no s3 backend');
  const handle = async (request: HostRequest): Promise<unknown> => {
    requests.push({ ...request, headers: { ...request.headers } });
    const { status = 200, headers = {}, body = '' } = answer(request, requests.length - 1);
    const texts = Object.entries(headers).map(([name, value]) => [name, String(value)]);
    return {
      response: { statusCode: status, headers: Object.fromEntries(texts), body: Readable.from([Buffer.from(body)]) },
    };
  };
  connection.transport.handle = handle as unknown as typeof connection.transport.handle;
  return { backend, requests, events };
}
