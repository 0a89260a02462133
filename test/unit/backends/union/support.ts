import { createMemoryBackend } from '../../../../src/backends/memory/backend.ts';
import { union } from '../../../../src/backends/union/definition.ts';
import { defaultLimits, type Backend, type Usage } from '../../../../src/core/backend.ts';
import { collect } from '../../../../src/core/bytes.ts';
import { TscloneError } from '../../../../src/core/errors.ts';
import type { Event } from '../../../../src/core/events.ts';
import type { Platform } from '../../../../src/core/platform.ts';
import { parseOptions } from '../../../../src/options/derive.ts';
import { nodePlatform } from '../../../../src/node/platform.ts';

export const platform = nodePlatform({});

/** What one upstream is: objects with their content and time, and what it says of its space. */
export interface UpstreamSpec {
  readonly files?: Readonly<Record<string, string | { text: string; modTime: bigint }>>;
  readonly usage?: Usage;
  /** Every call fails. */
  readonly dead?: boolean;
  /** `:ro`, `:nc`, `:writeback` */
  readonly suffix?: string;
  readonly wrap?: (backend: Backend) => Backend;
}

export interface TestUnion {
  readonly u: Backend;
  readonly stores: Readonly<Record<string, Backend>>;
  readonly events: Event[];
  /** `a/x=text` for every object of every upstream, sorted. */
  contents(): Promise<string[]>;
}

/** A union over memory, one bucket for each upstream. */
export async function openUnion(
  specs: Readonly<Record<string, UpstreamSpec>>,
  options: Readonly<Record<string, string>> = {},
  usePlatform: Platform = platform,
): Promise<TestUnion> {
  const stores: Record<string, Backend> = {};
  const opened: Record<string, Backend> = {};
  const live: string[] = [];
  for (const [name, spec] of Object.entries(specs)) {
    const store = createMemoryBackend(name, platform).at(name);
    await store.mkdir('');
    for (const [path, file] of Object.entries(spec.files ?? {})) {
      const { text, modTime } = typeof file === 'string' ? { text: file, modTime: 1n } : file;
      await write(store, path, text, modTime);
    }
    stores[name] = store;
    if (!spec.dead) live.push(name);
    const usage = spec.usage;
    const base: Backend = spec.dead
      ? dead(store)
      : { ...store, removeMany: inOneCall(store), ...(usage ? { about: async () => usage } : {}) };
    opened[name] = spec.wrap?.(base) ?? base;
  }
  const events: Event[] = [];
  const upstreams = Object.entries(specs).map(([name, { suffix = '' }]) => `${name}:${suffix}`);
  const text: Record<string, string> = { upstreams: upstreams.join(' '), ...options };
  const u = await union.open({
    name: 'u',
    options: parseOptions(union, 'u', (option) => text[option]),
    platform: usePlatform,
    emit: (e) => events.push(e),
    limits: defaultLimits,
    openRemote: async (reference) => opened[reference.slice(0, -1)] as Backend,
  });
  return {
    u,
    stores,
    events,
    async contents() {
      const out: string[] = [];
      for (const name of live)
        for await (const entry of (stores[name] as Backend).list('', { recursive: true }))
          if (entry.kind === 'object')
            out.push(`${name}/${entry.path}=${await read(stores[name] as Backend, entry.path)}`);
      return out.sort();
    },
  };
}

function inOneCall(store: Backend): NonNullable<Backend['removeMany']> {
  return async (paths) => {
    const failures: { path: string; error: Error }[] = [];
    for (const path of paths) await store.remove(path).catch((error: Error) => failures.push({ path, error }));
    return failures;
  };
}

/** A store that nobody reaches. */
function dead(store: Backend): Backend {
  const fail = async (): Promise<never> => {
    throw new TscloneError('network', 'no answer', { retry: 'low' });
  };
  return {
    ...store,
    at: () => dead(store),
    async *list() {
      yield await fail();
    },
    stat: fail,
    probe: fail,
    read: fail,
    write: fail,
    remove: fail,
    mkdir: fail,
    rmdir: fail,
    removeMany: fail,
  };
}

export async function write(backend: Backend, path: string, text: string, modTime?: bigint): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  await backend.write(
    path,
    (async function* () {
      yield bytes;
    })(),
    { size: bytes.length, modTime },
  );
}

export async function read(backend: Backend, path: string): Promise<string> {
  return new TextDecoder().decode(await collect((await backend.read(path)).body));
}

export async function names(backend: Backend, dir = '', recursive = false): Promise<string[]> {
  const out: string[] = [];
  for await (const entry of backend.list(dir, { recursive })) out.push(entry.path + (entry.kind === 'dir' ? '/' : ''));
  return out;
}
