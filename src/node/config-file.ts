import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { ConfigFile } from '../config/file.ts';
import { bytesToName, nameToBytes } from '../core/encoding.ts';
import { messageOf, TscloneError } from '../core/errors.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Where rclone.conf is, or would be made. An empty path = in memory only. */
export function findConfigPath(env: Env, given?: string, besideProgram?: string): string {
  const asked = given ?? env['RCLONE_CONFIG'];
  if (asked !== undefined) {
    const memoryOnly = asked === '' || asked === '/dev/null' || basename(asked) === 'notfound';
    return memoryOnly ? '' : resolve(asked);
  }
  const home = env['HOME'] || homedir() || userInfo().homedir;
  const xdg = env['XDG_CONFIG_HOME'];
  const usual = join(xdg || join(home, '.config'), 'rclone', 'rclone.conf');
  const candidates = [
    ...(besideProgram ? [join(besideProgram, 'rclone.conf')] : []),
    usual,
    join(home, '.config', 'rclone', 'rclone.conf'),
    join(home, '.rclone.conf'),
  ];
  return candidates.find((path) => existsSync(path)) ?? usual;
}

/** An rclone.conf on disk. Bytes that are not UTF-8 survive a rewrite. */
export interface ConfigStore {
  /** '' = in memory only. */
  readonly path: string;
  /** False when there was no file to read. */
  readonly exists: boolean;
  readonly config: ConfigFile;
  /**
   * Reads the file anew, applies the change and writes it: beside the file, flushed, then renamed over it. A symbolic
   * link is followed, the mode is kept, a new file gets 0600.
   */
  update(change: (config: ConfigFile) => void): Promise<void>;
}

/** @throws bad_config naming the file */
export async function openConfigStore(path: string): Promise<ConfigStore> {
  let memory: ConfigFile | undefined;
  if (path === '') memory = new ConfigFile();
  const first = memory ?? (await load(path));
  return {
    path,
    exists: first !== undefined,
    config: first ?? new ConfigFile(),
    async update(change) {
      const config = memory ?? (await load(path)) ?? new ConfigFile();
      change(config);
      if (!memory) await save(path, nameToBytes(config.toString()));
    },
  };
}

async function load(path: string): Promise<ConfigFile | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (e) {
    const code = (e as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw loadError(
      path,
      code === 'EISDIR' ? 'is a directory' : code === 'EACCES' ? 'permission denied' : messageOf(e),
    );
  }
  const text = bytesToName(bytes);
  if (isEncrypted(text)) {
    throw loadError(
      path,
      'the file is encrypted, and tsclone cannot open encrypted configs yet; it was not touched. Use --config with a plain file, or remove the encryption with: rclone config encryption remove',
    );
  }
  try {
    return ConfigFile.parse(text);
  } catch (e) {
    throw loadError(path, messageOf(e));
  }
}

function isEncrypted(text: string): boolean {
  const first = text.split('\n').find((line) => !/^\s*([#;].*)?$/.test(line));
  return first?.trim().startsWith('RCLONE_ENCRYPT_V') ?? false;
}

function loadError(path: string, reason: string): TscloneError {
  return new TscloneError('bad_config', `Failed to load config file "${path}": ${reason}`, { retry: 'no' });
}

async function save(path: string, bytes: Uint8Array): Promise<void> {
  let partial: string | undefined;
  try {
    const target = (await isLink(path)) ? await realpath(path) : path;
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    const mode = await stat(target).then(
      (s) => s.mode & 0o777,
      () => 0o600,
    );
    partial = `${target}.${randomBytes(4).toString('hex')}.partial`;
    const handle = await open(partial, 'wx', mode);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await chmod(partial, mode);
    await rename(partial, target);
  } catch (e) {
    if (partial !== undefined) await unlink(partial).catch(() => {});
    throw new TscloneError('bad_config', `Failed to save config file "${path}": ${messageOf(e)}; it is as it was`, {
      cause: e,
      retry: 'no',
    });
  }
}

async function isLink(path: string): Promise<boolean> {
  return lstat(path).then(
    (s) => s.isSymbolicLink(),
    () => false,
  );
}
