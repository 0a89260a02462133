import { ConfigFile } from '../../src/config/file.ts';
import type { Backend } from '../../src/core/backend.ts';
import type { Event } from '../../src/core/events.ts';
import { obscure } from '../../src/core/obscure.ts';
import { nodePlatform } from '../../src/node/platform.ts';
import { nodeRegistry } from '../../src/node/registry.ts';
import { createSession, type Session } from '../../src/session.ts';
import type { OwnServer } from './own-server.ts';

export const platform = nodePlatform({});
export const obscured = (text: string): string => obscure(text, platform.randomBytes);

/** A session over the given remotes (options by remote), and what it logs. */
export function sessionWith(
  remotes: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Session & { events: Event[] } {
  const config = new ConfigFile();
  for (const [name, options] of Object.entries(remotes))
    for (const [key, value] of Object.entries(options)) config.set(name, key, value);
  const events: Event[] = [];
  const session = createSession({ platform, registry: nodeRegistry, config, emit: (e) => events.push(e) });
  return { ...session, events };
}

/** Options of an s3 remote on our own server. */
export const onServer = (server: OwnServer): Record<string, string> => ({
  type: 's3',
  provider: 'Cloudflare',
  endpoint: server.endpoint,
  access_key_id: server.accessKeyId,
  secret_access_key: server.secretAccessKey,
});

/** Writes bytes without a time of their own. */
export async function put(backend: Backend, path: string, bytes: Uint8Array | string): Promise<void> {
  const body = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
  await backend.write(path, chunks(body), { size: body.length });
}

export async function* chunks(bytes: Uint8Array, length = 100_000): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.slice(at, at + length);
}
