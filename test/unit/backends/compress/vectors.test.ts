import { createHash } from 'node:crypto';
import * as zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { sizeToken, tokenSize } from '../../../../src/backends/compress/names.ts';
import { collect } from '../../../../src/core/bytes.ts';
import type { Backend, Entry } from '../../../../src/core/backend.ts';
import { listAll } from '../../../conformance/suite/trial.ts';
import { sourceBytes, textBytes, vectors, type Tree, type Underlying } from '../../../support/compress-vectors.ts';
import { obscured, put, sessionWith } from '../../../support/layered.ts';

const canZstd = 'zstdCompress' in zlib;
const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

test.each(vectors.sizeTokens)('writes and reads the token of $size', ({ size, token }) => {
  expect(sizeToken(BigInt(size))).toBe(token);
  expect(tokenSize(token)).toBe(BigInt(size));
});

test.each(vectors.sources)('makes the source $name', ({ name, size, md5: digest }) => {
  const bytes = sourceBytes(name);
  expect([bytes.length, md5(bytes)]).toEqual([size, digest]);
});

const options = (config: string): Record<string, string> =>
  Object.fromEntries(
    config
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' = ') as [string, string]),
  );

/** A compress remote over memory, and the objects below it. */
async function open(config: Record<string, string>): Promise<{ remote: Backend; below: Backend }> {
  const session = sessionWith({ mem: { type: 'memory' }, z: { type: 'compress', remote: 'mem:b', ...config } });
  const below = await session.open('mem:b');
  await below.mkdir('');
  return { remote: await session.open('z:'), below };
}

/** Objects whose bytes were not kept stand empty. */
async function fill(below: Backend, underlying: readonly Underlying[]): Promise<Set<string>> {
  const missing = new Set<string>();
  for (const { path, text, base64 } of underlying) {
    if (text === undefined && base64 === undefined) missing.add(path);
    await put(below, path, text ?? Buffer.from(base64 ?? '', 'base64'));
  }
  return missing;
}

const files = (entries: readonly Entry[]): string[] => entries.flatMap((e) => (e.kind === 'object' ? [e.path] : []));
const read = async (backend: Backend, path: string, start?: number, end?: number): Promise<Buffer> => {
  const range = start === undefined ? {} : { range: { start, ...(end === undefined ? {} : { end }) } };
  return Buffer.from(await collect((await backend.read(path, range)).body));
};

const written = vectors.trees.filter((t) => t.underlying !== undefined && t.copyExit === 0);

describe.each(written)('tree $name', (tree: Tree) => {
  const underlying = tree.underlying ?? [];

  test('reads what rclone wrote', async () => {
    const { remote, below } = await open(options(tree.config));
    const missing = await fill(below, underlying);
    const expected = (tree.lsjsonHash ?? []).filter((e) => !e.IsDir);
    expect(files(await listAll(remote, '', true)).sort()).toEqual(expected.map((e) => e.Path).sort());
    const sizes = new Map((await listAll(remote, '', true)).map((e) => [e.path, e.size]));
    let bodies = 0;
    for (const { Path, Size, MimeType, Hashes } of expected) {
      const stored = underlying.find((u) => u.path.startsWith(`${Path}.`) && !u.path.endsWith('.json'));
      if (!missing.has(stored?.path ?? '') || !stored?.path.endsWith('.bin')) expect(sizes.get(Path), Path).toBe(Size);
      const info = await remote.stat(Path);
      expect([info.size, info.mimeType, info.hashes.md5, await remote.hash?.(Path, 'md5')], Path).toEqual([
        Size,
        MimeType,
        Hashes?.md5,
        Hashes?.md5,
      ]);
      if (missing.has(stored?.path ?? '')) continue;
      bodies += 1;
      const bytes = sourceBytes(Path);
      expect((await read(remote, Path)).equals(bytes), Path).toBe(true);
      for (const [start, end] of [
        [1, 3],
        [Math.floor(Size / 2), Size],
        [Math.max(0, Size - 10), Size + 10],
        [1_048_570, 1_048_590],
      ] as const)
        expect((await read(remote, Path, start, end)).equals(bytes.subarray(start, end)), `${Path} ${start}`).toBe(
          true,
        );
      expect((await read(remote, Path, -7)).equals(bytes.subarray(-7)), `${Path} from the end`).toBe(true);
    }
    expect(bodies).toBe(expected.length - [...missing].filter((path) => !path.endsWith('.json')).length);
  });

  const writes = canZstd || !tree.config.includes('zstd');
  test.skipIf(!writes)('writes the same objects', async () => {
    const { remote, below } = await open(options(tree.config));
    const paths = (tree.lsjsonHash ?? []).flatMap((e) => (e.IsDir ? [] : [e.Path]));
    for (const path of paths) await put(remote, path, sourceBytes(path));
    expect(files(await listAll(below, '', true)).sort()).toEqual(underlying.map((u) => u.path).sort());
    for (const { path, text } of underlying) {
      if (text === undefined) continue;
      const ours = (await read(below, path)).toString();
      const [a, b] = [blocks(ours), blocks(text)];
      expect(ours.replace(blockData, ''), path).toBe(text.replace(blockData, ''));
      if (path.endsWith('.json') && a !== null && b !== null) {
        if (tree.config.includes('zstd')) expect([a[0], a.at(-1)]).toEqual([b[0], b.at(-1)]);
        else expect([a[0], a.length]).toEqual([b[0], b.length]);
      }
    }
    for (const path of paths) expect((await read(remote, path)).equals(sourceBytes(path)), path).toBe(true);
  });
});

const blockData = /"BlockData":\[[\d,]*\]/;
const blocks = (json: string): number[] | null =>
  (JSON.parse(/"BlockData":(\[[\d,]*\]|null)/.exec(json)?.[1] ?? 'null') as number[] | null) ?? null;

test.each(vectors.trees.filter((t) => t.copyExit === null))('refuses to write where rclone hangs: $name', async (t) => {
  const { remote, below } = await open(options(t.config));
  // Without a level this is the default one.
  if (t.name === 'zstd-nolevel' && canZstd) {
    await put(remote, 'f', sourceBytes('text1000.txt'));
    expect((await read(remote, 'f')).equals(sourceBytes('text1000.txt'))).toBe(true);
    return;
  }
  const reason = t.name === 'zstd-nolevel' ? 'no zstd compressor' : 'rclone never ends on it';
  await expect(put(remote, 'f', sourceBytes('text1000.txt'))).rejects.toThrow(reason);
  expect(await listAll(below, '', true)).toEqual([]);
});

test('refuses to write in another mode', async () => {
  const { remote } = await open({ mode: 'off' });
  await expect(put(remote, 'f', 'x')).rejects.toThrow('unsupported compression mode "off"');
});

describe.each(vectors.layered)('$name', (layered) => {
  const crypt = {
    type: 'crypt',
    password: obscured(vectors.cryptPassword),
    password2: obscured(vectors.cryptPassword2),
  };
  const gzip = { type: 'compress', level: '-1' };
  const [top, mid] = layered.name === 'crypt-over-compress' ? [crypt, gzip] : [gzip, crypt];

  test('reads what rclone wrote', async () => {
    const session = sessionWith({
      mem: { type: 'memory' },
      mid: { ...mid, remote: 'mem:b' },
      top: { ...top, remote: 'mid:' },
    });
    const below = await session.open('mem:b');
    await below.mkdir('');
    const missing = await fill(below, layered.underlying);
    const remote = await session.open('top:');
    const expected = layered.lsjson.filter((e) => !e.IsDir);
    expect(files(await listAll(remote, '', true)).sort()).toEqual(expected.map((e) => e.Path).sort());
    let bodies = 0;
    for (const { Path } of expected) {
      const bytes = sourceBytes(Path);
      try {
        expect((await read(remote, Path)).equals(bytes), Path).toBe(true);
        bodies += 1;
        expect((await read(remote, Path, 100, 400)).equals(bytes.subarray(100, 400)), Path).toBe(true);
      } catch (e) {
        // Big objects were not kept: what stands for them must not pass.
        if (missing.size === 0 || !/damaged|too short|corrupted/.test((e as Error).message)) throw e;
      }
    }
    expect(bodies).toBe(expected.length - missing.size);
  });
});

test('leaves the objects that rclone leaves, step by step', async () => {
  const { remote, below } = await open({ level: '-1' });
  const content: readonly Buffer[] = [
    textBytes(1, 1000),
    textBytes(2, 2000),
    sourceBytes('random1000.bin'),
    textBytes(3, 700),
    textBytes(4, 204_800),
  ];
  let uploads = 0;
  for (const { step, args, underlyingAfter } of vectors.operations) {
    const [command, ...paths] = args;
    const [from = '', to = ''] = paths.map((p) => p.replace('op:', ''));
    if (command === 'rcat') await put(remote, from, content[uploads++] as Buffer);
    if (command === 'deletefile') await remote.remove(from);
    if (command === 'copyto' || command === 'moveto')
      await remote.copy?.(remote, { kind: 'object', path: from, hashes: {} }, to);
    if (command === 'moveto') await remote.remove(from);
    if (step.startsWith('listing with stray')) {
      for (const name of ['stray.txt', 'stray.gz']) await put(below, name, 'x');
      await put(below, 'lost.AQAAAAAAAAA.gz', 'x');
    }
    if (step.includes('after its metadata was removed')) await below.remove('h.txt.json');
    if (command === 'cat') await expect(remote.read(from)).rejects.toMatchObject({ code: 'object_not_found' });
    expect(files(await listAll(below, '')).sort(), step).toEqual([...underlyingAfter].sort());
  }
  expect(files(await listAll(remote, '')).sort()).toEqual(['big.txt', 'h.txt', 'lost']);
});
