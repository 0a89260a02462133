import type { BackendCommand } from '../../core/definition.ts';
import { rcloneTypes } from '../../config/known-types.ts';
import { TscloneError } from '../../core/errors.ts';
import { nodeRegistry } from '../../node/registry.ts';
import type { CommandContext, CommandDefinition } from '../command.ts';
import { NotBuiltIn } from '../hand-over.ts';
import { opener } from '../references.ts';

export const backendHelp: CommandDefinition = {
  name: 'backend help',
  summary: 'Show the commands that a backend has of its own',
  help: 'Takes a remote or the type of one, and perhaps the one command of interest.',
  usage: 'remote:|TYPE [COMMAND]',
  minArgs: 1,
  maxArgs: 2,
  examples: ['tsclone backend help s3', 'tsclone backend help s3 restore'],
  async run(c) {
    const [what, wanted] = c.args as [string, string | undefined];
    const type = await typeOf(c, what);
    const all = await commandsOf(type);
    if (all.length === 0) throw new TscloneError('unsupported', `${type} backend has no commands`, { retry: 'no' });
    const shown = wanted === undefined ? all : all.filter(({ name }) => name === wanted);
    if (shown.length === 0)
      throw new TscloneError('unsupported', `"${wanted}" is no command of ${type}`, { retry: 'no' });
    await c.out.write(shown.map((command) => helpOf(command)).join('\n'));
  },
};

/** The commands that backends of a type have of their own. */
export async function commandsOf(type: string): Promise<readonly BackendCommand[]> {
  const load = Object.hasOwn(nodeRegistry, type) ? nodeRegistry[type] : undefined;
  return (await (await load?.())?.commands?.()) ?? [];
}

async function typeOf(c: CommandContext, what: string): Promise<string> {
  if (what.includes(':')) return (await (await opener(c))(what)).type;
  if (Object.hasOwn(nodeRegistry, what)) return what;
  if (rcloneTypes.includes(what)) throw new NotBuiltIn('remote', `type "${what}" is not built into tsclone`);
  throw new TscloneError('unknown_backend', `didn't find backend called "${what}"`, { retry: 'no' });
}

function helpOf({ name, summary, usage = '', help, options = {} }: BackendCommand): string {
  const width = Math.max(0, ...Object.keys(options).map((option) => option.length));
  const rows = Object.entries(options).map(([option, text]) => `    -o ${option.padEnd(width)}  ${text}\n`);
  const indented = `${summary}.\n${help}`.replaceAll(/^/gm, '    ');
  return `${name} remote:path${usage === '' ? '' : ` ${usage}`}\n${indented}\n${rows.join('')}`;
}
