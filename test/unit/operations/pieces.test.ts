import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { agreeable } from '../../support/agreeable-s3.ts';
import { cli, type CliResult } from '../../support/cli.ts';
import { fault, startScriptedS3, type Answer, type Recorded, type ScriptedS3 } from '../../support/scripted-s3.ts';
import { tempDir } from '../../support/servers.ts';

const KiB = 1024;
const body = randomBytes(1000 * KiB + 3);
const etag = createHash('md5').update(body).digest('hex');
const flags = ['--multi-thread-cutoff', '512Ki', '--multi-thread-chunk-size', '128Ki'];

describe('large objects are read in pieces', () => {
  let server: ScriptedS3 | undefined;
  let dir: Awaited<ReturnType<typeof tempDir>>;
  let out: string;
  let n = 0;
  beforeAll(async () => (dir = await tempDir()));
  afterAll(() => dir.remove());
  beforeEach(() => (out = join(dir.path, String(n++))));
  afterEach(() => server?.stop());

  const copy = async (
    instead: (r: Recorded, n: number) => Answer | undefined | Promise<Answer | undefined>,
    more: readonly string[] = [],
    object: { body: Buffer; headers?: Readonly<Record<string, string>> } = { body },
  ): Promise<CliResult & { gets: Recorded[] }> => {
    server = await startScriptedS3(agreeable({ objects: { 'bucket/big': object }, instead }));
    const env = {
      RCLONE_CONFIG_S_TYPE: 's3',
      RCLONE_CONFIG_S_PROVIDER: 'Minio',
      RCLONE_CONFIG_S_ENDPOINT: server.endpoint,
      RCLONE_CONFIG_S_ACCESS_KEY_ID: 'AKTEST',
      RCLONE_CONFIG_S_SECRET_ACCESS_KEY: 'secret',
    };
    const args = ['copyto', 's:bucket/big', join(out, 'file'), '-v', '--low-level-retries', '2', '--retries', '1'];
    const done = await cli([...args, ...flags, ...more], { env });
    return { ...done, gets: server.of('GetObject') };
  };
  const left = (): Promise<string[]> => readdir(out).catch(() => []);
  const usual = (): undefined => undefined;

  test('four at a time, all of the same object, each byte in its place', async () => {
    let running = 0;
    let most = 0;
    let let4Go = (): void => {};
    const four = new Promise<void>((resolve) => (let4Go = resolve));
    const done = await copy(async (r) => {
      // The first answer tells what the others are to be of.
      if (r.operation !== 'GetObject' || r.headers['range']?.startsWith('bytes=0-')) return undefined;
      most = Math.max(most, ++running);
      if (running === 4) let4Go();
      await four;
      running -= 1;
      return undefined;
    });
    expect([done.code, most]).toEqual([0, 4]);
    expect((await readFile(join(out, 'file'))).equals(body)).toBe(true);
    expect(done.gets.map((r) => r.headers['range']).sort((a = '', b = '') => (a < b ? -1 : 1))).toEqual(
      Array.from(
        { length: 8 },
        (_, i) => `bytes=${i * 128 * KiB}-${Math.min((i + 1) * 128 * KiB, body.length) - 1}`,
      ).sort((a = '', b = '') => (a < b ? -1 : 1)),
    );
    expect(new Set(done.gets.map((r) => r.headers['if-match']))).toEqual(new Set([`"${etag}"`]));
    expect(done.stderr).toContain('Multi-thread Copied (new)');
    expect(await left()).toEqual(['file']);
  });

  test.each([
    ['--multi-thread-streams', '1'],
    ['--multi-thread-cutoff', '2Mi'],
    ['--multi-thread-cutoff', 'off'],
  ])('%s %s: one request', async (...more) => {
    const { code, gets, stderr } = await copy(usual, more);
    expect([code, gets.map((r) => r.headers['range'])]).toEqual([0, [undefined]]);
    expect(stderr).toContain(': Copied (new)');
  });

  test('a piece that is cut off is asked for again from where it ended, if the object is the same', async () => {
    const cut = new Set<string>();
    const { code, gets } = await copy((r) => {
      const range = r.headers['range'] ?? '';
      if (r.operation !== 'GetObject' || cut.has(range) || !range.startsWith(`bytes=${256 * KiB}-`)) return undefined;
      cut.add(range);
      const end = 384 * KiB;
      return {
        status: 206,
        headers: {
          etag: `"${etag}"`,
          'last-modified': 'Tue, 03 Nov 2026 10:00:00 GMT',
          'content-length': 128 * KiB,
          'content-range': `bytes ${256 * KiB}-${end - 1}/${body.length}`,
        },
        body: body.subarray(256 * KiB, end),
        cutAfter: 1000,
      };
    });
    expect(code).toBe(0);
    expect((await readFile(join(out, 'file'))).equals(body)).toBe(true);
    const again = gets.find((r) => r.headers['range'] === `bytes=${256 * KiB + 1000}-${384 * KiB - 1}`);
    expect(again?.headers['if-match']).toBe(`"${etag}"`);
  });

  test.each([
    ['refuses another object', (): Answer => fault(412, 'PreconditionFailed')],
    [
      'gives another object',
      (): Answer => ({
        status: 206,
        headers: {
          etag: '"other"',
          'content-range': `bytes ${256 * KiB}-${384 * KiB - 1}/${body.length}`,
          'content-length': 128 * KiB,
        },
        body: randomBytes(128 * KiB),
      }),
    ],
    ['fails', (): Answer => fault(403, 'AccessDenied')],
  ])('a service that %s in between: no file, nothing left', async (_what, answer) => {
    const { code, stderr } = await copy((r) =>
      r.operation === 'GetObject' && r.headers['range']?.startsWith(`bytes=${256 * KiB}-`) ? answer() : undefined,
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/changed while it was read|AccessDenied/);
    expect(await left()).toEqual([]);
  });

  test('bytes that are not those of the object are found out', async () => {
    const { code, stderr } = await copy((r) => {
      if (r.operation !== 'GetObject' || !r.headers['range']?.startsWith(`bytes=${512 * KiB}-`)) return undefined;
      const wrong = Buffer.from(body.subarray(512 * KiB, 640 * KiB));
      wrong[77] = (wrong[77] ?? 0) ^ 1;
      return {
        status: 206,
        headers: {
          etag: `"${etag}"`,
          'content-range': `bytes ${512 * KiB}-${640 * KiB - 1}/${body.length}`,
          'content-length': wrong.length,
        },
        body: wrong,
      };
    });
    expect([code, stderr]).toEqual([1, expect.stringContaining('md5 hashes differ')]);
    expect(await left()).toEqual([]);
  });

  test('where ranges or what holds them together are missing, it is one stream', async () => {
    const ignoring = await copy((r) =>
      r.operation === 'GetObject' ? { headers: { etag: `"${etag}"`, 'content-length': body.length }, body } : undefined,
    );
    expect([ignoring.code, ignoring.gets.at(-1)?.headers['range']]).toEqual([0, undefined]);
    expect((await readFile(join(out, 'file'))).equals(body)).toBe(true);
  });

  test.each([['--multi-thread-chunk-size', '0']])('%s %s is refused', async (...more) => {
    const { code, stderr } = await cli(['copy', out, out, ...more]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('more than 0')]);
  });

  test('--inplace writes under the name, and leaves nothing that is not whole', async () => {
    expect((await copy(usual, ['--inplace'])).code).toBe(0);
    expect((await readFile(join(out, 'file'))).equals(body)).toBe(true);
    const { code } = await copy(
      (r) =>
        r.headers['range']?.startsWith('bytes=0-')
          ? undefined
          : r.operation === 'GetObject'
            ? fault(403, 'AccessDenied')
            : undefined,
      ['--inplace', '--ignore-times'],
    );
    expect([code, await left()]).toEqual([1, []]);
  });
});
