import { compareUtf8 } from '../../core/bytes.ts';
import { messageOf } from '../../core/errors.ts';
import { compileGlob } from '../../operations/filter/glob.ts';
import type { Session } from '../../session.ts';
import { switchFlag, type CommandContext, type CommandDefinition } from '../command.ts';
import { usageError } from '../errors.ts';

const text = (name: string, help: string) => ({ name, type: 'string', default: '', help }) as const;

export const listremotes: CommandDefinition = {
  name: 'listremotes',
  summary: 'List the configured remotes',
  help: 'Names of the config file and of RCLONE_CONFIG_… variables. The filters are globs as for files; the argument is looked for in all columns.',
  usage: '[filter]',
  minArgs: 0,
  maxArgs: 1,
  examples: ['tsclone listremotes', 'tsclone listremotes --long --type s3'],
  flags: [
    switchFlag('long', 'Also type and description'),
    switchFlag('json', 'Print JSON'),
    text('name', 'Only names that match'),
    text('type', 'Only types that match'),
    text('description', 'Only descriptions that match'),
    text('source', 'Only from file or environment'),
    switchFlag('exact', 'Filters must match whole values'),
    text('order-by', 'Order by name, type, source or description: type,name=descending'),
  ],
  async run(c) {
    const session = await c.session();
    const rows = session.remotes().filter(filterOf(c));
    orderBy(rows, c.flags.string('order-by'));
    if (c.flags.bool('json')) {
      const lines = rows.map(({ name, type, source, description }) =>
        JSON.stringify({ name, type, source, description }),
      );
      await c.out.write(lines.length === 0 ? '[]\n' : `[\n${lines.join(',\n')}\n]\n`);
      return;
    }
    if (!c.flags.bool('long')) {
      for (const { name } of rows) await c.out.line(`${name}:`);
      return;
    }
    const nameWidth = Math.max(1, ...rows.map((r) => r.name.length + 1));
    const typeWidth = Math.max(1, ...rows.map((r) => r.type.length));
    for (const r of rows) {
      await c.out.line(`${`${r.name}:`.padEnd(nameWidth)} ${r.type.toLowerCase().padEnd(typeWidth)} ${r.description}`);
    }
  },
};

type Row = ReturnType<Session['remotes']>[number];

const columns = ['name', 'type', 'source', 'description'] as const;

function filterOf({ args, flags }: CommandContext): (row: Row) => boolean {
  const of = flags.bool('exact') ? 'text' : 'part';
  const tests = [['all', args[0] ?? ''] as const, ...columns.map((column) => [column, flags.string(column)] as const)]
    .filter(([, glob]) => glob !== '')
    .map(([column, glob]) => {
      try {
        const pattern = compileGlob(glob, { of, ignoreCase: true });
        const looked = column === 'all' ? columns : [column];
        return (row: Row): boolean => looked.some((name) => pattern.test(row[name]));
      } catch (e) {
        throw usageError(`invalid ${column} filter argument: ${messageOf(e)}`);
      }
    });
  return (row) => tests.every((test) => test(row));
}

function orderBy(rows: Row[], order: string): void {
  if (order === '') return;
  const steps = order.split(',').map((step) => {
    const [field = '', direction = 'ascending'] = step.split('=');
    const column = columns.find((name) => name === field);
    if (!column) throw usageError(`unknown --order-by field ${JSON.stringify(field)}`);
    const sign = ({ ascending: 1, asc: 1, descending: -1, desc: -1 } as Record<string, number>)[direction];
    if (sign === undefined) throw usageError(`unknown --order-by direction ${JSON.stringify(direction)}`);
    return (a: Row, b: Row): number => sign * compareUtf8(a[column], b[column]);
  });
  rows.sort((a, b) => steps.reduce((result, step) => result || step(a, b), 0));
}
