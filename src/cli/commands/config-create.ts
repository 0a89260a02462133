import type { ConfigFile } from '../../config/file.ts';
import { passwordOptions, rcloneTypes } from '../../config/known-types.ts';
import { obscure, reveal } from '../../core/obscure.ts';
import { checkRemoteName } from '../../core/remote.ts';
import { switchFlag, type CommandContext, type CommandDefinition } from '../command.ts';
import { showForPeople } from '../config-text.ts';
import { usageError } from '../errors.ts';

const questions = 'questions are not asked; give every option as key=value';

const flags = [
  switchFlag('obscure', 'Obscure passwords even if they look obscured'),
  switchFlag('no-obscure', 'Take passwords as they are'),
  switchFlag('no-output', 'Print nothing'),
  switchFlag('non-interactive', 'Answer as JSON, ask nothing'),
  { ...switchFlag('all', 'Ask for every option'), notBuilt: questions },
  { ...switchFlag('continue', 'Go on with an answer'), notBuilt: questions },
  { name: 'state', type: 'string', default: '', help: 'State of the questions', notBuilt: questions },
  { name: 'result', type: 'string', default: '', help: 'Answer to a question', notBuilt: questions },
] as const;

export const configCreate: CommandDefinition = {
  name: 'config create',
  summary: 'Make a remote',
  help: 'Writes a remote with its options to the config file and prints it. A remote of this name is replaced. Passwords are stored obscured.',
  usage: 'name type [key=value]*',
  minArgs: 2,
  maxArgs: Number.POSITIVE_INFINITY,
  flags,
  examples: [
    'tsclone config create r2_backups s3 provider=Cloudflare access_key_id=… secret_access_key=… endpoint=https://ACCOUNT.r2.cloudflarestorage.com no_check_bucket=true',
  ],
  async run(c) {
    const [name, type, ...rest] = c.args as [string, string, ...string[]];
    const problem = checkRemoteName(name);
    if (problem !== undefined) throw usageError(problem);
    const session = await c.session();
    if (!rcloneTypes.includes(type)) throw usageError(`couldn't find backend for type "${type}"`);
    const pairs = readPairs(rest).filter(([key]) => !key.startsWith('config_'));
    const stored = pairs.map(([key, value]) => [key, storedValue(c, type, key, value)] as const);
    await store(c, session.config, name, (config) => config.replace(name, [['type', type], ...stored]));
  },
};

export const configUpdate: CommandDefinition = {
  name: 'config update',
  summary: 'Change options of a remote',
  help: 'Sets options of a remote that exists and leaves the others as they are.',
  usage: 'name [key=value]+',
  minArgs: 1,
  maxArgs: Number.POSITIVE_INFINITY,
  flags,
  examples: ['tsclone config update r2_backups no_check_bucket=true'],
  async run(c) {
    const [name, ...rest] = c.args as [string, ...string[]];
    const session = await c.session();
    const type = session.config.get(name, 'type');
    if (type === undefined) throw usageError(`couldn't find type field in config: there is no remote "${name}"`);
    const pairs = readPairs(rest).filter(([key]) => !key.startsWith('config_'));
    await store(c, session.config, name, (config) => {
      for (const [key, value] of pairs) config.set(name, key, storedValue(c, type, key, value));
    });
  },
};

async function store(
  c: CommandContext,
  shown: ConfigFile,
  name: string,
  change: (config: ConfigFile) => void,
): Promise<void> {
  const file = await c.configStore();
  await file.update(change);
  if (c.flags.bool('non-interactive')) {
    await c.out.line(JSON.stringify({ State: '', Option: null, Error: '', Result: '' }, undefined, '\t'));
  } else if (!c.flags.bool('no-output')) {
    change(shown);
    await c.out.write(showForPeople(shown, name));
  }
}

/** `k=v` or `k v` pairs; one form per command line, as rclone takes them. */
function readPairs(args: readonly string[]): (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    const eq = arg.indexOf('=');
    if (eq >= 0) pairs.push([arg.slice(0, eq), arg.slice(eq + 1)]);
    else if (i + 1 < args.length) pairs.push([arg, args[++i] as string]);
    else throw usageError(`found key without value: ${JSON.stringify(arg)}`);
  }
  for (const [key, value] of pairs) {
    if (/[\r\n]/.test(key + value)) throw usageError('update remote: invalid key or value contains \\n or \\r');
  }
  return pairs;
}

function storedValue(c: CommandContext, type: string, key: string, value: string): string {
  const isPassword = Object.hasOwn(passwordOptions, type) && passwordOptions[type]?.includes(key);
  if (!isPassword || value === '' || c.flags.bool('no-obscure')) return value;
  if (!c.flags.bool('obscure') && isObscured(value)) return value;
  return obscure(value, c.operation.platform.randomBytes);
}

function isObscured(value: string): boolean {
  try {
    reveal(value);
    return true;
  } catch {
    return false;
  }
}
