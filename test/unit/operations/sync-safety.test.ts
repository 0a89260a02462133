import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createMemoryBackend } from '../../../src/backends/memory/backend.ts';
import type { Backend } from '../../../src/core/backend.ts';
import { nodePlatform } from '../../../src/node/platform.ts';
import { defaultSettings, type OperationSettings } from '../../../src/operations/settings.ts';
import { syncDirectories } from '../../../src/operations/sync/sync.ts';
import { transferFile } from '../../../src/operations/transfer-file.ts';
import { onServer, put, sessionWith } from '../../support/layered.ts';
import { contextFor } from '../../support/operations.ts';
import {
  byOperation,
  fault,
  htmlPage,
  openScripted,
  xml,
  type Answer,
  type Script,
} from '../../support/scripted-s3.ts';
import { startOwnServer } from '../../support/own-server.ts';
import { tempDir } from '../../support/servers.ts';

let stop: (() => Promise<void>) | undefined;
afterEach(async () => stop?.());

const object = (key: string): string =>
  `<Contents><Key>${key}</Key><Size>1</Size><ETag>"0cc175b9c0f1b6a831c399e269772661"</ETag><LastModified>2026-01-02T03:04:05.000Z</LastModified></Contents>`;
const page = (inner: string): Answer => xml(`<ListBucketResult><Name>bucket</Name>${inner}</ListBucketResult>`);
const last = '<IsTruncated>false</IsTruncated>';
const more = (token: string): string =>
  `<IsTruncated>true</IsTruncated><NextContinuationToken>${token}</NextContinuationToken>`;
const whole = page(last + ['a', 'b', 'c'].map(object).join(''));

/** Listings that are not whole. Each object exists on both sides; an incomplete listing must not make it look missing. */
const faults: readonly [string, Script][] = [
  ['an empty body', () => ({ body: '' })],
  ['an HTML page', () => htmlPage],
  ['a document that is cut off', () => ({ body: (whole.body as string).slice(0, -40) })],
  ['a connection that breaks', () => ({ body: whole.body as string, cutAfter: 60 })],
  ['an error under status 200', () => ({ ...fault(200, 'InternalError') })],
  ['no word on whether more follows', () => page(object('a'))],
  ['more to come, but not where', () => page(`<IsTruncated>true</IsTruncated>${object('a')}`)],
  ['the same page position again', () => page(more('t') + object('a'))],
  ['the same page under another position', (_r, n) => page(more(`t${n}`) + object('a'))],
  [
    'a refusal on the second page',
    (r) => (r.query.has('continuation-token') ? fault(403, 'AccessDenied') : page(more('t') + object('a'))),
  ],
  [
    'a server that fails on the second page',
    (r) => (r.query.has('continuation-token') ? fault(500, 'InternalError') : page(more('t') + object('a'))),
  ],
];

const modes: readonly Partial<OperationSettings>[] = [
  { deleteMode: 'after' },
  { deleteMode: 'during' },
  { deleteMode: 'before' },
  { deleteMode: 'after', ignoreErrors: true },
  { deleteMode: 'during', fastList: true },
];

/** A bucket in memory with the three objects, of the same size as those of the listing. */
async function bucketWith(...names: string[]): Promise<Backend> {
  const backend = createMemoryBackend('memory', nodePlatform({})).at('bucket');
  await backend.mkdir('');
  for (const name of names) await put(backend, name, 'x');
  return backend;
}

async function namesIn(backend: Backend): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of backend.list('', { recursive: true })) names.push(entry.path);
  return names;
}

/** Syncs and answers the error that it ends with. */
async function sync(src: Backend, dst: Backend, settings: Partial<OperationSettings>): Promise<unknown> {
  const { c } = contextFor({ ...defaultSettings, sizeOnly: true, lowLevelRetries: 2, ...settings });
  const open = async (): Promise<Backend> => dst;
  try {
    await syncDirectories(c, src, dst, { mode: 'sync', createEmptySrcDirs: false, deleteEmptySrcDirs: false, open });
  } catch (e) {
    return e;
  }
  return c.accounting.lastError;
}

describe.each(modes)('sync with $deleteMode, ignoreErrors $ignoreErrors, fastList $fastList', (settings) => {
  test.each(faults)('deletes nothing when the source answers %s', async (_name, script) => {
    const { server, backend } = await openScripted(byOperation({ ListObjectsV2: script }), {
      limits: { lowLevelRetries: 2 },
    });
    stop = server.stop;
    const dst = await bucketWith('a', 'b', 'c');
    expect(await sync(backend, dst, settings)).toBeInstanceOf(Error);
    expect(await namesIn(dst)).toEqual(['a', 'b', 'c']);
  });

  test.each(faults)('deletes nothing when the destination answers %s', async (_name, script) => {
    const deleted: Answer = xml('<DeleteResult/>');
    const { server, backend } = await openScripted(
      byOperation({ ListObjectsV2: script, DeleteObject: { status: 204 }, DeleteObjects: deleted }),
      { limits: { lowLevelRetries: 2 } },
    );
    stop = server.stop;
    // "a" is on both sides, what the answer tells besides would have to go.
    const src = await bucketWith('z');
    expect(await sync(src, backend, settings)).toBeInstanceOf(Error);
    expect(server.operations().filter((o) => o.startsWith('Delete'))).toEqual([]);
  });
});

test('a whole listing of the source lets go what the source does not have', async () => {
  const { server, backend } = await openScripted(byOperation({ ListObjectsV2: whole }));
  stop = server.stop;
  const dst = await bucketWith('a', 'b', 'c', 'd');
  expect(await sync(backend, dst, {})).toBeUndefined();
  expect(await namesIn(dst)).toEqual(['a', 'b', 'c']);
});

test('one directory that cannot be read keeps everything in the others', async () => {
  const script: Script = (r) => {
    const prefix = r.query.get('prefix');
    if (prefix === 'bad/') return htmlPage;
    if (prefix === '') return page(`${last}<CommonPrefixes><Prefix>bad/</Prefix></CommonPrefixes>${object('a')}`);
    return page(last);
  };
  const { server, backend } = await openScripted(byOperation({ ListObjectsV2: script }), {
    limits: { lowLevelRetries: 2 },
  });
  stop = server.stop;
  for (const settings of [{ deleteMode: 'after' }, { deleteMode: 'before' }] as const) {
    const dst = await bucketWith('a', 'bad/x', 'extra');
    expect(await sync(backend, dst, settings)).toMatchObject({ code: 'bad_answer' });
    expect(await namesIn(dst)).toEqual(['a', 'bad/x', 'extra']);
  }
  // As it is found: the directory that was read whole, and not the other one, whatever --ignore-errors says.
  for (const settings of [{ deleteMode: 'during' }, { ignoreErrors: true }] as const) {
    const dst = await bucketWith('a', 'bad/x', 'extra');
    expect(await sync(backend, dst, settings)).toMatchObject({ code: 'bad_answer' });
    expect(await namesIn(dst)).toEqual(['a', 'bad/x']);
  }
});

describe('keys with an empty segment', () => {
  test.each(modes)('end a sync with an error, without a loop and without a deletion (%o)', async (settings) => {
    if (settings.fastList) return;
    const src = await bucketWith('d/x', 'd//y', '/z', 'plain');
    const dst = await bucketWith('d/y', 'd/extra', 'gone');
    expect(await sync(src, dst, settings)).toMatchObject({ code: 'bad_path', message: expect.stringContaining('d//') });
    const copied = settings.deleteMode === 'before' ? [] : ['d/x', 'plain'];
    expect(await namesIn(dst)).toEqual(['d/extra', 'd/y', 'gone', ...copied].sort());
  });

  test('on the destination they are left alone', async () => {
    const src = await bucketWith('d/x');
    const dst = await bucketWith('d//y', 'd/z');
    expect(await sync(src, dst, {})).toMatchObject({ code: 'bad_path' });
    expect(await namesIn(dst)).toEqual(['d//y', 'd/x', 'd/z']);
  });
});

describe('one directory under two names', () => {
  test('a move between two remotes of one bucket keeps the objects', async () => {
    const server = await startOwnServer();
    stop = server.stop;
    await server.backend.mkdir('bucket');
    const session = sessionWith({ one: onServer(server), two: { ...onServer(server), chunk_size: '6Mi' } });
    const [one, two] = [await session.open('one:bucket/dir'), await session.open('two:bucket/dir')];
    await put(one, 'a', 'kept');
    const o = { mode: 'move', createEmptySrcDirs: false, deleteEmptySrcDirs: false, open: session.open } as const;
    for (const settings of [{}, { ignoreTimes: true }]) {
      const { c } = contextFor(settings);
      await syncDirectories(c, one, two, o);
      const info = await one.stat('a');
      await transferFile(c, { backend: one, info }, { backend: two, path: 'a' }, o);
    }
    expect(await one.stat('a')).toMatchObject({ size: 4 });
    const inner = await session.open('two:bucket');
    await expect(syncDirectories(contextFor({}).c, one, inner, { ...o, mode: 'sync' })).rejects.toThrow(/overlapping/);
  });

  test('a move to the same file by way of a linked directory keeps it', async () => {
    const dir = await tempDir();
    stop = dir.remove;
    await mkdir(join(dir.path, 'real'));
    await symlink('real', join(dir.path, 'linked'));
    const session = sessionWith({});
    const [real, linked] = [await session.open(join(dir.path, 'real')), await session.open(join(dir.path, 'linked'))];
    await put(real, 'a', 'kept');
    const info = await linked.stat('a');
    const { c } = contextFor({});
    await transferFile(
      c,
      { backend: linked, info },
      { backend: real, path: 'a' },
      { mode: 'move', open: session.open },
    );
    expect(await real.stat('a')).toMatchObject({ size: 4 });
  });
});
