import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { textBytes } from '../support/compress-vectors.ts';
import { findPeer } from '../support/peers.ts';
import { run, tsclone, type RunResult } from '../support/run.ts';
import { startVersitygw, tempDir, type S3Server } from '../support/servers.ts';
import { sortedConfig } from '../support/wizard.ts';
import { configText } from './layers.ts';

const rclone = findPeer('rclone');
const programs = ['rclone', 'tsclone'] as const;
type Program = (typeof programs)[number];

describe.skipIf(!rclone || !findPeer('versitygw'))('crypt on compress on S3, made by config create', () => {
  let dir: Awaited<ReturnType<typeof tempDir>>;
  let server: S3Server;
  const call = (program: Program, args: readonly string[], stdin?: Uint8Array): Promise<RunResult> => {
    const o = {
      cwd: dir.path,
      env: { RCLONE_CONFIG: join(dir.path, `${program}.conf`) },
      ...(stdin ? { stdin } : {}),
    };
    return program === 'rclone' ? run(rclone as string, args, o) : tsclone(args, o);
  };

  beforeAll(async () => {
    dir = await tempDir();
    server = (await startVersitygw()) as S3Server;
    const s3 = {
      type: 's3',
      provider: 'Other',
      access_key_id: server.accessKeyId,
      secret_access_key: server.secretAccessKey,
      endpoint: server.endpoint,
    };
    for (const program of programs) await writeFile(join(dir.path, `${program}.conf`), configText({ r2_backups: s3 }));
    expect((await call('rclone', ['mkdir', 'r2_backups:my-backup-bucket'])).code).toBe(0);
  });
  afterAll(async () => {
    await server?.stop();
    await dir?.remove();
  });

  test('stores what rclone stores, and both read both', async () => {
    const password = (await call('tsclone', ['obscure', 'your-password'])).stdout.toString().trim();
    const commands = [
      ['config', 'create', 'r2_compressed', 'compress', 'remote=r2_backups:my-backup-bucket'],
      ['config', 'create', 'r2_secure', 'crypt', 'remote=r2_compressed:', `password=${password}`],
    ];
    for (const args of commands) {
      const [theirs, ours] = [await call('rclone', args), await call('tsclone', args)];
      // rclone takes new keys out of a map, in any order.
      const shown = [theirs, ours].map(({ code, stdout }) => [code, sortedConfig(stdout.toString())]);
      expect(shown[1]).toEqual(shown[0]);
      expect(ours.stderr.includes('put compress above crypt')).toBe(args[3] === 'crypt');
    }
    const [a, b] = await Promise.all(programs.map((p) => readFile(join(dir.path, `${p}.conf`), 'utf8')));
    expect(sortedConfig(b as string)).toBe(sortedConfig(a as string));

    const bytes = textBytes(3, 300_000);
    for (const program of programs)
      expect((await call(program, ['rcat', `r2_secure:django-backups/${program}`], bytes)).code).toBe(0);
    for (const reader of programs)
      for (const writer of programs)
        expect(
          (await call(reader, ['cat', `r2_secure:django-backups/${writer}`])).stdout.equals(bytes),
          `${reader} reads ${writer}`,
        ).toBe(true);
  });

  test.each([
    ['the other order', ['compress', 'remote=r2_secure:']],
    ['no output', ['crypt', 'remote=r2_compressed:', 'password=x', '--no-output']],
    ['a program that asks', ['crypt', 'remote=r2_compressed:', 'password=x', '--non-interactive']],
    ['quiet', ['crypt', 'remote=r2_compressed:', 'password=x', '-q']],
  ])('gives no advice: %s', async (_why, args) => {
    expect((await call('tsclone', ['config', 'create', 'other', ...args])).stderr).toBe('');
  });
});
