import { encryptedDigests } from '../../backends/crypt/check.ts';
import { cryptRootOf, type CryptRoot } from '../../backends/crypt/backend.ts';
import type { Backend } from '../../core/backend.ts';
import { TscloneError } from '../../core/errors.ts';
import { callOptions, log } from '../../operations/context.ts';
import type { CommandDefinition } from '../command.ts';
import { directory, shownRoot, source } from '../references.ts';
import { reportFlags } from '../reports.ts';
import { compareTrees } from './check.ts';
import { oneWay } from './checksum.ts';

const place = (b: Backend): string => `${b.name}:${shownRoot(b)}`;

export const cryptcheck: CommandDefinition = {
  name: 'cryptcheck',
  summary: 'Compare a tree with its encrypted copy, without reading the copy',
  help: 'Encrypts the source under the nonce of each encrypted object and compares the digest with the one that the store gives. Of the copy only 32 bytes per object are read.',
  usage: 'source:path crypted:path',
  minArgs: 2,
  maxArgs: 2,
  examples: ['tsclone cryptcheck media secret:media'],
  flags: [oneWay, ...reportFlags],
  groups: ['Filter', 'Listing'],
  stats: true,
  async run(c) {
    const [from, to] = c.args as [string, string];
    const src = await source(c, from);
    const dst = await directory(c, to);
    const root = requireCrypt(dst);
    const type = root.inner.hashes[0];
    if (type === undefined)
      throw new TscloneError('unsupported', `${place(root.inner)} does not support any hashes`, { retry: 'no' });
    log(c.operation, 'info', '', `Using ${type} for hash comparisons`);
    await compareTrees(c, src, dst, async (plain, stored) => {
      const o = callOptions(c.operation);
      const digests = await encryptedDigests(root, stored.info.path, plain, type, o);
      if (!digests) return { result: 'unknown' };
      if (digests.stored === digests.expected) return { result: 'same' };
      const [a, b] = [digests.expected, digests.stored].map((d) => JSON.stringify(d));
      return {
        result: 'differ',
        reason: `hashes differ (${place(dst)}) ${a} vs (${place(src.backend)}) ${b}`,
      };
    });
  },
};

function requireCrypt(backend: Backend): CryptRoot {
  const root = cryptRootOf(backend);
  if (!root) throw new TscloneError('unsupported', `${place(backend)} is not a crypt remote`, { retry: 'no' });
  return root;
}
