import { hasCode, messageOf, TscloneError } from '../../core/errors.ts';
import { callOptions } from '../../operations/context.ts';
import { switchFlag, type CommandDefinition } from '../command.ts';
import { usageError } from '../errors.ts';
import { directory } from '../references.ts';

export const backendCommand: CommandDefinition = {
  name: 'backend',
  summary: "Run one of a backend's own commands",
  help: `The command comes first, then the remote, then what the command wants. Lines and texts are printed as they are, other
results as JSON.`,
  usage: 'COMMAND remote:path [argument…]',
  minArgs: 2,
  maxArgs: Number.POSITIVE_INFINITY,
  flags: [
    { name: 'option', short: 'o', type: 'stringArray', default: '', help: 'Option of the command: name or name=value' },
    switchFlag('json', 'Always print JSON'),
  ],
  examples: ['tsclone backend dump hasher:', 'tsclone backend import hasher:dir md5 MD5SUMS'],
  async run(c) {
    const [name, reference, ...args] = c.args as [string, string, ...string[]];
    const options = Object.fromEntries(c.flags.list('option').map(splitOption));
    const backend = await directory(c, reference);
    if (!backend.command)
      throw new TscloneError('unsupported', `${backend.description}: doesn't support backend commands`, {
        retry: 'no',
      });
    let result: unknown;
    try {
      result = await backend.command(name, args, options, callOptions(c.operation));
    } catch (e) {
      if (hasCode(e, 'usage')) throw usageError(messageOf(e));
      throw e;
    }
    if (c.flags.bool('json')) await c.out.line(JSON.stringify(result ?? null, undefined, '\t'));
    else if (typeof result === 'string') await c.out.line(result);
    else if (isLines(result)) for (const line of result) await c.out.line(line);
    else if (result !== undefined && result !== null) await c.out.line(JSON.stringify(result, undefined, '\t'));
  },
};

const isLines = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((line) => typeof line === 'string');

function splitOption(text: string): [name: string, value: string] {
  const eq = text.indexOf('=');
  return eq < 0 ? [text, ''] : [text.slice(0, eq), text.slice(eq + 1)];
}
