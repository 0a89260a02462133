import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collect } from '../../src/core/bytes.ts';
import { sampleBytes } from '../conformance/suite/trial.ts';
import { sessionWith } from '../support/layered.ts';
import { findPeer } from '../support/peers.ts';
import { run, tscloneBin, type RunResult } from '../support/run.ts';
import { startVersitygw, tempDir, type S3Server } from '../support/servers.ts';
import { configText, layers, type Layer } from './layers.ts';

const rclone = findPeer('rclone');
const node = 'zstdCompress' in zlib ? process.execPath : findPeer('node24');
const pairs = [
  ['tsclone', 'rclone'],
  ['rclone', 'tsclone'],
] as const;
type Program = (typeof pairs)[number][number];

/** What one program writes the other reads, through every layer, over local files and over S3. */
describe.skipIf(!rclone || !node || !findPeer('versitygw'))('layers in rclone and tsclone', () => {
  let dir: string;
  let server: S3Server;
  let removeDir: () => Promise<void>;
  let sections: Record<string, Readonly<Record<string, string>>>;

  const call = (program: Program, args: readonly string[], stdin?: Uint8Array): Promise<RunResult> => {
    const env = { RCLONE_CONFIG: join(dir, 'rclone.conf') };
    const o = { cwd: dir, env, ...(stdin ? { stdin } : {}) };
    return program === 'rclone' ? run(rclone as string, args, o) : run(node as string, [tscloneBin, ...args], o);
  };
  const ends = async (program: Program, args: readonly string[], stdin?: Uint8Array): Promise<RunResult> => {
    const done = await call(program, args, stdin);
    expect({ program, args, code: done.code, stderr: done.stderr }).toMatchObject({ code: 0 });
    return done;
  };

  beforeAll(async () => {
    const temp = await tempDir();
    dir = temp.path;
    removeDir = temp.remove;
    const started = await startVersitygw();
    if (!started) throw new Error('versitygw is missing');
    server = started;
    sections = {
      s3: {
        type: 's3',
        provider: 'Other',
        access_key_id: server.accessKeyId,
        secret_access_key: server.secretAccessKey,
        endpoint: server.endpoint,
      },
    };
    for (const { name, remotes } of layers)
      Object.assign(
        sections,
        remotes(`${name}-local`, join(dir, 'stores', name)),
        remotes(`${name}-s3`, `s3:bucket/${name}`),
      );
    await writeFile(join(dir, 'rclone.conf'), configText(sections));
    await makeSource(join(dir, 'src'));
    await ends('rclone', ['mkdir', 's3:bucket']);
  });
  afterAll(async () => {
    await server?.stop();
    await removeDir?.();
  });

  const places = layers.flatMap((layer) => ['local', 's3'].map((place) => [`${layer.name}-${place}`, layer] as const));

  describe.each(places)('%s', (remote, layer: Layer) => {
    test.each(pairs)('what %s writes %s reads', async (writer, reader) => {
      const tree = `${remote}:by-${writer}`;
      expect((await ends(writer, ['copy', 'src', tree])).stderr).toBe('');
      await ends(reader, ['check', '--download', 'src', tree]);
      if (layer.crypt) {
        const checked = await ends(reader, ['cryptcheck', 'src', tree]);
        expect(checked.stderr).not.toContain('could not be checked');
      }
      if (!layer.crypt) await ends(reader, ['check', 'src', tree]);
      const again = await ends(reader, ['copy', '-v', 'src', tree]);
      expect(again.stderr).toContain('There was nothing to transfer');
    });

    test('a stream of unknown size goes both ways, whole and in ranges', async () => {
      // Compressible, so that compress works; longer than its cache would need is a test of its own.
      const bytes = sampleBytes(7_000_000);
      bytes.fill('text that can be compressed. ', 0, 4_000_000);
      const ranges = [
        [0, 10],
        [65_530, 20],
        [1_048_570, 1_100_000],
        [6_999_990, 100],
      ] as const;
      for (const [writer, reader] of pairs) {
        const name = `${remote}:stream/${writer}.bin`;
        await ends(writer, ['rcat', name], bytes);
        expect((await ends(reader, ['cat', name])).stdout.equals(bytes), `${reader} reads ${writer}`).toBe(true);
        for (const [offset, count] of ranges) {
          const got =
            reader === 'rclone'
              ? (await ends(reader, ['cat', '--offset', `${offset}`, '--count', `${count}`, name])).stdout
              : await readRange(name, offset, offset + count);
          expect(got.equals(bytes.subarray(offset, offset + count)), `${reader} ${offset}+${count}`).toBe(true);
        }
      }
    });

    test.runIf(layer.thorough)('both list the same', async () => {
      for (const args of [
        ['lsl'],
        // Directories of a bucket have no time: rclone shows that of now for those below a layer.
        ['lsf', '-R', '--format', 'ps'],
        ['lsjson', '-R', '--no-modtime'],
        ['lsjson', '-R', '--hash', '--files-only'],
        ['size'],
      ]) {
        const [theirs, ours] = await Promise.all(
          (['rclone', 'tsclone'] as const).map((program) => ends(program, [...args, `${remote}:by-rclone`])),
        );
        expect(lines(ours), args.join(' ')).toEqual(lines(theirs));
      }
    });

    test.runIf(layer.thorough)('both move, delete and purge', async () => {
      for (const program of ['rclone', 'tsclone'] as const) {
        const root = `${remote}:changed-${program}`;
        for (const args of [
          ['copy', 'src', root],
          ['moveto', `${root}/a.txt`, `${root}/sub/moved.txt`],
          ['copyto', `${root}/b.json`, `${root}/copied.json`],
          ['deletefile', `${root}/sub/c d.txt`],
          ['touch', '-t', '2020-01-02T03:04:05', `${root}/b.json`],
          ['purge', `${root}/big`],
        ])
          expect((await ends(program, args)).stderr, args.join(' ')).toBe('');
        await ends(program, ['rcat', `${root}/copied.json`], Buffer.from('another size and content'));
      }
      const [theirs, ours] = await Promise.all(
        (['rclone', 'tsclone'] as const).map((program) =>
          ends('rclone', ['lsf', '-R', '--files-only', '--format', 'pst', `${remote}:changed-${program}`]),
        ),
      );
      const untimed = (r: RunResult | undefined): string[] =>
        lines(r).map((l) => l.replace(/^(copied.json;24;).*/, '$1'));
      expect(untimed(ours)).toEqual(untimed(theirs));
      expect(lines(ours)).toContain('b.json;7;2020-01-02 03:04:05');
    });
  });

  const sessions = new Map<string, ReturnType<typeof sessionWith>>();
  async function readRange(reference: string, start: number, end: number): Promise<Buffer> {
    const session = sessions.get('') ?? sessionWith(sections);
    sessions.set('', session);
    const [name = '', path = ''] = reference.split(':');
    const { body } = await (await session.open(`${name}:`)).read(path, { range: { start, end } });
    return Buffer.from(await collect(body));
  }
});

const lines = (r: RunResult | undefined): string[] =>
  (r?.stdout.toString() ?? '').replace(/,$/gm, '').split('\n').sort();

async function makeSource(dir: string): Promise<void> {
  const files: Record<string, string | Uint8Array> = {
    'a.txt': 'hello\n'.repeat(1000),
    'b.json': '{"b":1}',
    'empty.bin': '',
    'sub/c d.txt': 'space',
    'sub/deep/ünï-日本.txt': 'unicode '.repeat(100_000),
    'sub/deep/plus+&%=.txt': 'odd '.repeat(100),
    'big/noise': sampleBytes(6_300_000),
    'big/mebibyte': 'm'.repeat(1_048_576),
    'big/text': 'compressible '.repeat(500_000),
    'big/block': sampleBytes(65_536),
  };
  for (const [name, body] of Object.entries(files)) {
    await mkdir(join(dir, name, '..'), { recursive: true });
    await writeFile(join(dir, name), body);
  }
}
