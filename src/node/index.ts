import { openSessionOn, type OpenSessionOptions, type TscloneSession } from '../library/open-session.ts';
import { parseCsv } from '../options/values.ts';
import { findConfigPath, openConfigStore } from './config-file.ts';
import { keyFinder } from './config-password.ts';
import { nodePlatform } from './platform.ts';
import { nodeRegistry } from './registry.ts';

export * from '../index.ts';

export interface OpenNodeSessionOptions extends OpenSessionOptions {
  /**
   * Path of an rclone.conf; an encrypted one is opened with `configPassword`, else as rclone does it without a person: by
   * RCLONE_PASSWORD_COMMAND or RCLONE_CONFIG_PASS.
   * Default, when `config` is absent too: the file that rclone would use.
   */
  configPath?: string;
}

/**
 * Opens the rclone.conf of this machine (or `configPath`, or `config`), with local files as a backend.
 * @throws bad_config
 */
export async function openSession(o: OpenNodeSessionOptions = {}): Promise<TscloneSession> {
  const env = o.env ?? process.env;
  const platform = nodePlatform(env);
  let { config } = o;
  if (config === undefined) {
    const findKey = keyFinder({
      platform,
      ...(o.configPassword === undefined ? {} : { password: o.configPassword }),
      command: parseCsv(env['RCLONE_PASSWORD_COMMAND'] ?? '', ' ').filter((word) => word !== ''),
    });
    const store = await openConfigStore(findConfigPath(env, o.configPath), findKey);
    config = store.config.toString();
  }
  return openSessionOn({ platform, registry: nodeRegistry }, { ...o, config });
}
