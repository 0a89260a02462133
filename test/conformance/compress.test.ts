import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { describe } from 'vitest';
import { sessionWith } from '../support/layered.ts';
import { crypt, gzip, overMemory, overS3, zstd } from '../support/stacks.ts';
import { conformance } from './suite.ts';
import { samples } from './suite/trial.ts';

samples.kind = 'digits';

conformance('compress over memory', () => overMemory({ top: { ...gzip, remote: 'mem:bucket/dir' } }));

// A stream of unknown size then goes up under another name.
conformance('compress over memory, without cache', () =>
  overMemory({ top: { ...gzip, level: '1', ram_cache_limit: 'off', remote: 'mem:bucket/dir' } }),
);

describe.skipIf(!('zstdCompress' in zlib))('zstd', () => {
  conformance('compress over memory', () => overMemory({ top: { ...zstd, remote: 'mem:bucket/dir' } }));
});

conformance('compress over local', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tsclone-compress-'));
  const backend = await sessionWith({ c: { ...gzip, remote: folder } }).open('c:root');
  await backend.mkdir('');
  return { backend, cleanup: () => rm(folder, { recursive: true }) };
});

conformance('compress over s3', () => overS3({ top: { ...gzip, remote: 's:bucket/prefix' } }));

conformance('compress over crypt', () =>
  overMemory({ top: { ...gzip, remote: 'mid:inner' }, mid: { ...crypt, remote: 'mem:bucket/dir' } }),
);
