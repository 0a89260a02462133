import { spawn } from 'node:child_process';
import { appendFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HashCache } from '../../../../src/backends/hasher/cache.ts';
import { openLineMemory, type LineStore } from '../../../../src/core/line-store.ts';
import { openLineFiles } from '../../../../src/node/line-files.ts';
import { nodePlatform } from '../../../../src/node/platform.ts';

const platform = nodePlatform({});
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tsclone-hasher-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const stores: readonly (readonly [string, () => LineStore])[] = [
  ['in memory', openLineMemory],
  ['in files', () => openLineFiles(join(folder, 'kv', 'x.d'))],
];

describe.each(stores)('checksums %s', (_where, open) => {
  const fresh = (): HashCache => new HashCache(open(), platform);

  test('are there until they are removed', async () => {
    const cache = fresh();
    expect(await cache.get('a/b')).toBeUndefined();
    await cache.put('a/b', 'state', { md5: '1' });
    expect(await cache.get('a/b')).toMatchObject({ fingerprint: 'state', hashes: { md5: '1' } });
    await cache.remove('a/b');
    expect(await cache.get('a/b')).toBeUndefined();
    await cache.put('a/b', 'state', { sha1: '2' });
    expect((await cache.get('a/b'))?.hashes).toEqual({ sha1: '2' });
  });

  test('of one state add up, those of another state go', async () => {
    const cache = fresh();
    await cache.put('a', 'one', { md5: '1' });
    await cache.put('a', 'one', { sha1: '2' });
    expect((await cache.get('a'))?.hashes).toEqual({ md5: '1', sha1: '2' });
    await cache.put('a', 'two', { sha256: '3' });
    expect(await cache.get('a')).toMatchObject({ fingerprint: 'two', hashes: { sha256: '3' } });
    expect((await cache.get('a'))?.hashes).toEqual({ sha256: '3' });
  });

  test('move with their directory, and go with it', async () => {
    const cache = fresh();
    for (const path of ['d/a', 'd/sub/b', 'dx/c', 'd']) await cache.put(path, 's', { md5: path });
    await cache.moveBelow('d', 'e/f');
    const paths = async (): Promise<string[]> => {
      const found = [];
      for await (const [path] of cache.all()) found.push(path);
      return found.sort();
    };
    expect(await paths()).toEqual(['d', 'dx/c', 'e/f/a', 'e/f/sub/b']);
    expect((await cache.get('e/f/sub/b'))?.hashes).toEqual({ md5: 'd/sub/b' });
    await cache.moveBelow('e', '');
    expect(await paths()).toEqual(['d', 'dx/c']);
    await cache.clear();
    expect(await paths()).toEqual([]);
    await cache.put('new', 's', { md5: '1' });
    expect(await paths()).toEqual(['new']);
  });

  test('behave as a map would, whatever is done in which order', async () => {
    const path = fc.constantFrom('a', 'b/ü', 'c\n"', '/d');
    const action = fc.oneof(
      fc.tuple(
        fc.constant('put' as const),
        path,
        fc.constantFrom('s1', 's2'),
        fc.constantFrom('md5', 'sha1'),
        fc.string(),
      ),
      fc.tuple(fc.constant('remove' as const), path),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 12 }), async (actions) => {
        const cache = fresh();
        await cache.clear();
        const model = new Map<string, { state: string; hashes: Record<string, string> }>();
        for (const a of actions) {
          if (a[0] === 'remove') {
            await cache.remove(a[1]);
            model.delete(a[1]);
          } else {
            const [, p, state, type, digest] = a;
            await cache.put(p, state, { [type]: digest });
            const before = model.get(p);
            model.set(p, { state, hashes: { ...(before?.state === state ? before.hashes : {}), [type]: digest } });
          }
        }
        for (const p of ['a', 'b/ü', 'c\n"', '/d']) {
          const record = await cache.get(p);
          expect(record && { state: record.fingerprint, hashes: record.hashes }).toEqual(model.get(p));
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('files of lines', () => {
  const shard = 'abc';

  test('do not grow for ever', async () => {
    const cache = new HashCache(openLineFiles(folder), platform);
    for (let i = 0; i < 300; i++) await cache.put('same', `state ${i}`, { md5: String(i) });
    const lines = openLineFiles(folder);
    const [only] = await lines.shards();
    expect((await lines.read(only as string)).length).toBeLessThan(80);
    expect((await cache.get('same'))?.hashes).toEqual({ md5: '299' });
  });

  test('survive what a dying process left unfinished', async () => {
    const cache = new HashCache(openLineFiles(folder), platform);
    await cache.put('a', 's', { md5: '1' });
    const [name] = await readdir(folder);
    await appendFile(join(folder, name as string), '{"k":"a","t":"99');
    await cache.put('a', 's', { sha1: '2' });
    expect((await cache.get('a'))?.hashes).toEqual({ md5: '1', sha1: '2' });
    await appendFile(join(folder, name as string), '\nnull\n[]\n{"k":5}\n{"k":"a","t":"x"}\n');
    expect((await cache.get('a'))?.hashes).toEqual({ md5: '1', sha1: '2' });
  });

  test('take up a compaction that was broken off', async () => {
    const lines = openLineFiles(folder);
    await lines.add(shard, 'one');
    await writeFile(join(folder, `${shard}.jsonl.0123456789ab.old`), '\nleft over\n');
    await lines.compact(shard, (all) => all);
    expect([...(await lines.read(shard))].sort()).toEqual(['left over', 'one']);
    expect(await readdir(folder)).toEqual([`${shard}.jsonl`]);
  });

  test('keep every line of several processes that add and compact at once', async () => {
    const count = 150;
    const script = join(folder, 'add.mjs');
    const source = join(folder, 'line-files.mjs');
    const entry = fileURLToPath(new URL('../../../../src/node/line-files.ts', import.meta.url));
    await build({ entryPoints: [entry], outfile: source, bundle: true, platform: 'node', format: 'esm' });
    // Each process compacts as often as it adds; a compaction must not swallow a line of another one.
    await writeFile(
      script,
      `import { openLineFiles } from ${JSON.stringify(source)};
       const lines = openLineFiles(${JSON.stringify(join(folder, 'kv'))});
       for (let i = 0; i < ${count}; i++) {
         await lines.add('s', process.argv[2] + ' ' + i);
         if (i % 3 === 0) await lines.compact('s', (all) => [...new Set(all)]);
       }`,
    );
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all(names.map((name) => runScript(script, name)));
    const found = new Set(await openLineFiles(join(folder, 'kv')).read('s'));
    const missing = names
      .flatMap((n) => Array.from({ length: count }, (_, i) => `${n} ${i}`))
      .filter((l) => !found.has(l));
    expect(missing).toEqual([]);
  });
});

function runScript(script: string, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, name], { stdio: ['ignore', 'ignore', 'inherit'] });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${name} ended with ${code}`))));
  });
}
