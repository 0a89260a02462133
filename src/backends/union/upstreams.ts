import type { Backend } from '../../core/backend.ts';
import { TscloneError } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import type { Platform } from '../../core/platform.ts';
import { parseRemote } from '../../core/remote.ts';
import { splitUpstreams } from '../layer.ts';
import type { Policy } from './policies.ts';
import type { SpaceMeter } from './space.ts';

/** One of the remotes that a union merges. */
export interface Upstream {
  readonly base: Backend;
  /** What errors call it: its remote's name, or where it points when several have that name. */
  readonly label: string;
  /** What is there may be changed. */
  readonly writable: boolean;
  /** New files may be made. */
  readonly creatable: boolean;
  /** Gets a copy of what is read from the others. */
  readonly writeback: boolean;
  readonly space: SpaceMeter;
}

/** An upstream at the root of a union's backend. */
export interface Branch {
  readonly up: Upstream;
  readonly inner: Backend;
}

/** One opened union remote; the backends of all its paths share it. */
export interface UnionContext {
  readonly name: string;
  readonly storeId: string;
  readonly upstreams: readonly Upstream[];
  readonly action: Policy;
  readonly create: Policy;
  readonly search: Policy;
  /** Bytes that `lfs` leaves free. */
  readonly minFree: number;
  readonly checkers: number;
  readonly platform: Platform;
  readonly emit: Emit;
}

/** A union rooted at a path. */
export interface UnionRoot {
  readonly c: UnionContext;
  readonly root: string;
  readonly branches: readonly Branch[];
}

export interface UpstreamReference {
  readonly reference: string;
  readonly writable: boolean;
  readonly creatable: boolean;
  readonly writeback: boolean;
}

/** The remotes of `upstreams` and what their suffixes say. @throws bad_config */
export function parseUpstreams(name: string, text: string): UpstreamReference[] {
  const fail = (message: string): TscloneError =>
    new TscloneError('bad_config', message, { remote: name, retry: 'no' });
  const check = 'check the value of the upstreams setting';
  const references = splitUpstreams(name, 'union', text);
  if (references.length === 1) throw fail(`union can't point to a single upstream - ${check}`);
  for (const reference of references)
    if (reference.startsWith(`${name}:`)) throw fail(`can't point union remote at itself - ${check}`);
  const parsed = references.map(parseUpstream);
  const writebacks = parsed.filter((u) => u.writeback).length;
  if (writebacks > 1) throw fail(`can only have 1 :writeback not ${writebacks}`);
  return parsed;
}

const suffixes: Readonly<Record<string, Omit<UpstreamReference, 'reference'>>> = {
  ':ro': { writable: false, creatable: false, writeback: false },
  ':nc': { writable: true, creatable: false, writeback: false },
  ':writeback': { writable: true, creatable: true, writeback: true },
};

/** The suffix counts where it ends the path, not where it ends the name: in `ro:` there is none. */
function parseUpstream(text: string): UpstreamReference {
  const { path } = parseRemote(text);
  const suffix = Object.keys(suffixes).find((s) => path.endsWith(s));
  if (suffix === undefined) return { reference: text, writable: true, creatable: true, writeback: false };
  return { reference: text.slice(0, -suffix.length), ...(suffixes[suffix] as Omit<UpstreamReference, 'reference'>) };
}
