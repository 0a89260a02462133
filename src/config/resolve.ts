import type { ConfigFile } from './file.ts';
import type { ValueSource } from '../core/remote.ts';
import { flagVariable, remoteVariable } from '../options/derive.ts';

export interface ConfigSources {
  readonly file: ConfigFile;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Texts of backend flags given on the command line, by flag name without dashes. */
  readonly flags: ReadonlyMap<string, string>;
}

/** Type of a remote: connection string, its own variable, then the file. Undefined = there is no such remote. */
export function remoteType(s: ConfigSources, name: string, params: ReadonlyMap<string, string>): string | undefined {
  return params.get('type') ?? s.env[remoteVariable(name, 'type')] ?? (s.file.get(name, 'type') || undefined);
}

/**
 * The text of one option, by rclone's measured precedence: connection string, flag, variable of the backend type,
 * variable of the remote, file. An empty text hides the levels below, except in the file.
 */
export function optionText(s: ConfigSources, remote: NamedRemote, option: string, flag: string): string | undefined {
  return strongest(s, remote, option, flag)?.text ?? (s.file.get(remote.name, option) || undefined);
}

/** What gives one option its value before the file is asked; undefined = the file or the default does. */
export function strongerSource(
  s: ConfigSources,
  remote: NamedRemote,
  option: string,
  flag: string,
): ValueSource | undefined {
  return strongest(s, remote, option, flag)?.source;
}

interface NamedRemote {
  readonly name: string;
  readonly params: ReadonlyMap<string, string>;
}

function strongest(
  s: ConfigSources,
  remote: NamedRemote,
  option: string,
  flag: string,
): { text: string; source: ValueSource } | undefined {
  let text = remote.params.get(option);
  if (text !== undefined) return { text, source: { kind: 'connection', name: option } };
  text = s.flags.get(flag);
  if (text !== undefined) return { text, source: { kind: 'flag', name: `--${flag}` } };
  for (const name of [flagVariable(flag), remoteVariable(remote.name, option)]) {
    text = s.env[name];
    if (text !== undefined) return { text, source: { kind: 'variable', name } };
  }
  return undefined;
}

/** Names of remotes that exist only in the environment, in its order, in lower case as rclone shows them. */
export function environmentRemotes(env: Readonly<Record<string, string | undefined>>): string[] {
  const names = new Set<string>();
  for (const [key, value] of Object.entries(env)) {
    const m = /^RCLONE_CONFIG_(.+?)_TYPE$/.exec(key);
    if (m && value) names.add((m[1] as string).toLowerCase());
  }
  return [...names];
}

/** All remotes with their type and where it stands: the environment first, then the file in its order. */
export function listRemotes(
  s: ConfigSources,
): { name: string; type: string; source: 'environment' | 'file'; description: string }[] {
  const out = environmentRemotes(s.env).map((name) => ({
    name,
    type: s.env[remoteVariable(name, 'type')] ?? '',
    source: 'environment' as const,
    description: s.env[remoteVariable(name, 'description')] ?? '',
  }));
  const seen = new Set(out.map((r) => r.name));
  const fromFile = s.file
    .sections()
    .filter((name) => !seen.has(name) && s.file.get(name, 'type') !== undefined)
    .map((name) => ({
      name,
      type: s.file.get(name, 'type') ?? '',
      source: 'file' as const,
      description: s.file.get(name, 'description') ?? '',
    }));
  return [...out, ...fromFile];
}
