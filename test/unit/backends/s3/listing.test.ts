import { afterEach, describe, expect, test } from 'vitest';
import type { ScriptedS3, Script, Answer } from '../../../support/scripted-s3.ts';
import { fault, htmlPage, inTurn, openScripted, xml } from '../../../support/scripted-s3.ts';
import type { Entry } from '../../../../src/core/backend.ts';

let server: ScriptedS3 | undefined;
afterEach(async () => server?.stop());

type Options = Parameters<typeof openScripted>[1];

/** Paths of a whole listing, or the error in its place. */
async function list(script: Script, o?: Options) {
  const opened = await openScripted(script, o);
  server = opened.server;
  const entries: Entry[] = [];
  let error: unknown;
  try {
    for await (const entry of opened.backend.list('', { recursive: true })) entries.push(entry);
  } catch (e) {
    error = e;
  }
  return { ...opened, paths: entries.map((e) => e.path), error };
}

const object = (key: string): string =>
  `<Contents><Key>${key}</Key><Size>1</Size><ETag>"0cc175b9c0f1b6a831c399e269772661"</ETag><LastModified>2026-01-02T03:04:05.000Z</LastModified></Contents>`;
const page = (inner: string): Answer => xml(`<ListBucketResult><Name>bucket</Name>${inner}</ListBucketResult>`);
const last = '<IsTruncated>false</IsTruncated>';
const more = '<IsTruncated>true</IsTruncated>';

describe('an answer that is no listing is an error, never an empty directory', () => {
  const whole = page(last + object('a')).body as string;
  test.each<[string, Answer, RegExp]>([
    ['an HTML page', htmlPage, /ListObjectsV2.*an HTML page, not a ListBucketResult/],
    ['an empty body', { body: '' }, /is empty, not a ListBucketResult/],
    ['plain text', { body: 'it works' }, /is no XML, not a ListBucketResult/],
    ['XML cut within', { body: whole.slice(0, -30) }, /the ListBucketResult is cut off after \d+ bytes/],
    ['another root', xml('<ListAllMyBucketsResult/>'), /a <ListAllMyBucketsResult> document, not a ListBucketResult/],
    ['an error inside', { ...fault(200, 'InternalError', 'try later') }, /InternalError: .*an error inside: try later/],
    ['no IsTruncated', page(object('a')), /does not say whether more follows/],
    ['no object size', page(`${last}<Contents><Key>a</Key></Contents>`), /no key or no size/],
    ['a cut connection', { body: whole, cutAfter: 40 }, /ListObjectsV2/],
  ])('%s', async (_name, answer, message) => {
    const { error, paths } = await list(() => answer);
    expect(error).toMatchObject({ name: 'TscloneError', message: expect.stringMatching(message) });
    expect(String((error as Error).message)).not.toContain('\n');
    expect(paths).toEqual([]);
  });

  test('a broken answer is asked for again', async () => {
    const { paths, waits } = await list(inTurn(htmlPage, page(last + object('a'))));
    expect(paths).toEqual(['a']);
    expect(waits).toHaveLength(1);
  });

  test('a list of buckets', async () => {
    const opened = await openScripted(() => htmlPage);
    server = opened.server;
    const buckets = async (): Promise<void> => {
      for await (const bucket of opened.backend.at('').list('')) expect(bucket).toBeUndefined();
    };
    await expect(buckets()).rejects.toMatchObject({
      code: 'bad_answer',
      message: expect.stringContaining('an HTML page'),
    });
  });
});

describe('pages', () => {
  test('V2 goes on with the token that it was given', async () => {
    const { paths, server } = await list(
      inTurn(
        page(`${more}<NextContinuationToken>t/1+=</NextContinuationToken>${object('a')}`),
        page(last + object('b')),
      ),
    );
    expect(paths).toEqual(['a', 'b']);
    expect(server.requests.map((r) => r.query.get('continuation-token'))).toEqual([null, 't/1+=']);
  });

  test('truncated without a token is an error with the way out', async () => {
    const { error } = await list(() => page(more + object('a')));
    expect(error).toMatchObject({
      code: 'bad_answer',
      message: expect.stringMatching(/more follows but not where.*list_version = 1/),
    });
  });

  test('the same token twice is an error, not a loop', async () => {
    const { error, server } = await list(() =>
      page(`${more}<NextContinuationToken>same</NextContinuationToken>${object('a')}`),
    );
    expect(error).toMatchObject({ code: 'bad_answer', message: expect.stringContaining('same page position twice') });
    expect(server.requests).toHaveLength(2);
  });

  test('a failure on a later page ends the listing with an error', async () => {
    const { error, paths } = await list((_r, n) =>
      n === 0
        ? page(`${more}<NextContinuationToken>t</NextContinuationToken>${object('a')}`)
        : fault(403, 'AccessDenied'),
    );
    expect(paths).toEqual(['a']);
    expect(error).toMatchObject({ code: 'permission_denied' });
  });

  test('keys outside the prefix are reported and skipped', async () => {
    const opened = await openScripted(() => page(last + object('other/x') + object('dir/a')));
    server = opened.server;
    const paths: string[] = [];
    for await (const e of opened.backend.list('dir', { recursive: true })) paths.push(e.path);
    expect(paths).toEqual(['dir/a']);
    expect(opened.events).toContainEqual(
      expect.objectContaining({ level: 'error', message: expect.stringContaining('Odd name received "other/x"') }),
    );
  });

  describe('V1', () => {
    const v1 = { options: { list_version: '1' } };

    test('goes on after NextMarker, decoded', async () => {
      const { paths, server } = await list(
        inTurn(
          page(`${more}<EncodingType>url</EncodingType><NextMarker>b+c%2Bd</NextMarker>${object('b+c%2Bd')}`),
          page(`${last}<EncodingType>url</EncodingType>${object('e')}`),
        ),
        v1,
      );
      expect(paths).toEqual(['b c+d', 'e']);
      expect(server.requests.map((r) => [r.operation, r.query.get('marker')])).toEqual([
        ['ListObjects', null],
        ['ListObjects', 'b c+d'],
      ]);
    });

    test('without NextMarker it goes on after the last name, key or prefix', async () => {
      const opened = await openScripted(
        inTurn(
          page(`${more}${object('a')}<CommonPrefixes><Prefix>m/</Prefix></CommonPrefixes>`),
          page(more + object('z')),
          page(last),
        ),
        v1,
      );
      server = opened.server;
      const paths: string[] = [];
      for await (const e of opened.backend.list('')) paths.push(e.path);
      expect(paths).toEqual(['a', 'm', 'z']);
      expect(server.requests.map((r) => r.query.get('marker'))).toEqual([null, 'm/', 'z']);
    });

    test('truncated with nothing to go on after is an error', async () => {
      const { error } = await list(() => page(more), v1);
      expect(error).toMatchObject({ code: 'bad_answer', message: expect.stringContaining('but not where') });
    });

    test('a marker that does not move on is an error', async () => {
      const { error, server } = await list(() => page(more + object('a')), v1);
      expect(error).toMatchObject({ code: 'bad_answer', message: expect.stringContaining('same page position twice') });
      expect(server.requests).toHaveLength(2);
    });
  });
});

describe('pages of buckets', () => {
  const buckets = (inner: string): Answer => xml(`<ListAllMyBucketsResult>${inner}</ListAllMyBucketsResult>`);

  test('the same position twice is an error', async () => {
    const opened = await openScripted(() =>
      buckets('<Buckets><Bucket><Name>one</Name></Bucket></Buckets><ContinuationToken>t</ContinuationToken>'),
    );
    server = opened.server;
    const all = async (): Promise<void> => {
      for await (const b of opened.backend.at('').list('')) void b;
    };
    await expect(all()).rejects.toMatchObject({ code: 'bad_answer' });
    expect(server.requests).toHaveLength(2);
  });
});

test('times of the service are shown to the nanosecond, as all others', async () => {
  const opened = await openScripted(() => page(last), { limits: { useServerModTime: true } });
  server = opened.server;
  expect(opened.backend.precision).toBe(1n);
});
