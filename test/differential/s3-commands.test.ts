import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateMultipartUploadCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agreeable } from '../support/agreeable-s3.ts';
import { findPeer } from '../support/peers.ts';
import { run, tsclone, type RunResult } from '../support/run.ts';
import { startScriptedS3, xml, type Recorded, type ScriptedS3 } from '../support/scripted-s3.ts';
import { startVersitygw, tempDir, type S3Server } from '../support/servers.ts';

const rclone = findPeer('rclone');
const available = rclone !== undefined && findPeer('versitygw') !== undefined;

type Dir = Awaited<ReturnType<typeof tempDir>>;

/** What differs from run to run, and the advice that tsclone adds. */
const plain = (text: string): string[] =>
  text
    .replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /gm, '')
    .replace(/RequestID: [^,]*, HostID: [^,]*/g, 'IDS')
    .replace(/(The specified bucket does not exist\.).*/g, '$1')
    .replace(/\((?:\d+m)?[\d.]+m?s ago\)/g, '(AGE)')
    .replace(/^INFO {2}: Hasher is EXPERIMENTAL!\n/gm, '')
    .split('\n')
    .map((line) => line.replace(/^(http:[^?]*)\?(.*)$/, (_all, url: string, query: string) => linkFacts(url, query)));

/** A signed address but for what the clock makes of it; the order of the parameters means nothing. */
function linkFacts(url: string, query: string): string {
  const facts = [...new URLSearchParams(query)]
    .map(([name, value]) => (/Date|Signature/.test(name) ? name : `${name}=${value}`))
    .sort();
  return [url, ...facts].join(' ');
}

describe.skipIf(!available)('links, cleanup and backend commands on versitygw, beside rclone', () => {
  let server: S3Server;
  let dir: Dir;

  beforeAll(async () => {
    server = (await startVersitygw({ versioning: true })) as S3Server;
    dir = await tempDir();
    const { endpoint, accessKeyId, secretAccessKey } = server;
    const keys = `access_key_id = ${accessKeyId}\nsecret_access_key = ${secretAccessKey}\n`;
    await writeFile(
      join(dir.path, 'rclone.conf'),
      `[v]\ntype = s3\nprovider = Other\n${keys}endpoint = ${endpoint}\n
[cr]\ntype = crypt\nremote = v:bkt/c\npassword = Wmd7wUqWZ6mmkx46e9P2KJvfmuAbHg\n
[co]\ntype = compress\nremote = v:bkt/co\n
[ch]\ntype = chunker\nremote = v:bkt/ch\n
[ha]\ntype = hasher\nremote = v:bkt/ha\n
[un]\ntype = union\nupstreams = v:bkt/u1 v:bkt/u2\n
[cb]\ntype = combine\nupstreams = x=v:bkt/u1\n
[al]\ntype = alias\nremote = v:bkt/d\n
[mem]\ntype = memory\n`,
    );
    await real('mkdir v:bkt');
    await real('rcat v:bkt/d/f.txt', 'hello');
    await real('backend versioning v:bkt Enabled');
    for (const remote of ['cr', 'co', 'ch', 'ha', 'cb:x'])
      await real(`rcat ${remote}${remote.includes(':') ? '/' : ':'}a/b`, 'in a layer');
    const client = new S3Client({
      endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
    });
    for (const Key of ['up/one', 'up/ä b', 'other'])
      await client.send(new CreateMultipartUploadCommand({ Bucket: 'bkt', Key }));
  }, 60_000);
  afterAll(async () => {
    await server?.stop();
    await dir?.remove();
  });

  const options = (stdin?: string) => ({
    cwd: dir.path,
    env: { RCLONE_CONFIG: join(dir.path, 'rclone.conf'), RCLONE_RETRIES: '1' },
    ...(stdin === undefined ? {} : { stdin }),
  });
  const real = (line: string, stdin?: string): Promise<RunResult> =>
    run(rclone as string, line.split(' '), options(stdin));
  const ours = (line: string): Promise<RunResult> => tsclone(line.split(' '), options());
  /** rclone's branches of a union say their lines in any order. */
  const shown = ({ code, stdout, stderr }: RunResult): unknown => [
    code,
    plain(stdout.toString()),
    plain(stderr).sort(),
  ];

  test.each([
    'link v:bkt/d/f.txt --expire 1h',
    'link v:bkt/d/f.txt',
    'link v:bkt/d/f.txt --expire 30d',
    'link v:bkt/d/f.txt --expire 1500ms',
    'link v:bkt/d/f.txt --expire -1s',
    'link v:bkt/d',
    'link v:nob/none',
    'link mem:x/y',
    'link al:f.txt',
    'link cr:a/b',
    'link cr:a',
    'link co:a/b',
    'link ch:a/b',
    'link ha:a/b',
    'cleanup v:bkt -v',
    'cleanup v: -v',
    'cleanup v:bkt --dry-run',
    'cleanup mem:',
    'cleanup cr: -v',
    'cleanup co: -v',
    'cleanup ch: -v',
    'cleanup ha: -v',
    'cleanup un: -v',
    'cleanup cb: -v',
    'cleanup al: -v',
    'backend list-multipart-uploads v:',
    'backend list-multipart-uploads v:bkt/up',
    'backend list-multipart-uploads v:nob',
    'backend cleanup v:bkt -v',
    'backend cleanup v:bkt/up -v --dry-run -o max-age=0s',
    'backend cleanup v:bkt -o max-age=bogus',
    'backend cleanup v:bkt --json',
    'backend versioning v:bkt',
    'backend versioning v:bkt Enabled more',
    'backend versioning v:',
    'backend bogus v:',
    'backend bogus mem:',
    'backend set v: -o region=auto',
    'backend restore v:bkt/d',
    'backend restore v:bkt --include f.txt --dry-run',
    'backend restore v:bkt/d -o lifetime=x',
    'backend restore-status v:bkt/d',
    'backend restore-status v:bkt/d -o all',
    'backend cleanup-hidden v:',
  ])('%s', async (line) => {
    expect(shown(await ours(line))).toEqual(shown(await real(line)));
  });

  test('a link gives the object to anybody', async () => {
    const url = (await ours('link v:bkt/d/f.txt --expire 1m')).stdout.toString().trim();
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([200, 'hello']);
    expect((await fetch(url.replace('f.txt', 'g.txt'))).status).toBe(403);
  });

  test('cleanup aborts what rclone would, but only below the path', async () => {
    const left = async (): Promise<string[]> =>
      [...(await real('backend list-multipart-uploads v:bkt')).stdout.toString().matchAll(/"Key": "(.*)"/g)].map(
        (m) => m[1] ?? '',
      );
    expect(await left()).toEqual(['other', 'up/one', 'up/ä b']);
    expect((await ours('backend cleanup v:bkt/u -o max-age=0s')).code).toBe(0);
    expect(await left()).toHaveLength(3);
    expect((await ours('backend cleanup v:bkt/up -o max-age=0s')).code).toBe(0);
    expect(await left()).toEqual(['other']);
  });

  test('cleanup-hidden leaves what is current', async () => {
    for (const body of ['1', '22']) await real('rcat v:bkt/hid/f', body);
    await real('rcat v:bkt/hid/gone', 'x');
    await real('deletefile v:bkt/hid/gone');
    const would = async (run: typeof real): Promise<unknown> =>
      plain((await run('backend cleanup-hidden v:bkt/hid --dry-run')).stderr).sort();
    expect(await would(ours)).toEqual(await would(real));
    expect((await ours('backend cleanup-hidden v:bkt/hid')).code).toBe(0);
    const all = await real('lsf --s3-versions --s3-version-deleted v:bkt/hid');
    expect(all.stdout.toString()).toBe('f\n');
    expect((await real('cat v:bkt/hid/f')).stdout.toString()).toBe('22');
  });

  test('what a remote can do is told alike', async () => {
    for (const remote of ['v:bkt', 'al:']) {
      const features = async (run: typeof real): Promise<Record<string, unknown>> =>
        (
          JSON.parse((await run(`backend features ${remote}`)).stdout.toString()) as {
            Features: Record<string, unknown>;
          }
        ).Features;
      const [theirs, mine] = [await features(real), await features(ours)];
      const common = Object.fromEntries(Object.keys(mine).map((name) => [name, theirs[name]]));
      expect({ remote, ...mine }).toEqual({ remote, ...common });
    }
  });
});

describe.skipIf(rclone === undefined)('requests to an archive, beside rclone', () => {
  let server: ScriptedS3;
  let dir: Dir;
  const at = (name: string, storageClass: string, more = ''): string =>
    `<Contents><Key>${name}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>"900150983cd24fb0d6963f7d28e17f72"</ETag><Size>3</Size><StorageClass>${storageClass}</StorageClass>${more}</Contents>`;
  const ready =
    '<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress><RestoreExpiryDate>2026-12-01T00:00:00.500Z</RestoreExpiryDate></RestoreStatus>';
  const upload = (key: string, date: string): string =>
    `<Upload><Key>${key}</Key><UploadId>id-${key}</UploadId><Initiated>${date}</Initiated><Owner><ID>me</ID></Owner></Upload>`;

  beforeAll(async () => {
    const young = new Date().toISOString();
    const usual = agreeable({
      instead(r) {
        if (r.operation === 'ListObjectsV2')
          return xml(
            `<ListBucketResult><IsTruncated>false</IsTruncated>${at('d/a', 'GLACIER', ready)}${at('d/b', 'DEEP_ARCHIVE')}${at('d/c', 'INTELLIGENT_TIERING', '<RestoreStatus><IsRestoreInProgress>true</IsRestoreInProgress></RestoreStatus>')}${at('d/d', 'STANDARD')}</ListBucketResult>`,
          );
        if (r.operation === 'ListMultipartUploads')
          return xml(
            `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${upload('d/old', '2020-01-02T03:04:05.000Z')}${upload('d/young', young)}</ListMultipartUploadsResult>`,
          );
        return r.operation === 'HeadObject' ? { status: 404 } : undefined;
      },
    });
    server = await startScriptedS3(usual);
    dir = await tempDir();
    await writeFile(
      join(dir.path, 'rclone.conf'),
      `[s]\ntype = s3\nprovider = AWS\naccess_key_id = a\nsecret_access_key = b\nregion = us-east-1\nendpoint = ${server.endpoint}\n`,
    );
  });
  afterAll(async () => {
    await server.stop();
    await dir.remove();
  });

  /** Requests that are about more than finding out what the path is, bodies without their XML namespace. */
  const sent = (requests: readonly Recorded[]): unknown[] =>
    requests
      .filter((r) => r.operation !== 'HeadObject')
      .map((r) => {
        const query = [...r.query].filter(([name]) => name !== 'x-id').sort(([a], [b]) => (a < b ? -1 : 1));
        const body = elements(r.body.toString());
        return {
          operation: r.operation,
          path: r.path.replace(/\/$/, ''),
          query,
          body,
          wants: r.headers['x-amz-optional-object-attributes'],
        };
      })
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

  test.each([
    'backend restore s:bkt/d -o priority=Standard -o lifetime=3 -o description=why',
    'backend restore s:bkt/d',
    'backend restore s:bkt/d -o priority=Bulk -o lifetime=1 --include a',
    'backend restore-status s:bkt/d',
    'backend restore-status s:bkt/d -o all',
    'backend list-multipart-uploads s:bkt',
    'cleanup s:bkt',
    'backend versioning s:bkt Suspended',
  ])('%s', async (line) => {
    const of = async (program: (args: readonly string[], o: object) => Promise<RunResult>) => {
      server.requests.length = 0;
      const done = await program(line.split(' '), {
        cwd: dir.path,
        env: { RCLONE_CONFIG: join(dir.path, 'rclone.conf') },
      });
      return {
        code: done.code,
        out: sorted(done.stdout.toString()),
        stderr: plain(done.stderr),
        sent: sent(server.requests),
      };
    };
    const theirs = await of((args, o) => run(rclone as string, args, o));
    expect(theirs.sent.length).toBeGreaterThan(0);
    expect(await of(tsclone)).toEqual(theirs);
  });

  /** What stands in an XML body; the order of the elements means nothing here. */
  const elements = (text: string): string[] =>
    [...text.matchAll(/<(\w+)[^>]*>([^<]*)/g)].map((m) => `${m[1]}=${m[2]}`).sort();

  /** rclone answers in the order in which its workers end. */
  function sorted(text: string): unknown {
    if (text === '') return text;
    const value = JSON.parse(text) as unknown;
    return Array.isArray(value) ? value.map((v) => JSON.stringify(v)).sort() : value;
  }
});

describe.skipIf(rclone === undefined)('an object in an archive, beside rclone', () => {
  let server: ScriptedS3;
  let dir: Dir;
  beforeAll(async () => {
    server = await startScriptedS3(
      agreeable({
        objects: { 'bkt/d/old': { body: 'old', headers: { 'x-amz-storage-class': 'GLACIER' } } },
        instead: (r) =>
          r.operation === 'GetObject'
            ? {
                status: 403,
                headers: { 'content-type': 'application/xml' },
                body: '<Error><Code>InvalidObjectState</Code><Message>no</Message><StorageClass>GLACIER</StorageClass></Error>',
              }
            : undefined,
      }),
    );
    dir = await tempDir();
  });
  afterAll(async () => {
    await server.stop();
    await dir.remove();
  });

  test.each(['cat s:bkt/d/old', 'copyto s:bkt/d/old here', 'copy s:bkt/d here'])('%s says what to do', async (line) => {
    const env = {
      RCLONE_CONFIG: '/dev/null',
      RCLONE_CONFIG_S_TYPE: 's3',
      RCLONE_CONFIG_S_PROVIDER: 'AWS',
      RCLONE_CONFIG_S_ENDPOINT: server.endpoint,
      RCLONE_CONFIG_S_ACCESS_KEY_ID: 'a',
      RCLONE_CONFIG_S_SECRET_ACCESS_KEY: 'b',
    };
    const args = [...line.split(' '), '--retries', '1', '--low-level-retries', '1'];
    const theirs = await run(rclone as string, args, { cwd: dir.path, env });
    const ours = await tsclone(args, { cwd: dir.path, env });
    const words = 'Object in GLACIER, restore first: bucket="bkt", key="d/old"';
    for (const { stderr } of [theirs, ours]) expect(stderr).toContain(words);
    expect([ours.code, ours.stdout.toString()]).toEqual([theirs.code, theirs.stdout.toString()]);
    expect(ours.stderr).toContain('tsclone backend restore -o priority=Standard -o lifetime=7 s:bkt');
  });
});
