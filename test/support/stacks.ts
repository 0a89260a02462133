import type { Opened } from '../conformance/suite/trial.ts';
import { obscured, onServer, sessionWith } from './layered.ts';
import { startOwnServer } from './own-server.ts';

type Sections = Readonly<Record<string, Readonly<Record<string, string>>>>;

export const gzip = { type: 'compress' };
export const zstd = { type: 'compress', mode: 'zstd' };
export const crypt = { type: 'crypt', password: obscured('correct horse'), password2: obscured('battery staple') };

/** Opens `top` of some layers, of which one lies on `mem:bucket/dir`. */
export async function overMemory(layers: Sections): Promise<Opened> {
  const backend = await sessionWith({ mem: { type: 'memory' }, ...layers }).open('top:root/deep');
  await backend.mkdir('');
  return { backend, cleanup: async () => {} };
}

/** Opens `top` of some layers, of which one lies on `s:bucket/prefix`, a bucket of our own server. */
export async function overS3(layers: Sections): Promise<Opened> {
  const server = await startOwnServer();
  await server.backend.mkdir('bucket');
  return { backend: await sessionWith({ s: onServer(server), ...layers }).open('top:'), cleanup: server.stop };
}
