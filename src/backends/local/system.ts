import { posix, win32 } from 'node:path';
import { parseEncoding } from '../../core/encoding.ts';
import type { System } from '../../core/platform.ts';
import { cleanPath } from '../../core/remote.ts';

/** What file systems of other systems do otherwise. Paths have slashes everywhere: Windows takes them too. */
export interface SystemPaths {
  /** An absolute path in the system's form to one of ours; a relative one starts at `base`. */
  resolve(base: string, path: string): string;
  /** A path as it is shown in log lines. */
  shown(path: string): string;
  /** Of names, where the remote does not say otherwise. */
  readonly encoding: number;
}

/** rclone's defaults of the local backend (1.75.2). */
const encodings: Readonly<Record<System, string>> = {
  linux: 'Slash,Dot',
  macos: 'Slash,InvalidUtf8,Dot',
  windows: 'Slash,LtGt,DoubleQuote,Colon,Question,Asterisk,Pipe,BackSlash,Ctl,RightSpace,RightPeriod,InvalidUtf8,Dot',
};

export function systemPaths(system: System = 'linux'): SystemPaths {
  const encoding = parseEncoding(encodings[system]);
  if (system !== 'windows') return { resolve: posix.resolve, shown: cleanPath, encoding };
  // A drive alone would be the current directory on it.
  const withRoot = (path: string): string => path.replace(/^([A-Za-z]:)$/, '$1/');
  const slashed = (path: string): string => path.replaceAll('\\', '/');
  return {
    resolve: (base, path) => slashed(win32.resolve(withRoot(base), withRoot(path))),
    shown: (path) => cleanPath(slashed(path)),
    encoding,
  };
}
