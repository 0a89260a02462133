import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPeer } from '../support/peers.ts';
import { run, tsclone, type RunResult } from '../support/run.ts';
import { startSeaweedfs, startVersitygw, tempDir, type S3Server } from '../support/servers.ts';

const rclone = findPeer('rclone');
const hasVersity = rclone !== undefined && findPeer('versitygw') !== undefined;
const hasWeed = rclone !== undefined && findPeer('weed') !== undefined;

interface Both {
  real(line: string, stdin?: string): Promise<RunResult>;
  ours(line: string, stdin?: string): Promise<RunResult>;
  stop(): Promise<void>;
}

async function startBoth(server: S3Server): Promise<Both> {
  const dir = await tempDir();
  const keys = `access_key_id = ${server.accessKeyId}\nsecret_access_key = ${server.secretAccessKey}\nendpoint = ${server.endpoint}\n`;
  const own = 'sse_customer_algorithm = AES256\nsse_customer_key = 01234567890123456789012345678901\n';
  await writeFile(
    join(dir.path, 'rclone.conf'),
    `[s]\ntype = s3\nprovider = Other\n${keys}\n[key]\ntype = s3\nprovider = Other\n${keys}${own}\n[mark]\ntype = s3\nprovider = Other\ndirectory_markers = true\n${keys}`,
  );
  await writeFile(join(dir.path, 'file.txt'), 'hello');
  const o = (stdin?: string) => ({
    cwd: dir.path,
    env: { RCLONE_CONFIG: join(dir.path, 'rclone.conf'), RCLONE_RETRIES: '1', RCLONE_LOW_LEVEL_RETRIES: '1' },
    ...(stdin === undefined ? {} : { stdin }),
  });
  return {
    real: (line, stdin) => run(rclone as string, line.split(' '), o(stdin)),
    ours: (line, stdin) => tsclone(line.split(' '), o(stdin)),
    async stop() {
      await server.stop();
      await dir.remove();
    },
  };
}

/** Lines in any order: rclone gives those of a tree as they come. */
const outcome = ({ code, stdout }: RunResult): unknown => [code, linesOf(stdout.toString())];
const linesOf = (text: string): string[] => text.split('\n').sort((a, b) => (a < b ? -1 : 1));
/** Both read the same. */
const same = async (both: Both, line: string): Promise<string> => {
  const [theirs, mine] = [await both.real(line), await both.ours(line)];
  expect([line, outcome(mine)]).toEqual([line, outcome(theirs)]);
  return mine.stdout.toString();
};

describe.skipIf(!hasVersity)('object lock and directory markers on versitygw, beside rclone', () => {
  let both: Both;
  beforeAll(async () => {
    both = await startBoth((await startVersitygw({ versioning: true })) as S3Server);
    await both.ours('mkdir s:locked --s3-bucket-object-lock-enabled');
    await both.real('mkdir s:bkt');
  });
  afterAll(() => both?.stop());

  const lock =
    '--s3-object-lock-mode GOVERNANCE --s3-object-lock-retain-until-date 1d --s3-object-lock-legal-hold-status';

  test.each(['ours', 'real'] as const)('%s locks, and neither removes before its time', async (who) => {
    const other = who === 'ours' ? 'real' : 'ours';
    expect((await both[who](`copyto file.txt s:locked/${who} ${lock} OFF`)).code).toBe(0);
    const listed = await same(both, `lsjson -M s:locked/${who}`);
    expect(listed).toContain('"object-lock-mode":"GOVERNANCE"');
    // A plain removal only hides it.
    expect((await both[other](`deletefile s:locked/${who}`)).code).toBe(0);
    const version = (await same(both, 'lsf --s3-versions s:locked'))
      .split('\n')
      .find((name) => name.startsWith(`${who}-v`));
    await same(both, `cat --s3-versions s:locked/${version}`);
    for (const program of ['ours', 'real'] as const) {
      const refused = await both[program](`deletefile --s3-versions s:locked/${version}`);
      expect([program, refused.code, /protected by object lock/.test(refused.stderr)]).toEqual([program, 1, true]);
    }
    expect(
      (await both[other](`deletefile --s3-versions --s3-bypass-governance-retention s:locked/${version}`)).code,
    ).toBe(0);
    expect((await both.real('lsf --s3-versions s:locked')).stdout.toString()).not.toContain(version);
  });

  test('a refusal for a lock says what lifts it', async () => {
    await both.ours(`copyto file.txt s:locked/held ${lock} OFF`);
    await both.ours('deletefile s:locked/held');
    const version = (await both.ours('lsf --s3-versions s:locked')).stdout
      .toString()
      .split('\n')
      .find((name) => name.startsWith('held-v'));
    const { stderr } = await both.ours(`deletefile --s3-versions s:locked/${version}`);
    expect(stderr).toContain('--s3-bypass-governance-retention');
    expect(stderr).not.toContain('The token of remote');
  });

  test('a legal hold and a lock after the upload are read alike', async () => {
    for (const who of ['ours', 'real'] as const) {
      await both[who](`copyto file.txt s:locked/held-${who} ${lock} ON --s3-object-lock-set-after-upload`);
      expect(await same(both, `lsjson -M s:locked/held-${who}`)).toContain('"object-lock-legal-hold-status":"ON"');
    }
  });

  test('markers are made, listed, kept and removed alike', async () => {
    const steps = [
      'mkdir mark:bkt/W/a/b',
      'copyto file.txt mark:bkt/W/c/d/file.txt',
      'deletefile mark:bkt/W/c/d/file.txt',
      // rclone 1.75 keeps the marker of the directory that it was opened at.
      'rmdirs mark:bkt/W/a --leave-root',
      'rmdir mark:bkt/W/none',
    ];
    for (const step of steps) {
      const done = {
        ours: await both.ours(step.replace('W', 'ours')),
        real: await both.real(step.replace('W', 'real')),
      };
      expect([step, done.ours.code]).toEqual([step, done.real.code]);
      const left = async (who: string): Promise<string[]> =>
        linesOf((await both.real(`lsf -R --format ps mark:bkt/${who}`)).stdout.toString());
      expect([step, await left('ours')]).toEqual([step, await left('real')]);
      for (const who of ['ours', 'real']) await same(both, `lsf -R --format ps mark:bkt/${who}`);
    }
    await same(both, 'lsf mark:bkt/real/none');
    await same(both, 'lsf -R s:bkt');
    expect((await both.ours('rmdirs mark:bkt/ours')).code).toBe((await both.real('rmdirs mark:bkt/real')).code);
    expect((await both.real('lsf -R s:bkt')).stdout.toString()).not.toContain('ours/a');
  });
});

describe.skipIf(!hasWeed)('keys of the customer on SeaweedFS, beside rclone', () => {
  let both: Both;
  beforeAll(async () => {
    both = await startBoth((await startSeaweedfs()) as S3Server);
    await both.real('mkdir s:bkt');
  }, 60_000);
  afterAll(() => both?.stop());

  test.each(['ours', 'real'] as const)('%s writes, both read with the key and neither without', async (who) => {
    expect((await both[who](`rcat key:bkt/${who}/small`, 'secret text')).code).toBe(0);
    expect((await both[who](`copy file.txt key:bkt/${who}`)).code).toBe(0);
    expect(await same(both, `cat key:bkt/${who}/small`)).toBe('secret text');
    await same(both, `cat --offset 3 --count 4 key:bkt/${who}/small`);
    await same(both, `lsf -R --format ps key:bkt/${who}`);
    await same(both, `md5sum key:bkt/${who}`);
    for (const program of ['ours', 'real'] as const) {
      const blind = await both[program](`cat s:bkt/${who}/small`);
      expect([program, blind.code === 0, blind.stdout.toString()]).toEqual([program, false, '']);
    }
    expect((await both.ours(`check file.txt key:bkt/${who} --one-way`)).code).toBe(
      (await both.real(`check file.txt key:bkt/${who} --one-way`)).code,
    );
    expect((await both[who === 'ours' ? 'real' : 'ours'](`purge key:bkt/${who}`)).code).toBe(0);
    expect(await same(both, 'lsf -R s:bkt')).not.toContain(who);
  });
});
