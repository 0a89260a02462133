import { createHash } from 'node:crypto';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { agreeable } from '../../support/agreeable-s3.ts';
import { cli } from '../../support/cli.ts';
import { startScriptedS3, type ScriptedS3 } from '../../support/scripted-s3.ts';
import { tempDir } from '../../support/servers.ts';

let server: ScriptedS3;
let dir: Awaited<ReturnType<typeof tempDir>>;
beforeAll(async () => (dir = await tempDir()));
afterAll(() => dir.remove());
afterEach(() => server.stop());

/** Copies a file onto an equal object with another time. */
async function copyOnto(provider: string, storageClass: string) {
  const body = 'hello';
  const headers = {
    'x-amz-meta-mtime': '1000000000',
    'x-amz-storage-class': storageClass,
    etag: `"${createHash('md5').update(body).digest('hex')}"`,
  };
  server = await startScriptedS3(agreeable({ objects: { 'bucket/f': { body, headers } } }));
  await writeFile(join(dir.path, 'f'), body);
  await utimes(join(dir.path, 'f'), 1_600_000_000, 1_600_000_000);
  const env = {
    RCLONE_CONFIG_S_TYPE: 's3',
    RCLONE_CONFIG_S_PROVIDER: provider,
    RCLONE_CONFIG_S_ENDPOINT: server.endpoint,
    RCLONE_CONFIG_S_ACCESS_KEY_ID: 'AKTEST',
    RCLONE_CONFIG_S_SECRET_ACCESS_KEY: 'secret',
  };
  const done = await cli(['copy', dir.path, 's:bucket', '-vv', '--retries', '1'], { env });
  const writes = server.requests.filter((r) => r.method === 'PUT').map((r) => r.operation);
  return { ...done, writes };
}

test.each([
  ['AWS', 'GLACIER'],
  ['AWS', 'DEEP_ARCHIVE'],
  // It copies nothing by itself.
  ['Rabata', 'STANDARD'],
])('%s, %s: where a time cannot be set the object is sent again', async (provider, storageClass) => {
  const { code, stderr, writes } = await copyOnto(provider, storageClass);
  expect([code, writes]).toEqual([0, ['PutObject']]);
  expect(stderr).toContain("can't set mod time without re-uploading");
  expect(server.of('PutObject')[0]?.headers['x-amz-meta-mtime']).toBe('1600000000');
});

test('elsewhere only the time is written', async () => {
  const { code, writes } = await copyOnto('AWS', 'STANDARD');
  expect([code, writes]).toEqual([0, ['CopyObject']]);
});
