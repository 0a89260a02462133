import type { Backend, ObjectInfo } from '../../core/backend.ts';
import { hasCode, messageOf, TscloneError } from '../../core/errors.ts';
import { callOptions, skipped, type OperationContext } from '../../operations/context.ts';
import { objectsBelow } from '../../operations/remove.ts';
import { switchFlag, type CommandDefinition } from '../command.ts';
import { usageError } from '../errors.ts';
import { directory } from '../references.ts';
import { commandsOf } from './backend-help.ts';

export const backendCommand: CommandDefinition = {
  name: 'backend',
  summary: "Run one of a backend's own commands",
  help: `The command comes first, then the remote, then what the command wants. Lines and texts are printed as they are, other
results as JSON. \`tsclone backend help TYPE\` shows which commands there are.`,
  usage: 'COMMAND remote:path [argument…]',
  minArgs: 2,
  maxArgs: Number.POSITIVE_INFINITY,
  flags: [
    { name: 'option', short: 'o', type: 'stringArray', default: '', help: 'Option of the command: name or name=value' },
    switchFlag('json', 'Always print JSON'),
  ],
  groups: ['Important', 'Filter'],
  examples: [
    'tsclone backend list-multipart-uploads s3:bucket',
    'tsclone backend cleanup -o max-age=7d s3:bucket',
    'tsclone backend versioning s3:bucket Enabled',
    'tsclone backend restore -o priority=Bulk -o lifetime=7 s3:bucket/old',
    'tsclone backend dump hasher:',
    'tsclone backend import hasher:dir md5 MD5SUMS',
  ],
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
      result = await backend.command(name, args, options, {
        ...callOptions(c.operation),
        confirm: async (verb, subject, size) => !(await skipped(c.operation, verb, subject, size)),
        objects: chosen(c.operation, backend),
      });
    } catch (e) {
      if (hasCode(e, 'usage')) throw usageError(messageOf(e));
      throw e;
    }
    const isJson = c.flags.bool('json') || (await answersJson(backend, name));
    if (isJson) await c.out.line(JSON.stringify(result ?? null, undefined, '\t'));
    else if (typeof result === 'string') await c.out.line(result);
    else if (isLines(result)) for (const line of result) await c.out.line(line);
    else if (result !== undefined && result !== null) await c.out.line(JSON.stringify(result, undefined, '\t'));
  },
};

/** The objects that filters and --max-depth choose; undefined = all. */
function chosen(c: OperationContext, backend: Backend): AsyncIterable<ObjectInfo> | undefined {
  const { maxDepth } = c.settings;
  return c.filter?.active || maxDepth > 0 ? objectsBelow(c, backend) : undefined;
}

async function answersJson({ type }: Backend, name: string): Promise<boolean> {
  return (await commandsOf(type)).some((command) => command.name === name && command.answersJson === true);
}

const isLines = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((line) => typeof line === 'string');

function splitOption(text: string): [name: string, value: string] {
  const eq = text.indexOf('=');
  return eq < 0 ? [text, ''] : [text.slice(0, eq), text.slice(eq + 1)];
}
