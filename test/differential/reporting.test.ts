import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPeer } from '../support/peers.ts';
import { run, tsclone } from '../support/run.ts';
import { tempDir } from '../support/servers.ts';
import { makeTree } from './harness.ts';

const rclone = findPeer('rclone');

/** Progress, statistics and JSON logs beside rclone, with times and speeds masked. */
describe.skipIf(rclone === undefined)('reporting', () => {
  let dir: Awaited<ReturnType<typeof tempDir>>;
  beforeAll(async () => {
    dir = await tempDir();
    await makeTree(join(dir.path, 't'));
    await writeFile(join(dir.path, 'rclone.conf'), '');
  });
  afterAll(() => dir.remove());

  async function both(line: string): Promise<{ code: number | null; stdout: string; stderr: string }[]> {
    const done = [];
    for (const program of ['rclone', 'tsclone']) {
      const out = join(dir.path, 'out');
      await rm(out, { recursive: true, force: true });
      await mkdir(out);
      const options = { cwd: dir.path, env: { RCLONE_CONFIG: join(dir.path, 'rclone.conf') } };
      const args = line.split(' ');
      const { code, stdout, stderr } =
        program === 'rclone' ? await run(rclone as string, args, options) : await tsclone(args, options);
      done.push({ code, stdout: masked(stdout.toString()), stderr: masked(stderr) });
    }
    return done;
  }

  /** Dates, times and speeds are no two times the same; transfers end in any order. */
  function masked(text: string): string {
    return text
      .replace(/\d{4}[/-]\d\d[/-]\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?/g, 'DATE')
      .replace(/[\d.]+ ([KM]i)?(B|bit)\/s, ETA \S+/g, 'SPEED')
      .replace(/Elapsed time: +[\d.hms]+/g, 'Elapsed')
      .split('\n')
      .sort()
      .join('\n');
  }

  test.each([
    'copy t out -P --transfers 1 --stats 10m',
    'copy t out -v --stats-one-line',
    'copy t out -v --stats-one-line-date',
    'copy t out -v --stats-one-line --stats-one-line-date-format 2006',
    'copy t out -v --stats-unit bits',
    'copy t out -v --log-format nolevel',
    'copy t out -v --log-format date,time,UTC',
    'copy t out -v --stats-log-level NOTICE',
    'copy t out --stats-log-level NOTICE --stats 10m',
    'lsf t --stats 10m -v',
    'copy t out -v --stats 0',
  ])('%s', async (line) => {
    const [theirs, ours] = await both(line);
    expect(ours).toEqual(theirs);
  });

  test.each(['copy t out --use-json-log -v', 'copy t/sub out -n --use-json-log', 'copy t out --log-format json -v'])(
    '%s',
    async (line) => {
      const lines = (stderr: string) =>
        stderr
          .split('\n')
          .filter((l) => l !== '')
          .map((l) => {
            const { time, source, objectType, stats, ...rest } = JSON.parse(l) as Record<string, unknown>;
            expect([typeof time, typeof source]).toEqual(['string', 'string']);
            return JSON.stringify([rest, typeof objectType, Object.keys((stats as object) ?? {})]);
          })
          .sort();
      const [theirs, ours] = await both(line);
      expect(lines(theirs?.stderr ?? '').length).toBeGreaterThan(3);
      expect(lines(ours?.stderr ?? '')).toEqual(lines(theirs?.stderr ?? ''));
    },
  );
});
