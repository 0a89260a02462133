import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPeer } from '../support/peers.ts';
import { runOnPty } from '../support/pty.ts';
import { startGate, type Gate } from '../support/r2-gate.ts';
import { run, tsclone, tscloneBin, type RunOptions, type RunResult } from '../support/run.ts';
import { startVersitygw, tempDir, type S3Server } from '../support/servers.ts';
import { advancedOfR2, questionsOf, sortedConfig } from '../support/wizard.ts';

const available = findPeer('versitygw') !== undefined;
const bucket = 'my-backup-bucket';
const forbidden = ['HeadBucket', 'CreateBucket', 'ListBuckets', 'GetBucketVersioning', 'GetBucketLocation'];

describe.skipIf(!available).each([{ strictChecksums: true }, { strictChecksums: false }])(
  'the R2 recipe against R2 rules in front of a real server (%o)',
  (r2) => {
    let server: S3Server;
    let gate: Gate;
    let dir: Awaited<ReturnType<typeof tempDir>>;
    const cli = (args: readonly string[], o: RunOptions = {}): Promise<RunResult> =>
      tsclone(args, { cwd: dir.path, env: { RCLONE_CONFIG: join(dir.path, 'rclone.conf') }, ...o });
    const create = (name: string, key: string, ...more: string[]): Promise<RunResult> =>
      cli([
        'config',
        'create',
        name,
        's3',
        'provider=Cloudflare',
        `access_key_id=${key}`,
        `secret_access_key=secret-of-${key}`,
        `endpoint=${gate.url}`,
        ...more,
      ]);
    const token = (accessKeyId: string, tier: 'object-rw' | 'object-ro' | 'admin-rw', buckets?: string[]) => ({
      accessKeyId,
      secretAccessKey: `secret-of-${accessKeyId}`,
      tier,
      ...(buckets ? { buckets } : {}),
    });

    beforeAll(async () => {
      server = (await startVersitygw()) as S3Server;
      dir = await tempDir();
      gate = await startGate(server, {
        tokens: [
          token('SCOPED', 'object-rw', [bucket]),
          token('READER', 'object-ro', [bucket]),
          token('ADMIN', 'admin-rw'),
        ],
        r2,
      });
      expect((await create('admin', 'ADMIN')).code).toBe(0);
      expect((await cli(['mkdir', `admin:${bucket}`])).stderr).toBe('');
      expect((await create('r2_backups', 'SCOPED', 'no_check_bucket=true')).code).toBe(0);
      expect((await create('plain', 'SCOPED')).code).toBe(0);
      expect((await create('reader', 'READER')).code).toBe(0);
      gate.take();
    });
    afterAll(async () => {
      await gate?.close();
      await server?.stop();
      await dir?.remove();
    });

    test.each(['r2_backups', 'plain'])('%s: list, stream, read, move, sync and delete', async (remote) => {
      const path = `${remote}:${bucket}/${remote}`;
      const dump = randomBytes(12_000_000);
      const ok = async (args: string[], stdin?: string | Uint8Array): Promise<RunResult> => {
        const done = await cli(args, stdin === undefined ? {} : { stdin });
        expect([args[0], done.code, done.stderr]).toEqual([args[0], 0, '']);
        return done;
      };
      expect((await ok(['ls', path])).stdout.toString()).toBe('');
      await ok(['rcat', `${path}/small`], 'hello world');
      await ok(['rcat', `${path}/none`], '');
      await ok(['rcat', `${path}/.partial-db`], dump);
      await ok(['moveto', `${path}/.partial-db`, `${path}/db.dump`]);
      const listed = (await ok(['lsl', path])).stdout.toString();
      expect(listed.split('\n').map((l) => l.replace(/ \d{4}-\S+ \S+ /, ' ').trim())).toEqual(
        expect.arrayContaining(['12000000 db.dump', '0 none', '11 small']),
      );
      expect((await ok(['cat', `${path}/small`])).stdout.toString()).toBe('hello world');
      expect((await ok(['cat', `${path}/db.dump`])).stdout.equals(dump)).toBe(true);
      expect(JSON.parse((await ok(['lsjson', path])).stdout.toString())).toHaveLength(3);
      await ok(['copyto', `${path}/db.dump`, 'down.dump']);
      expect((await readFile(join(dir.path, 'down.dump'))).equals(dump)).toBe(true);
      await ok(['copyto', 'down.dump', `${path}/up.dump`]);
      await ok(['sync', path, 'mirror']);
      await ok(['sync', 'mirror', `${path}-copy`]);
      await ok(['deletefile', `${path}/small`]);
      await ok(['purge', path]);
      const shown = (await ok(['config', 'show', 'r2_backups'])).stdout.toString();
      expect(shown).toContain('no_check_bucket = true\n');

      const log = gate.take();
      expect(log.length).toBeGreaterThan(20);
      expect(log.filter((r) => forbidden.includes(r.operation) || r.status >= 500)).toEqual([]);
      expect(log.filter((r) => r.status === 403)).toEqual([]);
      const headers = log.flatMap((r) => Object.keys(r.headers).map((name) => `${name}: ${r.headers[name]}`));
      expect(headers.filter((h) => /^x-amz-(checksum|acl|sdk-)|STREAMING-|^expect:/.test(h))).toEqual([]);
    });

    test.each(['r2_backups', 'plain'])('%s: a bucket outside the token fails and says why', async (remote) => {
      const done = await cli(['rcat', `${remote}:no-such-bucket/x`], { stdin: 'x' });
      expect(done.code).toBe(1);
      const last = done.stderr.trimEnd().split('\n').at(-1) as string;
      expect(last).toMatch(/Failed to rcat: .*AccessDenied.*token of remote ".*" may not .*no-such-bucket/);
    });

    test('a missing bucket, with a token that would see it', async () => {
      const admin = await create('admin_nc', 'ADMIN', 'no_check_bucket=true');
      expect(admin.code).toBe(0);
      const done = await cli(['rcat', 'admin_nc:not-there/x'], { stdin: 'x' });
      expect(done.code).not.toBe(0);
      expect(done.stderr).toMatch(/NoSuchBucket.*tsclone mkdir admin_nc:not-there/);
    });

    test('an admin token makes a bucket', async () => {
      expect(await cli(['mkdir', 'admin:brand-new'])).toMatchObject({ code: 0, stderr: '' });
      expect((await cli(['lsf', 'admin:'])).stdout.toString()).toBe(`brand-new/\n${bucket}/\n`);
    });

    test('a read-only token may not write and the line says so', async () => {
      const done = await cli(['rcat', `reader:${bucket}/x`], { stdin: 'x' });
      expect(done.code).toBe(1);
      expect(done.stderr.trimEnd().split('\n')).toHaveLength(1);
      expect(done.stderr).toContain('remote "reader"');
      expect(done.stderr).not.toContain('secret-of');
    });

    const rclone = findPeer('rclone');
    const python = findPeer('python3');
    test.skipIf(rclone === undefined || python === undefined)(
      'the interactive steps at a terminal, by both programs, end in a working ls',
      async () => {
        await cli(['rcat', `admin:${bucket}/wizard/hello.txt`], { stdin: 'hello' });
        const basics = [
          'n',
          'r2_backups',
          's3',
          'Cloudflare',
          '',
          'SCOPED',
          'secret-of-SCOPED',
          'auto',
          gate.url,
          '',
          'y',
        ];
        const advanced = advancedOfR2.map((name) => (name === 'no_check_bucket' ? 'true' : ''));
        const answers = [...basics, ...advanced, 'n', 'y', 'q'];
        // One terminal: the questions, the list of the recipe, and a write, which only no_check_bucket lets rclone do.
        const place = `r2_backups:${bucket}/wizard`;
        const steps = [['config'], ['ls', place], ['rcat', `${place}/new`, '<two'], ['ls', place]].map((words) => {
          const line = words.join(' ');
          return `echo '$ ${line}' && "$@" ${line}`;
        });
        writeFileSync(join(dir.path, 'two'), '12');
        const sit = async (name: string, ...program: string[]) => {
          const conf = join(dir.path, `${name}.conf`);
          writeFileSync(conf, '', { mode: 0o600 });
          const shell = ['/bin/sh', '-c', steps.join(' && '), 'sh', ...program];
          const done = await runOnPty(python as string, shell, {
            cwd: dir.path,
            env: { RCLONE_CONFIG: conf },
            answers,
          });
          const screen = done.screen.replaceAll(conf, 'CONF').replaceAll(gate.url, 'ENDPOINT');
          const reports = process.env['TSCLONE_REPORTS'];
          if (reports !== undefined) writeFileSync(join(reports, `r2-session-${name}.txt`), screen);
          expect(await cli(['deletefile', `admin:${bucket}/wizard/new`])).toMatchObject({ code: 0, stderr: '' });
          return { code: done.code, questions: questionsOf(screen), config: readFileSync(conf, 'utf8') };
        };
        const theirs = await sit('theirs', rclone as string);
        const ours = await sit('ours', process.execPath, tscloneBin);
        expect(ours.code).toBe(0);
        expect(theirs.code).toBe(0);
        expect(ours.questions.slice(-3)).toEqual([`$ ls ${place}`, '        5 hello.txt', '        2 new']);
        expect(sortedConfig(ours.config)).toBe(sortedConfig(theirs.config));
        expect(ours.config).toContain('\nno_check_bucket = true\n');
        const asked = (lines: string[]): string[] => lines.filter((line) => !/^\d+: \(/.test(line));
        expect(asked(ours.questions)).toEqual(asked(theirs.questions));
        await expect(`${ours.questions.join('\n')}\n`).toMatchFileSnapshot('recordings/r2-recipe.txt');
      },
      120_000,
    );

    test.skipIf(findPeer('rclone') === undefined)(
      'rclone without no_check_bucket is refused where tsclone works',
      async () => {
        const env = { RCLONE_CONFIG: join(dir.path, 'rclone.conf') };
        const theirs = await run(findPeer('rclone') as string, ['rcat', `plain:${bucket}/theirs`, '--retries', '1'], {
          cwd: dir.path,
          env,
          stdin: 'x',
        });
        expect(theirs.code).toBe(1);
        expect(theirs.stderr).toContain('CreateBucket');
      },
    );
  },
);
