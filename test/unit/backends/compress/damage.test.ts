import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Backend } from '../../../../src/core/backend.ts';
import { collect } from '../../../../src/core/bytes.ts';
import { isTscloneError, TscloneError } from '../../../../src/core/errors.ts';
import { sourceBytes, vectors } from '../../../support/compress-vectors.ts';
import { chunks, put, sessionWith } from '../../../support/layered.ts';

/*
 * What is damaged gives an error or the right bytes. The one exception is in the format: a range of a gzip file has no
 * checksum, so there only the structure is checked.
 */
const path = 'lines-1048577';
const text = sourceBytes(path);

interface Stored {
  readonly remote: Backend;
  readonly below: Backend;
  readonly name: string;
  readonly bytes: Buffer;
  readonly json: string;
}

/** A file of two blocks that rclone wrote. */
async function open(mode: 'gzip' | 'zstd'): Promise<Stored> {
  const tree = vectors.trees.find((t) => t.name === (mode === 'gzip' ? 'gzip-default' : 'zstd-2'));
  const of = (pick: (p: string) => boolean) => tree?.underlying?.find((u) => pick(u.path));
  const data = of((p) => p.startsWith(`${path}.A`));
  const json = of((p) => p === `${path}.json`)?.text ?? '';
  const name = data?.path ?? '';
  const bytes = Buffer.from(data?.base64 ?? '', 'base64');
  const session = sessionWith({ mem: { type: 'memory' }, z: { type: 'compress', mode, remote: 'mem:b' } });
  const below = await session.open('mem:b');
  await below.mkdir('');
  await put(below, name, bytes);
  await put(below, `${path}.json`, json);
  return { remote: await session.open('z:'), below, name, bytes, json };
}

/** The bytes, or undefined after an error of ours; any other error fails the test. */
async function attempt(remote: Backend, range?: { start: number; end: number }): Promise<Buffer | undefined> {
  try {
    return Buffer.from(await collect((await remote.read(path, range ? { range } : {})).body));
  } catch (e) {
    if (!isTscloneError(e)) throw e;
    expect(['corrupted', 'object_not_found', 'unsupported']).toContain(e.code);
    return undefined;
  }
}

const ranges = [
  { start: 5, end: 9 },
  { start: 524_288, end: 1_048_577 },
  { start: 1_048_570, end: 1_048_577 },
];

describe.each(['gzip', 'zstd'] as const)('%s', (mode) => {
  test('undamaged', async () => {
    const { remote } = await open(mode);
    expect((await attempt(remote))?.equals(text)).toBe(true);
    for (const range of ranges)
      expect((await attempt(remote, range))?.equals(text.subarray(range.start, range.end))).toBe(true);
  });

  test('a flipped bit anywhere', async () => {
    const { remote, below, name, bytes } = await open(mode);
    const places = [
      ...Array.from({ length: 24 }, (_, i) => i),
      ...Array.from({ length: 30 }, (_, i) => Math.floor((i * bytes.length) / 30)),
      // gzip: the last piece and the trailer; zstd: the last frame, the seek table, its footer.
      ...Array.from({ length: 48 }, (_, i) => bytes.length - 1 - i),
    ];
    let errors = 0;
    for (const at of places) {
      const wrong = Buffer.from(bytes);
      wrong[at] = (wrong[at] as number) ^ (1 << (at % 8));
      await put(below, name, wrong);
      const whole = await attempt(remote);
      if (whole === undefined) errors += 1;
      else expect(whole.equals(text), `byte ${at}, whole`).toBe(true);
      for (const range of ranges) {
        const part = await attempt(remote, range);
        if (part === undefined) continue;
        expect(part.length, `byte ${at}`).toBe(range.end - range.start);
        if (mode === 'zstd')
          expect(part.equals(text.subarray(range.start, range.end)), `byte ${at}, ${range.start}`).toBe(true);
      }
    }
    expect(errors).toBeGreaterThan(places.length / 3);
  });

  test('cut off anywhere', async () => {
    const { remote, below, name, bytes } = await open(mode);
    for (const length of [
      0,
      1,
      4,
      9,
      10,
      18,
      100,
      bytes.length >> 1,
      ...[40, 21, 17, 9, 8, 7, 4, 1].map((n) => bytes.length - n),
    ]) {
      await put(below, name, bytes.subarray(0, length));
      const whole = await attempt(remote);
      // A seek table that is missing does not harm the whole.
      if (mode === 'gzip' || length < bytes.length - 1000) expect(whole, `${length} bytes`).toBeUndefined();
      else if (whole) expect(whole.equals(text), `${length} bytes`).toBe(true);
      for (const range of ranges) expect(await attempt(remote, range), `${length} bytes`).toBeUndefined();
    }
  });

  test('something behind the end', async () => {
    const { remote, below, name, bytes } = await open(mode);
    await put(below, name, Buffer.concat([bytes, Buffer.from('more')]));
    expect(await attempt(remote)).toBeUndefined();
    for (const range of ranges) expect(await attempt(remote, range)).toBeUndefined();
  });

  test('the data of another file', async () => {
    const { remote, below, name, bytes } = await open(mode);
    const other = await open(mode === 'gzip' ? 'zstd' : 'gzip');
    await put(below, name, other.bytes);
    expect(await attempt(remote)).toBeUndefined();
    for (const range of ranges) expect(await attempt(remote, range)).toBeUndefined();
    // Same size and right in itself, but not what the metadata tell of.
    await put(below, name, bytes);
    await put(below, `${path}.json`, (await open(mode)).json.replace(/"MD5":"../, '"MD5":"00'));
    expect(await attempt(remote)).toBeUndefined();
  });

  test('any change of the metadata', async () => {
    const { remote, below, json } = await open(mode);
    const value = fc.oneof(
      fc.nat(),
      fc.nat(2_000_000),
      fc.constantFrom(0, -1, 2, 4, 10, 2 ** 31, 2 ** 53, null, '', 'x', 0.5),
    );
    const change = fc.oneof(
      fc.tuple(fc.constantFrom('Mode', 'Size', 'MD5', 'CompressionMetadataGzip', 'CompressionMetadataZstd'), value),
      fc.tuple(fc.constantFrom('BlockSize', 'inner Size', 'BlockData', '0', '1', '2', '3'), value),
      fc.tuple(fc.constant('BlockData'), fc.array(fc.nat(90_000), { maxLength: 5 })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const m = JSON.parse(json) as Record<string, Record<string, unknown> | null>;
        for (const [key, to] of changes) {
          const inner = m['CompressionMetadataGzip'] ?? m['CompressionMetadataZstd'];
          if (Object.hasOwn(m, key)) m[key] = to as never;
          else if (!inner || typeof inner !== 'object') continue;
          else if (/^\d$/.test(key) && Array.isArray(inner['BlockData'])) inner['BlockData'][Number(key)] = to;
          else inner[key.replace('inner ', '')] = to;
        }
        await put(below, `${path}.json`, JSON.stringify(m));
        const whole = await attempt(remote);
        if (whole) expect(whole.equals(text)).toBe(true);
        for (const range of ranges) {
          const part = await attempt(remote, range);
          if (part) expect(part.equals(text.subarray(range.start, range.end))).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('random bytes as data, as metadata', async () => {
    const { remote, below, name, json } = await open(mode);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), fc.boolean(), async (bytes, asData) => {
        await put(below, name, bytes);
        await put(below, `${path}.json`, asData ? json : bytes);
        expect(await attempt(remote)).toBeUndefined();
        expect(await attempt(remote, ranges[0])).toBeUndefined();
      }),
    );
  });
});

test('stored files are checked too', async () => {
  const { remote, below } = await open('gzip');
  const noise = sourceBytes('random5000');
  await put(remote, 'n', noise);
  const wrong = Buffer.from(noise);
  wrong[100] = (wrong[100] as number) ^ 1;
  await put(below, 'n.bin', wrong);
  await expect(collect((await remote.read('n')).body)).rejects.toThrow('its MD5 is not the one in its metadata');
  await put(below, 'n.bin', noise.subarray(1));
  await expect(remote.read('n')).rejects.toThrow('it has 4999 bytes where its metadata says 5000');
  await expect(remote.read('n', { range: { start: 0, end: 3 } })).rejects.toBeInstanceOf(TscloneError);
});

test('a zstd frame that would fill the memory is refused', async () => {
  const { remote, below, name, json } = await open('zstd');
  // Every block repeats one byte 131072 times.
  const block = Buffer.from([...[(131_072 << 3) | 2].flatMap((n) => [n & 255, (n >> 8) & 255, n >> 16]), 0x41]);
  const bomb = Buffer.concat([Buffer.from('28b52ffd0050', 'hex'), ...Array.from({ length: 20_000 }, () => block)]);
  await put(below, name, bomb);
  await put(below, `${path}.json`, json);
  await expect(collect((await remote.read(path)).body)).rejects.toThrow('holds more than 32 MiB');
  const window = Buffer.from('28b52ffd00f8', 'hex');
  await put(below, name, Buffer.concat([window, block]));
  await expect(collect((await remote.read(path)).body)).rejects.toThrow('holds more than 32 MiB');
});

test('a source that is wrong itself leaves nothing', async () => {
  const { remote, below } = await open('gzip');
  for (const [size, given] of [
    [10, 11],
    [11, 10],
    [3_000_000, 2_999_999],
    [3_000_000, 3_000_001],
  ] as const) {
    const bytes = Buffer.alloc(given, 'text ');
    await expect(remote.write('x', chunks(bytes), { size })).rejects.toThrow('were announced');
  }
  const names: string[] = [];
  for await (const entry of below.list('')) names.push(entry.path);
  expect(names.filter((n) => n.startsWith('x'))).toEqual([]);
});
