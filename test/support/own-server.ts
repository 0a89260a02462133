import { createMemoryBackend } from '../../src/backends/memory/backend.ts';
import type { Backend } from '../../src/core/backend.ts';
import { nodePlatform } from '../../src/node/platform.ts';
import { serveHttp } from '../../src/node/serve-http.ts';
import { createS3Handler, type RequestRecord, type R2Token } from '../../src/serve/s3/index.ts';

export interface OwnServer {
  readonly endpoint: string;
  readonly backend: Backend;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Every request, in the order of the answers. */
  readonly log: RequestRecord[];
  stop(): Promise<void>;
}

/** Our own S3 server over memory (or a given backend): for tests that need no peer. */
export async function startOwnServer(o: { backend?: Backend; r2Tokens?: readonly R2Token[] } = {}): Promise<OwnServer> {
  const platform = nodePlatform({});
  const backend = o.backend ?? createMemoryBackend('memory', platform);
  const keys = { accessKeyId: 'AKTEST', secretAccessKey: 'secret/with+odd=signs' };
  const log: RequestRecord[] = [];
  const handler = createS3Handler({
    backend,
    platform,
    keys: [keys],
    ...(o.r2Tokens ? { r2Tokens: o.r2Tokens } : {}),
    onRequest: (r) => log.push(r),
  });
  const { url, close } = await serveHttp(handler, { host: '127.0.0.1', port: 0 });
  return { endpoint: url, backend, ...keys, log, stop: close };
}
