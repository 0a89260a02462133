import type { Registry } from './backends/registry.ts';
import { ConfigFile } from './config/file.ts';
import { rcloneTypes } from './config/known-types.ts';
import { listRemotes, optionText, remoteType, strongerSource, type ConfigSources } from './config/resolve.ts';
import { defaultLimits, type Backend, type TransportLimits } from './core/backend.ts';
import type { BackendDefinition } from './core/definition.ts';
import { TscloneError } from './core/errors.ts';
import { nearest } from './core/nearest.ts';
import { ignoreEvents, type Emit } from './core/events.ts';
import type { Platform } from './core/platform.ts';
import { formatParams, parseRemote, type Remote, type ValueSource } from './core/remote.ts';
import type { OptionMeta } from './options/define.ts';
import { flagName, parseOptions } from './options/derive.ts';

export interface SessionOptions {
  readonly platform: Platform;
  readonly registry: Registry;
  readonly config?: ConfigFile;
  readonly emit?: Emit;
  readonly limits?: Partial<TransportLimits>;
  /** Texts of backend flags (`s3-chunk-size`) given by the caller. */
  readonly backendFlags?: ReadonlyMap<string, string>;
}

/**
 * A config with its registry, events and limits: the one place where the parts are wired. Backends are cached per
 * remote and parameters, so that `open` is cheap and one S3 client serves all paths of a remote.
 */
export interface Session {
  readonly config: ConfigFile;
  readonly platform: Platform;
  readonly emit: Emit;
  readonly limits: TransportLimits;
  /**
   * Opens `name:path`, `:type,k=v:path` or a local path, rooted at that path. Sends no request.
   * @throws bad_path, unknown_remote, unknown_backend, unsupported, bad_config
   */
  open(reference: string): Promise<Backend>;
  /** Definition and typed options behind a reference, without opening it. */
  resolve(remote: Remote): Promise<{ definition: BackendDefinition; options: Record<string, unknown> }>;
  /** What gives an option of a remote its value before the config file is asked. */
  strongerSource(remote: Remote, option: string): Promise<ValueSource | undefined>;
  remotes(): { name: string; type: string; source: 'environment' | 'file'; description: string }[];
  /** References that an opened layer has opened below itself, as its options name them. */
  below(remote: Remote): readonly string[];
  /** The same with nothing opened yet, for when the config has changed. */
  reopen(): Session;
}

export function createSession(o: SessionOptions): Session {
  const emit = o.emit ?? ignoreEvents;
  const config = o.config ?? new ConfigFile();
  const limits = { ...defaultLimits, ...o.limits };
  const sources: ConfigSources = { file: config, env: o.platform.env, flags: o.backendFlags ?? new Map() };
  const opened = new Map<string, Promise<Backend>>();
  /** What each layer stands on. */
  const layers = new Map<string, ReadonlySet<string>>();
  const lowerReferences = new Map<string, Set<string>>();

  async function resolve(remote: Remote): Promise<{ definition: BackendDefinition; options: Record<string, unknown> }> {
    const type = typeOf(remote);
    const load = o.registry[type];
    if (!Object.hasOwn(o.registry, type) || !load) throw missingBackend(remote, type, o.registry);
    const definition = (await load()) as unknown as BackendDefinition;
    const facts = definition.options.meta;
    for (const key of remote.params.keys()) if (!facts.has(key)) sayMistyped(remote, type, key, [...facts.keys()]);
    const options = parseOptions(definition, remote.name || 'local', (option) =>
      optionText(sources, remote, option, flagName(type, option, facts.get(option) as OptionMeta)),
    );
    return { definition, options };
  }

  async function sourceOf(remote: Remote, option: string): Promise<ValueSource | undefined> {
    const type = typeOf(remote);
    const meta = (await o.registry[type]?.())?.options.meta.get(option);
    return meta && strongerSource(sources, remote, option, flagName(type, option, meta));
  }

  const said = new Set<string>();

  /** rclone takes an unknown option of a connection string in silence; what looks like another one is told. */
  function sayMistyped(remote: Remote, type: string, key: string, known: readonly string[]): void {
    const near = key === 'type' ? undefined : nearest(key, known);
    if (near === undefined || said.has(key)) return;
    said.add(key);
    const message = `remote "${remote.name}": option "${key}" is unknown to type ${type}, which ignores it: did you mean ${near}?`;
    emit({ type: 'log', level: 'notice', message });
  }

  function typeOf(remote: Remote): string {
    if (remote.name === '') return 'local';
    if (remote.name.startsWith(':')) return remote.name.slice(1);
    const type = remoteType(sources, remote.name, remote.params);
    if (type === undefined) {
      const known = listRemotes(sources).map(({ name }) => name);
      const near = nearest(remote.name, known);
      const none = known.length === 0 ? ' (there are no remotes yet: `tsclone config` makes one)' : '';
      const isAddress = remote.path.startsWith('//');
      const hint = isAddress
        ? ' (remotes are written name:bucket/path; `tsclone listremotes` names yours)'
        : near === undefined
          ? none
          : ` (did you mean "${near}:"?)`;
      throw new TscloneError('unknown_remote', `didn't find section in config file ("${remote.name}")${hint}`, {
        remote: remote.name,
        retry: 'no',
      });
    }
    return type;
  }

  /** `upper`: the layer that opens this remote below itself. */
  function base(remote: Remote, upper?: string): Promise<Backend> {
    const key = keyOf(remote);
    if (upper !== undefined) {
      const circle = pathBetween(layers, key, upper);
      if (circle) return Promise.reject(standsOnItself(remote, [upper, ...circle]));
      layers.set(upper, new Set(layers.get(upper)).add(key));
    }
    let backend = opened.get(key);
    if (!backend) {
      backend = resolve(remote).then(({ definition, options }) =>
        definition.open({
          name: remote.name === '' ? 'local' : remote.name,
          options,
          platform: o.platform,
          emit,
          limits,
          openRemote(reference) {
            lowerReferences.set(key, (lowerReferences.get(key) ?? new Set()).add(reference));
            return openBelow(reference, key);
          },
        }),
      );
      opened.set(key, backend);
      backend.catch(() => opened.delete(key));
    }
    return backend;
  }

  async function openBelow(reference: string, upper?: string): Promise<Backend> {
    const remote = parseRemote(reference, o.platform.system);
    return (await base(remote, upper)).at(remote.path);
  }
  const open = (reference: string): Promise<Backend> => openBelow(reference);

  return {
    config,
    platform: o.platform,
    emit,
    limits,
    open,
    resolve,
    strongerSource: sourceOf,
    remotes: () => listRemotes(sources),
    below: (remote) => [...(lowerReferences.get(keyOf(remote)) ?? [])],
    reopen: () => createSession(o),
  };
}

/** Tells opened remotes apart: paths do not count. */
const keyOf = (remote: Remote): string => `${remote.name},${formatParams(remote.params)}`;

/** The way from one layer down to another; undefined = there is none. */
function pathBetween(
  layers: ReadonlyMap<string, ReadonlySet<string>>,
  from: string,
  to: string,
): readonly string[] | undefined {
  if (from === to) return [from];
  for (const lower of layers.get(from) ?? []) {
    const way = pathBetween(layers, lower, to);
    if (way) return [from, ...way];
  }
  return undefined;
}

function standsOnItself(remote: Remote, circle: readonly string[]): TscloneError {
  const names = circle.map((key) => `${key.slice(0, key.indexOf(','))}:`).join(' -> ');
  return new TscloneError('bad_config', `remote "${remote.name}" stands on itself: ${names}. Change one of them`, {
    remote: remote.name,
    retry: 'no',
  });
}

function missingBackend(remote: Remote, type: string, registry: Registry): TscloneError {
  if (type === 'local' || !rcloneTypes.includes(type)) {
    const why = type === 'local' ? ': this runtime has no file system' : '';
    return new TscloneError('unknown_backend', `didn't find backend called "${type}"${why}`, { retry: 'no' });
  }
  const built = Object.keys(registry).sort().join(', ');
  return new TscloneError(
    'backend_not_built',
    `remote "${remote.name}" has type "${type}", which is not built into tsclone (built in: ${built})`,
    { remote: remote.name, retry: 'no' },
  );
}
