import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createOutput } from '../../../src/cli/output.ts';
import { cli } from '../../support/cli.ts';
import { tempDir } from '../../support/servers.ts';

let dir: Awaited<ReturnType<typeof tempDir>>;
let tree: string;
beforeAll(async () => {
  dir = await tempDir();
  tree = join(dir.path, 't');
  await mkdir(join(tree, 'sub'), { recursive: true });
  await writeFile(join(tree, 'a.txt'), 'hello\n');
  await writeFile(join(tree, 'sub/b'), 'hello\n');
  await writeFile(join(dir.path, 'sums'), 'b1946ac92492d2347c6235b4d2611184  a.txt\n');
});
afterAll(() => dir.remove());

const lines: readonly (readonly string[])[] = [
  ['ls', '{t}'],
  ['lsl', '{t}'],
  ['lsd', '{t}'],
  ['lsf', '-R', '{t}'],
  ['lsjson', '{t}'],
  ['lsjson', '--stat', '{t}'],
  ['tree', '{t}'],
  ['size', '{t}'],
  ['size', '--json', '{t}'],
  ['cat', '{t}/a.txt'],
  ['hashsum', 'md5', '{t}'],
  ['md5sum', '{t}'],
  ['sha1sum', '{t}/a.txt'],
  ['about', '{t}'],
  ['check', '{t}', '{t}', '--combined', '-'],
  ['checksum', 'md5', '{dir}/sums', '{t}', '--match', '-'],
  ['md5sum', '-C', '{dir}/sums', '{t}'],
  ['dedupe', '--by-hash', 'list', '{t}'],
  ['listremotes', '--json'],
  ['hashsum'],
  ['version'],
  ['help'],
  ['lsf', '{t}', '--dump', 'filters', '-q'],
];
const filled = (args: readonly string[]): string[] =>
  args.map((arg) => arg.replace('{t}', tree).replace('{dir}', dir.path));

describe.skipIf(!existsSync('/dev/full'))('output that cannot be written is an error', () => {
  test.each(lines.map((args) => [args.join(' '), args] as const))('%s', async (_name, args) => {
    const stdout = createWriteStream('/dev/full');
    const done = await cli(filled(args), { stdout });
    expect(done.stderr).toContain('cannot write to standard output: no space left on device');
    expect(done.code).toBe(1);
  });

  test.each(['md5sum --output-file', 'tree -o'])('%s /dev/full', async (start) => {
    const done = await cli([...start.split(' '), '/dev/full', tree]);
    expect(done.stderr).toContain('cannot write to the file /dev/full: no space left on device');
    expect(done.code).toBe(1);
  });

  test('check --combined /dev/full', async () => {
    const done = await cli(['check', tree, tree, '--combined', '/dev/full']);
    expect(done.stderr).toContain('ENOSPC');
    expect(done.code).toBe(1);
  });
});

describe('control characters in names', () => {
  const name = 'bad\u001b[2J\u0007\u009b.txt';
  let odd: string;
  beforeAll(async () => {
    odd = join(dir.path, 'odd');
    await mkdir(odd);
    await writeFile(join(odd, name), 'x');
  });
  const listing: readonly (readonly string[])[] = [
    ['ls'],
    ['lsl'],
    ['lsf'],
    ['lsf', '--csv', '-F', 'ps'],
    ['tree'],
    ['md5sum'],
    ['dedupe', '--by-hash', 'list'],
  ];
  // U+009B is one character in UTF-8: two bytes. Terminals that take it for an escape must not see it either.
  // eslint-disable-next-line no-control-regex
  const raw = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;

  test.each(listing.map((args) => [args.join(' '), args] as const))('%s: not on a terminal', async (_name, args) => {
    if (args[0] === 'dedupe') await writeFile(join(odd, `second${name}`), 'x');
    const shown = await cli([...args, odd], { terminal: true });
    expect(shown.code).toBe(0);
    // The characters below space are pictures within rclone and here; U+009B is not.
    expect(shown.stdout).toContain('bad␛[2J␇\\x9b.txt');
    expect(shown.stdout).not.toMatch(raw);
    const piped = await cli([...args, odd]);
    expect(piped.stdout).toContain('bad␛[2J␇\u009b.txt');
  });

  test('raw ones, should a backend ever give them', async () => {
    const written: string[] = [];
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        written.push(chunk.toString());
        done();
      },
    });
    const out = createOutput(Object.assign(stream, { isTTY: true }));
    await out.line('a\u001b]0;title\u0007\tb\r');
    await out.flush();
    expect(written.join('')).toBe('a\\x1b]0;title\\x07\tb\\x0d\n');
  });

  test('JSON escapes them by itself', async () => {
    const shown = await cli(['lsjson', odd], { terminal: true });
    expect(shown.stdout).not.toMatch(raw);
  });

  test('the bytes of objects go out as they are', async () => {
    await writeFile(join(dir.path, 'colours'), '\u001b[31mred');
    expect((await cli(['cat', join(dir.path, 'colours')], { terminal: true })).stdout).toBe('\u001b[31mred');
  });
});
