import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPeer } from '../support/peers.ts';
import { run, tscloneBin, type RunResult } from '../support/run.ts';
import { startScriptedS3, type ScriptedS3 } from '../support/scripted-s3.ts';
import { startVersitygw, tempDir, type S3Server } from '../support/servers.ts';
import { badInputs, type BadInput } from './bad-inputs.ts';
import { makeTree } from './harness.ts';

const rclone = findPeer('rclone');
const secret = 'Hidden/Secret+Of=Nobody';

/** Every bad input ends with one line that says what and why, with rclone's exit code, and changes nothing. */
describe.skipIf(rclone === undefined || !findPeer('versitygw'))('bad input', () => {
  let server: S3Server;
  let dir: Awaited<ReturnType<typeof tempDir>>;

  beforeAll(async () => {
    server = (await startVersitygw()) as S3Server;
    dir = await tempDir();
    await makeTree(join(dir.path, 't'));
    await writeFile(join(dir.path, 'rclone.conf'), config(''));
    const copied = await run(rclone as string, ['copy', 't', 's3:shared'], options(join(dir.path, 'rclone.conf')));
    if (copied.code !== 0) throw new Error(copied.stderr);
  });
  afterAll(async () => {
    await server?.stop();
    await dir?.remove();
  });

  const options = (conf: string) => ({ cwd: dir.path, env: { RCLONE_CONFIG: conf } });

  function config(faulty: string): string {
    const remote = (name: string, key: string, secretKey: string, endpoint: string): string =>
      `[${name}]\ntype = s3\nprovider = Other\naccess_key_id = ${key}\nsecret_access_key = ${secretKey}\nendpoint = ${endpoint}\n`;
    return [
      remote('s3', server.accessKeyId, server.secretAccessKey, server.endpoint),
      remote('wrong', server.accessKeyId, secret, server.endpoint),
      remote('nobody', 'AKNOBODY', secret, server.endpoint),
      remote('dead', 'AK', secret, 'http://127.0.0.1:1'),
      remote('tls', 'AK', secret, server.endpoint.replace('http:', 'https:')),
      remote('host', 'AK', secret, 'http://no-such-host.invalid'),
      remote('f', 'AK', secret, faulty),
    ].join('\n');
  }

  async function attempt(
    program: readonly string[],
    name: string,
    bad: BadInput,
  ): Promise<RunResult & { left: string[] }> {
    const out = join(dir.path, `${name}-out`);
    await mkdir(out, { recursive: true });
    await writeFile(join(out, 'keep'), 'keep');
    let scripted: ScriptedS3 | undefined;
    try {
      scripted = bad.script && (await startScriptedS3(bad.script));
      const conf = join(dir.path, `${name}.conf`);
      await writeFile(conf, config(scripted?.endpoint ?? 'http://127.0.0.1:1') + (bad.conf ?? ''));
      const words = (typeof bad.args === 'string' ? bad.args.split(' ') : bad.args).map((w) => w.replace('{out}', out));
      const quick = ['--retries', '1', '--low-level-retries', '2', '--contimeout', '3s', '--timeout', '8s'];
      // A flag without its value stays the last word.
      const flags =
        /^(ls --max-depth|lsf --time-format)$/.test(words.join(' ')) || words[0] === 'sh'
          ? []
          : quick.filter((f, i) => !words.includes(i % 2 === 0 ? f : (quick[i - 1] as string)));
      const command =
        words[0] === 'sh'
          ? ['sh', '-c', `${program.map((w) => `'${w}'`).join(' ')} ${words[2]}`]
          : [...program, ...words, ...flags];
      const done = await run(command[0] as string, command.slice(1), {
        cwd: dir.path,
        env: { RCLONE_CONFIG: conf, ...bad.env },
        ...(bad.stdin === undefined ? {} : { stdin: bad.stdin }),
        timeoutMs: 20_000,
      });
      return { ...done, left: (await readdir(out, { recursive: true })).sort() };
    } finally {
      await scripted?.stop();
    }
  }

  test('there are enough of them', () => {
    expect(badInputs.length).toBeGreaterThanOrEqual(100);
    expect(new Set(badInputs.map((b) => b.name)).size).toBe(badInputs.length);
  });

  test.concurrent.each(badInputs.map((bad, i) => [bad.name, bad, i] as const))('%s', async (_name, bad, i) => {
    const ours = await attempt([process.execPath, tscloneBin], `ours-${i}`, bad);
    const code = bad.deviation?.code ?? (await attempt([rclone as string], `theirs-${i}`, bad)).code;
    expect(code, 'what is expected to fail').not.toBe(0);
    expect(ours.code, ours.stderr).toBe(code);
    const lines = ours.stderr.trimEnd().split('\n');
    const last = lines.at(-1) as string;
    expect(last).toMatch(bad.says);
    expect(last.length).toBeLessThan(700);
    expect(ours.stderr).not.toMatch(
      /\n\s+at |node:internal|TypeError|ReferenceError|\[object |undefined|UnhandledPromise/,
    );
    expect(ours.stderr).not.toContain(secret);
    expect(ours.left).toEqual(['keep']);
  });
});
