import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cliBytes } from '../support/cli.ts';
import { findPeer } from '../support/peers.ts';
import { run, tsclone } from '../support/run.ts';
import { startVersitygw, tempDir, type S3Server } from '../support/servers.ts';

/*
 * What rclone's chunker writes tsclone reads and the other way round, and what lies in the wrapped remote is the same to
 * the byte, but for the random part of names and metadata of uploads that are not renamed.
 */

const rclone = findPeer('rclone');
const hasServer = findPeer('versitygw') !== undefined;

const modes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  usual: {},
  sha1: { hash_type: 'sha1' },
  md5all: { hash_type: 'md5all' },
  sha1all: { hash_type: 'sha1all', fail_hard: 'true' },
  md5quick: { hash_type: 'md5quick' },
  sha1quick: { hash_type: 'sha1quick' },
  nohash: { hash_type: 'none', transactions: 'rename' },
  nometa: { hash_type: 'none', meta_format: 'none' },
  norename: { transactions: 'norename' },
  auto: { transactions: 'auto', start_from: '0' },
  names: { name_format: '*.part##-x', start_from: '7', transactions: 'norename', hash_type: 'sha1all' },
};
/** Listings, times, ranges, copies and moves as well. */
const thorough = [
  'usual on local',
  'usual on s3',
  'nometa on local',
  'nometa on s3',
  'norename on s3',
  'md5all on local',
];

interface Done {
  readonly code: number | null;
  readonly bytes: Buffer;
  readonly stderr: string;
}

const bytesOf = (length: number, seed: number): Buffer =>
  Buffer.from(new Uint8Array(length).map((_, i) => (i * seed + (i >> 8)) & 0xff));
const files: Readonly<Record<string, Buffer>> = {
  empty: bytesOf(0, 1),
  short: bytesOf(10, 3),
  'one chunk': bytesOf(1000, 5),
  'one more.bin': bytesOf(1001, 7),
  'sub/ünï/three.bin': bytesOf(2500, 11),
  'sub/five': bytesOf(5000, 13),
  'sub/look-alike': Buffer.from('{"ver":1,"size":5,"nchunks":1,"md5":""}'),
};
/** The same names with other content: longer, shorter, one of the same length, one gone. */
const changed: Readonly<Record<string, Buffer>> = {
  empty: bytesOf(2001, 17),
  short: bytesOf(11, 19),
  'one chunk': bytesOf(3000, 23),
  'one more.bin': bytesOf(999, 29),
  'sub/ünï/three.bin': bytesOf(2500, 31),
  'sub/five': bytesOf(1500, 37),
};

async function makeTree(dir: string, tree: Readonly<Record<string, Buffer>>, second: number): Promise<void> {
  for (const [name, content] of Object.entries(tree)) {
    const file = join(dir, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
    await utimes(file, second, second++ + 0.5);
  }
}

/** Names, times and contents, without what is random. */
async function treeOf(dir: string): Promise<Record<string, string>> {
  const out: Record<string, string> = {};
  for (const e of await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (!e.isFile()) continue;
    const file = join(e.parentPath, e.name);
    const content = (await readFile(file)).toString('latin1').replace(/"txn":"[0-9a-z]{4,9}"/, '"txn":"…"');
    const { mtimeNs } = await stat(file, { bigint: true });
    out[file.slice(dir.length + 1).replace(/_[0-9a-z]{4,9}$/, '_…')] = `${mtimeNs} ${content}`;
  }
  return out;
}

describe.skipIf(rclone === undefined || !hasServer)('chunker of rclone and tsclone', () => {
  let server: S3Server;
  let dir: Awaited<ReturnType<typeof tempDir>>;
  const at = (name: string): string => join(dir.path, name);
  const env = (): Record<string, string> => ({ RCLONE_CONFIG: at('rclone.conf') });
  const theirs = async (...args: string[]): Promise<Done> => {
    const { stdout: bytes, ...done } = await run(rclone as string, args, { cwd: dir.path, env: env() });
    return { ...done, bytes };
  };
  const ours = (...args: string[]): Promise<Done> => cliBytes(args, { env: env() });
  const both = [
    ['rclone', theirs, ours],
    ['tsclone', ours, theirs],
  ] as const;

  beforeAll(async () => {
    server = (await startVersitygw()) as S3Server;
    dir = await tempDir();
    const { endpoint, accessKeyId, secretAccessKey } = server;
    const sections: Record<string, Record<string, string>> = {
      s3: {
        type: 's3',
        provider: 'Other',
        endpoint,
        access_key_id: accessKeyId,
        secret_access_key: secretAccessKey,
      },
    };
    for (const [name, given] of Object.entries(modes)) {
      for (const writer of ['rclone', 'tsclone']) {
        const chunker = { type: 'chunker', chunk_size: '1000B', ...given };
        sections[`local-${name}-${writer}`] = { ...chunker, remote: at(`base-${name}-${writer}`) };
        sections[`s3-${name}-${writer}`] = { ...chunker, remote: `s3:bucket/${name}-${writer}` };
      }
    }
    const lines = Object.entries(sections).map(
      ([name, o]) =>
        `[${name}]\n${Object.entries(o)
          .map(([k, v]) => `${k} = ${v}\n`)
          .join('')}`,
    );
    await writeFile(at('rclone.conf'), lines.join('\n'));
    await makeTree(at('t'), files, 1_600_000_000);
    await makeTree(at('changed'), changed, 1_650_000_000);
    await theirs('mkdir', 's3:bucket');
  });
  afterAll(async () => {
    await server?.stop();
    await dir?.remove();
  });

  /** What lies below the chunker. */
  async function stored(store: string, mode: string, writer: string): Promise<Record<string, string>> {
    if (store === 'local') return treeOf(at(`base-${mode}-${writer}`));
    const copy = at('fetched');
    await rm(copy, { recursive: true, force: true });
    const done = await theirs('copy', `s3:bucket/${mode}-${writer}`, copy);
    expect(done.stderr).toBe('');
    return treeOf(copy);
  }
  const clean = (done: Done): void => {
    const said = done.stderr.replace(/^.*No common hash found.*$/gm, '');
    expect(said).not.toMatch(/ERROR|CRITICAL/);
    expect(done.code, said).toBe(0);
  };
  const listingOf = async (program: typeof ours, remote: string): Promise<unknown[]> => {
    const done = await program('lsjson', '-R', '--files-only', remote);
    clean(done);
    const rows = JSON.parse(done.bytes.toString()) as { Path: string }[];
    return rows.sort((a, b) => (a.Path < b.Path ? -1 : 1));
  };

  describe.each(Object.keys(modes))('%s', (mode) => {
    test.each(['local', 's3'])('over %s', async (store) => {
      const all = thorough.includes(`${mode} on ${store}`);
      for (const [writer, write, read] of both) {
        const remote = `${store}-${mode}-${writer}:`;
        clean(await write('copy', at('t'), remote));
        clean(await read('check', at('t'), remote, '--download'));
        if (!all) continue;
        clean(await theirs('check', at('t'), remote));
        expect(await listingOf(ours, remote)).toEqual(await listingOf(theirs, remote));
        await rm(at('back'), { recursive: true, force: true });
        clean(await read('copy', remote, at('back')));
        expect(await treeOf(at('back'))).toEqual(await treeOf(at('t')));
      }
      const first = await stored(store, mode, 'rclone');
      expect(await stored(store, mode, 'tsclone')).toEqual(first);
      expect(Object.keys(first).length).toBeGreaterThan(Object.keys(files).length - (mode === 'nometa' ? 0 : 1));

      // The other program replaces what the first one wrote.
      for (const [writer, write, read] of both) {
        const remote = `${store}-${mode}-${writer}:`;
        clean(await read('sync', at('changed'), remote));
        clean(await write('check', at('changed'), remote, '--download'));
      }
      expect(await stored(store, mode, 'rclone')).toEqual(await stored(store, mode, 'tsclone'));
      if (all) await copiesAndMoves(store, mode);

      for (const [writer, , read] of both) {
        clean(await read('delete', `${store}-${mode}-${writer}:`));
        expect(await stored(store, mode, writer)).toEqual({});
      }
    });
  });

  /** By the wrapped remote where it can do them. */
  async function copiesAndMoves(store: string, mode: string): Promise<void> {
    for (const [writer, write, read] of both) {
      const remote = `${store}-${mode}-${writer}:`;
      await rm(at('part'), { recursive: true, force: true });
      clean(await read('copyto', `${remote}sub/five`, at('part')));
      expect(await readFile(at('part'))).toEqual(changed['sub/five']);
      clean(await write('copyto', `${remote}sub/five`, `${remote}copied/five`));
      clean(await write('moveto', `${remote}empty`, `${remote}moved`));
      clean(await write('moveto', `${remote}short`, `${remote}copied/short`));
      expect((await read('cat', `${remote}copied/five`)).bytes).toEqual(changed['sub/five']);
      expect((await read('cat', `${remote}copied/short`)).bytes).toEqual(changed['short']);
      const piece = await read('cat', '--offset', '995', '--count', '1010', `${remote}moved`);
      expect(piece.bytes).toEqual(changed['empty']?.subarray(995, 2005));
    }
    expect(await stored(store, mode, 'rclone')).toEqual(await stored(store, mode, 'tsclone'));

    // rclone leaves chunks of the old object behind where it does not rename.
    const remote = `${store}-${mode}-rclone:`;
    clean(await ours('copyto', `${remote}copied/short`, `${remote}sub/five`));
    clean(await ours('copyto', `${remote}moved`, `${remote}one more.bin`));
    expect((await theirs('cat', `${remote}sub/five`)).bytes).toEqual(changed['short']);
    expect((await theirs('cat', `${remote}one more.bin`)).bytes).toEqual(changed['empty']);
  }

  test('a stream of unknown size', async () => {
    const content = bytesOf(450_000, 41);
    for (const [size, chunks] of [
      [150_000, 3],
      [450_000, 1],
    ] as const) {
      for (const store of ['local', 's3']) {
        const remote = `${store}-usual-tsclone,chunk_size=${size}B:`;
        const { stdout: bytes, ...done } = await tsclone(['rcat', `${remote}piped/${size}`], {
          env: env(),
          stdin: content,
        });
        clean({ ...done, bytes });
        expect((await theirs('cat', `${remote}piped/${size}`)).bytes.equals(content)).toBe(true);
        const names = Object.keys(await stored(store, 'usual', 'tsclone')).filter((n) => n.startsWith(`piped/${size}`));
        expect(names).toHaveLength(chunks === 1 ? 1 : chunks + 1);
      }
    }
  });

  test('what rclone refuses or leaves out is refused or left out', async () => {
    for (const given of ['start_from=-1', 'hash_type=foo', 'meta_format=foo', 'transactions=foo', 'name_format=#']) {
      const remote = `local-usual-rclone,${given}:`;
      const [a, b] = [await theirs('lsf', remote), await ours('lsf', remote)];
      expect(b.code).toBe(a.code);
      const reason = /": (.*)/.exec(a.stderr)?.[1] as string;
      expect(b.stderr).toContain(reason);
    }
    for (const [damage, remote] of [
      ['rclone_chunk.002', 'local-usual-rclone:'],
      ['rclone_chunk.001', 'local-usual-rclone:'],
      ['', 'local-usual-rclone:'],
    ] as const) {
      clean(await theirs('copy', at('t'), remote));
      await rm(at(`base-usual-rclone/sub/five${damage && `.${damage}`}`));
      for (const more of ['', ',fail_hard=true']) {
        const target = remote.replace(':', `${more}:`);
        const [a, b] = [
          await theirs('lsf', '-R', '--files-only', target),
          await ours('lsf', '-R', '--files-only', target),
        ];
        expect(b.code).toBe(a.code);
        if (a.code === 0) expect(b.bytes.toString()).toBe(a.bytes.toString());
        else expect(b.stderr).toContain('missing chunks');
      }
      await rm(at('base-usual-rclone'), { recursive: true });
    }
  });
});
