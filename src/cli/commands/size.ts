import { formatCount, formatSizeUnit } from '../../core/size.ts';
import { log } from '../../operations/context.ts';
import { measure } from '../../operations/list.ts';
import { switchFlag, type CommandDefinition } from '../command.ts';
import { source } from '../references.ts';

export const size: CommandDefinition = {
  name: 'size',
  summary: 'Count objects and add up their sizes',
  help: 'Prints the number of objects below the path and their total size.',
  usage: 'remote:path',
  minArgs: 1,
  maxArgs: 1,
  examples: ['tsclone size r2:my-backup-bucket', 'tsclone size --json r2:my-backup-bucket --min-age 30d'],
  flags: [switchFlag('json', 'Print JSON')],
  groups: ['Filter', 'Listing'],
  async run(c) {
    const sum = await measure(c.operation, await source(c, c.args[0] as string));
    if (c.flags.bool('json')) {
      await c.out.line(JSON.stringify({ count: sum.count, bytes: sum.bytes, sizeless: sum.sizeless }));
      return;
    }
    const count = sum.count < 1000 ? String(sum.count) : `${formatCount(sum.count)} (${sum.count})`;
    await c.out.line(`Total objects: ${count}`);
    await c.out.line(`Total size: ${formatSizeUnit(sum.bytes)} (${sum.bytes} Byte)`);
    if (sum.sizeless === 0) return;
    await c.out.line(`Total objects with unknown size: ${formatCount(sum.sizeless)} (${sum.sizeless})`);
    log(c.operation, 'notice', '', 'Some objects do not tell their size; the total is too small');
  },
};
