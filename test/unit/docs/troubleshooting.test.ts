import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { showDiagnosis } from '../../../src/cli/render/diagnosis.ts';
import type { Diagnosis } from '../../../src/core/diagnosis.ts';
import type { R2Token } from '../../../src/serve/s3/index.ts';
import { cli } from '../../support/cli.ts';
import { bucket, keys, openWard, refusing, type Front } from '../../support/doctor.ts';

/*
 * What the page shows is what the program prints. `TSCLONE_CAPTURE=1` writes it into the page anew.
 */

const page = fileURLToPath(new URL('../../../docs/guides/troubleshooting.md', import.meta.url));
const host = '0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com';

interface Scene {
  readonly options?: Record<string, string>;
  readonly token?: Partial<R2Token>;
  readonly front?: Front;
  readonly path?: string;
  readonly write?: true;
  /** A command that shows the message of a user's day; `%` stands for the path. */
  readonly first?: { readonly args: readonly string[]; readonly stdin?: string; readonly shown: string };
  /** No look at it by doctor. */
  readonly onlyFirst?: true;
}

const ls = { args: ['ls', '%'], shown: 'tsclone ls %' };
const rcat = {
  args: ['rcat', '%/hello.txt', '--retries', '1', '--low-level-retries', '1'],
  stdin: 'hello',
  shown: 'echo hello | tsclone rcat %/hello.txt',
};
const isSigned = (headers: Readonly<Record<string, string>>): boolean => headers['authorization'] !== undefined;
const hourAgo = (): string => new Date(Date.now() - 3_600_000).toUTCString();

const scenes: Readonly<Record<string, Scene>> = {
  healthy: { write: true },
  'foreign-bucket': { path: 'other-bucket', first: ls },
  'read-only': { token: { tier: 'object-ro' }, write: true, first: rcat },
  'no-bucket-rights': { options: { no_check_bucket: '' } },
  'no-delete': { front: refusing('DeleteObject', 403, 'AccessDenied', 'Access Denied'), write: true },
  'wrong-secret': { options: { secret_access_key: 'd00d'.repeat(15) }, first: ls },
  'unknown-key': {
    front: (r) =>
      isSigned(r.headers) ? refusing('*', 401, 'Unauthorized', 'Unauthorized')(r, {} as never) : undefined,
    first: ls,
  },
  region: { options: { region: 'eu-central-1' }, first: ls },
  clock: {
    front: (r) =>
      isSigned(r.headers)
        ? undefined
        : { status: 400, headers: { date: hourAgo(), 'content-type': 'application/xml' }, body: '' },
  },
  checksums: {
    options: { use_data_integrity_protections: 'true' },
    front(r, call) {
      const name = Object.keys(r.headers).find((n) => /^x-amz-(sdk-checksum|checksum-(?!mode))/.test(n));
      const message = `Header '${name}' with value '${r.headers[name ?? '']}' not implemented`;
      return name === undefined ? undefined : refusing('*', 501, 'NotImplemented', message)(r, call);
    },
    write: true,
    first: rcat,
  },
  'equal-parts': {
    front: refusing('CompleteMultipartUpload', 400, 'InvalidPart', 'All non-trailing parts must have the same length.'),
    write: true,
  },
  'slow-down': {
    front: (r) =>
      isSigned(r.headers) ? refusing('*', 503, 'SlowDown', 'Reduce your rate.')(r, {} as never) : undefined,
    first: { ...ls, args: [...ls.args, '--low-level-retries', '2'] },
  },
  'web-page': {
    front: () => ({
      status: 200,
      headers: { 'content-type': 'text/html' },
      body: '<!DOCTYPE html><html><body>Please sign in.</body></html>',
    }),
    first: { ...ls, args: [...ls.args, '--low-level-retries', '1'] },
  },
};

test.each(Object.keys(scenes))('the page shows what is printed: %s', async (name) => {
  const scene = scenes[name] as Scene;
  const captured = `<!-- captured: ${name} -->\n\n\`\`\`text\n${await capture(scene)}\`\`\`\n`;
  const text = await readFile(page, 'utf8');
  const block = new RegExp(`<!-- captured: ${name} -->\\n(?:\\n\`\`\`text\\n[^]*?\`\`\`\\n)?`).exec(text)?.[0];
  if (process.env['TSCLONE_CAPTURE'] === '1' && block !== undefined)
    await writeFile(
      page,
      text.replace(block, () => captured),
    );
  else expect(block).toBe(captured);
});

test('every scene of the page is captured', async () => {
  const named = [...(await readFile(page, 'utf8')).matchAll(/<!-- captured: (.*?) -->/g)].map(
    ([, name]) => name as string,
  );
  expect(named.toSorted()).toEqual(Object.keys(scenes).toSorted());
});

async function capture(scene: Scene): Promise<string> {
  const ward = await openWard(scene.token ? { token: scene.token } : {});
  ward.front = scene.front;
  const dir = await mkdtemp(join(tmpdir(), 'tsclone-docs-'));
  const env = { RCLONE_CONFIG: join(dir, 'rclone.conf') };
  const options = {
    type: 's3',
    provider: 'Cloudflare',
    access_key_id: keys.accessKeyId,
    secret_access_key: keys.secretAccessKey,
    endpoint: ward.url,
    region: 'auto',
    no_check_bucket: 'true',
    ...scene.options,
  };
  const lines = Object.entries(options).filter(([, value]) => value !== '');
  await writeFile(env.RCLONE_CONFIG, `[r2]\n${lines.map(([k, v]) => `${k} = ${v}\n`).join('')}`);
  const path = `r2:${scene.path ?? bucket}`;
  const elsewhere = (text: string): string =>
    text
      .replaceAll(ward.url, `https://${host}`)
      .replaceAll(new URL(ward.url).host, host)
      .replaceAll('answers, without TLS', 'answers, certificate is trusted');
  let shown = '';
  if (scene.first) {
    const { args, stdin, shown: command } = scene.first;
    const done = await cli(
      args.map((arg) => arg.replace('%', path)),
      { env, ...(stdin === undefined ? {} : { stdin }) },
    );
    shown += `$ ${command.replace('%', path)}\n${plain(elsewhere(done.stderr))}`;
  }
  const flags = scene.write ? ['--write'] : [];
  const { stdout } = await cli(['doctor', path, '--json', ...flags], { env });
  const diagnosis = JSON.parse(elsewhere(stdout)) as Diagnosis;
  const text = showDiagnosis(diagnosis, {
    colours: false,
    written: [],
    write: scene.write === true,
    hasSection: () => true,
  });
  await ward.stop();
  await rm(dir, { recursive: true });
  return `${shown}$ tsclone doctor ${[path, ...flags].join(' ')}\n${plain(text)}`;
}

/** Without what differs from run to run. */
const plain = (text: string): string =>
  text
    .replaceAll(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /gm, '')
    .replaceAll(/RequestID: [0-9A-F]{16}/g, 'RequestID: …')
    .replaceAll(/\.tsclone-doctor-\w+-[0-9a-f]{12}/g, '.tsclone-doctor-…');
