import { edgeRegistry, type Registry } from '../backends/registry.ts';
import { configKey, encryptedPart, openConfig } from '../config/encrypt.ts';
import { ConfigFile } from '../config/file.ts';
import type { TransportLimits } from '../core/backend.ts';
import { edgePlatform } from '../core/edge-platform.ts';
import { bytesToName } from '../core/encoding.ts';
import { messageOf, TscloneError } from '../core/errors.ts';
import { ignoreEvents, type Emit } from '../core/events.ts';
import type { DiagnoseOptions, Diagnosis } from '../core/diagnosis.ts';
import type { Platform } from '../core/platform.ts';
import { Accounting } from '../operations/accounting.ts';
import { callOptions, type OperationContext } from '../operations/context.ts';
import { createFilter, type FilterOptions } from '../operations/filter/filter.ts';
import { defaultSettings, type OperationSettings } from '../operations/settings.ts';
import { locate, locatePlace } from '../operations/locate.ts';
import { syncDirectories } from '../operations/sync/sync.ts';
import type { MetadataMapper } from '../operations/metadata.ts';
import { createThrottle, type Throttle } from '../operations/throttle.ts';
import { parseTimetable, type Timetable } from '../options/bandwidth.ts';
import { transferFile } from '../operations/transfer-file.ts';
import { createSession } from '../session.ts';
import { quietly } from './quietly.ts';
import { createRemoteHandle, type RemoteHandle } from './remote-handle.ts';

/** Remotes by name with rclone's option names: `{ r2: { type: 's3', provider: 'Cloudflare', … } }`. */
export type ConfigObject = Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>;

export interface OpenSessionOptions {
  /** The text of an rclone.conf, or its remotes as an object. Default: none; remotes can still come from `env`. */
  config?: string | ConfigObject;
  /** Opens a `config` text that rclone or tsclone encrypted. Default: none; an encrypted text is then an error. */
  configPassword?: string;
  /** `RCLONE_…` and AWS variables to use. Default: none in `tsclone`, the process's own in `tsclone/node`. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Told what happens: transfers, deletes, retries, log lines. What it throws is ignored. */
  onEvent?: Emit;
  /** Retries, time-outs, parallelism. */
  limits?: Partial<TransportLimits>;
  /**
   * Bytes per second of everything that the session moves, as rclone's `--bwlimit`: `10M`, `10M:1M` for up and down, or a
   * timetable. Default: as fast as it goes.
   */
  bandwidth?: string;
  /** Requests per second, as rclone's `--tpslimit`. Default: as many as come. */
  requestsPerSecond?: number;
}

export interface TransferOptions {
  signal?: AbortSignal | undefined;
  /** rclone's flags for this transfer in camelCase: `checksum`, `sizeOnly`, `dryRun`, `transfers` … */
  settings?: Partial<OperationSettings>;
  /** With `settings: { metadata: true }`: has the last word about the metadata of each item that is written. */
  mapMetadata?: MetadataMapper | undefined;
  /** What a directory's transfer leaves out. A single object is transferred in any case, as by rclone. */
  filter?: FilterOptions | undefined;
}

/** What a transfer did. */
export interface TransferSummary {
  /** Objects that were stored at the destination, or moved there. */
  readonly transfers: number;
  /** Objects that were compared. */
  readonly checks: number;
  /** Objects that were removed. */
  readonly deletes: number;
  /** Bytes that the destination took. */
  readonly bytes: number;
}

export interface TscloneSession {
  /** Opens `name:path`, `:type,option=value:path` or (on Node) a local path. Sends no request. */
  remote(reference: string): Promise<RemoteHandle>;
  /** Names and types of the configured remotes. */
  remotes(): { name: string; type: string }[];
  /** Copies an object to a name, or a directory into a directory, skipping what is already there. */
  copy(from: string, to: string, o?: TransferOptions): Promise<TransferSummary>;
  /** As copy; the source's objects are deleted. */
  move(from: string, to: string, o?: TransferOptions): Promise<TransferSummary>;
  /** Makes the destination directory equal to the source: copies, then deletes what the source does not have. */
  sync(from: string, to: string, o?: TransferOptions): Promise<TransferSummary>;
  /**
   * Finds out why a remote does not work: tries what a backup job needs, of the remotes below a layer first, and answers
   * each cause with the config line that mends it. Changes nothing unless `write` is set; then with objects of its own,
   * which it removes. Rejects only when the signal fires.
   */
  diagnose(reference: string, o?: DiagnoseOptions): Promise<Diagnosis>;
}

export interface Runtime {
  readonly platform: Platform;
  readonly registry: Registry;
}

/**
 * Opens a config. S3, memory and the layers (crypt, compress, chunker, hasher, alias, combine, union) work everywhere;
 * `tsclone/node` adds local files.
 * @throws TscloneError usage for a rate that is none, bad_config for a config that cannot be read
 */
export function openSession(o: OpenSessionOptions = {}): TscloneSession {
  return openSessionOn({ platform: edgePlatform(o.env ?? {}), registry: edgeRegistry }, o);
}

export function openSessionOn({ platform, registry }: Runtime, o: OpenSessionOptions): TscloneSession {
  const emit = o.onEvent ? quietly(o.onEvent) : ignoreEvents;
  const throttle = throttleOf(o, platform, emit);
  const session = createSession({
    platform,
    registry,
    config: toConfigFile(o, platform),
    emit,
    limits: { ...o.limits, ...(throttle ? { throttle } : {}) },
  });

  async function transfer(
    mode: 'copy' | 'move' | 'sync',
    from: string,
    to: string,
    t: TransferOptions = {},
  ): Promise<TransferSummary> {
    const accounting = new Accounting();
    const settings = { ...defaultSettings, ...t.settings };
    const filter = t.filter && createFilter(t.filter, platform);
    const { signal, mapMetadata } = t;
    const c: OperationContext = { platform, emit, accounting, signal, settings, filter, throttle, mapMetadata };
    const src = await locate(session.open, from, callOptions(c));
    if (src.file) {
      const dst = await locatePlace(session.open, to);
      const held = { backend: src.backend, info: src.file.info };
      const target = { backend: dst.backend, path: dst.leaf };
      await transferFile(c, held, target, { mode: mode === 'move' ? 'move' : 'copy', open: session.open });
    } else {
      const dst = await session.open(to);
      const dirs = { createEmptySrcDirs: false, deleteEmptySrcDirs: false };
      await syncDirectories(c, src.backend, dst, { mode, open: session.open, ...dirs });
    }
    if (accounting.lastError) throw accounting.lastError;
    const { transfers, checks, deletes, bytes } = accounting;
    return { transfers, checks, deletes, bytes };
  }

  return {
    remote: async (reference) => createRemoteHandle(reference, await session.open(reference), { platform, emit }),
    remotes: () => session.remotes().map(({ name, type }) => ({ name, type })),
    copy: (from, to, t) => transfer('copy', from, to, t),
    move: (from, to, t) => transfer('move', from, to, t),
    sync: (from, to, t) => transfer('sync', from, to, t),
    diagnose: async (reference, d) => (await import('./diagnose/diagnose.ts')).diagnose(session, reference, d),
  };
}

function throttleOf(o: OpenSessionOptions, platform: Platform, emit: Emit): Throttle | undefined {
  let bandwidth: Timetable = [];
  try {
    if (o.bandwidth !== undefined) bandwidth = parseTimetable(o.bandwidth);
  } catch (e) {
    const message = `bandwidth: ${JSON.stringify(o.bandwidth)} is no rate and no timetable: ${messageOf(e)}`;
    throw new TscloneError('bad_config', message, { retry: 'no', cause: e });
  }
  const requests = o.requestsPerSecond ?? 0;
  return createThrottle({ platform, emit, bandwidth, fileBandwidth: [], requests, burst: 1 });
}

function toConfigFile({ config, configPassword }: OpenSessionOptions, platform: Platform): ConfigFile {
  if (config === undefined) return new ConfigFile();
  if (typeof config === 'string') return ConfigFile.parse(plainText(config, configPassword, platform));
  const file = new ConfigFile();
  for (const [name, options] of Object.entries(config)) {
    if (options['type'] === undefined) {
      throw new TscloneError('bad_config', `remote "${name}" has no type`, { remote: name, retry: 'no' });
    }
    for (const [key, value] of Object.entries(options)) file.set(name, key, String(value));
  }
  return file;
}

function plainText(config: string, password: string | undefined, platform: Platform): string {
  const part = encryptedPart(config);
  if (part === undefined) return config;
  const failed = (reason: string): TscloneError => new TscloneError('bad_config', reason, { retry: 'no' });
  if (password === undefined) throw failed('the config is encrypted: give its password as configPassword');
  const plain = openConfig(part, configKey(platform, password));
  if (!plain) throw failed('the config cannot be decrypted: configPassword is wrong, or the text was changed');
  return bytesToName(plain);
}
