import { randomBytes } from 'node:crypto';
import { existsSync, type BigIntStats } from 'node:fs';
import { lstat, mkdir, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { encryptedPart, openConfig, sealConfig, type ConfigKey } from '../config/encrypt.ts';
import { ConfigFile } from '../config/file.ts';
import { bytesToName, nameToBytes } from '../core/encoding.ts';
import { hasCode, messageOf, TscloneError } from '../core/errors.ts';
import { withLock, type Lock } from './config-lock.ts';

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
  /** True when the file was encrypted when it was read last. */
  readonly encrypted: boolean;
  /**
   * Reads the file anew, applies the change and writes it, encrypted if it was: beside the file, flushed, then renamed
   * over it. A symbolic link is followed, the mode is kept, a new file gets 0600. Another writer waits for its turn;
   * `change` may run again when a program that knows no turns wrote in between. Answers the config as written.
   */
  update(change: (config: ConfigFile) => void): Promise<ConfigFile>;
  /** Writes the file under another key; undefined = in plain text. */
  encrypt(key: ConfigKey | undefined): Promise<void>;
}

/** Finds the key of an encrypted config: asks, runs a command, looks into a variable. `open` tells whether it fits. */
export type FindKey = <T>(open: (key: ConfigKey) => T | undefined) => Promise<{ key: ConfigKey; opened: T }>;

interface Loaded {
  readonly config: ConfigFile;
  readonly encrypted: boolean;
  /** Changes when anybody writes the file. */
  readonly identity: string;
}

/** @throws bad_config naming the file */
export async function openConfigStore(path: string, findKey?: FindKey): Promise<ConfigStore> {
  if (path === '') return memoryStore();
  let key: ConfigKey | undefined;

  async function load(): Promise<Loaded | undefined> {
    const file = await readConfig(path);
    if (file === undefined) return undefined;
    const { bytes, identity } = file;
    try {
      const part = encryptedPart(bytesToName(bytes));
      const plain = part === undefined ? bytes : await decrypt(part);
      return { config: ConfigFile.parse(bytesToName(plain)), encrypted: part !== undefined, identity };
    } catch (e) {
      if (e instanceof TscloneError) throw loadError(path, messageOf(e));
      throw e;
    }
  }

  async function decrypt(part: string): Promise<Uint8Array> {
    const known = key && openConfig(part, key);
    if (known) return known;
    if (!findKey) throw new TscloneError('bad_config', 'the file is encrypted, and no password was given');
    const found = await findKey((candidate) => openConfig(part, candidate));
    key = found.key;
    return found.opened;
  }

  let last: Pick<Loaded, 'config' | 'encrypted'> | undefined = await load();
  const none = new ConfigFile();

  /** `seal` decides how the text is stored: as it was, or as `encrypt` was told. */
  async function write(
    change: (config: ConfigFile) => void,
    seal: (loaded: Loaded | undefined) => ConfigKey | undefined,
  ): Promise<ConfigFile> {
    for (let tries = 0; tries < 10; tries++) {
      const written = await saving(path, async (target, lock) => {
        const loaded = await load();
        const config = loaded?.config ?? new ConfigFile();
        change(config);
        const plain = nameToBytes(config.toString());
        const by = seal(loaded);
        const text = by ? sealConfig(plain, by, (n) => new Uint8Array(randomBytes(n))) : plain;
        return (await replaceFile(target, lock, text, loaded?.identity)) ? { config, encrypted: !!by } : undefined;
      });
      if (!written) continue;
      last = written;
      return written.config;
    }
    throw saveError(path, new Error('another program keeps writing it'));
  }

  return {
    path,
    get exists() {
      return last !== undefined;
    },
    get config() {
      return last?.config ?? none;
    },
    get encrypted() {
      return last?.encrypted ?? false;
    },
    update: (change) => write(change, (loaded) => (loaded === undefined || loaded.encrypted ? key : undefined)),
    async encrypt(to) {
      await write(
        () => {},
        () => to,
      );
      key = to;
    },
  };
}

function memoryStore(): ConfigStore {
  const config = new ConfigFile();
  return {
    path: '',
    exists: true,
    config,
    encrypted: false,
    async update(change) {
      change(config);
      return config;
    },
    encrypt: async () => {},
  };
}

async function readConfig(path: string): Promise<{ bytes: Uint8Array; identity: string } | undefined> {
  try {
    const handle = await open(path, 'r');
    try {
      return { bytes: await handle.readFile(), identity: identityOf(await handle.stat({ bigint: true })) };
    } finally {
      await handle.close();
    }
  } catch (e) {
    const code = (e as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw loadError(
      path,
      code === 'EISDIR' ? 'is a directory' : code === 'EACCES' ? 'permission denied' : messageOf(e),
    );
  }
}

const identityOf = (s: BigIntStats): string => `${s.dev}:${s.ino}:${s.size}:${s.mtimeNs}`;

function loadError(path: string, reason: string): TscloneError {
  return new TscloneError('bad_config', `Failed to load config file "${path}": ${reason}`, { retry: 'no' });
}

/** Finds the real file, makes its folder, takes the turn. @throws bad_config naming the file, which is as it was */
async function saving<T>(path: string, work: (target: string, lock: Lock) => Promise<T>): Promise<T> {
  try {
    const target = (await isLink(path)) ? await realpath(path) : path;
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    return await withLock(target, (lock) => work(target, lock));
  } catch (e) {
    if (hasCode(e, 'bad_config')) throw e;
    throw saveError(path, e);
  }
}

function saveError(path: string, cause: unknown): TscloneError {
  const message = `Failed to save config file "${path}": ${messageOf(cause)}; it is as it was`;
  return new TscloneError('bad_config', message, { cause, retry: 'no' });
}

/** Puts the text in the file's place at once; false when the file is not the one that was read any more. */
async function replaceFile(
  target: string,
  lock: Lock,
  text: string | Uint8Array,
  before: string | undefined,
): Promise<boolean> {
  const mode = await stat(target).then(
    (s) => s.mode & 0o777,
    () => 0o600,
  );
  try {
    const handle = await open(lock.partial, 'wx', mode);
    try {
      await handle.writeFile(text);
      await handle.chmod(mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
    const now = await stat(target, { bigint: true }).then(identityOf, () => undefined);
    if (now !== before || !(await lock.isHeld())) {
      await unlink(lock.partial);
      return false;
    }
    await rename(lock.partial, target);
  } catch (e) {
    await unlink(lock.partial).catch(() => {});
    throw e;
  }
  await syncFolder(dirname(target));
  return true;
}

/** Makes the new name survive a power cut, where the system can. */
async function syncFolder(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r');
    await handle.sync().finally(() => handle.close());
  } catch {
    // Windows cannot, and the file itself is safe.
  }
}

async function isLink(path: string): Promise<boolean> {
  return lstat(path).then(
    (s) => s.isSymbolicLink(),
    () => false,
  );
}
