import type { CallOptions, HashType } from '../../core/backend.ts';
import { compareUtf8 } from '../../core/bytes.ts';
import { hasCode, messageOf, throwIfAborted, TscloneError } from '../../core/errors.ts';
import { hashTypes, hashWidth, parseHashType } from '../../core/hash-types.ts';
import { leafOf, parentOf } from '../../core/path.ts';
import { splitReference } from '../../core/remote.ts';
import { parseSums } from '../../core/sums.ts';
import { formatGoDuration } from '../../core/time.ts';
import { callOnly } from '../layer.ts';
import type { HasherRoot } from './backend.ts';
import { anyState, isBelow, type HashCache, type HashRecord } from './cache.ts';
import { fingerprintOf } from './fingerprint.ts';

/**
 * rclone's commands of the hasher backend: `dump` and `fulldump` answer lines, `drop` empties the cache, `import` and
 * `stickyimport` fill it from a file of sums.
 */
export async function runCommand(
  root: HasherRoot,
  name: string,
  args: readonly string[],
  options: Readonly<Record<string, string>>,
  o: CallOptions,
): Promise<unknown> {
  throwIfAborted(o.signal);
  const { cache } = root.c;
  const run = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!run)
    throw new TscloneError(
      'unsupported',
      `"${name}" is no command of hasher, which has ${Object.keys(commands).join(', ')}`,
      {
        retry: 'no',
      },
    );
  const [option] = Object.keys(options);
  if (option !== undefined)
    throw new TscloneError('usage', `command "${name}" of hasher has no option "${option}"`, { retry: 'no' });
  if (!cache)
    throw failed(name, 'database stopped: nothing is kept with max_age = 0. Set another max_age for this remote');
  return run(root, cache, args, o);
}

type Command = (root: HasherRoot, cache: HashCache, args: readonly string[], o: CallOptions) => Promise<unknown>;

const commands: Readonly<Record<string, Command>> = {
  drop: (_root, cache) => cache.clear(),
  dump: (root, cache) => dump(root, cache, false),
  fulldump: (root, cache) => dump(root, cache, true),
  import: (root, cache, args, o) => importSums('import', root, cache, args, o),
  stickyimport: (root, cache, args, o) => importSums('stickyimport', root, cache, args, o),
};

const failed = (name: string, why: string): TscloneError =>
  new TscloneError('other', `command "${name}" failed: ${why}`, { retry: 'no' });

/** One line for each record, in the form and order of rclone's: state, hashes, age, path. */
async function dump({ c, inner }: HasherRoot, cache: HashCache, full: boolean): Promise<string[]> {
  const found: [string, HashRecord][] = [];
  for await (const [path, record] of cache.all()) if (full || isBelow(path, inner.root)) found.push([path, record]);
  found.sort(([a], [b]) => compareUtf8(a, b));
  const types = hashTypes.filter((type) => c.keep.includes(type));
  const now = c.platform.now();
  return found.map(([path, { fingerprint, created, hashes }]) => {
    const inside = isBelow(path, inner.root);
    const state = !inside ? 'ext' : fingerprint === anyState ? 'stk' : 'ok';
    const sums = types.map((type) => `${type}:${(hashes[type] ?? '-').padEnd(hashWidth(type))}`).join(' ');
    const age = formatGoDuration(((now - created + 500_000_000n) / 1_000_000_000n) * 1_000_000_000n);
    const shown = full ? path : path.slice(inner.root === '' ? 0 : inner.root.length).replace(/^\//, '');
    return `${state.padEnd(3)} ${sums} ${age.padStart(9)} ${shown}`;
  });
}

async function importSums(
  name: 'import' | 'stickyimport',
  root: HasherRoot,
  cache: HashCache,
  args: readonly string[],
  o: CallOptions,
): Promise<undefined> {
  const { c, inner } = root;
  const [typeName, file] = args;
  if (typeName === undefined || file === undefined || args.length > 2)
    throw failed(name, 'please provide checksum type and path to sum file');
  let type: HashType;
  try {
    type = parseHashType(typeName);
  } catch (e) {
    throw failed(name, messageOf(e));
  }
  if (!c.keep.includes(type)) throw failed(name, `unsupported hash type: this remote keeps ${c.keep.join(', ')}`);

  const say = (level: 'info' | 'notice', message: string): void =>
    c.emit({ type: 'log', level, message, ...(level === 'notice' ? { subject: file } : {}) });
  const sums = await parseSums(await openFile(root, name, file, o), (warning) => say('notice', warning));
  const counts = { imported: 0, skipped: 0 };
  for (const [path, digest] of sums) {
    throwIfAborted(o.signal);
    const state = isDigest(type, digest) ? await stateOf(path) : 'wrong';
    if (state === 'wrong' || state === 'vanished') {
      counts.skipped += 1;
      if (state === 'wrong') say('notice', `${path}: ${JSON.stringify(digest)} is no ${type}; skipped`);
      else say('info', `Skip vanished object: ${path}`);
      continue;
    }
    await cache.put(root.keyOf(path), state, { [type]: digest });
    counts.imported += 1;
  }
  say('info', `Summary: ${counts.imported} imported, ${counts.skipped} skipped`);
  return undefined;

  async function stateOf(path: string): Promise<string> {
    if (name === 'stickyimport') return anyState;
    try {
      const info = await inner.stat(path, { ...callOnly(o), want: ['modTime'] });
      return (await fingerprintOf(inner, path, info, o)) ?? 'vanished';
    } catch (e) {
      if (hasCode(e, 'object_not_found', 'dir_not_found', 'is_directory', 'bad_path')) return 'vanished';
      throw e;
    }
  }
}

const isDigest = (type: HashType, text: string): boolean => text.length === hashWidth(type) && /^[0-9a-f]+$/.test(text);

/** The body of the file that a reference names, local or not. */
async function openFile({ c }: HasherRoot, name: string, reference: string, o: CallOptions) {
  const { parent, leaf } = splitReference(reference);
  try {
    const backend = await c.openRemote(reference);
    if (backend.features.isLocal)
      return (await backend.at(parentOf(backend.root) || '/').read(leafOf(backend.root), callOnly(o))).body;
    if (leaf === '') throw failed(name, `not a file: ${reference}`);
    return (await (await c.openRemote(parent)).read(leaf, callOnly(o))).body;
  } catch (e) {
    if (hasCode(e, 'object_not_found', 'is_directory', 'bad_path')) throw failed(name, `not a file: ${reference}`);
    throw e;
  }
}
