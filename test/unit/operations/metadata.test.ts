import { chmod, mkdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createMemoryBackend } from '../../../src/backends/memory/backend.ts';
import type { Backend } from '../../../src/core/backend.ts';
import { createMetadataMapper } from '../../../src/node/metadata-mapper.ts';
import { nodePlatform } from '../../../src/node/platform.ts';
import { systemMetadata, type MappedItem } from '../../../src/operations/metadata.ts';
import { syncDirectories } from '../../../src/operations/sync/sync.ts';
import { openFiles } from '../../support/local.ts';
import { contextFor } from '../../support/operations.ts';
import { tempDir } from '../../support/servers.ts';

const platform = nodePlatform({});
let dir: Awaited<ReturnType<typeof tempDir>>;
let n = 0;
let root = '';

beforeAll(async () => {
  dir = await tempDir();
});
afterAll(() => dir.remove());
beforeEach(async () => {
  root = join(dir.path, String(n++));
  await mkdir(join(root, 'src/sub'), { recursive: true });
  await writeFile(join(root, 'src/sub/f'), 'text');
  await chmod(join(root, 'src/sub/f'), 0o4711);
  await utimes(join(root, 'src/sub/f'), 1_000_000_000, 1_100_000_000);
  await chmod(join(root, 'src/sub'), 0o701);
});

const files = (name: string, given: Record<string, string> = {}): Backend => openFiles(join(root, name), given);

async function copy(src: Backend, dst: Backend, o: Parameters<typeof contextFor>[0], more = {}): Promise<void> {
  const { c } = contextFor({ metadata: true, ...o }, more);
  const open = async (): Promise<Backend> => dst;
  await syncDirectories(c, src, dst, { mode: 'copy', createEmptySrcDirs: false, deleteEmptySrcDirs: false, open });
}

describe('--metadata', () => {
  test('gives files and directories the mode and the times of the source', async () => {
    await copy(files('src'), files('dst'), {});
    const s = await stat(join(root, 'dst/sub/f'));
    expect((s.mode & 0o7777).toString(8)).toBe('711');
    expect([s.atimeMs, s.mtimeMs]).toEqual([1e12, 1.1e12]);
    expect(((await stat(join(root, 'dst/sub'))).mode & 0o7777).toString(8)).toBe('701');
  });

  test('without it modes are left alone', async () => {
    await copy(files('src'), files('dst'), { metadata: false });
    expect((await stat(join(root, 'dst/sub/f'))).mode & 0o111).toBe(0);
  });

  test('special bits are restored when the remote says so', async () => {
    await copy(files('src'), files('dst', { metadata_restore_special_bits: 'true' }), {});
    expect(((await stat(join(root, 'dst/sub/f'))).mode & 0o7777).toString(8)).toBe('4711');
  });

  test('the mode of a file travels through a store and back', async () => {
    const bucket = createMemoryBackend('memory', platform).at('bucket');
    await copy(files('src'), bucket, {});
    await copy(bucket, files('back'), {});
    const s = await stat(join(root, 'back/sub/f'));
    expect([(s.mode & 0o7777).toString(8), s.atimeMs]).toEqual(['711', 1e12]);
  });

  test('the mapper sees what is set and has the last word', async () => {
    const seen: MappedItem[] = [];
    const mapMetadata = async (item: MappedItem) => (seen.push(item), { mode: '600' });
    await copy(files('src'), files('dst'), { metadataSet: { mode: '640' } }, { mapMetadata });
    expect(seen.map(({ Remote, IsDir, Metadata }) => [Remote, IsDir, Metadata['mode']])).toEqual([
      ['sub/f', false, '640'],
      ['sub', true, '640'],
    ]);
    expect((await stat(join(root, 'dst/sub/f'))).mode & 0o777).toBe(0o600);
  });
});

describe('a mapper program', () => {
  const item = { Remote: 'x', Metadata: { a: 'b' } } as unknown as MappedItem;
  const run = (script: string) => createMetadataMapper(['sh', '-c', script])(item, undefined);

  test('answers the metadata', async () => {
    expect(await run('cat')).toEqual({ a: 'b' });
    expect(await run('echo "{}"')).toEqual({});
  });

  test.each([
    ['echo broken >&2; exit 3', /failed on sh: "broken": exit status 3/],
    ['kill -9 $$', /signal: SIGKILL/],
    ['echo nonsense', /failed to read output: "nonsense\\n"/],
    ['echo "[]"', /no JSON object/],
    ['echo \'{"Metadata":{"a":1}}\'', /the value of "a" in its Metadata is no text/],
  ])('that fails is an error: %s', async (script, message) => {
    await expect(run(script)).rejects.toThrow(message);
  });

  test('that does not exist is an error', async () => {
    await expect(createMetadataMapper(['/nonexistent'])(item, undefined)).rejects.toThrow(/failed on \/nonexistent/);
  });

  test('ends with the command', async () => {
    const stop = new AbortController();
    const running = createMetadataMapper(['sh', '-c', 'cat; sleep 100'])(item, stop.signal);
    stop.abort();
    await expect(running).rejects.toThrow();
  });
});

test('what an object says of itself stands above what is worked out', () => {
  const metadata = { mode: '100644', 'content-type': 'x/y', tier: 'STANDARD' };
  expect(systemMetadata({ kind: 'object', path: 'a', hashes: {}, mimeType: 'text/plain', metadata })).toEqual(metadata);
});
