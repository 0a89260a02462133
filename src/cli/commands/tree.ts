import { readTree } from '../../operations/tree.ts';
import { switchFlag, type CommandContext, type CommandDefinition, type Output } from '../command.ts';
import { usageError } from '../errors.ts';
import { createOutputFile } from '../files.ts';
import { messageOf } from '../../core/errors.ts';
import { source } from '../references.ts';
import { countTree, treeLines, type TreeOrder, type TreeStyle } from '../tree.ts';

export const tree: CommandDefinition = {
  name: 'tree',
  summary: 'Draw directories and objects as a tree',
  help: 'Names that start with a dot are left out without --all. The whole listing is kept in memory while it is drawn.',
  usage: 'remote:path',
  minArgs: 1,
  maxArgs: 1,
  flags: [
    switchFlag('all', 'Also names that start with a dot', 'a'),
    switchFlag('dirs-only', 'Only directories', 'd'),
    switchFlag('dirsfirst', 'Directories before objects'),
    switchFlag('full-path', 'Print whole paths'),
    { name: 'level', type: 'int', default: '0', help: 'Levels to descend; 0 = all' },
    switchFlag('modtime', 'Print the times of objects', 'D'),
    switchFlag('noindent', 'Draw no lines'),
    switchFlag('noreport', 'Leave out the count at the end'),
    { name: 'output', short: 'o', type: 'string', default: '', help: 'Write to this file instead of standard output' },
    switchFlag('protections', 'Print a mode, which is the same for all', 'p'),
    switchFlag('quote', 'Put names in double quotes', 'Q'),
    switchFlag('size', 'Print sizes; of a directory the sum of what lies below', 's'),
    { name: 'sort', type: 'string', default: '', help: 'Order: name, version, size, mtime, ctime' },
    switchFlag('sort-ctime', 'Order by time'),
    switchFlag('sort-modtime', 'Order by time', 't'),
    switchFlag('sort-reverse', 'Turn the order round', 'r'),
    switchFlag('unsorted', 'Keep the order of the listing', 'U'),
    switchFlag('version', 'Order names with numbers by number'),
  ],
  groups: ['Filter', 'Listing'],
  examples: ['tsclone tree -s --human-readable r2:my-backup-bucket'],
  async run(c) {
    const located = await source(c, c.args[0] as string);
    const level = c.flags.int('level');
    const style = styleOf(c);
    const root = await readTree(c.operation, located, {
      depth: level > 0 ? level : c.operation.settings.maxDepth,
      want: style.times || style.order === 'time' ? ['modTime'] : [],
    });
    await withOutput(c, async (out) => {
      for (const line of treeLines(root, style)) await out.line(line);
      if (c.flags.bool('noreport')) return;
      const { dirs, files } = countTree(root, style);
      // rclone 1.75 counts none when it shows nothing but directories.
      const counted = files === 0 ? 0 : dirs;
      await out.line(`\n${counted} directories${style.dirsOnly ? '' : `, ${files} files`}`);
    });
  },
};

function styleOf({ flags, operation }: CommandContext): TreeStyle {
  return {
    all: flags.bool('all'),
    dirsOnly: flags.bool('dirs-only'),
    fullPath: flags.bool('full-path'),
    indent: !flags.bool('noindent'),
    quote: flags.bool('quote'),
    sizes: flags.bool('size') || flags.bool('human-readable'),
    humanReadable: flags.bool('human-readable'),
    times: flags.bool('modtime'),
    modes: flags.bool('protections'),
    order: orderOf({ flags }),
    reverse: flags.bool('sort-reverse'),
    now: operation.platform.now(),
  };
}

/** Which order wins when several are asked for; unknown words mean the name. */
function orderOf({ flags }: Pick<CommandContext, 'flags'>): TreeOrder {
  if (flags.bool('unsorted')) return 'none';
  const sort = flags.string('sort');
  if (flags.bool('sort-modtime') || flags.bool('sort-ctime') || sort === 'mtime' || sort === 'ctime') return 'time';
  if (flags.bool('dirsfirst')) return 'dirsFirst';
  if (flags.bool('version') || sort === 'version') return 'version';
  return sort === 'size' ? 'size' : 'name';
}

async function withOutput(c: CommandContext, work: (out: Output) => Promise<void>): Promise<void> {
  const path = c.flags.string('output');
  if (path === '') return work(c.out);
  const out = await createOutputFile(path).catch((e: unknown) => {
    throw usageError(messageOf(e));
  });
  try {
    await work(out);
  } finally {
    await out.close();
  }
}
