import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { createMemoryBackend } from '../../../src/backends/memory/backend.ts';
import type { Backend } from '../../../src/core/backend.ts';
import { collect } from '../../../src/core/bytes.ts';
import { awsChunks } from '../../../src/serve/s3/aws-chunked.ts';
import { createS3Handler, S3Fault, type S3Handler, type S3Response } from '../../../src/serve/s3/index.ts';
import { keyOfPath, pathOfKey } from '../../../src/serve/s3/names.ts';
import { copySourceOf } from '../../../src/serve/s3/protocol.ts';
import { encodeStrict, verifySignature, type Verified } from '../../../src/serve/s3/signature.ts';
import { childText, parseXml, xmlDocument } from '../../../src/serve/s3/xml.ts';
import { platform } from '../../support/layered.ts';
import { awsChunked, sign, type RawRequest } from '../../support/raw-s3.ts';

const target = { endpoint: 'http://127.0.0.1:1', accessKeyId: 'AKTEST', secretAccessKey: 'secret' };
/** Keys as clients may send them: well-formed text without NUL. */
const key = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).filter((k) => !k.includes('\0'));
const oddKey = fc
  .array(fc.constantFrom('/', '.', '..', ' ', '+', '%', '%2F', '␀', '‛', '．', '\t', 'ü', '😀', 'a', '&', '?'), {
    minLength: 1,
    maxLength: 12,
  })
  .map((parts) => parts.join(''));

async function* cut(bytes: Uint8Array, lengths: readonly number[]): AsyncGenerator<Uint8Array, void, void> {
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length] ?? bytes.length;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

describe('names', () => {
  test('every key has one path and comes back from it', () => {
    fc.assert(
      fc.property(fc.oneof(key, oddKey), (k) => {
        const path = pathOfKey('bucket', k);
        expect(keyOfPath(path)).toBe(k);
        const segments = path.split('/');
        expect(segments).not.toContain('');
        expect(segments).not.toContain('..');
        expect(segments).not.toContain('.');
      }),
      { numRuns: 2000 },
    );
  });

  test('two keys never share a path', () => {
    fc.assert(
      fc.property(oddKey, oddKey, (a, b) => {
        expect(pathOfKey('bucket', a) === pathOfKey('bucket', b)).toBe(a === b);
      }),
      { numRuns: 2000 },
    );
  });

  test('a copy source names the same key however much of it is encoded', () => {
    fc.assert(
      fc.property(fc.oneof(key, oddKey), (k) => {
        for (const text of [`b/${encodeStrict(k)}`, `/b/${encodeStrict(k)}`, encodeStrict(`b/${k}`)]) {
          const headers = { 'x-amz-copy-source': text };
          expect(copySourceOf({ method: 'PUT', path: '/', query: '', headers, body: undefined })).toEqual({
            bucket: 'b',
            key: k,
          });
        }
      }),
    );
  });
});

describe('XML', () => {
  test('what is written is read again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const root = parseXml(xmlDocument('Delete', { Object: { Key: text } }));
        const object = root.children[0];
        expect(object && childText(object, 'Key')).toBe(text);
      }),
    );
  });

  test('nonsense is a fault and nothing else', () => {
    const pieces = fc.constantFrom(
      '<',
      '>',
      '</a>',
      '<a>',
      '<a b="c">',
      '&',
      '&#x110000;',
      '&lt;',
      '<!--',
      '-->',
      '<?',
      '<!DOCTYPE a [',
      '<![CDATA[',
      '"',
      'text',
      '/>',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        try {
          parseXml(parts.join(''));
        } catch (e) {
          expect(e).toBeInstanceOf(S3Fault);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('bombs are refused', () => {
    const bombs = [
      '<!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>',
      '<a>'.repeat(100) + '</a>'.repeat(100),
      `<a>${'<b/>'.repeat(200_000)}</a>`,
      `<a ${'b="c" '.repeat(50_000)}`,
      '<!--'.repeat(50_000),
      '<a></a><a></a>',
      'x<a></a>',
    ];
    for (const bomb of bombs) expect(() => parseXml(bomb)).toThrow(S3Fault);
  });
});

describe('aws-chunked', () => {
  const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 6 });
  const cuts = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 });
  const payload = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER';
  const trailers = { 'x-amz-checksum-crc32': 'AAAAAA==' };
  const verified = (signed: ReturnType<typeof sign>): Verified => ({
    ...signed,
    accessKeyId: 'AKTEST',
    region: 'us-east-1',
    payload,
    chunkKey: signed.key,
    version: 4,
  });
  const decode = async (body: Uint8Array, lengths: readonly number[], v: Verified): Promise<Uint8Array> =>
    collect(awsChunks(cut(body, lengths), v, platform, new Map()));

  test('any chunks, cut anywhere, come out as they went in', async () => {
    await fc.assert(
      fc.asyncProperty(chunks, cuts, async (parts, lengths) => {
        const signed = sign(target, { path: '/b/k', payload });
        const got = await decode(awsChunked(parts, signed, trailers), lengths, verified(signed));
        expect(Buffer.from(got).equals(Buffer.concat(parts))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('one changed, missing or added byte is never taken for the signed body', async () => {
    const change = fc.record({
      at: fc.nat(),
      how: fc.constantFrom('flip', 'drop', 'add', 'cut'),
      byte: fc.integer({ min: 1, max: 255 }),
    });
    await fc.assert(
      fc.asyncProperty(chunks, change, async (parts, { at, how, byte }) => {
        const signed = sign(target, { path: '/b/k', payload });
        const good = awsChunked(parts, signed, trailers);
        const i = at % good.length;
        const bad = {
          flip: () => Buffer.concat([good.subarray(0, i), Buffer.of((good[i] ?? 0) ^ byte), good.subarray(i + 1)]),
          drop: () => Buffer.concat([good.subarray(0, i), good.subarray(i + 1)]),
          add: () => Buffer.concat([good.subarray(0, i), Buffer.of(byte), good.subarray(i)]),
          cut: () => good.subarray(0, i),
        }[how]();
        const got = await decode(bad, [bad.length], verified(signed)).catch((e: unknown) => e);
        // Changes of what is not signed (case of a size, a line's end) may pass, but then nothing else came out.
        if (got instanceof Uint8Array) expect(Buffer.from(got).equals(Buffer.concat(parts))).toBe(true);
        else expect(got).toBeInstanceOf(S3Fault);
      }),
      { numRuns: 300 },
    );
  });

  test('nonsense is a fault and nothing else', async () => {
    const v = { ...verified(sign(target, { path: '/b/k', payload })), payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' };
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), cuts, async (bytes, lengths) => {
        const got = await decode(bytes, lengths, v).catch((e: unknown) => e);
        if (!(got instanceof Uint8Array)) expect(got).toBeInstanceOf(S3Fault);
      }),
    );
  });
});

describe('signatures', () => {
  const headersOf = (r: RawRequest) => {
    const { path, headers } = sign(target, r);
    const [plain = '', query = ''] = path.split(/\?(.*)/s);
    return { method: r.method ?? 'GET', path: plain, query, headers, body: undefined };
  };
  const queryOf = (text: string): Map<string, string> => new Map(new URLSearchParams(text));
  const nowMs = Number(platform.now() / 1_000_000n);

  test('any path, query and metadata that were signed are taken; any change of them is not', () => {
    const value = fc.string({ minLength: 1, maxLength: 20 }).map((t) => t.trim());
    fc.assert(
      fc.property(fc.oneof(key, oddKey), value, value, (k, meta, q) => {
        const r = headersOf({
          method: 'PUT',
          path: `/b/${encodeStrict(k)}`,
          query: { prefix: q },
          headers: { 'x-amz-meta-a': meta },
        });
        const secret = (): string => 'secret';
        expect(verifySignature(r, queryOf(r.query), secret, nowMs).accessKeyId).toBe('AKTEST');
        const changed = [
          { ...r, method: 'DELETE' },
          { ...r, path: `${r.path}x` },
          { ...r, query: `${r.query}x` },
          { ...r, headers: { ...r.headers, 'x-amz-meta-a': `${meta}x` } },
        ];
        for (const other of changed)
          expect(() => verifySignature(other, queryOf(other.query), secret, nowMs)).toThrow(S3Fault);
        expect(() => verifySignature(r, queryOf(r.query), () => 'other', nowMs)).toThrow(S3Fault);
      }),
    );
  });

  test('nonsense in the header is a fault and nothing else', () => {
    const pieces = fc.constantFrom(
      'AWS4-HMAC-SHA256 ',
      'Credential=',
      'AKTEST/20260101/us-east-1/s3/aws4_request',
      ',',
      'SignedHeaders=',
      'host',
      ';',
      'Signature=',
      'ab',
      ' ',
      '=',
      '/',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), fc.string(), (parts, date) => {
        const headers = { authorization: parts.join(''), 'x-amz-content-sha256': 'x', 'x-amz-date': date };
        const r = { method: 'GET', path: '/', query: '', headers, body: undefined };
        expect(() => verifySignature(r, new Map(), () => 'secret', nowMs)).toThrow(S3Fault);
      }),
    );
  });
});

describe('the whole handler', () => {
  let backend: Backend;
  let handler: S3Handler;
  const failures: unknown[] = [];
  beforeEach(async () => {
    failures.length = 0;
    backend = createMemoryBackend('memory', platform);
    await backend.mkdir('bucket');
    const keys = [{ accessKeyId: target.accessKeyId, secretAccessKey: target.secretAccessKey }];
    handler = createS3Handler({ backend, platform, keys, onError: (e) => failures.push(e) });
  });
  const ask = (r: RawRequest): Promise<S3Response> => {
    const { path, headers } = sign(target, r);
    const [plain = '', query = ''] = path.split(/\?(.*)/s);
    const body = r.body === undefined ? undefined : cut(Buffer.from(r.body as string), [1000]);
    const length = { 'content-length': String(Buffer.byteLength(r.body ?? '')) };
    return handler({ method: r.method ?? 'GET', path: plain, query, headers: { ...headers, ...length }, body });
  };

  test('signed nonsense never makes it fail', async () => {
    const names = fc.constantFrom(
      'uploads',
      'uploadId',
      'partNumber',
      'delete',
      'list-type',
      'max-keys',
      'marker',
      'prefix',
      'delimiter',
      'continuation-token',
      'versionId',
      'versions',
      'acl',
      'encoding-type',
      'attributes',
      'response-content-type',
      'max-parts',
      'key-marker',
    );
    const values = fc.oneof(
      fc.constantFrom('', '0', '-1', '2', 'url', '/', 'null', '1e9', '%', '99999999999'),
      fc.string({ maxLength: 8 }),
    );
    const headerNames = fc.constantFrom(
      'range',
      'if-match',
      'if-none-match',
      'if-modified-since',
      'x-amz-copy-source',
      'x-amz-copy-source-range',
      'content-md5',
      'x-amz-checksum-crc32',
      'x-amz-checksum-algorithm',
      'x-amz-checksum-type',
      'x-amz-metadata-directive',
      'x-amz-object-attributes',
      'if-range',
      'x-amz-mp-object-size',
    );
    const headerValues = fc.oneof(
      fc.constantFrom(
        'bytes=0-0',
        'bytes=-1',
        '*',
        '"x"',
        'bucket/k',
        '/bucket/%',
        'bytes=5-1',
        'CRC32',
        'REPLACE',
        'AAAAAA==',
      ),
      fc.string({ unit: 'grapheme-ascii', maxLength: 12 }),
    );
    await ask({ method: 'PUT', path: '/bucket/k', body: 'content' });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH'),
        fc.constantFrom(
          '/',
          '/bucket',
          '/bucket/k',
          '/bucket/none',
          '/none/k',
          '/bucket//',
          '/bucket/%zz',
          '/%2e%2e/x',
        ),
        fc.dictionary(names, values, { maxKeys: 3 }),
        fc.dictionary(headerNames, headerValues, { maxKeys: 3 }),
        fc.constantFrom('', '<Delete><Object><Key>k</Key></Object></Delete>', '<x', 'content'),
        async (method, path, query, headers, body) => {
          const { status, body: answer } = await ask({ method, path, query, headers, body });
          expect(status).toBeGreaterThanOrEqual(200);
          if (answer !== undefined && typeof answer !== 'string') await collect(answer);
          expect(failures).toEqual([]);
        },
      ),
      { numRuns: 600 },
    );
  });

  test('whatever is put under a key is what a client gets there and sees in the list', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(key, oddKey), fc.uint8Array({ maxLength: 50 }), async (k, bytes) => {
        const path = `/bucket/${encodeStrict(k)}`;
        expect((await ask({ method: 'PUT', path, body: bytes })).status).toBe(200);
        const got = await ask({ path });
        const body = got.body === undefined ? new Uint8Array(0) : await collect(got.body as AsyncIterable<Uint8Array>);
        expect(Buffer.from(body).equals(Buffer.from(bytes))).toBe(true);
        const query = { 'list-type': '2', 'encoding-type': 'url', prefix: k };
        const text = (await ask({ path: '/bucket', query })).body as string;
        const keys = [...text.matchAll(/<Key>([^<]*)/g)].map((m) => decodeURIComponent(m[1] as string));
        expect(keys).toContain(k);
        expect((await ask({ method: 'DELETE', path })).status).toBe(204);
        expect((await ask({ path })).status).toBe(404);
      }),
      { numRuns: 150 },
    );
  });
});
