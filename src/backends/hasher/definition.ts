import type { Backend } from '../../core/backend.ts';
import { toHex, utf8 } from '../../core/bytes.ts';
import type { BackendDefinition } from '../../core/definition.ts';
import type { HashType } from '../../core/entry.ts';
import { TscloneError } from '../../core/errors.ts';
import { hashTypes } from '../../core/hash-types.ts';
import { openLineMemory, type LineStore } from '../../core/line-store.ts';
import type { Platform } from '../../core/platform.ts';
import { formatParams, parseRemote } from '../../core/remote.ts';
import { checkTarget } from '../layer.ts';
import { createHasherBackend } from './backend.ts';
import { HashCache } from './cache.ts';
import { options, type HasherOptions } from './options.ts';

/** Keeps checksums of the objects of another remote, as rclone's hasher does. */
export const hasher: BackendDefinition<HasherOptions> = {
  type: 'hasher',
  summary: 'Keeps checksums for another remote',
  options,
  commands: async () => (await import('./help.ts')).hasherCommands,
  async open({ name, options: o, platform, emit, openRemote }) {
    checkTarget(name, 'hasher', o.remote);
    const fail = (message: string): TscloneError =>
      new TscloneError('bad_config', message, { remote: name, retry: 'no' });
    const keep = parseHashes(o.hashes, fail);
    const base = await openRemote(o.remote);
    const lines = o.max_age === 0n ? undefined : openLines(platform, cacheName(platform, o.remote, base));
    return createHasherBackend({
      name,
      base,
      cache: lines && new HashCache(lines, platform),
      keep,
      maxAge: o.max_age,
      autoBytes: o.auto_size,
      platform,
      emit,
      openRemote,
    });
  },
};

/** Hashes of rclone 1.75 that no library in the tree works out. */
const notBuilt = ['whirlpool', 'xxh3', 'xxh128', 'dropbox', 'hidrive', 'mailru', 'quickxor'];

function parseHashes(names: readonly string[], fail: (message: string) => TscloneError): HashType[] {
  const asked = new Set<HashType>();
  for (const given of names) {
    const type = given.toLowerCase().replaceAll('-', '');
    if (notBuilt.includes(type))
      throw fail(`the hash "${type}" is not built into tsclone, which has ${hashTypes.join(', ')}. Use rclone for it`);
    if (hashTypes.includes(type as HashType)) asked.add(type as HashType);
    else if (type !== 'none') throw fail(`invalid token "${given}" in hash string "${names.join(',')}"`);
  }
  if (asked.size === 0) throw fail('configured hash_names have nothing to keep in cache');
  return hashTypes.filter((type) => asked.has(type));
}

const memories = new WeakMap<Platform, Map<string, LineStore>>();

function openLines(platform: Platform, name: string): LineStore {
  if (platform.openLines) return platform.openLines(name);
  let opened = memories.get(platform);
  if (!opened) memories.set(platform, (opened = new Map()));
  let lines = opened.get(name);
  if (!lines) opened.set(name, (lines = openLineMemory()));
  return lines;
}

/**
 * One cache for each wrapped store, as rclone has it: `local~hasher`, `r2~hasher`. A store that its name does not tell
 * apart from others gets a digest of what does; parameters may hold secrets.
 */
function cacheName(platform: Platform, reference: string, base: Backend): string {
  const { params, configString } = parseRemote(reference);
  const apart = [
    formatParams(params),
    base.name.startsWith(':') ? configString : '',
    base.type === 's3' ? base.storeId : '',
  ].join('\n');
  const safe = base.name.replace(/[^\w.-]/g, '_');
  if (apart === '\n\n') return `${safe}~hasher`;
  const hash = platform.createHash('sha256');
  hash.update(utf8(apart));
  return `${safe}-${toHex(hash.digest()).slice(0, 16)}~hasher`;
}
