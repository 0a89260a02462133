import { parseHashType } from '../../core/hash-types.ts';
import type { HashType } from '../../core/entry.ts';
import { checkSums } from '../../operations/check-sums.ts';
import { switchFlag, type CommandContext, type CommandDefinition } from '../command.ts';
import { directory, sourceUnfiltered } from '../references.ts';
import { openReports, reportFlags } from '../reports.ts';

export const oneWay = switchFlag('one-way', 'Do not look for names that only the destination has');

export const checksum: CommandDefinition = {
  name: 'checksum',
  summary: 'Compare a tree with a file of sums',
  help: 'The file holds lines `DIGEST  PATH`, as hashsum and md5sum write them. Ends with exit code 1 when something differs or is missing.',
  usage: 'HASH sumfile dest:path',
  minArgs: 3,
  maxArgs: 3,
  flags: [oneWay, switchFlag('download', 'Read the objects instead of asking the store for digests'), ...reportFlags],
  groups: ['Filter', 'Listing'],
  stats: true,
  examples: ['tsclone checksum md5 SUMS r2:my-backup-bucket/dir'],
  async run(c) {
    const [type, sumFile, dest] = c.args as [string, string, string];
    await compareWithSums(c, parseHashType(type), sumFile, dest);
  },
};

/** Also what `check --checkfile` does. */
export async function compareWithSums(c: CommandContext, type: HashType, sumFile: string, dest: string): Promise<void> {
  const sums = await sourceUnfiltered(c, sumFile);
  const backend = await directory(c, dest);
  const reports = await openReports(c);
  try {
    const flags = { download: c.flags.bool('download'), oneWay: c.flags.bool('one-way') };
    await checkSums(c.operation, sums, { backend, reference: dest }, { type, ...flags, report: reports.report });
  } finally {
    await reports.close();
  }
}
