import type { Backend } from '../../core/backend.ts';
import { hasCode } from '../../core/errors.ts';
import { parseHashType } from '../../core/hash-types.ts';
import {
  byContent,
  byHash,
  bySize,
  checkDirectories,
  checkFile,
  type CheckOptions,
  type Compare,
} from '../../operations/check.ts';
import { callOptions } from '../../operations/context.ts';
import type { Located } from '../../operations/locate.ts';
import { commonHash } from '../../operations/same.ts';
import { switchFlag, type CommandContext, type CommandDefinition } from '../command.ts';
import { directory, source } from '../references.ts';
import { openReports, reportFlags } from '../reports.ts';
import { compareWithSums, oneWay } from './checksum.ts';

export const check: CommandDefinition = {
  name: 'check',
  summary: 'Compare two trees and say what differs',
  help: 'Compares sizes and hashes, or with --download the bytes. Times do not count. Nothing is changed. Ends with exit code 1 when something differs.',
  usage: 'source:path dest:path',
  minArgs: 2,
  maxArgs: 2,
  examples: [
    'tsclone check media r2:my-backup-bucket/media --one-way',
    'tsclone check media r2:my-backup-bucket/media --combined report.txt',
  ],
  flags: [
    oneWay,
    switchFlag('download', 'Compare the bytes of both sides instead of hashes'),
    {
      name: 'checkfile',
      short: 'C',
      type: 'string',
      default: '',
      help: 'The source is a file of sums of this hash',
    },
    ...reportFlags,
  ],
  groups: ['Filter', 'Listing'],
  stats: true,
  async run(c) {
    const [from, to] = c.args as [string, string];
    const sums = c.flags.string('checkfile');
    if (sums !== '') return compareWithSums(c, parseHashType(sums), from, to);
    const src = await source(c, from);
    const dst = await directory(c, to);
    await compareTrees(c, src, dst, compareBy(c, src.backend, dst));
  },
};

function compareBy(c: CommandContext, src: Backend, dst: Backend): Compare {
  if (c.flags.bool('download')) return byContent(c.operation);
  if (c.operation.settings.sizeOnly) return bySize;
  return byHash(c.operation, commonHash(src, dst));
}

/** A tree with a tree, or an object with the one of its name. */
export async function compareTrees(c: CommandContext, src: Located, dst: Backend, compare: Compare): Promise<void> {
  const reports = await openReports(c);
  const o: CheckOptions = { oneWay: c.flags.bool('one-way'), compare, report: reports.report };
  try {
    if (!src.file) {
      await checkDirectories(c.operation, src.backend, dst, o);
      return;
    }
    const info = await dst.stat(src.file.leaf, callOptions(c.operation)).catch((e: unknown) => {
      if (hasCode(e, 'object_not_found', 'dir_not_found', 'bucket_not_found')) return undefined;
      throw e;
    });
    await checkFile(c.operation, { backend: src.backend, info: src.file.info }, { backend: dst, info }, o);
  } finally {
    await reports.close();
  }
}
