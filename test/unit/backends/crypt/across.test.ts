import { expect, test } from 'vitest';
import type { Backend, ObjectInfo } from '../../../../src/core/backend.ts';
import { collect, fromUtf8 } from '../../../../src/core/bytes.ts';
import { obscured, put, sessionWith } from '../../../support/layered.ts';

/** Two crypt remotes over the same store, with `server_side_across_configs`. */
async function open(first: Record<string, string>, second: Record<string, string>): Promise<[Backend, Backend]> {
  const crypt = (path: string, options: Record<string, string>): Record<string, string> => ({
    type: 'crypt',
    remote: `m:bucket/${path}`,
    server_side_across_configs: 'true',
    ...options,
  });
  const session = sessionWith({ m: { type: 'memory' }, a: crypt('a', first), b: crypt('b', second) });
  await (await session.open('m:bucket')).mkdir('');
  return Promise.all([session.open('a:'), session.open('b:')]) as Promise<[Backend, Backend]>;
}

const get = async (b: Backend, path: string): Promise<string> => fromUtf8(await collect((await b.read(path)).body));

const one = { password: obscured('one') };
const two = { password: obscured('two') };

test.each([
  ['the same password', one, one, true],
  ['the same password, names of other kinds', one, { ...one, filename_encryption: 'off' }, true],
  ['other passwords', one, two, false],
  [
    'other passwords, content stored plainly',
    ...([one, two].map((o) => ({ ...o, no_data_encryption: 'true' })) as []),
    true,
  ],
  ['content stored plainly here only', { ...one, no_data_encryption: 'true' }, one, false],
] as [string, Record<string, string>, Record<string, string>, boolean][])(
  'stored bytes go between crypt remotes only where both read them: %s',
  async (_, first, second, moves) => {
    const [a, b] = await open(first, second);
    await put(a, 'dir/x', 'content');
    expect(a.storeId).not.toBe(b.storeId);
    expect(a.copyGroup === b.copyGroup).toBe(moves);
    const info = (await a.stat('dir/x')) as ObjectInfo;
    const copied = b.copy?.(a, info, 'y') as Promise<ObjectInfo>;
    if (!moves) {
      await expect(copied).rejects.toMatchObject({ code: 'unsupported' });
      return;
    }
    await copied;
    expect(await get(b, 'y')).toBe('content');
  },
);

test('a remote without the option moves nothing between configurations', async () => {
  const [a] = await open({ ...one, server_side_across_configs: 'false' }, one);
  expect(a.copyGroup).toBeUndefined();
});
