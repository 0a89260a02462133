import { stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cli } from '../../../support/cli.ts';
import { openFiles } from '../../../support/local.ts';
import { tempDir } from '../../../support/servers.ts';

let dir: Awaited<ReturnType<typeof tempDir>>;
beforeAll(async () => {
  dir = await tempDir();
  await writeFile(join(dir.path, 'f'), 'text');
  await utimes(join(dir.path, 'f'), 1_000_000_000, 1_100_000_000);
});
afterAll(() => dir.remove());

test.each(['mtime', 'atime', 'ctime', 'btime'] as const)('time_type = %s shows this time', async (type) => {
  const s = await stat(join(dir.path, 'f'), { bigint: true });
  const expected = { mtime: s.mtimeNs, atime: s.atimeNs, ctime: s.ctimeNs, btime: s.birthtimeNs }[type];
  expect((await openFiles(dir.path, { time_type: type }).stat('f')).modTime).toBe(expected);
});

test('with no_set_modtime times say nothing: equal bytes are left alone, others are copied', async () => {
  const src = join(dir.path, 'src');
  const dst = join(dir.path, 'dst');
  expect(openFiles(dst, { no_set_modtime: 'true' }).precision).toBe('none');
  await cli(['copyto', join(dir.path, 'f'), join(src, 'same')]);
  await cli(['copyto', join(dir.path, 'f'), join(src, 'other')]);
  await cli(['copy', src, dst, '--local-no-set-modtime']);
  await writeFile(join(dst, 'other'), 'TEXT');
  const { stderr } = await cli(['copy', src, dst, '--local-no-set-modtime', '-v']);
  expect(stderr).toContain('other: Copied (replaced existing)');
  expect(stderr).not.toContain('same');
});
