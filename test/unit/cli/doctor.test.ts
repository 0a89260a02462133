import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createMemoryBackend } from '../../../src/backends/memory/backend.ts';
import type { Backend } from '../../../src/core/backend.ts';
import { bytesSource, utf8 } from '../../../src/core/bytes.ts';
import { Findings, type Diagnosis } from '../../../src/core/diagnosis.ts';
import { TscloneError } from '../../../src/core/errors.ts';
import { obscure } from '../../../src/core/obscure.ts';
import { checkStorage } from '../../../src/library/diagnose/storage.ts';
import { nodePlatform } from '../../../src/node/platform.ts';
import { serveHttp } from '../../../src/node/serve-http.ts';
import { createS3Handler } from '../../../src/serve/s3/index.ts';
import { cli, type CliResult } from '../../support/cli.ts';
import { tscloneBin } from '../../support/run.ts';

const platform = nodePlatform({});
const bucket = 'my-bucket';
const secret = 'c0ffee00'.repeat(8);
const keys = { accessKeyId: '0123456789abcdef'.repeat(2), secretAccessKey: secret };
const backend = createMemoryBackend('memory', platform);
const operations: { operation: string; method: string }[] = [];
let onRequest: (operation: string) => unknown = () => {};
let dir: string;
let conf: string;
let server: Awaited<ReturnType<typeof serveHttp>>;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tsclone-doctor-'));
  conf = join(dir, 'rclone.conf');
  await backend.mkdir(bucket);
  const handler = createS3Handler({
    backend,
    platform,
    r2Tokens: [{ ...keys, tier: 'object-rw', buckets: [bucket] }],
    onRequest(r) {
      operations.push(r);
      onRequest(r.operation);
    },
  });
  server = await serveHttp(handler, { host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await server.close();
  await rm(dir, { recursive: true, force: true });
});
beforeEach(() => {
  operations.length = 0;
  onRequest = () => {};
});

/** Writes the config: the healthy remote with changes; an empty text leaves the option out. */
async function configure(changes: Record<string, string> = {}, more = ''): Promise<void> {
  const options = {
    type: 's3',
    provider: 'Cloudflare',
    access_key_id: keys.accessKeyId,
    secret_access_key: secret,
    endpoint: server.url,
    no_check_bucket: 'true',
    ...changes,
  };
  const lines = Object.entries(options).filter(([, value]) => value !== '');
  await writeFile(conf, `[r2]\n${lines.map(([key, value]) => `${key} = ${value}\n`).join('')}\n${more}`);
}

const doctor = (args: readonly string[], o: Parameters<typeof cli>[1] = {}): Promise<CliResult> =>
  cli(['doctor', ...args], { ...o, env: { RCLONE_CONFIG: conf, ...o.env } });

/** Everything in the store, unfinished uploads too. */
async function stored(): Promise<string[]> {
  const paths: string[] = [];
  for await (const entry of backend.list('', { recursive: true })) if (entry.kind === 'object') paths.push(entry.path);
  return paths;
}

describe('doctor', () => {
  test('a healthy remote: no finding, exit code 0, and without --write nothing but reading', async () => {
    await configure();
    const done = await doctor([`r2:${bucket}`]);
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout.replaceAll(new URL(server.url).port, 'PORT')).toMatchInlineSnapshot(`
      "r2: s3, Cloudflare, bucket my-bucket, http://127.0.0.1:PORT
        config       ok       provider Cloudflare
        address      ok       answers, without TLS
        clock        ok       right
        credentials  ok       key and secret are right
        region       ok       us-east-1 (none is set)
        list         ok       bucket my-bucket
        bucket       ok       is not asked for (no_check_bucket)
        get          ok       a missing object is answered as missing
        put, multipart, copy, delete, abort: give --write to try

      All is well, as far as reading goes; --write tries the rest.
      "
    `);
    expect(operations.map((r) => r.operation)).toEqual(['ListBuckets', 'ListObjectsV2', 'GetObject']);
    expect(operations.filter((r) => r.method !== 'GET' && r.method !== 'HEAD')).toEqual([]);
  });

  test('--write tries all that a backup does and leaves nothing', async () => {
    await configure();
    const done = await doctor([`r2:${bucket}/backups`, '--write', '--json']);
    expect(done).toMatchObject({ code: 0, stderr: '' });
    const diagnosis = JSON.parse(done.stdout) as Diagnosis;
    expect(diagnosis).toMatchObject({ reference: `r2:${bucket}/backups`, ok: true });
    expect(diagnosis.remotes[0]?.findings).toEqual([]);
    expect(diagnosis.remotes[0]?.checks.map((c) => [c.name, c.status])).toEqual(
      ['config', 'address', 'clock', 'credentials', 'region', 'list', 'bucket', 'get']
        .concat('put', 'multipart', 'copy', 'delete', 'abort')
        .map((name) => [name, 'ok']),
    );
    expect(operations.map((r) => r.operation)).toEqual(expect.arrayContaining(['CopyObject', 'AbortMultipartUpload']));
    expect(await stored()).toEqual([]);
  });

  test.each(['PutObject', 'CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload', 'CopyObject'])(
    'Ctrl-C after %s: what was made is removed',
    async (operation) => {
      await configure();
      const stop = new AbortController();
      onRequest = (done) => done === operation && stop.abort();
      const done = await doctor([`r2:${bucket}`, '--write'], { signal: stop.signal });
      expect(done.code).toBe(130);
      expect(operations.map((r) => r.operation)).toContain(operation);
      expect(await stored()).toEqual([]);
    },
  );

  test('SIGTERM ends the program when what it made is removed', async () => {
    await configure();
    const child = spawn(process.execPath, [tscloneBin, 'doctor', `r2:${bucket}`, '--write'], {
      env: { RCLONE_CONFIG: conf },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    // A second signal would end it at once.
    let sent = false;
    onRequest = (operation) => {
      if (operation === 'UploadPart' && !sent) sent = child.kill('SIGTERM');
    };
    expect(await ended).toBe(143);
    expect(operations.map((r) => r.operation)).toContain('AbortMultipartUpload');
    expect(await stored()).toEqual([]);
  });

  test('--fix writes the mending line and looks again', async () => {
    await configure({ region: 'eu-west-1', endpoint: `${server.url}/${bucket}` });
    const done = await doctor([`r2:${bucket}`, '--fix']);
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).toContain(`written into [r2]: endpoint = ${server.url}\nwritten into [r2]: region = auto\n`);
    const text = await readFile(conf, 'utf8');
    expect(text).toContain(`endpoint = ${server.url}\n`);
    expect(text).toContain('region = auto\n');
  });

  test('--fix mends an encrypted config and leaves it encrypted', async () => {
    await configure({ region: 'eu-west-1' });
    const env = { RCLONE_CONFIG_PASS: 'config password' };
    expect(
      (
        await cli(['config', 'encryption', 'set'], {
          env: { RCLONE_CONFIG: conf },
          stdin: 'config password\nconfig password\n',
        })
      ).code,
    ).toBe(0);
    const done = await doctor([`r2:${bucket}`, '--fix'], { env });
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(await readFile(conf, 'utf8')).toContain('RCLONE_ENCRYPT_V0:');
    expect((await cli(['config', 'show', 'r2'], { env: { ...env, RCLONE_CONFIG: conf } })).stdout).toContain(
      'region = auto',
    );
  });

  test("--fix exchanges keys that stand in each other's place, without showing them", async () => {
    await configure({ access_key_id: secret, secret_access_key: keys.accessKeyId });
    const done = await doctor([`r2:${bucket}`, '--fix']);
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).toContain('written into [r2]: access_key_id and secret_access_key exchanged');
    expect(done.stdout + JSON.stringify(await doctor([`r2:${bucket}`, '--json']))).not.toContain(secret);
    expect(await readFile(conf, 'utf8')).toContain(`secret_access_key = ${secret}\n`);
  });

  test('--dry-run writes neither objects nor lines', async () => {
    await configure({ region: 'eu-west-1' });
    const before = await readFile(conf, 'utf8');
    const done = await doctor([`r2:${bucket}`, '--write', '--fix', '--dry-run']);
    expect(done.stdout).toContain('line     region = auto   (tried: it helps)');
    expect(await readFile(conf, 'utf8')).toBe(before);
    expect(operations.filter((r) => r.method !== 'GET' && r.method !== 'HEAD')).toEqual([]);
  });

  test('what only the user knows is not written', async () => {
    await configure({ secret_access_key: 'd00d'.repeat(16) });
    const before = await readFile(conf, 'utf8');
    const done = await doctor([`r2:${bucket}`, '--fix']);
    expect(done.code).toBe(1);
    expect(done.stdout).toContain('PROBLEM wrong_secret');
    expect(done.stderr).toMatch(/NOTICE: Failed to doctor: 1 problem found\n$/);
    expect(await readFile(conf, 'utf8')).toBe(before);
  });

  test('the table fits 80 columns; only a terminal gets colours, and none with NO_COLOR', async () => {
    await configure({ secret_access_key: 'd00d'.repeat(16) });
    const plain = (await doctor([`r2:${bucket}`])).stdout;
    expect(plain.split('\n').filter((line) => line.length > 80 && !/^ {2}(line|command)/.test(line))).toEqual([]);
    expect(plain).not.toContain('\x1b');
    expect((await doctor([`r2:${bucket}`], { terminal: true })).stdout).toContain('\x1b[31mFAILED');
    expect((await doctor([`r2:${bucket}`, '--color', 'ALWAYS'])).stdout).toContain('\x1b[31mFAILED');
    expect((await doctor([`r2:${bucket}`], { terminal: true, env: { NO_COLOR: '1' } })).stdout).not.toContain('\x1b');
  });

  test('a name without its colon, a name that is not there, a type of rclone', async () => {
    await configure({}, '[drive]\ntype = drive\n');
    expect((await doctor(['r2'])).stdout).toContain('PROBLEM cannot_list_buckets');
    expect((await doctor(['r22:x'])).stdout).toContain('PROBLEM unknown_remote');
    expect((await doctor(['r22:x'])).stdout).toContain('Use r2:.');
    expect((await doctor(['drive:'])).stdout).toContain('PROBLEM other_program');
  });

  test('where the value counts more than the file, that place is named and the file is left alone', async () => {
    await configure();
    const before = await readFile(conf, 'utf8');
    const told = async (args: string[], env: Record<string, string> = {}): Promise<string> => {
      const { code, stdout } = await doctor([...args, '--fix'], { env });
      expect(code).toBe(1);
      expect(stdout).toContain('  line     region = auto   (tried: it helps)\n');
      expect(stdout).not.toContain('config update');
      return stdout;
    };
    expect(await told([`r2:${bucket}`], { RCLONE_CONFIG_R2_REGION: 'mars' })).toContain(
      '\n  variable RCLONE_CONFIG_R2_REGION=auto\n',
    );
    const both = { RCLONE_CONFIG_R2_REGION: 'auto', RCLONE_S3_REGION: 'mars' };
    expect(await told([`r2:${bucket}`], both)).toContain('\n  variable RCLONE_S3_REGION=auto\n');
    expect(await told([`r2:${bucket}`, '--s3-region=mars'])).toContain('\n  flag     --s3-region=auto\n');
    expect(await told([`r2,region=mars:${bucket}`])).toContain('\n  text     region=auto in the connection string\n');
    expect(await readFile(conf, 'utf8')).toBe(before);
  });

  test.each([
    ['a line break', `${keys.accessKeyId}\n`, secret, 'access_key_id'],
    ['a line break', keys.accessKeyId, `${secret}\n`, 'secret_access_key'],
    ['blanks', `${keys.accessKeyId} `, secret, 'access_key_id'],
    ['quotation marks', `"${keys.accessKeyId}"`, `"${secret}"`, 'access_key_id and secret_access_key'],
  ])('%s at the end of a key out of variables', async (what, id, key, names) => {
    await configure({ access_key_id: '', secret_access_key: '' });
    const env = { RCLONE_CONFIG_R2_ACCESS_KEY_ID: id, RCLONE_CONFIG_R2_SECRET_ACCESS_KEY: key };
    const done = await doctor([`r2:${bucket}`], { env });
    const text = done.stdout.replaceAll(/\s+/g, ' ');
    expect(text).toContain('PROBLEM stray_characters (credentials of r2)');
    expect(text).toContain(`${names} of remote "r2" ${names.includes(' ') ? 'have' : 'has'} ${what} at an end`);
    expect(text).toContain('(tried: it helps)');
    for (const name of names.split(' and '))
      expect(text).toContain(`variable RCLONE_CONFIG_R2_${name.toUpperCase()}=…`);
    expect(done.stdout).not.toContain(secret);
    expect(done.stdout).not.toContain('config update');
  });

  test('an endpoint that came with a line break', async () => {
    await configure();
    const done = await doctor([`r2:${bucket}`], { env: { RCLONE_CONFIG_R2_ENDPOINT: `${server.url}\n` } });
    expect(done.stdout).toContain('PROBLEM bad_endpoint');
    expect(done.stdout).toContain(`  variable RCLONE_CONFIG_R2_ENDPOINT=${server.url}\n`);
  });
});

describe('through layers', () => {
  const hidden = (text: string): string => obscure(text, platform.randomBytes);
  const layers = (password: string): string =>
    `[packed]\ntype = compress\nremote = r2:${bucket}/layers\n\n[safe]\ntype = crypt\nremote = packed:\npassword = ${hidden(password)}\n\n[other]\ntype = alias\nremote = safe:\n`;

  test('the storage is looked at first, then each layer', async () => {
    await configure({}, layers('right'));
    expect((await cli(['rcat', 'safe:dir/file'], { env: { RCLONE_CONFIG: conf }, stdin: 'content' })).stderr).toBe('');
    const done = await doctor(['other:dir', '--write', '--json']);
    expect(done).toMatchObject({ code: 0, stderr: '' });
    const { remotes } = JSON.parse(done.stdout) as Diagnosis;
    expect(remotes.map((r) => [r.remote, r.type, r.findings.length])).toEqual([
      ['r2', 's3', 0],
      ['packed', 'compress', 0],
      ['safe', 'crypt', 0],
    ]);
    expect((await stored()).filter((path) => path.includes('doctor'))).toEqual([]);
    expect(await stored()).toHaveLength(2);
  });

  test('a wrong password of crypt', async () => {
    await configure({}, layers('wrong'));
    const done = await doctor(['safe:']);
    expect(done.code).toBe(1);
    expect(done.stdout).toContain('PROBLEM wrong_password (names of safe)');
  });

  test('a wrong password where names are plain shows in the content', async () => {
    const plainNames = (password: string): string =>
      `[safe]\ntype = crypt\nremote = r2:${bucket}/plain\nfilename_encryption = off\npassword = ${hidden(password)}\n`;
    await configure({}, plainNames('right'));
    expect((await doctor(['safe:'])).code).toBe(0);
    await cli(['rcat', 'safe:file'], { env: { RCLONE_CONFIG: conf }, stdin: 'content' });
    expect((await doctor(['safe:'])).stdout).toContain('content      ok');
    await configure({}, plainNames('wrong'));
    expect((await doctor(['safe:'])).stdout).toContain('PROBLEM wrong_password (content of safe)');
  });

  test('a password that is not obscured, and a layer over nothing', async () => {
    await configure(
      {},
      `[safe]\ntype = crypt\nremote = r2:${bucket}\npassword = not obscured\n[up]\ntype = alias\nremote = gone:\n`,
    );
    const done = await doctor(['safe:']);
    expect(done.stdout).toContain('PROBLEM bad_config (config of safe)');
    expect(done.stdout).not.toContain('not obscured');
    expect(done.stdout).toContain('  cause    It cannot be opened: failed to decrypt password: base64');
    expect(done.stdout).toContain('  command  tsclone config update safe password=…\n');
    expect((await doctor(['up:'])).stdout).toContain('PROBLEM unknown_remote (config of gone)');
  });

  test('layers that stand on themselves, and a layer over all buckets, are told once', async () => {
    const loop = `[one]\ntype = alias\nremote = two:\n[two]\ntype = alias\nremote = one:\n`;
    await configure({}, `${loop}[safe]\ntype = crypt\nremote = r2:\npassword = ${hidden('right')}\n`);
    const findings = async (name: string): Promise<unknown> =>
      (JSON.parse((await doctor([name, '--json'])).stdout) as Diagnosis).remotes.flatMap((r) =>
        r.findings.map((f) => [f.remote, f.fault, f.mend?.option ?? f.remedy]),
      );
    expect(await findings('one:')).toEqual([['two', 'bad_config', 'remote']]);
    expect(await findings('safe:')).toEqual([
      ['r2', 'cannot_list_buckets', 'Name the bucket in remote "safe": r2:BUCKET in place of r2:.'],
    ]);
  });

  test('files beside those of crypt are a warning', async () => {
    const names = `[safe]\ntype = crypt\nremote = r2:${bucket}/mixed\npassword = ${hidden('right')}\n`;
    await configure({}, names);
    const env = { RCLONE_CONFIG: conf };
    await cli(['rcat', 'safe:file'], { env, stdin: 'content' });
    await cli(['rcat', `r2:${bucket}/mixed/plain.txt`], { env, stdin: 'content' });
    const done = await doctor(['safe:']);
    expect(done.code).toBe(0);
    expect(done.stdout).toContain('WARNING foreign_names (names of safe)');
    expect(done.stdout).toContain('1 of 2 names');
  });

  test('a file of compress whose data are no gzip', async () => {
    await configure({}, `[packed]\ntype = compress\nremote = r2:${bucket}/packed\n`);
    const env = { RCLONE_CONFIG: conf };
    await cli(['rcat', 'packed:file'], { env, stdin: 'content '.repeat(1000) });
    const data = (await stored()).find((path) => path.includes('/packed/') && !path.endsWith('.json')) as string;
    const size = (await backend.stat(data)) as { size?: number };
    await cli(['rcat', `r2:${data}`], { env, stdin: 'x'.repeat(size.size ?? 0) });
    expect((await doctor(['packed:'])).stdout).toContain('PROBLEM unreadable (content of packed)');
  });

  test('each remote of a union is looked at', async () => {
    const other = `[broken]\ntype = s3\nprovider = Cloudflare\nendpoint = ${server.url}\naccess_key_id = ${'f'.repeat(32)}\nsecret_access_key = x\n`;
    await configure({}, `${other}[both]\ntype = union\nupstreams = r2:${bucket}/one broken:${bucket}:ro\n`);
    const { remotes } = JSON.parse((await doctor(['both:', '--json'])).stdout) as Diagnosis;
    expect(remotes.map((r) => [r.remote, r.findings.map((f) => f.fault)])).toEqual([
      ['r2', []],
      ['broken', ['unknown_key']],
      ['both', []],
    ]);
  });

  test('what fails below is said once, of the remote below', async () => {
    await configure({ access_key_id: 'f'.repeat(32) }, layers('right'));
    const { remotes } = JSON.parse((await doctor(['safe:', '--json'])).stdout) as Diagnosis;
    expect(remotes.flatMap((r) => r.findings.map((f) => [f.remote, f.fault]))).toEqual([['r2', 'unknown_key']]);
  });
});

describe('files of this machine', () => {
  test('a directory, one that is not there', async () => {
    await configure();
    const done = await doctor([dir, '--write', '--json']);
    expect(done).toMatchObject({ code: 0, stderr: '' });
    const { remotes } = JSON.parse(done.stdout) as Diagnosis;
    expect(remotes[0]?.checks.map((c) => [c.name, c.status])).toEqual([
      ['list', 'ok'],
      ['content', 'ok'],
      ['put', 'ok'],
      ['delete', 'ok'],
    ]);
    const missing = await doctor([join(dir, 'none')]);
    expect(missing.code).toBe(0);
    expect(missing.stdout).toContain('WARNING directory_missing');
  });

  test('what this user may not list or read', async () => {
    const denied = (): never => {
      throw new TscloneError('permission_denied', 'permission denied', { path: 'file' });
    };
    const memory = createMemoryBackend('files', platform).at('dir');
    await memory.mkdir('');
    await memory.write('file', bytesSource(utf8('x')), { size: 1 });
    const faultsOf = async (b: Backend): Promise<string[]> => {
      const f = new Findings('files');
      await checkStorage(b, 'local', platform, () => {}, f, { write: true });
      return f.findings.map((x) => `${x.check}: ${x.fault}`);
    };
    expect(await faultsOf({ ...memory, list: denied })).toEqual(['list: not_permitted']);
    expect(await faultsOf({ ...memory, read: denied })).toEqual(['content: not_permitted']);
    expect(await faultsOf({ ...memory, write: denied })).toEqual(['put: not_permitted']);
    expect(await faultsOf(memory)).toEqual([]);
  });
});
