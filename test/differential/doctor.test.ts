import {
  CreateBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bucket, examine, summary } from '../support/doctor.ts';
import { findPeer } from '../support/peers.ts';
import { startGate, type Gate } from '../support/r2-gate.ts';
import { startSeaweedfs, startVersitygw, type S3Server } from '../support/servers.ts';

/*
 * Real servers with broken settings: each fault must get its name from what such a server really answers.
 */

const clientOf = (s: S3Server): S3Client =>
  new S3Client({
    endpoint: s.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: s.accessKeyId, secretAccessKey: s.secretAccessKey },
  });
const optionsOf = (s: S3Server): Record<string, string> => ({
  provider: 'Other',
  access_key_id: s.accessKeyId,
  secret_access_key: s.secretAccessKey,
  no_check_bucket: '',
});

interface Case {
  readonly name: string;
  readonly options?: Record<string, string>;
  readonly path?: string;
  readonly write?: true;
  /** All that is found. */
  readonly finds: readonly string[];
}

/** What both servers are asked. */
const common: readonly Case[] = [
  { name: 'healthy', write: true, finds: [] },
  {
    name: 'wrong secret',
    options: { secret_access_key: 'not the secret' },
    finds: ['credentials: wrong_secret -> secret_access_key = …'],
  },
  {
    name: 'unknown key',
    options: { access_key_id: 'NOBODY' },
    finds: ['credentials: unknown_key -> access_key_id = …'],
  },
  { name: 'missing bucket', path: 'my-backup-buket', finds: ['list: bucket_missing'] },
  {
    name: 'no keys',
    options: { access_key_id: '', secret_access_key: '' },
    finds: ['credentials: keys_missing -> access_key_id = …'],
  },
];

async function examineAt(s: S3Server, { options = {}, path, write }: Case): Promise<string[]> {
  const o = { ...(path === undefined ? {} : { path }), ...(write ? { write } : {}) };
  return summary(await examine(s.endpoint, { ...optionsOf(s), ...options }, o));
}

async function expectNothingLeft(s: S3Server): Promise<void> {
  const client = clientOf(s);
  const objects = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
  expect((objects.Contents ?? []).map((x) => x.Key)).toEqual([]);
  const uploads = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  expect((uploads.Uploads ?? []).map((x) => x.Key)).toEqual([]);
}

describe.skipIf(findPeer('versitygw') === undefined)('versitygw', () => {
  const secret = 'secret of a user';
  const rights: Record<string, readonly [bucket: readonly string[], objects: readonly string[]]> = {
    READER: [['s3:ListBucket'], ['s3:GetObject']],
    NOLIST: [[], ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload']],
    NOGET: [['s3:ListBucket'], ['s3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload']],
    NODELETE: [['s3:ListBucket'], ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload']],
    NOABORT: [['s3:ListBucket'], ['s3:GetObject', 's3:PutObject', 's3:DeleteObject']],
    WRITER: [[], ['s3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload']],
    STRANGER: [[], []],
  };
  let server: S3Server;
  beforeAll(async () => {
    const users = Object.fromEntries(Object.keys(rights).map((user) => [user, secret]));
    server = (await startVersitygw({ users })) as S3Server;
    const client = clientOf(server);
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    const statement = (user: string, actions: readonly string[], resource: string) =>
      actions.length === 0
        ? []
        : [{ Effect: 'Allow', Principal: { AWS: [user] }, Action: actions, Resource: [resource] }];
    const Statement = Object.entries(rights).flatMap(([user, [onBucket, onObjects]]) => [
      ...statement(user, onBucket, `arn:aws:s3:::${bucket}`),
      ...statement(user, onObjects, `arn:aws:s3:::${bucket}/*`),
    ]);
    await client.send(
      new PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify({ Version: '2012-10-17', Statement }) }),
    );
  });
  afterAll(() => server?.stop());

  test.each(common)('$name', async (c) => {
    expect(await examineAt(server, c)).toEqual(c.finds);
    if (c.write) await expectNothingLeft(server);
  });

  const of = (user: string): Record<string, string> => ({ access_key_id: user, secret_access_key: secret });
  test.each<Case>([
    {
      name: 'wrong region',
      options: { region: 'mars-1' },
      finds: ['region: wrong_region -> region = us-east-1 (proved)'],
    },
    {
      name: 'signature version 2',
      options: { v2_auth: 'true' },
      finds: ['credentials: signature_version -> v2_auth = false (proved)'],
    },
    {
      name: 'a user that only reads',
      options: of('READER'),
      write: true,
      finds: ['put: read_only -> access_key_id = …'],
    },
    { name: 'a user that may not list', options: of('NOLIST'), write: true, finds: ['list: no_list'] },
    { name: 'a user that may not read', options: of('NOGET'), write: true, finds: ['get: no_get'] },
    { name: 'a user that may not abort', options: of('NOABORT'), write: true, finds: ['abort: no_abort'] },
    { name: 'a user that only stores', options: of('WRITER'), write: true, finds: ['list: no_list', 'get: no_get'] },
    { name: 'a user without rights', options: of('STRANGER'), write: true, finds: ['list: bucket_not_covered'] },
    // What it stores stays: the last one.
    { name: 'a user that may not delete', options: of('NODELETE'), write: true, finds: ['delete: no_delete'] },
  ])('$name', async (c) => {
    expect(await examineAt(server, c)).toEqual(c.finds);
  });

  test('the bucket in the host name', async () => {
    const endpoint = server.endpoint.replace('127.0.0.1', 'localhost');
    const options = { ...optionsOf(server), provider: 'Minio', force_path_style: 'false' };
    expect(summary(await examine(endpoint, options))).toEqual([
      'address: path_style_needed -> force_path_style = true (proved)',
    ]);
  });

  test('https, where it speaks HTTP', async () => {
    const endpoint = server.endpoint.replace('http:', 'https:');
    expect(summary(await examine(endpoint, optionsOf(server)))).toEqual([
      `address: http_needed -> endpoint = ${server.endpoint} (proved)`,
    ]);
  });

  describe("behind R2's rules", () => {
    const token = (accessKeyId: string, tier: 'object-rw' | 'object-ro' | 'admin-rw', buckets?: string[]) => ({
      accessKeyId,
      secretAccessKey: `secret-of-${accessKeyId}`,
      tier,
      ...(buckets ? { buckets } : {}),
    });
    let gate: Gate;
    beforeAll(async () => {
      gate = await startGate(server, {
        tokens: [
          token('SCOPED', 'object-rw', [bucket]),
          token('READONLY', 'object-ro', [bucket]),
          token('ADMIN', 'admin-rw'),
        ],
        r2: { strictChecksums: true },
      });
    });
    afterAll(() => gate?.close());
    const r2 = (key: string, more: Record<string, string> = {}): Record<string, string> => ({
      access_key_id: key,
      secret_access_key: `secret-of-${key}`,
      ...more,
    });

    test.each<Case>([
      { name: 'a scoped token', options: r2('SCOPED'), write: true, finds: [] },
      {
        name: 'without no_check_bucket',
        options: r2('SCOPED', { no_check_bucket: '' }),
        write: true,
        finds: ['warning bucket: no_bucket_rights -> no_check_bucket = true'],
      },
      { name: 'an admin token', options: r2('ADMIN', { no_check_bucket: '' }), write: true, finds: [] },
      { name: 'another bucket', options: r2('SCOPED'), path: 'other', finds: ['list: bucket_not_covered'] },
      { name: 'a missing bucket', options: r2('ADMIN'), path: 'other', finds: ['list: bucket_missing'] },
      { name: 'no bucket', options: r2('SCOPED'), path: '', finds: ['list: cannot_list_buckets'] },
      {
        name: 'a read-only token',
        options: r2('READONLY'),
        write: true,
        finds: ['put: read_only -> access_key_id = …'],
      },
      { name: 'an unknown key', options: r2('NOBODY'), finds: ['credentials: unknown_key -> access_key_id = …'] },
      {
        name: 'a wrong secret',
        options: r2('SCOPED', { secret_access_key: 'x' }),
        finds: ['credentials: wrong_secret -> secret_access_key = …'],
      },
      {
        name: 'a region of AWS',
        options: r2('SCOPED', { region: 'eu-west-1' }),
        finds: ['region: wrong_region -> region = auto (proved)'],
      },
      {
        name: 'checksums',
        options: r2('SCOPED', { use_data_integrity_protections: 'true' }),
        write: true,
        finds: ['put: checksums_refused -> use_data_integrity_protections = false (proved)'],
      },
      {
        name: 'an ACL',
        options: r2('SCOPED', { acl: 'public-read' }),
        write: true,
        finds: ['put: acl_refused -> acl removed (proved)'],
      },
    ])('$name', async ({ options = {}, path, write, finds }) => {
      gate.take();
      const o = { ...(path === undefined ? {} : { path }), ...(write ? { write } : {}) };
      expect(summary(await examine(gate.url, options, o))).toEqual(finds);
      if (!write) expect(gate.take().filter((r) => !/^(GET|HEAD)$/.test(r.method))).toEqual([]);
    });
  });
});

describe.skipIf(findPeer('versitygw') === undefined)('versitygw with versions', () => {
  test('no old version and no marker is left', async () => {
    const { PutBucketVersioningCommand, ListObjectVersionsCommand } = await import('@aws-sdk/client-s3');
    const server = (await startVersitygw({ versioning: true })) as S3Server;
    try {
      const client = clientOf(server);
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      await client.send(
        new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
      );
      expect(await examineAt(server, { name: '', write: true, finds: [] })).toEqual([]);
      const { Versions, DeleteMarkers } = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
      expect([...(Versions ?? []), ...(DeleteMarkers ?? [])].map((v) => v.Key)).toEqual([]);
    } finally {
      await server.stop();
    }
  });
});

describe.skipIf(findPeer('weed') === undefined)('SeaweedFS', () => {
  let server: S3Server;
  beforeAll(async () => {
    server = (await startSeaweedfs({
      users: {
        READER: [`Read:${bucket}`, `List:${bucket}`],
        NOLIST: [`Read:${bucket}`, `Write:${bucket}`],
        STRANGER: ['Read:other', 'List:other', 'Write:other'],
      },
    })) as S3Server;
    await clientOf(server).send(new CreateBucketCommand({ Bucket: bucket }));
  }, 90_000);
  afterAll(() => server?.stop());

  test.each(common)('$name', async (c) => {
    expect(await examineAt(server, c)).toEqual(c.finds);
    if (c.write) await expectNothingLeft(server);
  });

  test.each<Case>([
    {
      name: 'a user that only reads',
      options: { access_key_id: 'READER' },
      write: true,
      finds: ['put: read_only -> access_key_id = …'],
    },
    { name: 'a user that may not list', options: { access_key_id: 'NOLIST' }, write: true, finds: ['list: no_list'] },
    {
      name: 'a user of another bucket',
      options: { access_key_id: 'STRANGER' },
      write: true,
      finds: ['list: bucket_not_covered'],
    },
  ])('$name', async (c) => {
    expect(await examineAt(server, c)).toEqual(c.finds);
  });
});
