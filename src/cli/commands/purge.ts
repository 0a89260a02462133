import { purge as purgeDirectory } from '../../operations/remove.ts';
import type { CommandDefinition } from '../command.ts';
import { opener } from '../references.ts';

export const purge: CommandDefinition = {
  name: 'purge',
  summary: 'Remove a directory and everything in it',
  help: 'Filters do not count. On S3 all objects below the prefix are deleted; of a whole bucket also the bucket.',
  usage: 'remote:path',
  minArgs: 1,
  maxArgs: 1,
  groups: ['Important'],
  retries: true,
  async run(c) {
    const open = await opener(c);
    await purgeDirectory(c.operation, await open(c.args[0] as string));
  },
};
