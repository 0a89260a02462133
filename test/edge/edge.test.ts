import { spawn } from 'node:child_process';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPeer, type Peer } from '../support/peers.ts';
import { run, tscloneBin } from '../support/run.ts';
import { freePort, startVersitygw, tempDir, type S3Server } from '../support/servers.ts';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const entry = fileURLToPath(new URL('../../dist/edge.js', import.meta.url));
const hasServer = findPeer('versitygw') !== undefined;
const bytes = 11 * 1024 * 1024 + 12_345;

describe.skipIf(!hasServer)('the edge entry writes, lists and reads', () => {
  let server: S3Server;
  let dir: Awaited<ReturnType<typeof tempDir>>;
  const settings = (prefix: string) => ({
    endpoint: server.endpoint,
    accessKeyId: server.accessKeyId,
    secretAccessKey: server.secretAccessKey,
    bucket: 'edge',
    prefix,
  });

  beforeAll(async () => {
    server = (await startVersitygw()) as S3Server;
    dir = await tempDir();
    const { accessKeyId, secretAccessKey, endpoint } = server;
    const remote = `:s3,provider=Other,access_key_id=${accessKeyId},secret_access_key='${secretAccessKey}',endpoint='${endpoint}':edge`;
    const made = await run(process.execPath, [tscloneBin, 'mkdir', remote, '--config', '']);
    expect([made.code, made.stderr]).toEqual([0, '']);
  });
  afterAll(async () => {
    await server?.stop();
    await dir?.remove();
  });

  const runtimes: [Peer, string[]][] = [
    ['node20', []],
    ['node22', []],
    ['node24', []],
    ['node26', []],
    ['deno', ['run', '--quiet', '--no-config', '--no-lock', '--allow-all']],
    ['bun', ['run']],
  ];
  test.each(runtimes.filter(([peer]) => findPeer(peer) !== undefined))('in %s', async (peer, args) => {
    const done = await run(
      findPeer(peer) as string,
      [...args, here('run-process.mjs'), entry, JSON.stringify(settings(peer))],
      { cwd: dir.path },
    );
    expect([done.code, done.stderr]).toEqual([0, '']);
    expect(JSON.parse(done.stdout.toString())).toMatchObject({ bytes, events: true });
  });

  const workerd = findPeer('workerd');
  test.skipIf(workerd === undefined)('in workerd', async () => {
    const port = await freePort();
    for (const name of ['worker.mjs', 'scenario.mjs']) await copyFile(here(name), join(dir.path, name));
    await copyFile(entry, join(dir.path, 'edge.js'));
    await writeFile(
      join(dir.path, 'workerd.capnp'),
      `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [
        (name = "worker.mjs", esModule = embed "worker.mjs"),
        (name = "scenario.mjs", esModule = embed "scenario.mjs"),
        (name = "tsclone-edge-entry", esModule = embed "edge.js"),
      ],
      compatibilityDate = "2026-01-01",
      globalOutbound = "net",
    )),
    (name = "net", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
`,
    );
    const child = spawn(workerd as string, ['serve', 'workerd.capnp'], {
      cwd: dir.path,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let log = '';
    child.stderr.on('data', (b: Buffer) => (log += b.toString()));
    try {
      const answer = await ask(`http://127.0.0.1:${port}/`, JSON.stringify(settings('workerd')));
      expect([answer.status, answer.text, log]).toEqual([200, expect.any(String), log]);
      expect(JSON.parse(answer.text)).toMatchObject({ bytes, events: true });
    } finally {
      child.kill();
    }
  });
});

/** Asks until somebody listens. */
async function ask(url: string, body: string): Promise<{ status: number; text: string }> {
  for (const deadline = Date.now() + 20_000; ;) {
    try {
      const response = await fetch(url, { method: 'POST', body });
      return { status: response.status, text: await response.text() };
    } catch (e) {
      if (Date.now() > deadline) throw e;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
