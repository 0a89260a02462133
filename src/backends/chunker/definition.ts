import type { BackendDefinition } from '../../core/definition.ts';
import type { HashType } from '../../core/entry.ts';
import { messageOf, TscloneError } from '../../core/errors.ts';
import { checkTarget } from '../layer.ts';
import { createChunkerBackend } from './backend.ts';
import type { HashPolicy } from './context.ts';
import { chunkNames, type ChunkNames } from './names.ts';
import { options, type ChunkerOptions } from './options.ts';

/** Stores long objects in chunks on top of another remote, laid out as rclone's chunker does. */
export const chunker: BackendDefinition<ChunkerOptions> = {
  type: 'chunker',
  summary: 'Splits long objects into chunks',
  options,
  async open({ name, options: o, platform, emit, limits, openRemote }) {
    checkTarget(name, 'chunker', o.remote);
    const fail = (message: string): TscloneError =>
      new TscloneError('bad_config', message, { remote: name, retry: 'no' });
    if (o.chunk_size <= 0) throw fail('chunk_size must be at least 1 byte: rclone would never end with less');
    if (o.start_from < 0) throw fail('start_from must be non-negative');
    let names: ChunkNames;
    try {
      names = chunkNames(o.name_format, o.start_from);
    } catch (e) {
      throw fail(messageOf(e));
    }
    if (!['none', 'simplejson'].includes(o.meta_format)) throw fail(`unsupported meta format '${o.meta_format}'`);
    const useMeta = o.meta_format !== 'none';
    const hash = hashPolicies[o.hash_type];
    if (!hash || !Object.hasOwn(hashPolicies, o.hash_type)) throw fail(`unsupported hash type '${o.hash_type}'`);
    if (hash.type && !useMeta) throw fail(`hash type '${o.hash_type}' requires compatible meta format`);
    if (!['rename', 'norename', 'auto'].includes(o.transactions))
      throw fail(`unsupported transaction mode '${o.transactions}'`);
    if (o.transactions === 'norename' && !useMeta) throw fail('incompatible transaction options');

    const base = await openRemote(o.remote);
    if (!base.move && !base.copy)
      throw fail("can't use chunker on a backend which doesn't support server-side move or copy");
    return createChunkerBackend({
      name,
      base,
      names,
      chunkBytes: o.chunk_size,
      failHard: o.fail_hard,
      useMeta,
      noRename: o.transactions === 'norename' || (o.transactions === 'auto' && useMeta && !base.move),
      // Where plain objects have the hash for free, nothing is gained by metadata of theirs.
      hash: { ...hash, all: hash.all && (base.features.slowHash || !base.hashes.includes(hash.type as HashType)) },
      platform,
      emit,
      atOnce: limits.checkers,
      streamBytes: limits.streamingUploadCutoff,
      known: new WeakMap(),
    });
  },
};

const hashPolicies: Readonly<Record<string, HashPolicy>> = {
  none: { type: undefined, all: false, quick: false },
  md5: { type: 'md5', all: false, quick: false },
  sha1: { type: 'sha1', all: false, quick: false },
  md5all: { type: 'md5', all: true, quick: false },
  sha1all: { type: 'sha1', all: true, quick: false },
  md5quick: { type: 'md5', all: false, quick: true },
  sha1quick: { type: 'sha1', all: false, quick: true },
};
