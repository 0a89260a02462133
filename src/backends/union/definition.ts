import type { BackendDefinition } from '../../core/definition.ts';
import { TscloneError } from '../../core/errors.ts';
import { createUnionBackend } from './backend.ts';
import { options, type UnionOptions } from './options.ts';
import { findPolicy, type Policy } from './policies.ts';
import { createSpaceMeter } from './space.ts';
import { parseUpstreams, type Upstream, type UpstreamReference } from './upstreams.ts';

/** Merges several remotes into one tree; policies say where files are written and read. */
export const union: BackendDefinition<UnionOptions> = {
  type: 'union',
  summary: 'Merges several remotes into one tree',
  options,
  async open({ name, options: o, platform, emit, limits, openRemote }) {
    const references = parseUpstreams(name, o.upstreams);
    const [action, create, search] = [o.action_policy, o.create_policy, o.search_policy].map((text): Policy => {
      const found = findPolicy(text);
      if (found) return found;
      throw new TscloneError('bad_config', `didn't find policy called "${text}"`, { remote: name, retry: 'no' });
    }) as [Policy, Policy, Policy];
    const bases = await Promise.all(references.map(({ reference }) => openRemote(reference)));
    const upstreams = bases.map((base, i): Upstream => {
      const { reference: _, ...rights } = references[i] as UpstreamReference;
      const alone = bases.filter((other) => other.name === base.name).length === 1;
      const label = alone ? base.name : base.description;
      return {
        base,
        label,
        space: createSpaceMeter(base, { cacheMs: o.cache_time * 1000, platform, emit }),
        ...rights,
      };
    });
    return createUnionBackend({
      name,
      upstreams,
      action,
      create,
      search,
      minFree: o.min_free_space,
      checkers: limits.checkers,
      platform,
      emit,
    });
  },
};
