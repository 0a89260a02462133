import { afterEach, describe, expect, test } from 'vitest';
import { agreeable } from '../../../support/agreeable-s3.ts';
import { cli } from '../../../support/cli.ts';
import {
  byOperation,
  fault,
  openScripted,
  xml,
  type Answer,
  type Script,
  type ScriptedS3,
} from '../../../support/scripted-s3.ts';

let server: ScriptedS3 | undefined;
afterEach(async () => server?.stop());

type Options = NonNullable<Parameters<typeof openScripted>[1]>['options'];

async function open(script: Script, options: Options = {}) {
  const opened = await openScripted(script, { options });
  server = opened.server;
  return opened;
}

const store = (): Script => agreeable({ objects: { 'bucket/d/f.txt': { body: 'hello' } } });

describe('links', () => {
  test('one HEAD shows that the object is there, none where it is known', async () => {
    const { backend, server } = await open(store());
    const url = new URL((await backend.publicLink?.('d/f.txt', { expireMs: 61_500 })) ?? '');
    expect(server.operations()).toEqual(['HeadObject']);
    expect([url.pathname, url.searchParams.get('X-Amz-Expires')]).toEqual(['/bucket/d/f.txt', '61']);
    expect([...url.searchParams.keys()].filter((name) => /checksum|sdk/.test(name))).toEqual([]);
    expect(url.href).not.toContain('secret');
    const info = await backend.stat('d/f.txt');
    await backend.publicLink?.('d/f.txt', { info });
    expect(server.operations()).toEqual(['HeadObject', 'HeadObject']);
    await expect(backend.publicLink?.('none')).rejects.toMatchObject({ code: 'object_not_found' });
  });

  test('a public bucket needs no signature', async () => {
    const { backend, server } = await open(store(), { access_key_id: '', secret_access_key: '' });
    const url = await backend.publicLink?.('d/f.txt');
    expect(url).toBe(`${server.endpoint}/bucket/d/f.txt?x-id=GetObject`);
  });

  test('what is signed cannot be taken back, and that is said', async () => {
    const { backend } = await open(store());
    await expect(backend.publicLink?.('d/f.txt', { unlink: true })).rejects.toMatchObject({ code: 'unsupported' });
  });

  test('the command link can give other headers', async () => {
    const { backend } = await open(store());
    const options = { expire: '1h', 'response-content-type': 'text/csv', 'response-content-disposition': 'attachment' };
    const url = new URL((await backend.command?.('link', ['d/f.txt'], options)) as string);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      'X-Amz-Expires': '3600',
      'response-content-type': 'text/csv',
      'response-content-disposition': 'attachment',
    });
    await expect(backend.command?.('link', ['d/f.txt'], { expires: '1h' })).rejects.toThrow('no option "expires"');
    await expect(backend.command?.('link', [], {})).rejects.toThrow('one object');
  });
});

describe('set', () => {
  test('what is opened goes on with the new options', async () => {
    const { backend, server } = await open(store());
    const below = backend.at('bucket/d');
    await backend.command?.('set', [], { requester_pays: 'true', region: 'eu-west-9' });
    await below.stat('f.txt');
    expect(server.requests[0]?.headers).toMatchObject({
      'x-amz-request-payer': 'requester',
      authorization: expect.stringContaining('/eu-west-9/s3/'),
    });
  });

  test.each([
    [{ nosuch: '1' }, 'no option "nosuch"'],
    [{ chunk_size: '1Mi' }, 'less than 5Mi'],
    [{ chunk_size: 'much' }, 'chunk_size'],
  ])('%j is refused and changes nothing', async (options, text) => {
    const { backend, server } = await open(store());
    await expect(backend.command?.('set', [], options as Record<string, string>)).rejects.toThrow(text);
    await backend.stat('d/f.txt');
    expect(server.operations()).toEqual(['HeadObject']);
  });
});

const page = (keys: readonly string[], next?: string): Answer =>
  xml(
    `<ListMultipartUploadsResult><IsTruncated>${next !== undefined}</IsTruncated>${next ? `<NextKeyMarker>${next}</NextKeyMarker><NextUploadIdMarker>id-${next}</NextUploadIdMarker>` : ''}${keys.map((key) => `<Upload><Key>${key}</Key><UploadId>id-${key}</UploadId><Initiated>2020-01-02T03:04:05.000Z</Initiated></Upload>`).join('')}</ListMultipartUploadsResult>`,
  );

describe('unfinished uploads', () => {
  test('all pages are read', async () => {
    const { backend, server } = await open(
      byOperation({
        ListMultipartUploads: [page(['d/a'], 'd/a'), page(['d/b'])],
        AbortMultipartUpload: { status: 204 },
      }),
    );
    await backend.cleanUp?.();
    const [, second] = server.of('ListMultipartUploads');
    expect([second?.query.get('key-marker'), second?.query.get('upload-id-marker')]).toEqual(['d/a', 'id-d/a']);
    expect(server.of('AbortMultipartUpload').map((r) => r.query.get('uploadId'))).toEqual(['id-d/a', 'id-d/b']);
  });

  test('a service that goes round in circles is an error', async () => {
    const { backend } = await open(byOperation({ ListMultipartUploads: page(['d/a'], 'd/a') }));
    await expect(backend.command?.('list-multipart-uploads', [], {})).rejects.toMatchObject({ code: 'bad_answer' });
  });

  test('one that cannot be aborted does not keep the others', async () => {
    const { backend, server, events } = await open(
      byOperation({
        ListMultipartUploads: page(['a', 'b', 'c']),
        AbortMultipartUpload: (r) => {
          if (r.path.endsWith('/a')) return fault(403, 'AccessDenied');
          // Ended by somebody else meanwhile.
          return r.path.endsWith('/b') ? fault(404, 'NoSuchUpload') : { status: 204 };
        },
      }),
    );
    await expect(backend.cleanUp?.()).rejects.toMatchObject({ code: 'permission_denied' });
    expect(server.of('AbortMultipartUpload')).toHaveLength(3);
    const errors = events.filter((e) => e.type === 'log' && e.level === 'error');
    expect(errors).toHaveLength(1);
  });

  test('other directories are left alone', async () => {
    const { backend, server } = await open(
      byOperation({ ListMultipartUploads: page(['d', 'd/a', 'da/b', 'd.txt']), AbortMultipartUpload: { status: 204 } }),
    );
    await backend.at('bucket/d').cleanUp?.();
    expect(server.of('AbortMultipartUpload').map((r) => r.path)).toEqual(['/bucket/d', '/bucket/d/a']);
  });
});

test('a failing restore is told with its object', async () => {
  const objects = Object.fromEntries(
    ['a', 'b'].map((name) => [`bucket/${name}`, { body: '', headers: { 'x-amz-storage-class': 'GLACIER' } }]),
  );
  const { backend } = await open(
    agreeable({
      objects,
      instead: (r) =>
        r.operation === 'RestoreObject' && r.path.endsWith('/a') ? fault(409, 'RestoreAlreadyInProgress') : undefined,
    }),
  );
  expect(await backend.command?.('restore', [], { lifetime: '1' })).toEqual([
    { Status: expect.stringContaining('RestoreAlreadyInProgress'), Remote: 'a' },
    { Status: 'OK', Remote: 'b' },
  ]);
});

describe('help', () => {
  test('shows the commands of a type or of a remote', async () => {
    const all = await cli(['backend', 'help', 's3']);
    expect(all.code).toBe(0);
    for (const name of [
      'restore',
      'restore-status',
      'list-multipart-uploads',
      'cleanup',
      'cleanup-hidden',
      'versioning',
      'set',
    ])
      expect(all.stdout).toMatch(new RegExp(`^${name} remote:path`, 'm'));
    const env = { RCLONE_CONFIG_X_TYPE: 's3', RCLONE_CONFIG_X_PROVIDER: 'AWS' };
    expect((await cli(['backend', 'help', 'x:b'], { env })).stdout).toBe(all.stdout);
    expect((await cli(['backend', 'help', 's3', 'set'])).stdout).toMatch(/^set remote:path\n[^]*-o OPTION/);
  });

  test('says what has none', async () => {
    const none = await cli(['backend', 'help', 'memory']);
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('memory backend has no commands')]);
    expect((await cli(['backend', 'help', 's3', 'nosuch'])).code).toBe(1);
  });
});
