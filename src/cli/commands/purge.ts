import { hasCode } from '../../core/errors.ts';
import { purge as purgeDirectory } from '../../operations/remove.ts';
import type { CommandDefinition } from '../command.ts';
import { StartError } from '../errors.ts';
import { cannotOpen, opener } from '../references.ts';

export const purge: CommandDefinition = {
  name: 'purge',
  summary: 'Remove a directory and everything in it',
  help: 'Goes with no filter. On S3 all objects below the prefix are deleted; of a whole bucket also the bucket.',
  usage: 'remote:path',
  minArgs: 1,
  maxArgs: 1,
  examples: ['tsclone purge r2:my-backup-bucket/media --dry-run'],
  groups: ['Important'],
  retries: true,
  async run(c) {
    if (c.operation.filter?.active)
      throw new StartError('filters are not supported with purge (purge will delete everything unconditionally)');
    if (c.operation.settings.maxDepth > 0)
      throw new StartError('--max-depth is not supported with purge (purge will delete everything unconditionally)');
    const open = await opener(c);
    const reference = c.args[0] as string;
    try {
      await purgeDirectory(c.operation, await open(reference));
    } catch (e) {
      throw hasCode(e, 'not_directory') ? cannotOpen(reference, e) : e;
    }
  },
};
