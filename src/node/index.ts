import { openSessionOn, type OpenSessionOptions, type TscloneSession } from '../library/open-session.ts';
import { findConfigPath, openConfigStore } from './config-file.ts';
import { nodePlatform } from './platform.ts';
import { nodeRegistry } from './registry.ts';

export * from '../index.ts';

export interface OpenNodeSessionOptions extends OpenSessionOptions {
  /** Path of an rclone.conf. Default, when `config` is absent too: the file that rclone would use. */
  configPath?: string;
}

/**
 * Opens the rclone.conf of this machine (or `configPath`, or `config`), with local files as a backend.
 * @throws bad_config
 */
export async function openSession(o: OpenNodeSessionOptions = {}): Promise<TscloneSession> {
  const env = o.env ?? process.env;
  let { config } = o;
  if (config === undefined) {
    const store = await openConfigStore(findConfigPath(env, o.configPath));
    config = store.config.toString();
  }
  return openSessionOn({ platform: nodePlatform(env), registry: nodeRegistry }, { ...o, config });
}
