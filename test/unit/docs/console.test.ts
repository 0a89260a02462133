import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startOwnServer, type OwnServer } from '../../support/own-server.ts';
import { tscloneBin } from '../../support/run.ts';

/*
 * Every `console` block of a page runs, in order, in a folder of the page's own, against a server with Cloudflare R2's rules
 * for a token. Lines below a command are found in its output, in this order.
 */
const root = fileURLToPath(new URL('../../../', import.meta.url));
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

interface Step {
  readonly command: string;
  readonly output: readonly string[];
}

/** The commands of a page; a `\` continues a line, two blanks of indentation belong to the list around. */
function stepsOf(page: string): Step[] {
  const steps: { command: string; output: string[] }[] = [];
  for (const [, indent = '', block = ''] of readFileSync(join(root, page), 'utf8').matchAll(
    /^( *)```console\n([\s\S]*?)^ *```/gm,
  ))
    for (const line of block.split('\n').map((l) => l.slice(indent.length))) {
      const last = steps.at(-1);
      if (line.startsWith('$ ')) steps.push({ command: line.slice(2), output: [] });
      else if (last?.command.endsWith('\\')) last.command = `${last.command.slice(0, -1)}${line.trim()}`;
      else if (line !== '') last?.output.push(line);
    }
  return steps;
}

/** Its commands fail on purpose, each in its own way: troubleshooting.test.ts runs them. */
const elsewhere = 'docs/guides/troubleshooting.md';
const withSteps = pages
  .filter((page) => page !== elsewhere)
  .map((page) => [page, stepsOf(page)] as const)
  .filter(([, steps]) => steps.length > 0);

const token = {
  accessKeyId: 'YOUR_ACCESS_KEY_ID',
  secretAccessKey: 'YOUR_SECRET_ACCESS_KEY',
  tier: 'object-rw',
  buckets: ['my-backup-bucket'],
} as const;

async function preparePage(server: OwnServer): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'tsclone-docs-'));
  const remote = `type = s3\nprovider = Cloudflare\naccess_key_id = ${token.accessKeyId}\nsecret_access_key = ${token.secretAccessKey}\nendpoint = ${server.endpoint}\nno_check_bucket = true\n`;
  await writeFile(join(dir, 'rclone.conf'), `[r2]\n${remote}\n[r2_backups]\n${remote}`);
  await mkdir(join(dir, 'bin'));
  await symlink(tscloneBin, join(dir, 'bin/tsclone'));
  for (const [name, script] of Object.entries({ pg_dump: 'seq 1 400000', psql: 'cat >/dev/null' })) {
    await writeFile(join(dir, 'bin', name), `#!/bin/sh\n${script}\n`);
    await chmod(join(dir, 'bin', name), 0o755);
  }
  for (const folder of ['media', 'files']) {
    await mkdir(join(dir, folder, 'sub'), { recursive: true });
    await writeFile(join(dir, folder, 'a.txt'), 'hello\n');
    await writeFile(join(dir, folder, 'sub', 'b.txt'), 'hello again\n');
  }
  await server.backend.at('my-backup-bucket').write('mydb.sql', once('select 1;\n'), {});
  return dir;
}

async function* once(text: string): AsyncGenerator<Uint8Array, void, void> {
  yield new TextEncoder().encode(text);
}

function shell(command: string, dir: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', command], {
      cwd: dir,
      env: {
        PATH: `${join(dir, 'bin')}:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
        HOME: dir,
        TZ: 'UTC',
        RCLONE_CONFIG: join(dir, 'rclone.conf'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (b: Buffer) => (output += b.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

/** Without what differs from run to run. */
const masked = (text: string): string =>
  text
    .replace(/\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?/g, 'TIME')
    .replace(/^TIME /, '')
    .trimEnd();

test('pages have commands', () => {
  expect(withSteps.map(([page]) => page)).toEqual(expect.arrayContaining(['README.md', 'docs/start/cli.md']));
});

test.each(withSteps)(
  'the commands of %s',
  async (_page, steps) => {
    const server = await startOwnServer({ r2Tokens: [token] });
    await server.backend.mkdir('my-backup-bucket');
    const dir = await preparePage(server);
    try {
      for (const { command, output } of steps) {
        const done = await shell(
          command.replaceAll('https://ACCOUNT_ID.r2.cloudflarestorage.com', server.endpoint),
          dir,
        );
        expect(
          done.code,
          `${command}
${done.output}`,
        ).toBe(0);
        const got = done.output.split('\n').map(masked);
        let at = 0;
        for (const line of output) {
          const found = got.indexOf(
            masked(line.replace('https://ACCOUNT_ID.r2.cloudflarestorage.com', server.endpoint)),
            at,
          );
          expect(
            found,
            `${command}\nshould print: ${line}\nprinted:\n${got.slice(at).join('\n')}`,
          ).toBeGreaterThanOrEqual(0);
          at = found + 1;
        }
      }
    } finally {
      await server.stop();
      await rm(dir, { recursive: true });
    }
  },
  60_000,
);
