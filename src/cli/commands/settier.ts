import { setTiers } from '../../operations/settier.ts';
import type { CommandDefinition } from '../command.ts';
import { source } from '../references.ts';

export const settier: CommandDefinition = {
  name: 'settier',
  summary: 'Move objects to another storage class',
  help: 'All objects below the path, or the one object. Services without storage classes are an error.',
  usage: 'tier remote:path',
  minArgs: 2,
  maxArgs: 2,
  groups: ['Filter', 'Listing'],
  examples: ['tsclone settier GLACIER s3:bucket/old'],
  async run(c) {
    const [tier, reference] = c.args as [string, string];
    await setTiers(c.operation, await source(c, reference), tier);
  },
};
