import type { Backend, ByteSource, Entry, ObjectInfo, WriteOptions } from '../../core/backend.ts';
import { closing, toHex } from '../../core/bytes.ts';
import { TscloneError } from '../../core/errors.ts';
import type { HashType } from '../../core/entry.ts';
import type { Emit } from '../../core/events.ts';
import { mimeTypeOf } from '../../core/mime.ts';
import { trimSlashes } from '../../core/path.ts';
import type { Platform, Secretbox } from '../../core/platform.ts';
import { below, callOnly, forPath, layerFeatures, LayerRoots } from '../layer.ts';
import { bad, decryptedSize, encrypt, encryptedSize, nonceBytes, plainProgress } from './content.ts';
import { listDecrypted } from './list.ts';
import { NameError } from './name-error.ts';
import type { NameCipher } from './names.ts';
import type { CryptOptions } from './options.ts';
import { readDecrypted } from './read.ts';

/** One opened crypt remote; the backends of all its paths share it. */
export interface CryptContext {
  readonly name: string;
  readonly options: CryptOptions;
  /** What `remote` points at. */
  readonly base: Backend;
  readonly names: NameCipher;
  readonly box: Secretbox;
  /** Equal for remotes that store the same content in the same way: they can read what the other encrypted. */
  readonly contentId: string;
  readonly platform: Platform;
  readonly emit: Emit;
}

/** A crypt backend with the place in the wrapped remote that holds its files. */
export interface CryptRoot {
  readonly context: CryptContext;
  readonly inner: Backend;
}

const roots = new LayerRoots<CryptRoot>();

/** What lies below a backend of type crypt; undefined for other backends. */
export const cryptRootOf = (backend: Backend): CryptRoot | undefined => roots.of(backend);

let opened = 0;

export function createCryptBackend(c: CryptContext): Backend {
  return rooted(c, `crypt:${++opened}:${c.base.storeId}`, '');
}

function rooted(c: CryptContext, storeId: string, root: string): Backend {
  const { base, names, options, box, platform } = c;
  const file = (path: string): string => {
    if (path === '') throw new TscloneError('bad_path', `${root}: an object needs a name`, { path, retry: 'no' });
    return encrypted(path, () => names.encryptFile(path));
  };
  const dir = (path: string): string => encrypted(path, () => names.encryptDir(path));
  const inner = below(base, dir(root));
  const plainData = options.no_data_encryption;

  const plainInfo = (info: ObjectInfo, path: string): ObjectInfo => {
    const size = plainData || info.size === undefined ? info.size : decryptedSize(info.size);
    const { size: _size, mimeType: _type, ...rest } = info;
    return {
      ...rest,
      path,
      hashes: {},
      mimeType: mimeTypeOf(path),
      // A file that cannot be one shows as empty; reading it tells why.
      ...(size === undefined ? {} : { size: typeof size === 'string' ? 0 : size }),
    };
  };

  const backend: Backend = {
    type: 'crypt',
    name: c.name,
    root,
    description: `Encrypted drive '${c.name}:${root}'`,
    storeId,
    copyGroup: options.server_side_across_configs ? `crypt:${c.contentId}:${base.storeId}` : undefined,
    features: layerFeatures(base, { readMimeType: false, writeMimeType: false, slowHash: false }),
    hashes: [],
    precision: base.precision,
    // As in rclone a `.` at the end names the directory itself.
    at: (path) => rooted(c, storeId, trimSlashes(path.replace(/(^|\/)\.$/, ''))),

    async *list(path, o = {}): AsyncGenerator<Entry, void, void> {
      yield* listDecrypted(c, inner, path, dir(path), plainInfo, o);
    },
    stat: (path, o = {}) =>
      forPath(path, async () => {
        const { want, ...rest } = o;
        const wanted = want?.filter((w) => w === 'modTime' || w === 'metadata');
        return plainInfo(await inner.stat(file(path), { ...callOnly(rest), want: wanted }), path);
      }),
    probe: (path, o = {}) =>
      forPath(path, async () => {
        const info = path === '' ? undefined : await inner.probe(file(path), callOnly(o));
        return info && plainInfo(info, path);
      }),

    read: (path, o = {}) =>
      forPath(path, async () => {
        const place = { inner, encrypted: file(path), path };
        const { info, body } = plainData
          ? await inner.read(place.encrypted, { ...callOnly(o), range: o.range })
          : await readDecrypted(c, place, o);
        return { info: plainInfo(info, path), body };
      }),

    write: (path, body, o) =>
      forPath(path, () => (plainData ? writePlain(path, body, o) : writeEncrypted(path, body, o)).catch(closing(body))),

    remove: (path, o = {}) => forPath(path, async () => inner.remove(file(path), callOnly(o))),
    mkdir: (path, o = {}) => forPath(path, async () => inner.mkdir(dir(path), callOnly(o))),
    rmdir: (path, o = {}) => forPath(path, async () => inner.rmdir(dir(path), callOnly(o))),
  };

  async function writePlain(path: string, body: ByteSource, o: WriteOptions): Promise<ObjectInfo> {
    const { mimeType: _type, ...rest } = o;
    return plainInfo(await inner.write(file(path), body, rest), path);
  }

  async function writeEncrypted(path: string, body: ByteSource, o: WriteOptions): Promise<ObjectInfo> {
    const target = file(path);
    const nonce = platform.randomBytes(nonceBytes);
    let total = -1;
    const sealed = encrypt(body, box, { path, nonce, size: o.size, onEnd: (bytes) => (total = bytes) });
    const { size, onBytes, reopen, mimeType: _type, sourceHash: _hash, ...rest } = o;
    const stored = await inner.write(target, sealed, {
      ...rest,
      ...(size === undefined ? {} : { size: encryptedSize(size) }),
      ...(onBytes ? { onBytes: plainProgress(onBytes) } : {}),
      // The digest of what will be stored: the source is read and encrypted twice, under the same nonce.
      ...(reopen
        ? { sourceHash: async (type: HashType) => digest(type, encrypt(await reopen(), box, { path, nonce, size })) }
        : {}),
    });
    if (stored.size !== undefined && stored.size !== encryptedSize(total))
      throw bad(`${stored.size} bytes are stored where ${encryptedSize(total)} were sent`, path);
    return plainInfo(stored, path);
  }

  async function digest(type: HashType, source: ByteSource): Promise<string> {
    const hash = platform.createHash(type);
    for await (const chunk of source) hash.update(chunk);
    return toHex(hash.digest());
  }

  /** What a copy or a move takes as it is stored. @throws unsupported when it could not be read here afterwards */
  const source = (from: Backend, info: ObjectInfo): { inner: Backend; info: ObjectInfo } => {
    const other = roots.of(from);
    if (!other || other.inner.type !== inner.type || other.context.contentId !== c.contentId)
      throw new TscloneError('unsupported', `${from.description} encrypts in another way than ${backend.description}`, {
        path: info.path,
        retry: 'no',
      });
    const path = encrypted(info.path, () => other.context.names.encryptFile(info.path));
    return { inner: other.inner, info: { kind: 'object', path, hashes: {} } };
  };
  if (inner.copy) {
    backend.copy = (from, info, to, o = {}) =>
      forPath(to, async () => {
        const s = source(from, info);
        const known = await s.inner.stat(s.info.path, callOnly(o));
        return plainInfo((await inner.copy?.(s.inner, known, file(to), o)) as ObjectInfo, to);
      });
  }
  if (inner.move) {
    backend.move = (from, info, to, o = {}) =>
      forPath(to, async () => {
        const s = source(from, info);
        return plainInfo((await inner.move?.(s.inner, s.info, file(to), o)) as ObjectInfo, to);
      });
  }
  if (inner.moveDir) {
    backend.moveDir = async (from, o = {}) => {
      const other = roots.of(from);
      // Names below the directory stay as they are.
      if (other?.context !== c)
        throw new TscloneError('unsupported', `${from.description} is another remote`, { retry: 'no' });
      await inner.moveDir?.(other.inner, callOnly(o));
    };
  }
  if (inner.statDir) {
    backend.statDir = (path, o = {}) =>
      forPath(path, async () => ({
        ...(await inner.statDir?.(dir(path), { ...callOnly(o), want: o.want })),
        kind: 'dir' as const,
        path,
      }));
  }
  if (inner.setModTime) {
    backend.setModTime = (path, modTime, o = {}) =>
      forPath(path, async () => inner.setModTime?.(file(path), modTime, callOnly(o)));
  }
  if (inner.setDirModTime) {
    backend.setDirModTime = (path, modTime, o = {}) =>
      forPath(path, async () => inner.setDirModTime?.(dir(path), modTime, callOnly(o)));
  }
  if (inner.setDirMetadata) {
    backend.setDirMetadata = (path, metadata, o = {}) =>
      forPath(path, async () => inner.setDirMetadata?.(dir(path), metadata, callOnly(o)));
  }
  if (inner.removeMany) {
    backend.removeMany = async (paths, o = {}) => {
      const plain = new Map(paths.map((path) => [file(path), path]));
      const failures = (await inner.removeMany?.([...plain.keys()], callOnly(o))) ?? [];
      return failures.map(({ path, error }) => ({ path: plain.get(path) ?? path, error }));
    };
  }
  if (inner.about) backend.about = (o = {}) => forPath('', async () => (await inner.about?.(callOnly(o))) ?? {});
  if (inner.publicLink) {
    backend.publicLink = (path, o = {}) =>
      forPath(path, async () => (await inner.publicLink?.(file(path), o)) as string);
  }
  if (inner.setTier) {
    backend.setTier = (path, tier, o = {}) => forPath(path, async () => inner.setTier?.(file(path), tier, callOnly(o)));
  }
  if (inner.cleanUp) backend.cleanUp = async (o = {}) => inner.cleanUp?.(callOnly(o));
  if (inner.purge) backend.purge = (path, o = {}) => forPath(path, async () => inner.purge?.(dir(path), callOnly(o)));
  roots.add(backend, { context: c, inner });
  return backend;
}

/** The encrypted form of an object's or a directory's path. @throws bad_path */
function encrypted(path: string, f: () => string): string {
  try {
    return f();
  } catch (e) {
    if (!(e instanceof NameError)) throw e;
    throw new TscloneError('bad_path', `${path}: ${e.message}. Choose another name`, { path, retry: 'no', cause: e });
  }
}
