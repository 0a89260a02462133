import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPeer } from '../support/peers.ts';
import { run, tsclone, type RunResult } from '../support/run.ts';
import { startVersitygw, tempDir, type S3Server } from '../support/servers.ts';

const rclone = findPeer('rclone') as string;

/**
 * Both programs run the same command lines over trees of their own, then the trees are compared. Replacing a file is
 * compared with rclone's --inplace: without it rclone ignores the action policy.
 */
interface Side {
  readonly name: 'rclone' | 'tsclone';
  /** Holds rclone.conf, `src` and the upstreams `a` and `c`. */
  readonly dir: string;
  /** The upstream `b`, on another file system where there is one: with other free and used space. */
  readonly other: string;
  run(args: readonly string[], o?: { stdin?: string; env?: Record<string, string> }): Promise<RunResult>;
}

const otherDisk = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

async function startSides(configOf: (side: { dir: string; other: string }) => string): Promise<{
  sides: [Side, Side];
  stop(): Promise<void>;
}> {
  const sides: Side[] = [];
  for (const name of ['rclone', 'tsclone'] as const) {
    const dir = await mkdtemp(join(tmpdir(), `tsclone-diff-${name}-`));
    const other = await mkdtemp(join(otherDisk, `tsclone-diff-${name}-`));
    await writeFile(join(dir, 'rclone.conf'), configOf({ dir, other }));
    sides.push({
      name,
      dir,
      other,
      run(args, { stdin, env } = {}) {
        const o = {
          cwd: dir,
          env: { RCLONE_CONFIG: join(dir, 'rclone.conf'), RCLONE_RETRIES: '1', ...env },
          ...(stdin === undefined ? {} : { stdin }),
        };
        const inplace = { ...o, env: { ...o.env, RCLONE_INPLACE: 'true' } };
        return name === 'rclone' ? run(rclone, args, inplace) : tsclone(args, o);
      },
    });
  }
  return {
    sides: sides as [Side, Side],
    async stop() {
      for (const { dir, other } of sides)
        for (const path of [dir, other]) await rm(path, { recursive: true, force: true });
    },
  };
}

async function makeFile(path: string, text: string, seconds: number): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, text);
  await utimes(path, seconds, seconds);
}

/** Files that one upstream has, or both; directories that one has, or both; the copies of `both` have other sizes. */
async function makeTrees({ dir, other }: Side): Promise<void> {
  for (const path of ['a', 'c', 'src', 'out']) await rm(join(dir, path), { recursive: true, force: true });
  await mkdir(other, { recursive: true });
  for (const entry of await readdir(other)) await rm(join(other, entry), { recursive: true, force: true });
  for (const path of ['c', 'src', 'a/empty']) await mkdir(join(dir, path), { recursive: true });
  await mkdir(join(other, 'empty'), { recursive: true });
  await makeFile(join(dir, 'a/both'), 'in a', 1_600_000_000);
  await makeFile(join(other, 'both'), 'in b, longer', 1_650_000_000);
  await makeFile(join(dir, 'a/only-a'), 'only a', 1_600_000_100);
  await makeFile(join(other, 'only b'), 'only b', 1_600_000_200);
  await makeFile(join(dir, 'a/d/x'), 'x', 1_600_000_300);
  await makeFile(join(other, 'd/y'), 'y', 1_600_000_400);
  await makeFile(join(other, 'deep/er/z'), 'z', 1_600_000_500);
  await makeFile(join(dir, 'src/both'), 'replaced', 1_700_000_000);
  await makeFile(join(dir, 'src/d/new'), 'new in d', 1_700_000_100);
  await makeFile(join(dir, 'src/deep/er/new'), 'new in deep', 1_700_000_200);
  await makeFile(join(dir, 'src/no/where/new'), 'new', 1_700_000_300);
  await makeFile(join(dir, 'src/top'), 'top', 1_700_000_400);
  // Directories that both have differ in age, for the policy `newest`.
  for (const [path, seconds] of [
    [join(dir, 'a/d'), 1_500_000_000],
    [join(other, 'd'), 1_500_000_100],
    [join(dir, 'a/empty'), 1_500_000_300],
    [join(other, 'empty'), 1_500_000_200],
    [join(other, 'deep/er'), 1_500_000_400],
    [join(other, 'deep'), 1_500_000_500],
  ] as const)
    await utimes(path, seconds, seconds);
}

/** Every entry of the upstreams; files with their content and, if it is not of now, their time. */
async function treeOf({ dir, other }: Side): Promise<string[]> {
  const out: string[] = [];
  const visit = async (at: string, shown: string): Promise<void> => {
    for (const name of (await readdir(at).catch((): string[] => [])).sort()) {
      const path = join(at, name);
      const s = await stat(path);
      if (s.isDirectory()) {
        out.push(`${shown}${name}/`);
        await visit(path, `${shown}${name}/`);
      } else {
        const time = Date.now() - s.mtimeMs < 3_600_000 ? 'now' : Math.round(s.mtimeMs / 1000);
        out.push(`${shown}${name} "${await readFile(path, 'utf8')}" ${time}`);
      }
    }
  };
  await visit(join(dir, 'a'), 'a/');
  await visit(other, 'b/');
  await visit(join(dir, 'c'), 'c/');
  return out;
}

/** What one program printed and left. */
async function facts(
  side: Side,
  lines: readonly (string | readonly string[])[],
): Promise<{ out: unknown; tree: string[] }> {
  const out: unknown[] = [];
  for (const line of lines) {
    const args = typeof line === 'string' ? line.split(' ') : line;
    const done = await side.run(args, args[0] === 'rcat' ? { stdin: 'piped' } : {});
    out.push({
      line: args.join(' '),
      code: done.code,
      stdout: done.stdout.toString().replaceAll(side.dir, 'DIR').replaceAll(side.other, 'OTHER').split('\n').sort(),
    });
  }
  return { out, tree: await treeOf(side) };
}

// epff, eprand and rand leave a choice: rclone takes whoever answers first, or anybody.
const policies = 'all epall eplfs eplus eplno epmfs ff lfs lus lno mfs newest'.split(' ');

describe.skipIf(!rclone)('a union beside rclone', () => {
  let pair: Awaited<ReturnType<typeof startSides>>;
  const both = async (lines: readonly (string | readonly string[])[], ignored = /^$/): Promise<void> => {
    const [theirs, ours] = await Promise.all(
      pair.sides.map(async (side) => {
        await makeTrees(side);
        const { out, tree } = await facts(side, lines);
        return { out, tree: tree.filter((entry) => !ignored.test(entry)) };
      }),
    );
    expect(ours).toEqual(theirs);
  };

  beforeAll(async () => {
    pair = await startSides(({ dir, other }) => {
      const upstreams = `"${dir}/a" ${other}`;
      const section = (name: string, options: Readonly<Record<string, string>>): string =>
        `[${name}]\n${Object.entries({ type: 'union', upstreams, ...options })
          .map(([k, v]) => `${k} = ${v}\n`)
          .join('')}\n`;
      return [
        section('u', {}),
        ...policies.flatMap((policy) => [
          section(`create-${policy}`, { create_policy: policy, min_free_space: '1M' }),
          section(`action-${policy}`, { action_policy: policy, search_policy: policy, min_free_space: '1M' }),
        ]),
        section('tight', { create_policy: 'eplfs', min_free_space: '1P' }),
        section('rofirst', { upstreams: `${dir}/a:ro ${other}`, search_policy: 'newest' }),
        section('rolast', { upstreams: `${dir}/a ${other}:ro` }),
        section('allro', { upstreams: `${dir}/a:ro ${other}:ro` }),
        section('nc', { upstreams: `${dir}/a:nc ${other}` }),
        section('wb', { upstreams: `${dir}/a ${other} ${dir}/c:writeback`, create_policy: 'ff' }),
        section('nested', { upstreams: `"u:d" "${dir}/c"`, create_policy: 'ff' }),
        section('missing', { upstreams: `${dir}/a ${dir}/none`, create_policy: 'epall' }),
        section('self', { upstreams: `self:x ${dir}` }),
        `[comb]\ntype = combine\nupstreams = "a b=${dir}/a" b=${other} u=u:d\n`,
        `[crypt]\ntype = crypt\nremote = comb:b/secret\npassword = UmyLSdRHfew6aual28-ggx78qHqSfQ\n`,
      ].join('\n');
    });
  });
  afterAll(() => pair?.stop());

  // rclone makes the missing directories of one file in all upstreams.
  const emptyLeft = /^[ab]\/no\/(where\/)?$/;

  test.each(policies)('create_policy = %s', (policy) =>
    both(
      [
        // One by one: rclone's copy of a directory changes the age of directories first, which counts under `newest`.
        ...['both', 'd/new', 'deep/er/new', 'top'].map((file) => `copyto src/${file} create-${policy}:${file}`),
        // Whose directory is the newer one of two that were just made is luck.
        ...(policy === 'newest' ? [] : [`copyto src/no/where/new create-${policy}:no/where/new`]),
        `mkdir create-${policy}:d/made`,
        `mkdir create-${policy}:made/far/below`,
      ],
      emptyLeft,
    ),
  );

  test.each(policies)('action_policy and search_policy = %s', (policy) => {
    const u = `action-${policy}`;
    return both([
      `lsf -R --format ps ${u}:`,
      `cat ${u}:both`,
      `copyto src/both ${u}:both --ignore-times`,
      `cat ${u}:both`,
      `moveto ${u}:both ${u}:deep/moved`,
      `deletefile ${u}:deep/moved`,
      // Under ff rclone takes the upstream that answers first.
      ...(policy === 'ff' ? [] : [`rmdir ${u}:empty`]),
    ]);
  });

  test.each([
    'lsf -R u:',
    'lsf -R --format pst u:',
    'lsl u:',
    'lsjson -R --files-only u:',
    'lsjson --hash-type md5,sha1 u:d',
    'size u:',
    'size --json u:deep',
    'lsd u:',
    'lsf u:none',
    'lsf u:d/x',
    'cat u:only-a',
    'cat u:none',
    'cat u:d --head 1',
    'lsf missing:',
    'lsf -R nested:',
    'lsf :union,create_policy=nope,upstreams=x:',
    'check u: u:',
    'ls :union,upstreams="./a ./src":',
    'cat :union,search_policy=newest,upstreams="./a ./src":both',
  ])('%s', (line) => both([line]));

  test.each(
    [
      ['copy src u:'],
      ['sync src u:', 'lsf -R u:'],
      ['sync src u:d', 'copy u: out', 'lsf -R out'],
      ['move src u: --delete-empty-src-dirs'],
      ['delete u:d', 'delete u:'],
      ['purge u:d', 'purge u:deep'],
      ['purge u:', 'lsf u:'],
      ['move u:d u:moved', 'move u:deep u:moved2/below'],
      ['moveto u:only-a u:d/only-a', 'moveto u:d/y u:y', 'copyto u:d/x u:d/copied'],
      ['rcat u:piped', 'rcat u:d/piped', 'cat u:piped'],
      ['touch u:touched', 'touch u:d/x -t 2001-02-03T04:05:06', 'touch u:both -t 2001-02-03T04:05:06'],
      ['rmdir u:empty', 'rmdir u:d', 'deletefile u:d', 'mkdir u:empty/again'],
      ['copy src missing:', 'copyto src/top missing:x/y/z'],
      ['copy src nested:', 'deletefile nested:y', 'lsf -R nested:'],
      ['copyto src/d/new tight:d/new', 'rcat tight:x'],
      ['copyto src/both rofirst:both --ignore-times', 'cat rofirst:both', 'deletefile rofirst:only-a'],
      [
        'copy src/d rolast:d',
        'copyto src/both rolast:both',
        'deletefile rolast:d/y',
        'moveto rolast:d/y rolast:d/w',
        'rmdir rolast:empty',
      ],
      [
        'copy src allro:',
        'deletefile allro:both',
        'mkdir allro:new',
        'rmdir allro:empty',
        'touch allro:both',
        'cat allro:both',
      ],
      ['copy src nc:', 'mkdir nc:made', 'deletefile nc:only-a', 'touch nc:d/x -t 2001-02-03T04:05:06'],
      ['copy wb: out', 'lsf -R out'],
    ].map((lines) => [lines.join('; '), lines] as const),
  )('%s', (_, lines) => both(lines));

  test.each(
    [
      ['lsf -R comb:', 'lsf comb:', 'size comb:', 'lsd comb:b', 'lsf comb:b/none'],
      [
        ['cat', 'comb:a b/both'],
        ['lsf', '--format', 'ps', 'comb:a b'],
        ['lsf', 'comb:a b/d/x'],
      ],
      [['copy', 'src', 'comb:a b'], 'sync src comb:b', 'copy src comb:u/sub'],
      [['copy', 'comb:', 'out'], ['sync', 'comb:a b', 'comb:b/mirror'], 'lsf -R out'],
      [
        ['moveto', 'comb:a b/only-a', 'comb:b/moved'],
        ['move', 'comb:b/d', 'comb:a b/moved-d'],
        'move comb:b/deep comb:b/deeper',
      ],
      [
        'mkdir comb:',
        'rmdir comb:',
        'mkdir comb:b/x/y',
        'rmdir comb:b/x/y',
        ['rmdir', 'comb:a b'],
        'touch comb:b/t -t 2001-02-03T04:05:06',
      ],
      ['copyto src/top comb:none/top', 'copyto src/top comb:top', 'touch comb:none/x'],
      [['deletefile', 'comb:a b/both'], 'purge comb:b/d', 'delete comb:u', 'purge comb:b'],
    ].map((lines) => [lines.flat().join(' '), lines] as const),
  )('combine: %s', (_, lines) => both(lines));

  test('crypt in a combine: either reads what the other wrote', async () => {
    const [theirs, ours] = pair.sides;
    for (const [writer, reader] of [
      [theirs, ours],
      [ours, theirs],
    ] as const) {
      await makeTrees(writer);
      expect((await writer.run(['copy', 'src', 'crypt:'])).stderr).toBe('');
      const conf = join(writer.dir, 'rclone.conf');
      const listed = await reader.run(['lsf', '-R', '--files-only', 'crypt:'], { env: { RCLONE_CONFIG: conf } });
      expect(listed.stdout.toString().split('\n').filter(Boolean).sort()).toEqual(
        ['both', 'd/new', 'deep/er/new', 'no/where/new', 'top'].sort(),
      );
      const read = await reader.run(['cat', 'crypt:deep/er/new'], { env: { RCLONE_CONFIG: conf } });
      expect(read.stdout.toString()).toBe('new in deep');
    }
  });

  test.each([
    ['only one upstream', ':union,upstreams=x:'],
    ['none', ':union,upstreams="":'],
    ['itself', 'self:'],
    ['two to write back to', ':union,upstreams="./a:writeback ./b:writeback":'],
    ['an unknown remote', ':union,upstreams="nope: ./a":'],
    ['combine without a sign', ':combine,upstreams=x:'],
    ['combine with a slash', ':combine,upstreams="a/b=./a":'],
    ['combine with a directory twice', ':combine,upstreams="a=./a a=./c":'],
  ])('refused alike: %s', async (_, reference) => {
    const [theirs, ours] = await Promise.all(pair.sides.map((side) => side.run(['lsf', reference])));
    const message = (r: RunResult | undefined): string => (r?.stderr ?? '').replace(/^.*CRITICAL: /s, '');
    expect([ours?.code, message(ours)]).toEqual([theirs?.code, message(theirs)]);
  });
});

describe.skipIf(!rclone || !findPeer('versitygw'))('a union over S3 and a directory', () => {
  let server: S3Server;
  let dir: Awaited<ReturnType<typeof tempDir>>;
  const options = (side: 'rclone' | 'tsclone'): { cwd: string; env: Record<string, string> } => ({
    cwd: dir.path,
    env: {
      RCLONE_CONFIG: join(dir.path, 'rclone.conf'),
      ...(side === 'rclone' ? { RCLONE_INPLACE: 'true' } : {}),
    },
  });
  const programs = {
    rclone: (...args: string[]) => run(rclone, args, options('rclone')),
    tsclone: (...args: string[]) => tsclone(args, options('tsclone')),
  };

  beforeAll(async () => {
    server = (await startVersitygw()) as S3Server;
    dir = await tempDir();
    const { endpoint, accessKeyId, secretAccessKey } = server;
    await writeFile(
      join(dir.path, 'rclone.conf'),
      `[s3]\ntype = s3\nprovider = Other\nendpoint = ${endpoint}\naccess_key_id = ${accessKeyId}\nsecret_access_key = ${secretAccessKey}\n
[dead]\ntype = s3\nprovider = Other\nendpoint = http://127.0.0.1:1\naccess_key_id = a\nsecret_access_key = b\n
[mirror]\ntype = union\nupstreams = s3:one s3:two/sub ${dir.path}/local\ncreate_policy = all\naction_policy = all\n
[spread]\ntype = union\nupstreams = s3:three s3:four\ncreate_policy = rand\n
[half]\ntype = union\nupstreams = ${dir.path}/local dead:bucket\n`,
    );
    for (const bucket of ['one', 'two', 'three', 'four']) await programs.rclone('mkdir', `s3:${bucket}`);
    for (let i = 0; i < 30; i++)
      await makeFile(join(dir.path, `src/d${i % 3}/file ${i}.txt`), `${i}`.repeat(i), 1_600_000_000 + i);
    await makeFile(join(dir.path, 'src/big.bin'), 'big'.repeat(3_000_000), 1_600_000_000);
  });
  afterAll(async () => {
    await server?.stop();
    await dir?.remove();
  });

  test.each(['mirror', 'spread'] as const)('%s: what either writes the other reads and checks', async (remote) => {
    for (const [writer, reader] of [
      ['tsclone', 'rclone'],
      ['rclone', 'tsclone'],
    ] as const) {
      const copied = await programs[writer]('copy', 'src', `${remote}:${writer}`);
      expect([copied.code, copied.stderr.replace(/^.*NOTICE.*\n/gm, '')]).toEqual([0, '']);
      const checked = await programs[reader]('check', '--download', 'src', `${remote}:${writer}`);
      expect([checked.code, checked.stderr]).toEqual([0, expect.stringContaining('0 differences found')]);
      const again = await programs[reader]('copy', '-v', 'src', `${remote}:${writer}`);
      expect(again.stderr).toContain('There was nothing to transfer');
    }
  });

  test('the mirror has everything everywhere, and purge empties all of it', async () => {
    const bucket = async (path: string): Promise<string[]> =>
      (await programs.rclone('lsf', '-R', '--files-only', path)).stdout.toString().split('\n').sort();
    const expected = await bucket('src');
    for (const path of ['s3:one/tsclone', 's3:two/sub/tsclone', 'local/tsclone'])
      expect(await bucket(path)).toEqual(expected);
    expect((await programs.tsclone('purge', 'mirror:tsclone')).code).toBe(0);
    for (const path of ['s3:one/tsclone', 's3:two/sub/tsclone', 'local/tsclone'])
      expect(await bucket(path)).toEqual(['']);
  });

  test('an upstream that does not answer: rclone deletes what it holds, tsclone does nothing', async () => {
    await makeFile(join(dir.path, 'local/kept'), 'k', 1_600_000_000);
    for (const [program, left] of [
      ['tsclone', ['in the dead one', 'kept']],
      ['rclone', ['kept']],
    ] as const) {
      const target = join(dir.path, `target-${program}`);
      await makeFile(join(target, 'kept'), 'k', 1_600_000_000);
      await makeFile(join(target, 'in the dead one'), 'x', 1_600_000_000);
      const flags = ['--low-level-retries', '1', '--retries', '1', '--exclude', 'rclone/**', '--exclude', 'tsclone/**'];
      const done = await programs[program]('sync', 'half:', target, ...flags);
      expect(await readdir(target)).toEqual([...left]);
      expect(done.code).toBe(program === 'tsclone' ? 5 : 0);
    }
  });
});
