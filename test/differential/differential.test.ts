import { copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPeer } from '../support/peers.ts';
import { startWeb, type Web } from '../support/web.ts';
import { commandCases, dataFiles } from './cases-commands.ts';
import { filterCases, ruleFiles } from './cases-filters.ts';
import { cases as firstCases, type Case } from './cases.ts';
import {
  bucketTree,
  localTree,
  logLines,
  makeRules,
  makeTree,
  startPair,
  stderrClass,
  wordsOf,
  type Pair,
  type Side,
} from './harness.ts';

const cases = [...firstCases, ...filterCases, ...commandCases];

const rclone = findPeer('rclone');
const hasServer = findPeer('versitygw') !== undefined;

describe.skipIf(rclone === undefined || !hasServer)('the same command line in rclone and tsclone', () => {
  let pair: Pair;
  let web: Web;
  const sides = (): Side[] => [pair.rclone, pair.tsclone];
  const prepare = async (side: Side, line: string): Promise<void> => {
    const { run } = await import('../support/run.ts');
    const done = await run(rclone as string, wordsOf(line), {
      cwd: side.dir,
      env: { RCLONE_CONFIG: join(side.dir, 'rclone.conf') },
    });
    if (done.code !== 0) throw new Error(`preparing "${line}": ${done.stderr}`);
  };

  beforeAll(async () => {
    pair = await startPair(rclone as string);
    web = await startWeb();
    const files = Object.entries({ ...ruleFiles, ...dataFiles }).map(([name, text]) => [name, inWeb(text)] as const);
    for (const side of sides()) {
      await copyFile(join(side.dir, 'rclone.conf'), join(side.dir, 'kept.conf'));
      await makeTree(join(side.dir, 't'));
      await makeRules(join(side.dir, 'rules'), Object.fromEntries(files));
      await prepare(side, 'copy t s3:shared');
      await prepare(side, 'copy t cr:');
    }
  });
  afterAll(async () => {
    await pair?.stop();
    await web?.close();
  });
  const inWeb = (text: string): string => text.replaceAll('WEB', web.url);

  test.each(cases.map((c, i) => [`${i} ${c.args}${c.bucket ? ` (${c.bucket})` : ''}`, c, i] as const))(
    '%s',
    async (_name, c, i) => {
      const bucket = `case-${i}`;
      const fill = (text: string): string => inWeb(text.replaceAll('{b}', bucket));
      const [theirs, ours] = (await Promise.all(sides().map((side) => runCase(side, c, fill)))) as [Facts, Facts];
      const parts = c.deviation?.compare ?? (['stdout', 'code', 'stderr', 'tree'] as const);
      const pick = (f: Facts): unknown => Object.fromEntries(parts.map((p) => [p, f[p]]));
      expect(pick(ours)).toEqual(pick(theirs));
      if (c.logs) expect(ours.logs).toEqual(theirs.logs);
    },
  );

  interface Facts {
    readonly stdout: unknown;
    readonly code: number | null;
    readonly stderr: string;
    readonly tree: unknown;
    readonly logs: readonly string[];
  }

  /** Sides on which something ran that may have changed the tree. */
  const dirty = new Set<string>();

  async function reset(side: Side): Promise<void> {
    dirty.delete(side.name);
    await rm(join(side.dir, 'out'), { recursive: true, force: true });
    await rm(join(side.dir, 't'), { recursive: true, force: true });
    await mkdir(join(side.dir, 't'));
    await makeTree(join(side.dir, 't'));
    await copyFile(join(side.dir, 'kept.conf'), join(side.dir, 'rclone.conf'));
  }

  async function runCase(side: Side, c: Case, fill: (text: string) => string): Promise<Facts> {
    const reads = onlyReads(c);
    if (dirty.has(side.name)) await reset(side);
    if (!reads) dirty.add(side.name);
    if (c.bucket === 'empty') await prepare(side, fill('mkdir s3:{b}'));
    if (c.bucket === 'tree') await prepare(side, fill('copy s3:shared s3:{b}'));
    for (const line of c.before ?? []) await prepare(side, fill(line));
    const since = Date.now() - 2000;
    const done = await side.run(wordsOf(fill(c.args)), {
      ...(c.stdin === undefined ? {} : { stdin: c.stdin }),
      ...(c.env ? { env: { ...c.env } } : {}),
    });
    const text = done.stdout
      .toString('latin1')
      .replaceAll(side.dir, 'DIR')
      .replaceAll(side.server.endpoint, 'ENDPOINT')
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z/g, (time) => (Date.parse(time) >= since ? 'NOW' : time));
    const lines = text.split('\n').map((line) => line.replace(/,$/, ''));
    const isConfig = c.args.startsWith('config ');
    const ownBucket = c.bucket !== undefined || c.args.includes('{b}');
    return {
      code: done.code,
      stderr: stderrClass(done.stderr),
      stdout: c.countLines ? lines.length : c.unordered || isConfig ? lines.sort() : text,
      tree: reads
        ? ''
        : [
            await localTree(side.dir, since),
            ownBucket ? await bucketTree(rclone as string, side, fill('{b}'), since) : '',
            isConfig ? sortedSections(await readFile(join(side.dir, 'rclone.conf'), 'utf8'), side) : '',
          ],
      logs: logLines(done.stderr, side)
        .filter((line) => !/^(INFO|NOTICE)\s*: *$/.test(line))
        .sort(),
    };
  }
});

/** Commands that cannot change anything need no fresh tree, and their trees need no look. */
function onlyReads({ args, bucket, before }: Case): boolean {
  const [command = ''] = args.split(' ');
  return bucket === undefined && before === undefined && readers.includes(command) && !/\bout\b|--output/.test(args);
}

const readers = 'ls lsl lsd lsf lsjson size cat check tree hashsum md5sum sha1sum checksum about listremotes'.split(
  ' ',
);

/** rclone writes several new keys in any order. */
function sortedSections(text: string, side: Side): string[] {
  return text
    .replaceAll(side.server.endpoint, 'ENDPOINT')
    .split('\n\n')
    .map((section) => section.split('\n').sort().join('\n'));
}
