import type { Backend, Entry, HashType, ObjectInfo, Want } from '../../core/backend.ts';
import { messageOf, throwIfAborted, TscloneError } from '../../core/errors.ts';
import { parseHashType } from '../../core/hash-types.ts';
import { leafOf } from '../../core/path.ts';
import { formatRfc3339 } from '../../core/time.ts';
import { callOptions, log } from '../../operations/context.ts';
import { digestOf } from '../../operations/hashsum.ts';
import { listEntries, listingDepth } from '../../operations/list.ts';
import { mapOrdered } from '../../operations/pool.ts';
import { readsAtOnce } from '../../operations/walk.ts';
import { switchFlag, type CommandContext, type CommandDefinition } from '../command.ts';
import { encryptedNames } from '../encrypted-names.ts';
import { goJson, sortedMetadata } from '../json.ts';
import { listingError } from '../listing-error.ts';
import { source, sourceUnfiltered } from '../references.ts';

export const lsjson: CommandDefinition = {
  name: 'lsjson',
  summary: 'List as JSON for programs',
  help: 'An array with one object per line. On S3, ModTime and MimeType cost one request per object: --no-modtime --no-mimetype spares them.',
  usage: 'remote:path',
  minArgs: 1,
  maxArgs: 1,
  flags: [
    switchFlag('recursive', 'Descend into directories', 'R'),
    switchFlag('hash', 'Show hashes'),
    { name: 'hash-type', type: 'stringArray', default: '', help: 'Show only this hash; may be repeated' },
    switchFlag('no-modtime', 'Leave out modification times'),
    switchFlag('no-mimetype', 'Leave out MIME types'),
    switchFlag('encrypted', 'Show encrypted names (only on crypt)'),
    switchFlag('original', 'Show the id of the underlying object'),
    switchFlag('files-only', 'Only objects'),
    switchFlag('dirs-only', 'Only directories'),
    switchFlag('metadata', 'Show metadata', 'M'),
    switchFlag('stat', 'Show the one object or directory that the path names'),
  ],
  groups: ['Filter', 'Listing'],
  examples: [
    'tsclone lsjson -R --no-modtime --no-mimetype r2:my-backup-bucket',
    'tsclone lsjson --stat r2:my-backup-bucket/file',
  ],
  run: (c) => (c.flags.bool('stat') ? stat(c) : list(c)),
};

async function list(c: CommandContext): Promise<void> {
  const located = await source(c, c.args[0] as string);
  await c.out.write('[\n');
  const render = renderer(c, located.backend);
  const files = !c.flags.bool('dirs-only');
  const dirs = !c.flags.bool('files-only');
  const recursive = c.flags.bool('recursive');
  let first = true;
  try {
    const o = { recursive, dirs, files, want: wants(c, located.backend) };
    const rows = mapOrdered(listEntries(c.operation, located, o), c.operation.settings.checkers, render);
    for await (const row of rows) {
      await c.out.write(`${first ? '' : ',\n'}${goJson(JSON.stringify(row))}`);
      first = false;
    }
  } catch (e) {
    throw listingError(e);
  }
  await c.out.write(first ? ']\n' : '\n]\n');
}

async function stat(c: CommandContext): Promise<void> {
  const { backend, file } = await sourceUnfiltered(c, c.args[0] as string);
  const render = renderer(c, backend);
  let shown: Record<string, unknown>;
  if (file ? c.flags.bool('dirs-only') : c.flags.bool('files-only')) {
    await c.out.write('null\n');
    return;
  }
  if (file) {
    const want = wants(c, backend);
    const info = want.some((w) => !known(file.info, w))
      ? await backend.stat(file.leaf, { ...callOptions(c.operation), want })
      : file.info;
    shown = await render(info);
  } else {
    await checkDirectory(c, backend);
    const real = await backend.statDir?.('', callOptions(c.operation));
    shown = {
      ...(await render({ kind: 'dir', path: '', ...(real?.modTime === undefined ? {} : { modTime: real.modTime }) })),
      Size: -1,
    };
    if (!c.flags.bool('no-modtime') && real?.modTime === undefined)
      shown['ModTime'] = formatRfc3339(c.operation.platform.now(), 'local', 9);
  }
  await c.out.write(`${goJson(JSON.stringify(shown, undefined, '\t'))}\n`);
}

/** The missing directory of a store that knows directories is an error; a prefix of S3 may be empty. */
async function checkDirectory(c: CommandContext, backend: Backend): Promise<void> {
  if (backend.statDir) return;
  for await (const _entry of backend.list('', callOptions(c.operation))) return;
}

function known(info: ObjectInfo, want: Want): boolean {
  return want === 'modTime' || want === 'mimeType' || want === 'metadata'
    ? info[want] !== undefined
    : info.hashes[want] !== undefined;
}

function wants(c: CommandContext, backend: Backend): Want[] {
  const out: Want[] = [];
  if (!c.flags.bool('no-modtime')) out.push('modTime');
  if (!c.flags.bool('no-mimetype') && backend.features.readMimeType) out.push('mimeType');
  if (c.flags.bool('metadata')) out.push('metadata');
  return out;
}

type Render = (entry: Entry) => Promise<Record<string, unknown>>;

function renderer(c: CommandContext, backend: Backend): Render {
  const noTime = c.flags.bool('no-modtime');
  const noType = c.flags.bool('no-mimetype');
  const hashes = hashesAsked(c, backend);
  const encrypted = c.flags.bool('encrypted') ? encryptedNames(backend) : undefined;
  const depth = listingDepth(c.operation, c.flags.bool('recursive'));
  // With a depth, also 0, rclone reads by directory unless --fast-list is given.
  const deep = (depth < 0 || c.operation.settings.fastList) && depth !== 1 && readsAtOnce(c.operation, backend, depth);
  const started = c.operation.platform.now();
  const digits = backend.precision === 'none' ? 0 : backend.precision >= 1_000_000n ? 3 : 9;
  return async (entry) => {
    const isDir = entry.kind === 'dir';
    // A directory that shows only in the names of its objects: rclone gives it the time of the listing.
    const implied = isDir && entry.modTime === undefined && deep;
    const time = entry.modTime ?? (implied ? started : c.operation.settings.defaultTime);
    const mimeType = isDir ? 'inode/directory' : entry.mimeType;
    const hidden = encrypted?.(entry);
    const digests = isDir ? {} : await digestsOf(c, backend, entry, hashes);
    const size = isDir ? (entry.isBucket || implied ? -1 : (entry.size ?? 0)) : (entry.size ?? -1);
    return {
      Path: entry.path,
      Name: leafOf(entry.path),
      ...(hidden ? { EncryptedPath: hidden } : {}),
      ...(hidden === undefined ? {} : { Encrypted: leafOf(hidden) || '.' }),
      Size: size,
      ...(noType || !mimeType ? {} : { MimeType: mimeType }),
      ModTime: noTime ? '' : formatRfc3339(time, 'local', isDir && !backend.features.isLocal ? 9 : digits),
      IsDir: isDir,
      ...(Object.keys(digests).length === 0 ? {} : { Hashes: digests }),
      ...(!isDir && entry.tier ? { Tier: entry.tier } : {}),
      ...(isDir && entry.isBucket ? { IsBucket: true } : {}),
      ...(c.flags.bool('metadata') && entry.metadata ? { Metadata: sortedMetadata(entry) } : {}),
    };
  };
}

function hashesAsked(c: CommandContext, backend: Backend): readonly HashType[] {
  const named = c.flags.list('hash-type');
  if (named.length === 0) return c.flags.bool('hash') ? backend.hashes : [];
  return named.map((name) => {
    try {
      return parseHashType(name);
    } catch (e) {
      throw new TscloneError('other', messageOf(e), { retry: 'no', cause: e });
    }
  });
}

async function digestsOf(
  c: CommandContext,
  backend: Backend,
  info: ObjectInfo,
  types: readonly HashType[],
): Promise<Record<string, string>> {
  const out: Record<string, string> = {};
  for (const type of types.toSorted()) {
    try {
      const digest = await digestOf(c.operation, { backend, info }, { type, download: false });
      if (digest) out[type] = digest;
    } catch (e) {
      throwIfAborted(c.operation.signal);
      log(c.operation, 'error', info.path, `Failed to read hash: ${messageOf(e).replace(/^hash unsupported: /, '')}`);
    }
  }
  return out;
}
