import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasDatabases, startMariadb, startPostgres, type DatabaseServer } from '../support/databases.ts';
import { findPeer } from '../support/peers.ts';
import { startGate, type Gate } from '../support/r2-gate.ts';
import { run, tsclone, tscloneBin, type RunResult } from '../support/run.ts';
import { startVersitygw, tempDir, type S3Server } from '../support/servers.ts';

const rclone = findPeer('rclone');
const available = hasDatabases() && rclone !== undefined && findPeer('versitygw') !== undefined;
const bucket = 'my-backup-bucket';
const token = {
  accessKeyId: 'SCOPED',
  secretAccessKey: 'secret-of-scoped',
  tier: 'object-rw',
  buckets: [bucket],
} as const;

interface Engine {
  readonly start: () => Promise<DatabaseServer>;
  /** Shell words that dump a database, and that run SQL from standard input in one. */
  readonly dump: string;
  readonly client: string;
  readonly env: (s: DatabaseServer) => Record<string, string>;
}
const engines: Record<string, Engine> = {
  PostgreSQL: {
    start: startPostgres,
    dump: 'pg_dump',
    client: 'psql -q -t -A -v ON_ERROR_STOP=1',
    env: (s) => ({ PGHOST: '127.0.0.1', PGPORT: String(s.port), PGUSER: s.user, PGPASSWORD: s.password }),
  },
  MariaDB: {
    start: startMariadb,
    dump: 'mysqldump --no-defaults --protocol=tcp --user=backup_user --port=$PORT --single-transaction',
    client:
      'mariadb --no-defaults --protocol=tcp --user=backup_user --port=$PORT --batch --skip-column-names --init-command="SET max_recursive_iterations=100000"',
    env: (s) => ({ PORT: String(s.port), MYSQL_PWD: s.password }),
  },
};
// 60,000 rows, some MB: the dump goes up in parts.
const rows = `CREATE TABLE numbers (n INTEGER PRIMARY KEY, words VARCHAR(200));
INSERT INTO numbers WITH RECURSIVE seq(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seq WHERE n < 60000)
  SELECT n, CONCAT('é "quoted" ; -- ', n * 7919 % 60013, REPEAT(' word', n % 30)) FROM seq;`;
const sums = 'SELECT COUNT(*), SUM(n), SUM(LENGTH(words)), MIN(words), MAX(words) FROM numbers;';

describe.skipIf(!available)('a database is dumped to R2, and restored', () => {
  let server: S3Server;
  let gate: Gate;
  let dir: Awaited<ReturnType<typeof tempDir>>;

  beforeAll(async () => {
    dir = await tempDir();
    server = (await startVersitygw()) as S3Server;
    const admin = { ...token, accessKeyId: 'ADMIN', tier: 'admin-rw' } as const;
    const { buckets: _all, ...rights } = admin;
    gate = await startGate(server, { tokens: [token, rights], r2: { strictChecksums: true } });
    const obscured = (await tsclone(['obscure', 'your-password'])).stdout.toString().trim();
    const s3 = (key: string): string =>
      `type = s3\nprovider = Cloudflare\naccess_key_id = ${key}\nsecret_access_key = ${token.secretAccessKey}\nendpoint = ${gate.url}\n`;
    await writeFile(
      join(dir.path, 'rclone.conf'),
      `[admin]\n${s3('ADMIN')}[r2_backups]\n${s3('SCOPED')}no_check_bucket = true\n` +
        `[r2_compressed]\ntype = compress\nremote = r2_backups:${bucket}\n` +
        `[r2_secure]\ntype = crypt\nremote = r2_compressed:\npassword = ${obscured}\n` +
        `[r2_encrypted]\ntype = crypt\nremote = r2_backups:${bucket}/small\npassword = ${obscured}\n` +
        `[r2_small]\ntype = compress\nremote = r2_encrypted:\n`,
    );
    const made = await tsclone(['mkdir', `admin:${bucket}`], { env: { RCLONE_CONFIG: join(dir.path, 'rclone.conf') } });
    expect(made.stderr).toBe('');
  });
  afterAll(async () => {
    await gate?.close();
    await server?.stop();
    await dir?.remove();
  });

  describe.each(Object.entries(engines))('%s', (name, engine) => {
    let database: DatabaseServer;
    const shell = (script: string): Promise<RunResult> =>
      run('bash', ['-euo', 'pipefail', '-c', script], {
        cwd: dir.path,
        env: {
          ...engine.env(database),
          RCLONE_CONFIG: join(dir.path, 'rclone.conf'),
          TSCLONE: `${process.execPath} ${tscloneBin}`,
        },
      });
    const ok = async (script: string): Promise<string> => {
      const done = await shell(script);
      expect([done.code, done.stderr], script).toEqual([0, '']);
      return done.stdout.toString();
    };

    beforeAll(async () => {
      database = await engine.start();
      await writeFile(join(dir.path, 'rows.sql'), rows);
      await ok(`${engine.client} shop < rows.sql`);
    });
    afterAll(() => database?.stop());

    test.each(['r2_backups:my-backup-bucket', 'r2_secure:', 'r2_small:'])('through %s', async (remote) => {
      const path = `${remote}${remote.endsWith(':') ? '' : '/'}dumps/${name}.sql`;
      await ok(`${engine.dump} shop | tee dump.sql | $TSCLONE rcat ${path}`);
      const size = (await ok('wc -c < dump.sql')).trim();
      expect(Number(size)).toBeGreaterThan(5_000_000);
      expect((await ok(`$TSCLONE lsl ${path}`)).trim().split(/\s+/)).toEqual([
        size,
        expect.any(String),
        expect.any(String),
        `${name}.sql`,
      ]);
      await ok(`$TSCLONE cat ${path} | cmp - dump.sql`);
      await ok(`${rclone as string} cat ${path} | cmp - dump.sql`);

      await ok(
        `echo 'DROP TABLE IF EXISTS numbers;' | PGOPTIONS='-c client_min_messages=error' ${engine.client} restored`,
      );
      await ok(`$TSCLONE cat ${path} | ${engine.client} restored > restored.log`);
      const [was, is] = [
        await ok(`echo '${sums}' | ${engine.client} shop`),
        await ok(`echo '${sums}' | ${engine.client} restored`),
      ];
      expect(was).toMatch(/^60000\b/);
      expect(is).toBe(was);
    });
  });
});
