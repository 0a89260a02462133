import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPeer } from '../support/peers.ts';
import { startGate, type Gate } from '../support/r2-gate.ts';
import { run, tsclone } from '../support/run.ts';
import { startVersitygw, tempDir, type S3Server } from '../support/servers.ts';

const rclone = findPeer('rclone');
const available = rclone !== undefined && findPeer('versitygw') !== undefined;
const body = randomBytes(6_500_000);

describe.skipIf(!available)('downloads in ranges, beside rclone', () => {
  let server: S3Server;
  let gate: Gate;
  let dir: Awaited<ReturnType<typeof tempDir>>;

  beforeAll(async () => {
    server = (await startVersitygw()) as S3Server;
    gate = await startGate(server);
    dir = await tempDir();
    const keys = `access_key_id = ${server.accessKeyId}\nsecret_access_key = ${server.secretAccessKey}\n`;
    await writeFile(
      join(dir.path, 'rclone.conf'),
      `[s]\ntype = s3\nprovider = Other\n${keys}endpoint = ${gate.url}\n[cr]\ntype = crypt\nremote = s:bkt/c\npassword = Wmd7wUqWZ6mmkx46e9P2KJvfmuAbHg\n`,
    );
    await writeFile(join(dir.path, 'big'), body);
    for (const line of ['mkdir s:bkt', 'copyto big s:bkt/big', 'copyto big cr:big'])
      await run(rclone as string, line.split(' '), options());
  });
  afterAll(async () => {
    await gate?.close();
    await server?.stop();
    await dir?.remove();
  });

  const options = () => ({ cwd: dir.path, env: { RCLONE_CONFIG: join(dir.path, 'rclone.conf') } });

  test.each([
    ['s:bkt/big', ''],
    ['s:bkt/big', '--multi-thread-streams 1'],
    ['s:bkt/big', '--multi-thread-cutoff 7Mi'],
    ['cr:big', '--multi-thread-streams 3'],
  ])('%s %s', async (source, more) => {
    const of = async (who: 'rclone' | 'tsclone') => {
      gate.take();
      const line = `copyto ${source} ${who} -v --multi-thread-cutoff 1Mi --multi-thread-chunk-size 2Mi --ignore-times ${more}`;
      const args = line.trim().split(' ');
      const { code, stderr } = await (who === 'rclone'
        ? run(rclone as string, args, options())
        : tsclone(args, options()));
      const gets = gate.take().filter((r) => r.method === 'GET' && r.headers['range'] !== undefined);
      const said = stderr
        .split('\n')
        .filter((l) => l.includes('Copied'))
        .map((l) =>
          l
            .slice(20)
            .replace(who, 'FILE')
            .replace(/replaced existing|new/, ''),
        );
      return {
        code,
        said,
        same: (await readFile(join(dir.path, who))).equals(body),
        ranges: source === 'cr:big' || gets.map((r) => r.headers['range']).sort((a = '', b = '') => (a < b ? -1 : 1)),
      };
    };
    expect(await of('tsclone')).toEqual(await of('rclone'));
  });

  test.each([
    '--multi-thread-cutoff 1Mi',
    '--multi-thread-cutoff 1Mi --multi-thread-streams 1',
    '--multi-thread-cutoff 7Mi',
  ])('an upload says the same with %s', async (more) => {
    const said = async (who: 'rclone' | 'tsclone'): Promise<string[]> => {
      const args = `copyto big s:bkt/${who} -v --ignore-times ${more}`.split(' ');
      const { stderr } = await (who === 'rclone' ? run(rclone as string, args, options()) : tsclone(args, options()));
      return stderr
        .split('\n')
        .filter((line) => line.includes('Copied'))
        .map((line) =>
          line
            .slice(20)
            .replace(who, 'FILE')
            .replace(/replaced existing|new/, ''),
        );
    };
    const theirs = await said('rclone');
    expect(theirs).toHaveLength(1);
    expect(await said('tsclone')).toEqual(theirs);
  });
});
