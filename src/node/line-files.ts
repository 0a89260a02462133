import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { LineStore } from '../core/line-store.ts';

/** Where caches lie: `--cache-dir` comes in as its variable. */
export function cacheDir(env: Readonly<Record<string, string | undefined>>): string {
  const given = env['RCLONE_CACHE_DIR'];
  return given || join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'rclone');
}

/** Lines in one file per shard below a folder that is made with the first line. Several processes may use it at once. */
export function openLineFiles(folder: string): LineStore {
  const fileOf = (shard: string): string => join(folder, `${shard}.jsonl`);

  async function add(shard: string, text: string): Promise<void> {
    const file = fileOf(shard);
    for (;;) {
      const handle = await openToAppend(file, folder);
      try {
        // A line that a dying process left unfinished ends here.
        await handle.appendFile(`\n${text}\n`);
        const [mine, there] = [await handle.stat(), await stat(file).catch(ignoreMissing)];
        // Taken away by a compaction, which may have read the file before: the line goes to its successor too.
        if (there && mine.ino === there.ino && mine.dev === there.dev) return;
      } finally {
        await handle.close();
      }
    }
  }

  return {
    read: async (shard) => linesOf(await readFile(fileOf(shard), 'utf8').catch(ignoreMissing)),
    add,
    async compact(shard, fewer) {
      const old = `${fileOf(shard)}.${randomBytes(6).toString('hex')}.old`;
      const taken = await rename(fileOf(shard), old).then(() => true, ignoreMissing);
      if (!taken) return;
      // With those that a process which died in between has left.
      const olds = (await readdir(folder))
        .filter((name) => name.startsWith(`${shard}.jsonl.`))
        .map((n) => join(folder, n));
      const texts = await Promise.all(olds.map((name) => readFile(name, 'utf8').catch(ignoreMissing)));
      await add(shard, fewer(texts.flatMap(linesOf)).join('\n'));
      for (const name of olds) await unlink(name).catch(ignoreMissing);
    },
    async shards() {
      const names = (await readdir(folder).catch(ignoreMissing)) ?? [];
      return names.filter((name) => name.endsWith('.jsonl')).map((name) => name.slice(0, -'.jsonl'.length));
    },
    async clear() {
      const gone = `${folder}.${randomBytes(6).toString('hex')}.gone`;
      await rename(folder, gone).catch(ignoreMissing);
      await rm(gone, { recursive: true, force: true });
    },
  };
}

async function openToAppend(file: string, folder: string): ReturnType<typeof open> {
  try {
    return await open(file, 'a', 0o600);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'ENOENT') throw e;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return open(file, 'a', 0o600);
  }
}

const linesOf = (text: string | undefined): string[] => (text ?? '').split('\n').filter((line) => line !== '');

function ignoreMissing(e: unknown): undefined {
  if ((e as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  throw e;
}
