import { copyFile, cp, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareUtf8 } from '../../src/core/bytes.ts';
import { obscured } from '../support/layered.ts';
import { findPeer } from '../support/peers.ts';
import { run, tscloneBin, type RunResult } from '../support/run.ts';
import { tempDir } from '../support/servers.ts';
import { configText } from './layers.ts';

const rclone = findPeer('rclone');
const node = 'zstdCompress' in zlib ? process.execPath : findPeer('node24');

/** Text that compresses, more than three blocks of crypt long. */
const truth = Buffer.from(Array.from({ length: 12_000 }, (_, i) => `line ${i} of a text\n`).join(''));
const small = Buffer.from('hello\n');

const crypt = { type: 'crypt', password: obscured('one') };
const wrong = { type: 'crypt', password: obscured('two') };
const named = { filename_encryption: 'off' };

interface Damage {
  readonly what: string;
  /** Position of a flipped bit; negative counts from the end. */
  readonly flip?: number;
  /** Length after a cut. */
  readonly cut?: number;
  /** New content of the metadata of compress; '' removes it. */
  readonly json?: string;
  /** Where exit codes differ from rclone's: `[rclone, tsclone]`. */
  readonly codes?: readonly [number, number];
  /** The damage is in a part that nothing is read from. */
  readonly harmless?: true;
}

const cutCodes = [5, 1] as const;
const inCrypt: readonly Damage[] = [
  { what: 'the magic', flip: 0 },
  { what: 'the nonce', flip: 10 },
  { what: 'the seal of the first block', flip: 40 },
  { what: 'the first block', flip: 60 },
  { what: 'the second block', flip: 66_000 },
  { what: 'the last byte', flip: -1 },
  { what: 'cut to nothing', cut: 0 },
  { what: 'cut in the header', cut: 31 },
  { what: 'cut in a seal', cut: 40 },
  { what: 'cut in a block', cut: 70_000 },
];
const inMetadata: readonly Damage[] = [
  { what: 'metadata that are no JSON', json: 'garbage' },
  { what: 'no metadata', json: '' },
];
const inGzip: readonly Damage[] = [
  { what: 'the magic', flip: 0 },
  { what: 'flags of a header that are not used', flip: 3, harmless: true },
  { what: 'the first block', flip: 12 },
  { what: 'a block', flip: 5000 },
  { what: 'the checksum', flip: -3 },
  { what: 'the end of the data', flip: -9, codes: [0, 1] },
  { what: 'cut to nothing', cut: 0, codes: cutCodes },
  { what: 'cut in the header', cut: 9, codes: cutCodes },
  { what: 'cut in a block', cut: 3000, codes: cutCodes },
  ...inMetadata,
];
const inZstd: readonly Damage[] = [
  { what: 'the magic', flip: 0 },
  { what: 'the first block', flip: 12 },
  { what: 'a block', flip: 5000 },
  { what: 'the seek table, which is not used', flip: -3, harmless: true },
  { what: 'cut to nothing', cut: 0, codes: [0, 1] },
  { what: 'cut in the header', cut: 9, codes: cutCodes },
  { what: 'cut in a block', cut: 3000, codes: cutCodes },
  ...inMetadata,
];
const cases = [
  ...inCrypt.map((d) => ['crypt', d] as const),
  ...inGzip.map((d) => ['gzip', d] as const),
  ...inZstd.map((d) => ['zstd', d] as const),
];

/** Stored files that were damaged, read by both programs. Never other bytes than were written; no file left behind. */
describe.skipIf(!rclone || !node)('damaged files in rclone and tsclone', () => {
  let dir: string;
  let removeDir: () => Promise<void>;
  let copies = 0;

  const call = (program: 'rclone' | 'tsclone', ...args: string[]): Promise<RunResult> => {
    const o = { cwd: dir, env: { RCLONE_CONFIG: join(dir, 'rclone.conf') } };
    return program === 'rclone' ? run(rclone as string, args, o) : run(node as string, [tscloneBin, ...args], o);
  };
  const both = async (...args: string[]): Promise<[theirs: RunResult, ours: RunResult]> =>
    Promise.all([call('rclone', ...args), call('tsclone', ...args)]);

  /** Copies the remote; answers what lies at the end, which must be whole or absent. */
  async function copied(remote: string): Promise<string[]> {
    const target = `copied-${++copies}`;
    const done = await call('tsclone', 'copy', remote, target, '--retries', '1');
    const there = (await readdir(join(dir, target)).catch((): string[] => [])).sort(compareUtf8);
    for (const name of there)
      expect((await readFile(join(dir, target, name))).equals(name === 'small' ? small : truth), name).toBe(true);
    expect(done.code === 0).toBe(there.includes('text'));
    return there;
  }

  beforeAll(async () => {
    ({ path: dir, remove: removeDir } = await tempDir());
    const at = (store: string): { remote: string } => ({ remote: join(dir, store) });
    await writeFile(
      join(dir, 'rclone.conf'),
      configText({
        crypt: { ...crypt, ...named, ...at('crypt') },
        gzip: { type: 'compress', level: '-1', ...at('gzip') },
        zstd: { type: 'compress', mode: 'zstd', level: '2', ...at('zstd') },
        other: { ...wrong, ...named, ...at('crypt-kept') },
        hidden: { ...crypt, ...at('hidden') },
        'other-hidden': { ...wrong, ...at('hidden') },
      }),
    );
    await mkdir(join(dir, 'src'));
    await writeFile(join(dir, 'src', 'text'), truth);
    await writeFile(join(dir, 'src', 'small'), small);
    for (const remote of ['crypt', 'gzip', 'zstd', 'hidden']) {
      const done = await call('rclone', 'copy', 'src', `${remote}:`);
      expect(done.code, done.stderr).toBe(0);
      await cp(join(dir, remote), join(dir, `${remote}-kept`), { recursive: true });
    }
  });
  afterAll(() => removeDir?.());

  test.each(cases.map(([remote, damage]) => [remote, damage.what, damage] as const))(
    '%s: %s',
    async (remote, _, damage) => {
      const store = join(dir, remote);
      const kept = `${store}-kept`;
      await rm(store, { recursive: true });
      await cp(kept, store, { recursive: true });
      const name = (await readdir(store)).find((n) => n.startsWith('text.') && n !== 'text.json') as string;
      await inflict(join(store, name), join(store, 'text.json'), damage);

      const [theirs, ours] = await both('cat', `${remote}:text`, '--low-level-retries', '1');
      const [theirCode, ourCode] = damage.codes ?? [theirs.code, theirs.code];
      expect([theirs.code, ours.code], ours.stderr).toEqual([theirCode, ourCode]);
      expect(ours.code === 0).toBe(damage.harmless ?? false);
      expect(ours.stdout.equals(truth.subarray(0, ours.stdout.length))).toBe(true);
      if (damage.harmless) expect(ours.stdout.equals(truth)).toBe(true);
      else expect(ours.stderr).toMatch(/ERROR : (text: Failed to (open|send to output)|error listing): /);
      expect(ours.stderr).not.toMatch(/^\s+at /m);
      expect(await copied(`${remote}:`)).toEqual(damage.harmless ? ['small', 'text'] : ['small']);
    },
  );

  test('a wrong password with readable names', async () => {
    const [theirs, ours] = await both('cat', 'other:');
    expect([ours.code, ours.stdout.length]).toEqual([theirs.code, 0]);
    expect(messages(ours)).toEqual(messages(theirs));
    expect(messages(ours).join()).toContain('bad password?');
    expect(await copied('other:')).toEqual([]);
  });

  test('a wrong password, and foreign files among encrypted names, are told of and left out', async () => {
    await writeFile(join(dir, 'hidden', 'foreign.txt'), 'of somebody else');
    for (const remote of ['other-hidden:', 'hidden:'])
      for (const args of [['lsf', '-R'], ['size'], ['cat']]) {
        const [theirs, ours] = await both(...args, remote);
        expect([ours.code, ours.stdout.toString()], args.join(' ')).toEqual([theirs.code, theirs.stdout.toString()]);
        expect(messages(ours)).toEqual(messages(theirs));
        expect(messages(ours).join()).toContain('Skipping undecryptable file name');
      }
    expect(await copied('hidden:')).toEqual(['small', 'text']);
  });

  test('strict_names makes them an error', async () => {
    await copyFile(join(dir, 'src', 'small'), join(dir, 'hidden', 'foreign.txt'));
    const [theirs, ours] = await both('lsf', '-R', 'hidden,strict_names:');
    expect(theirs.code).not.toBe(0);
    expect(ours.code).toBe(theirs.code);
  });

  test('foreign files among those of compress are told of and left out', async () => {
    for (const remote of ['gzip', 'zstd']) {
      const store = join(dir, remote);
      await rm(store, { recursive: true });
      await cp(`${store}-kept`, store, { recursive: true });
      await writeFile(join(store, 'foreign.txt'), 'of somebody else');
      await writeFile(join(store, 'plain'), 'of somebody else');
      const [theirs, ours] = await both('lsf', `${remote}:`);
      expect([ours.code, ours.stdout.toString()]).toEqual([theirs.code, theirs.stdout.toString()]);
      expect(messages(ours)).toEqual(messages(theirs));
      expect(messages(ours)).toHaveLength(2);
      expect(await copied(`${remote}:`)).toEqual(['small', 'text']);
    }
  });
});

async function inflict(data: string, json: string, { flip, cut, json: text }: Damage): Promise<void> {
  if (cut !== undefined) await truncate(data, cut);
  if (flip !== undefined) {
    const bytes = await readFile(data);
    const at = flip < 0 ? bytes.length + flip : flip;
    bytes[at] = (bytes[at] as number) ^ 1;
    await writeFile(data, bytes);
  }
  if (text === '') await rm(json);
  else if (text !== undefined) await writeFile(json, text);
}

/** Log lines without their times, sorted: both programs read several objects at once. */
const messages = (r: RunResult): string[] =>
  r.stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^\S+ \S+ /, ''))
    .sort(compareUtf8);
