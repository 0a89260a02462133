import { afterEach, describe, expect, test } from 'vitest';
import type { Backend } from '../../../../src/core/backend.ts';
import { bytesSource, collect } from '../../../../src/core/bytes.ts';
import { version } from '../../../../src/core/version.ts';
import { agreeable } from '../../../support/agreeable-s3.ts';
import { cli } from '../../../support/cli.ts';
import { inTurn, openScripted, xml, type Answer, type ScriptedS3 } from '../../../support/scripted-s3.ts';

const MiB = 1024 * 1024;
const variables = ['AWS_REQUEST_CHECKSUM_CALCULATION', 'AWS_RESPONSE_CHECKSUM_VALIDATION'];

let server: ScriptedS3 | undefined;
afterEach(async () => {
  for (const name of variables) delete process.env[name];
  await server?.stop();
});

describe('requests are as any service takes them', () => {
  test.each(['WHEN_REQUIRED', 'WHEN_SUPPORTED'])('whatever the SDK is told by variables: %s', async (value) => {
    for (const name of variables) process.env[name] = value;
    const opened = await openScripted(agreeable({ objects: { 'bucket/a': { body: 'a' }, 'bucket/b': { body: 'b' } } }));
    server = opened.server;
    const { backend } = opened;
    const put = (path: string, size: number, known: boolean) =>
      backend.write(path, bytesSource(new Uint8Array(size)), known ? { size } : {});
    await put('small', 3, true);
    await put('stream', 3 * MiB, false);
    await put('parts', 11 * MiB, false);
    await collect((await backend.read('small')).body);
    await backend.copy?.(backend, await backend.stat('small'), 'copy');
    await backend.removeMany?.(['a', 'b']);
    expect(new Set(server.operations())).toEqual(
      new Set(
        'PutObject CreateMultipartUpload UploadPart CompleteMultipartUpload GetObject HeadObject CopyObject DeleteObjects'.split(
          ' ',
        ),
      ),
    );
    const odd = server.requests.flatMap((r) => [
      ...Object.keys(r.headers).filter((name) => /checksum|trailer|^expect$|transfer-encoding/.test(name)),
      ...(/aws-chunked/.test(r.headers['content-encoding'] ?? '') ? ['aws-chunked'] : []),
      ...(r.body.length > 0 && r.headers['content-length'] === undefined ? ['no length'] : []),
    ]);
    expect(odd).toEqual([]);
    const digests = server.requests.filter((r) => /^(PutObject|UploadPart|DeleteObjects)$/.test(r.operation));
    expect(digests.every((r) => r.headers['content-md5'] !== undefined)).toBe(true);
  });

  test('the program is called what --user-agent says, and nothing else', async () => {
    const opened = await openScripted(agreeable({ objects: { 'bucket/a': { body: 'a' } } }));
    server = opened.server;
    const env = {
      RCLONE_CONFIG_S_TYPE: 's3',
      RCLONE_CONFIG_S_PROVIDER: 'Minio',
      RCLONE_CONFIG_S_ENDPOINT: opened.server.endpoint,
      RCLONE_CONFIG_S_ACCESS_KEY_ID: 'AKTEST',
      RCLONE_CONFIG_S_SECRET_ACCESS_KEY: 'secret',
    };
    const names = async (...args: string[]): Promise<unknown> => {
      const before = opened.server.requests.length;
      expect((await cli([...args, '--retries', '1'], { env, stdin: 'x' })).code).toBe(0);
      return opened.server.requests
        .slice(before)
        .map(({ headers }) => [headers['user-agent'], headers['x-amz-user-agent']]);
    };
    expect(await names('cat', 's:bucket/a', '--user-agent', 'nightly/1')).toEqual([['nightly/1', undefined]]);
    expect(await names('rcat', 's:bucket/b', '--user-agent', 'nightly/1')).toEqual([['nightly/1', undefined]]);
    expect(await names('cat', 's:bucket/a')).toEqual([[`tsclone/${version}`, undefined]]);
  });
});

describe('names in listings', () => {
  const page = (keys: readonly string[], more = ''): Answer =>
    xml(
      `<ListBucketResult><IsTruncated>false</IsTruncated>${more}${keys.map((key) => `<Contents><Key>${key}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>1</Size></Contents>`).join('')}</ListBucketResult>`,
    );
  const names = async (backend: Backend): Promise<string[]> => {
    const out: string[] = [];
    for await (const { path } of backend.list('', { recursive: true })) out.push(path);
    return out;
  };
  const open = async (answer: Answer): Promise<Backend> => {
    const opened = await openScripted(inTurn(answer));
    server = opened.server;
    return opened.backend;
  };

  test('that look like numbers stay as they are', async () => {
    const keys = ['007', '1e5', '1.50', 'true', 'null', '0x10', 'Infinity'];
    expect(await names(await open(page(keys)))).toEqual(keys);
  });

  test('with entities by the thousand are read', async () => {
    const keys = Array.from(
      { length: 1000 },
      (_, i) => `${String(i).padStart(4, '0')}${'&amp;&lt;&#x27;&quot;&gt;'.repeat(4)}`,
    );
    const read = await names(await open(page(keys)));
    expect(read).toHaveLength(1000);
    expect(read[7]).toBe(`0007${`&<'">`.repeat(4)}`);
  });

  test('are decoded only where the answer says that they are encoded', async () => {
    const key = 'a%2Bb+c%20d';
    expect(await names(await open(page([key])))).toEqual([key]);
    await server?.stop();
    expect(await names(await open(page([key], '<EncodingType>url</EncodingType>')))).toEqual(['a+b c d']);
  });
});
