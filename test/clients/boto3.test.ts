import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPeer } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { serveS3, type ServedS3 } from '../support/serve-s3.ts';
import { tempDir } from '../support/servers.ts';

const python = findPeer('python-boto3');
const script = fileURLToPath(new URL('boto3_checks.py', import.meta.url));
const names = [...readFileSync(script, 'utf8').matchAll(/^@check\("(.*)"\)$/gm)].map((m) => m[1] as string);

describe.skipIf(python === undefined).each(['memory', 'local'])('boto3 on serve s3 over %s', (kind) => {
  let served: ServedS3;
  let dir: Awaited<ReturnType<typeof tempDir>>;
  const results = new Map<string, string>();

  beforeAll(async () => {
    dir = await tempDir();
    served = await serveS3(kind === 'memory' ? ':memory:' : dir.path);
    const done = await run(python as string, [script], {
      env: {
        S3_ENDPOINT: served.endpoint,
        AWS_ACCESS_KEY_ID: served.accessKeyId,
        AWS_SECRET_ACCESS_KEY: served.secretAccessKey,
        AWS_CONFIG_FILE: '/nonexistent',
        AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
        AWS_EC2_METADATA_DISABLED: 'true',
      },
      timeoutMs: 300_000,
    });
    expect(done.stderr).toBe('');
    for (const line of done.stdout.toString().trim().split('\n')) {
      const { name, result } = JSON.parse(line) as { name: string; result: string };
      results.set(name, result);
    }
  }, 320_000);
  afterAll(async () => {
    await served.stop();
    await dir.remove();
  });

  expect(names.length).toBe(23);
  test.each(names)('%s', (name) => expect(results.get(name)).toBe('ok'));

  test('the server had nothing to complain of', () => expect(served.log()).not.toMatch(/ ERROR /));
});
