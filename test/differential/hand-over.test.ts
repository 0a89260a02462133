import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPeer } from '../support/peers.ts';
import { run, tsclone, tscloneBin } from '../support/run.ts';
import { freePort, tempDir } from '../support/servers.ts';
import { localTree, makeTree } from './harness.ts';

const rclone = findPeer('rclone');

/** Remotes of types that are not built in, through a real rclone. */
describe.skipIf(rclone === undefined)('the hand-over to rclone', () => {
  let dir: Awaited<ReturnType<typeof tempDir>>;
  const servers: ChildProcess[] = [];
  const options = () => ({ cwd: dir.path, env: { RCLONE_CONFIG: join(dir.path, 'rclone.conf') } });

  beforeAll(async () => {
    dir = await tempDir();
    await makeTree(join(dir.path, 't'));
    const pass = (await run(rclone as string, ['obscure', 'word'])).stdout.toString().trim();
    const sections: string[] = [];
    for (const type of ['webdav', 'sftp']) {
      const port = await freePort();
      await mkdir(join(dir.path, `${type}-root`));
      const args = ['serve', type, `${type}-root`, '--addr', `127.0.0.1:${port}`, '--user', 'me', '--pass', 'word'];
      const child = spawn(rclone as string, args, { cwd: dir.path, stdio: 'ignore', env: { HOME: dir.path } });
      servers.push(child);
      await listening(port, child);
      const where = type === 'webdav' ? `url = http://127.0.0.1:${port}` : `host = 127.0.0.1\nport = ${port}`;
      sections.push(`[${type}]\ntype = ${type}\n${where}\nuser = me\npass = ${pass}\n`);
    }
    await writeFile(join(dir.path, 'rclone.conf'), sections.join('\n'));
  });
  afterAll(async () => {
    for (const server of servers) {
      server.kill();
      if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
    }
    await dir?.remove();
  });

  test.each(['webdav', 'sftp'])('%s: copy, list, stream, read, move and remove', async (remote) => {
    const ok = async (line: string, stdin?: string) => {
      const done = await tsclone(line.split(' '), { ...options(), ...(stdin === undefined ? {} : { stdin }) });
      expect([line, done.code, /ERROR|CRITICAL|Failed/.exec(done.stderr)]).toEqual([line, 0, null]);
      return done.stdout.toString();
    };
    await ok(`copy t ${remote}:tree`);
    const sizes = (lines: string[]) => lines.filter((l) => !/^\S+\/ /.test(l)).map((l) => l.replace(/ \d+$/, ''));
    expect(sizes(await localTree(join(dir.path, `${remote}-root/tree`), Infinity))).toEqual(
      sizes(await localTree(join(dir.path, 't'), Infinity)),
    );
    expect(await ok(`lsf ${remote}:tree`)).toBe('a.txt\nb.json\nempty.bin\nother/\nsub/\n');
    await ok(`rcat ${remote}:stream`, 'streamed');
    expect(await ok(`cat ${remote}:stream`)).toBe('streamed');
    await ok(`moveto ${remote}:stream back-${remote}`);
    expect(await readFile(join(dir.path, `back-${remote}`), 'utf8')).toBe('streamed');
    await ok(`purge ${remote}:tree`);
    expect(await ok(`lsf ${remote}:`)).toBe('');
  });

  test('failures keep their exit code', async () => {
    const line = ['deletefile', 'webdav:none', '--retries', '1'];
    const theirs = await run(rclone as string, line, options());
    const ours = await tsclone(line, options());
    expect(theirs.code).toBe(4);
    expect(ours.code).toBe(4);
  });

  test('a command that is not built in', async () => {
    const ours = await tsclone(['archive', '--help'], options());
    const theirs = await run(rclone as string, ['archive', '--help'], options());
    expect(ours.stdout.toString()).toBe(theirs.stdout.toString());
    expect(ours.code).toBe(0);
  });

  test('a signal reaches rclone, and its end is the end', async () => {
    const port = await freePort();
    const child = spawn(process.execPath, [tscloneBin, 'serve', 'http', 't', '--addr', `127.0.0.1:${port}`], {
      cwd: dir.path,
      stdio: 'ignore',
      env: { PATH: process.env['PATH'] ?? '', HOME: dir.path },
    });
    await listening(port, child);
    child.kill('SIGTERM');
    await once(child, 'exit');
    await expect(connect(port)).rejects.toThrow(/ECONNREFUSED/);
  });
});

function connect(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, '127.0.0.1', () => {
      socket.destroy();
      resolve();
    });
    socket.on('error', reject);
  });
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  for (const deadline = Date.now() + 30_000; ;) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    if (
      await connect(port).then(
        () => true,
        () => false,
      )
    )
      return;
    if (Date.now() > deadline) throw new Error(`nobody listens on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
