import { realpath } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import { bytesToName, fromStandardName, nameToBytes, toStandardName } from '../../core/encoding.ts';
import { TscloneError } from '../../core/errors.ts';
import type { System } from '../../core/platform.ts';

/** Translates between paths as rclone shows them and files below a root. */
export interface FileNames {
  /** @throws bad_path for a path that would leave the root. */
  toFile(path: string): string;
  toName(bytes: Uint8Array): string;
  /** @throws bad_path when the parent directory is a symbolic link that leads out of the root. */
  guardParent(file: string, path: string, followLinks: boolean): Promise<void>;
}

export function fileNames(root: string, mask: number, system: System = 'linux'): FileNames {
  // There these lead to another directory, drive or stream.
  const leadsElsewhere = (s: string): boolean =>
    s === '..' || s === '.' || s === '' || /[/\0]/.test(s) || (system === 'windows' && /[\\:]/.test(s));
  const checked = new Set<string>();
  return {
    toFile(path) {
      if (path === '') return root;
      const parts = path.split('/').map((s) => fromStandardName(mask, s));
      const bad = parts.find(leadsElsewhere);
      if (bad !== undefined) {
        throw new TscloneError(
          'bad_path',
          `${path}: cannot be a file below ${root}: the segment ${JSON.stringify(bad)} would lead elsewhere`,
          { path, retry: 'no' },
        );
      }
      const file = `${root.replace(/\/$/, '')}/${parts.join('/')}`;
      return asFile(file);
    },

    toName: (bytes) => toStandardName(mask, bytesToName(bytes)),

    async guardParent(file, path, followLinks) {
      const parent = parentFile(file);
      if (followLinks || checked.has(textOf(parent))) return;
      const [real, base] = await Promise.all([nearestReal(parent), nearestReal(root)]);
      if (real !== base && !real.startsWith(base === sep ? sep : base + sep)) {
        // The nearest existing parent may lie above a root that does not exist yet.
        if (!`${base}${sep}`.startsWith(real === sep ? sep : real + sep)) {
          throw new TscloneError(
            'bad_path',
            `${path}: a symbolic link on the way leads out of ${root} to ${real}; nothing was written. -L/--copy-links allows it`,
            { path, retry: 'no' },
          );
        }
      }
      checked.add(textOf(parent));
    },
  };
}

/** The real path of the nearest directory that exists. */
async function nearestReal(dir: string): Promise<string> {
  for (let at = dir; ; at = parentFile(at)) {
    try {
      return await realpath(at);
    } catch {
      if (textOf(at) === dirname(textOf(at))) return at;
    }
  }
}

/** Node takes Buffers as paths, for names that are no UTF-8; the type says string so that callers need not care. */
export function asFile(text: string): string {
  return /[\udc80-\udcff]/u.test(text) ? (Buffer.from(nameToBytes(text)) as unknown as string) : text;
}

/** The path as text, in which lone surrogates stand for the bytes that are no UTF-8. */
export const textOf = (file: string): string => (Buffer.isBuffer(file) ? bytesToName(file) : file);

/** The directory of a file. */
export const parentFile = (file: string): string => asFile(dirname(textOf(file)));
