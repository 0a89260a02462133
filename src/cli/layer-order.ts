import type { ConfigFile } from '../config/file.ts';
import { parseRemote } from '../core/remote.ts';

/** What to say of a remote that spends work on compressing what is encrypted already; undefined = nothing. */
export function adviceOnOrder(config: ConfigFile, name: string): string | undefined {
  const remote = config.get(name, 'remote');
  if (config.get(name, 'type') !== 'crypt' || !remote || typeOf(config, remote) !== 'compress') return undefined;
  return 'crypt lies above compress, which then gets encrypted data and compresses nothing. To save space put compress above crypt';
}

function typeOf(config: ConfigFile, reference: string): string | undefined {
  try {
    const { name } = parseRemote(reference);
    return name.startsWith(':') ? name.slice(1) : config.get(name, 'type');
  } catch {
    // What is wrong with it shows when the remote is used.
    return undefined;
  }
}
