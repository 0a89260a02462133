import { usageError } from '../errors.ts';
import { switchFlag, type CommandDefinition } from '../command.ts';

const text = (name: string, help: string) => ({ name, type: 'string', default: '', help }) as const;

export const listremotes: CommandDefinition = {
  name: 'listremotes',
  summary: 'List the configured remotes',
  help: 'Names of the config file and of RCLONE_CONFIG_… variables. The argument and the filters are globs with * and ?.',
  usage: '[filter]',
  minArgs: 0,
  maxArgs: 1,
  flags: [
    switchFlag('long', 'Also type and description'),
    switchFlag('json', 'Print JSON'),
    text('name', 'Only names that match'),
    text('type', 'Only types that match'),
    text('description', 'Only descriptions that match'),
    text('source', 'Only from file or environment'),
    { ...switchFlag('exact', 'Filters match whole words'), notBuilt: 'filters match anywhere' },
    { ...text('order-by', 'Order'), notBuilt: 'the order is that of the file' },
  ],
  async run(c) {
    const session = await c.session();
    const filters = {
      name: [c.flags.string('name'), c.args[0] ?? ''],
      type: [c.flags.string('type')],
      description: [c.flags.string('description')],
      source: [c.flags.string('source')],
    };
    const rows = session
      .remotes()
      .filter((r) =>
        (['name', 'type', 'description', 'source'] as const).every((key) =>
          filters[key].every((glob) => glob === '' || matches(glob, r[key])),
        ),
      );
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

function matches(glob: string, value: string): boolean {
  if (/[[\]{}]/.test(glob)) throw usageError(`filter ${JSON.stringify(glob)}: only * and ? are understood`);
  const source = glob
    .replace(/[.+^$|()\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(source, 'i').test(value);
}
