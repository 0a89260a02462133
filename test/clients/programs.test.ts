import { mkdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeTree, localTree } from '../differential/harness.ts';
import { hasDatabases, startMariadb, startPostgres, type DatabaseServer } from '../support/databases.ts';
import { findPeer } from '../support/peers.ts';
import { run, tscloneBin, type RunOptions, type RunResult } from '../support/run.ts';
import { startVersitygw, tempDir, type S3Server } from '../support/servers.ts';

const here = dirname(fileURLToPath(import.meta.url));
const python = findPeer('clients-python');
const rcloneJs = findPeer('rclone-js');
const django = findPeer('django-rclone-source');
const duplicity = findPeer('duplicity');
const databases = hasDatabases();

/** Programs that drive rclone, with tsclone in its place, over a real S3 server. */
describe.skipIf(findPeer('versitygw') === undefined)('programs that call rclone', () => {
  let server: S3Server;
  let dir: Awaited<ReturnType<typeof tempDir>>;

  beforeAll(async () => {
    server = (await startVersitygw()) as S3Server;
    dir = await tempDir();
    // For programs that cannot be told another name: the opt-in link, before any real rclone.
    await mkdir(join(dir.path, 'bin'));
    await symlink(tscloneBin, join(dir.path, 'bin/rclone'));
    await writeFile(join(dir.path, 'rclone.conf'), config());
  });
  afterAll(async () => {
    await server?.stop();
    await dir?.remove();
  });

  const settings = () => ({
    provider: 'Other',
    access_key_id: server.accessKeyId,
    secret_access_key: server.secretAccessKey,
    endpoint: server.endpoint,
  });
  const config = (): string =>
    `[s3]\ntype = s3\n${Object.entries(settings())
      .map(([k, v]) => `${k} = ${v}\n`)
      .join('')}`;
  const start = (program: string, args: readonly string[], o: RunOptions = {}): Promise<RunResult> =>
    run(program, args, {
      cwd: dir.path,
      timeoutMs: 600_000,
      ...o,
      env: {
        PATH: `${join(dir.path, 'bin')}:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
        RCLONE_CONFIG: join(dir.path, 'rclone.conf'),
        HOME: dir.path,
        TZ: 'UTC',
        ...o.env,
      },
    });
  const failures = (stdout: string): string[] => stdout.split('\n').filter((l) => l.startsWith('FAILED'));
  const passed = (stdout: string): number => stdout.split('\n').filter((l) => l.startsWith('ok ')).length;

  test.skipIf(!python)('every function of rclone-python', async () => {
    const work = join(dir.path, 'python');
    await mkdir(work);
    const driver = join(here, 'rclone_python_driver.py');
    const args = [driver, tscloneBin, work, 'python-bucket', JSON.stringify(settings())];
    const done = await start(python as string, args);
    const out = done.stdout.toString();
    expect(failures(out), done.stderr).toEqual([]);
    expect(passed(out)).toBe(33);
    expect(done.code).toBe(0);
  });

  test.skipIf(!rcloneJs)('the functions of rclone.js', async () => {
    const work = join(dir.path, 'js');
    await mkdir(work);
    await writeFile(join(work, 'rclone.conf'), config());
    const library = await realpath(rcloneJs as string);
    const driver = join(here, 'rclone-js-driver.cjs');
    const done = await start(process.execPath, [driver, library, work, 'js-bucket'], {
      env: { RCLONE_EXECUTABLE: tscloneBin },
    });
    const out = done.stdout.toString();
    expect(failures(out), done.stderr).toEqual([]);
    expect(passed(out)).toBe(31);
    expect(done.code).toBe(0);
  });

  test.skipIf(!django || !python || !databases)("django-rclone's own suite", async () => {
    const args = ['-m', 'pytest', '-q', '-m', 'integration or not integration', '-p', 'no:cacheprovider'];
    const source = await realpath(django as string);
    const [postgres, mariadb] = await Promise.all([startPostgres(), startMariadb()]);
    const of = (name: 'PG' | 'MYSQL', s: DatabaseServer): [string, string][] => [
      [`TEST_${name}_HOST`, '127.0.0.1'],
      [`TEST_${name}_PORT`, String(s.port)],
      [`TEST_${name}_USER`, s.user],
      [`TEST_${name}_PASSWORD`, s.password],
      [`TEST_${name}_NAME`, s.databases[0]],
    ];
    const env = {
      ...Object.fromEntries([...of('PG', postgres), ...of('MYSQL', mariadb)]),
      TEST_SQLITE_NAME: join(dir.path, 'django.sqlite3'),
    };
    const done = await start(python as string, args, { cwd: source, env }).finally(() =>
      Promise.all([postgres.stop(), mariadb.stop()]),
    );
    // With its integration tests, which need an rclone and the database servers.
    expect(done.stdout.toString().slice(-2000)).toMatch(/^199 passed(?!.*skipped)/m);
    expect(done.code).toBe(0);
  });

  test.skipIf(!duplicity)('duplicity: full, incremental, verify, restore, clean', async () => {
    const target = 'rclone://s3:duplicity-bucket/backups';
    await start(tscloneBin, ['mkdir', 's3:duplicity-bucket']);
    await makeTree(join(dir.path, 'tree'));
    const step = async (...args: string[]): Promise<string> => {
      const done = await start(duplicity as string, [
        ...args,
        '--no-encryption',
        '--archive-dir',
        join(dir.path, 'arch'),
      ]);
      expect([args.join(' '), done.code, done.stderr], done.stdout.toString()).toEqual([args.join(' '), 0, '']);
      return done.stdout.toString();
    };
    expect(await step('full', 'tree', target)).toMatch(/Errors 0/);
    await writeFile(join(dir.path, 'tree/new.txt'), 'later');
    expect(await step('incremental', 'tree', target)).toMatch(/NewFiles [1-9]/);
    expect(await step('verify', target, 'tree', '--compare-data')).toMatch(/0 differences found/);
    await step('restore', target, 'restored');
    const facts = async (name: string) =>
      (await localTree(join(dir.path, name), Infinity))
        .filter((l) => !/\/ /.test(l))
        .map((l) => l.replace(/ \d+$/, ''));
    expect(await facts('restored')).toEqual(await facts('tree'));
    expect(await step('collection-status', target)).toMatch(/Number of contained backup sets: 2/);
    await step('full', 'tree', target);
    await step('remove-all-but-n-full', '1', '--force', target);
    expect(await step('collection-status', target)).toMatch(/Number of contained backup sets: 1/);
  });
});
