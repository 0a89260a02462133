import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { probe, type ProbeContext } from '../support/s3-probe.ts';
import { serveS3, type ServedS3 } from '../support/serve-s3.ts';
import { tempDir } from '../support/servers.ts';

describe.each(['memory', 'local'])('the AWS SDK for JavaScript on serve s3 over %s', (kind) => {
  let served: ServedS3;
  let dir: Awaited<ReturnType<typeof tempDir>>;
  let c: ProbeContext;

  beforeAll(async () => {
    dir = await tempDir();
    served = await serveS3(kind === 'memory' ? ':memory:' : dir.path);
    const clientWith = (accessKeyId: string, secretAccessKey: string): S3Client =>
      new S3Client({
        endpoint: served.endpoint,
        region: 'us-east-1',
        forcePathStyle: true,
        credentials: { accessKeyId, secretAccessKey },
        maxAttempts: 1,
      });
    const { accessKeyId } = served;
    c = { client: clientWith(accessKeyId, served.secretAccessKey), clientWith, accessKeyId, bucket: 'sdk-bucket' };
    await c.client.send(new CreateBucketCommand({ Bucket: c.bucket }));
  });
  afterAll(async () => {
    c.client.destroy();
    await served.stop();
    await dir.remove();
  });

  for (const check of probe) {
    // Not built: `serve s3` refuses it by name.
    if (check.name !== 'versioning') test(check.name, () => check.run(c));
  }
});
