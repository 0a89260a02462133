import type { ConfigFile } from '../config/file.ts';
import { passwordOptions } from '../config/known-types.ts';
import { remoteVariable } from '../options/derive.ts';

/** Own keys of a section with the values of `RCLONE_CONFIG_NAME_KEY` variables over them. */
export function pairsOf(
  config: ConfigFile,
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): [string, string][] {
  return config.keys(name).map((key) => [key, env[remoteVariable(name, key)] ?? config.get(name, key) ?? '']);
}

/** A section with its header; passwords are hidden. */
export function showForPeople(
  config: ConfigFile,
  name: string,
  env: Readonly<Record<string, string | undefined>> = {},
): string {
  const hidden = passwordOptions[config.get(name, 'type') ?? ''] ?? [];
  const lines = pairsOf(config, name, env).map(
    ([key, value]) => `${key} = ${hidden.includes(key) && value !== '' ? '*** ENCRYPTED ***' : value}\n`,
  );
  return `[${name}]\n${lines.join('')}`;
}
