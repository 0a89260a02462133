import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cli } from '../../support/cli.ts';

interface Case {
  readonly args: readonly string[];
  readonly exit: number;
  readonly lines?: readonly string[];
  readonly messages?: readonly string[];
}
interface Vectors {
  readonly tree: readonly (readonly [path: string, size: number, date: string])[];
  readonly ruleFiles: Readonly<Record<string, string>>;
  readonly cases: readonly (Case & { 'v1.76.0'?: Case })[];
}

process.env.TZ = 'UTC';

// Runs of rclone's `lsf -R` on one tree.
const vectors = JSON.parse(
  await readFile(new URL('../../vectors/filter-cli.json', import.meta.url), 'utf8'),
) as unknown as Vectors;

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tsclone-filters-'));
  for (const [name, text] of Object.entries(vectors.ruleFiles)) await writeFile(join(dir, name), text);
  for (const [path, size, date] of vectors.tree) {
    const file = join(dir, 'tree', path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, new Uint8Array(size));
    const time = Date.parse(`${date}T12:00:00Z`) / 1000;
    await utimes(file, time, time);
  }
  await mkdir(join(dir, 'tree/emptydir'));
});
afterAll(() => rm(dir, { recursive: true }));

const placed = (args: readonly string[]): string[] =>
  args.map((arg, i) => {
    if (arg === '<tree>') return join(dir, 'tree');
    return /-from(-raw|0)?$/.test(args[i - 1] ?? '') ? join(dir, arg) : arg;
  });

describe('filters on the command line', () => {
  test.each(vectors.cases.map((c) => [c.args.filter((a) => a !== '<tree>').join(' '), c] as const))(
    '%s',
    async (_name, given) => {
      const expected = given['v1.76.0'] ?? given;
      const done = await cli(placed(given.args));
      const lines = done.stdout.split('\n').filter((line) => line !== '');
      expect(lines.sort()).toEqual((expected.lines ?? []).toSorted());
      expect(done.code).toBe(expected.exit);
      const messages = done.stderr
        .replaceAll(`${dir}/`, '')
        .replace(/(--m\w\w-age) "[^"]*"/g, '$1 "<age>"')
        .split('\n')
        .map((line) => line.replace(/^\S+ \S+ /, ''))
        .filter((line) => line !== '');
      expect(messages).toEqual(given.messages ?? []);
    },
  );

  test('rules come from standard input with -', async () => {
    const done = await cli(placed(['lsf', '<tree>', '--filter-from=-', '--dirs-only']), { stdin: '- d*/**\n- ü*/\n' });
    expect(done).toMatchObject({ code: 0, stdout: 'emptydir/\nnode_modules/\nother/\nx/\n', stderr: '' });
  });

  test('rules come from variables', async () => {
    const env = { RCLONE_EXCLUDE: '*.txt,*/', RCLONE_IGNORE_CASE: 'true', RCLONE_MIN_SIZE: '5b' };
    const done = await cli(placed(['lsf', '<tree>']), { env });
    expect(done.stdout.split('\n')).toEqual(['.hidden', 'b.jpg', 'big.iso', '']);
  });

  test('a rule with a mistake ends any command before it starts', async () => {
    const done = await cli(['version', '--exclude', '{a']);
    expect(done.code).toBe(1);
    expect(done.stdout).toBe('');
    expect(done.stderr).toContain(`CRITICAL: Failed to initialise global options: failed to reload "filter" options`);
  });
});
