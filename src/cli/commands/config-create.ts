import { ConfigDraft } from '../../config/draft.ts';
import type { ConfigFile } from '../../config/file.ts';
import { passwordOptions, rcloneTypes } from '../../config/known-types.ts';
import { askAll, nextQuestion, type Interview, type Question } from '../../config/questions.ts';
import { messageOf } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { obscure, reveal } from '../../core/obscure.ts';
import { checkRemoteName } from '../../core/remote.ts';
import { goJson, toRcloneOption } from '../../options/describe.ts';
import { switchFlag, type CommandContext, type CommandDefinition } from '../command.ts';
import { showForPeople } from '../config-text.ts';
import { findGaps, findMistakes } from '../config-warnings.ts';
import { usageError } from '../errors.ts';
import { NotBuiltIn } from '../hand-over.ts';
import { interviewFor, optionsOf } from '../interview.ts';
import { adviceOnOrder } from '../layer-order.ts';
import { askOption } from '../wizard/ask-option.ts';

const text = (name: string, help: string) => ({ name, type: 'string', default: '', help }) as const;

const flags = [
  switchFlag('all', 'Ask for every option'),
  switchFlag('non-interactive', 'Ask nothing: print the next question, or the end, as JSON'),
  switchFlag('continue', 'Go on with an answer: --state and --result'),
  text('state', 'State of the question that is answered'),
  text('result', 'The answer'),
  switchFlag('obscure', 'Obscure passwords even if they look obscured'),
  switchFlag('no-obscure', 'Take passwords as they are'),
  switchFlag('no-output', 'Print nothing'),
] as const;

const questions = `With --all every option that is not given is asked for, at the terminal or on standard input. Programs ask for
themselves: --non-interactive prints the next question as JSON with a State; \`config update NAME --continue
--state STATE --result ANSWER\` takes the answer and prints the next one, until State is empty.`;

export const configCreate: CommandDefinition = {
  name: 'config create',
  summary: 'Make a remote',
  help: `Writes a remote with its options to the config file and prints it. A remote of this name is replaced. Passwords are
stored obscured. What is probably a mistake is written all the same, with a line that names the nearest right word.

${questions}`,
  usage: 'name type [key=value]*',
  minArgs: 2,
  maxArgs: Number.POSITIVE_INFINITY,
  flags,
  examples: [
    'tsclone config create r2_backups s3 provider=Cloudflare access_key_id=… secret_access_key=… endpoint=https://ACCOUNT_ID.r2.cloudflarestorage.com no_check_bucket=true',
  ],
  async run(c) {
    const [name, type, ...rest] = c.args as [string, string, ...string[]];
    const problem = checkRemoteName(name);
    if (problem !== undefined) throw usageError(problem);
    checkFlags(c);
    const { config } = await c.session();
    if (!rcloneTypes.includes(type)) {
      const near = rcloneTypes.find((known) => known === type.toLowerCase()) ?? nearest(type, rcloneTypes);
      throw usageError(
        `couldn't find backend for type "${type}"${near === undefined ? '' : `: did you mean ${near}?`}`,
      );
    }
    const pairs = readPairs(rest);
    const draft = new ConfigDraft(config);
    const stored = saved(pairs).map(([key, value]) => [key, storedValue(c, type, key, value)] as const);
    draft.change((file) => file.replace(name, [['type', type], ...stored]));
    await configure(c, draft, { name, type, pairs });
  },
};

export const configUpdate: CommandDefinition = {
  name: 'config update',
  summary: 'Change options of a remote',
  help: `Sets options of a remote that exists and leaves the others as they are.\n\n${questions}`,
  usage: 'name [key=value]+',
  minArgs: 1,
  maxArgs: Number.POSITIVE_INFINITY,
  flags,
  examples: ['tsclone config update r2_backups no_check_bucket=true'],
  async run(c) {
    const [name, ...rest] = c.args as [string, ...string[]];
    checkFlags(c);
    const { config } = await c.session();
    const type = typeOf(config, name);
    const pairs = readPairs(rest);
    const draft = new ConfigDraft(config);
    for (const [key, value] of saved(pairs)) {
      const stored = storedValue(c, type, key, value);
      draft.change((file) => file.set(name, key, stored));
    }
    await configure(c, draft, { name, type, pairs });
  },
};

export const configPassword: CommandDefinition = {
  name: 'config password',
  summary: 'Set passwords of a remote',
  help: 'Obscures every value given, whatever it looks like, and stores it.',
  usage: 'name [key value]+',
  minArgs: 1,
  maxArgs: Number.POSITIVE_INFINITY,
  examples: ['tsclone config password secret password "long pass phrase"'],
  async run(c) {
    const [name, ...rest] = c.args as [string, ...string[]];
    const { config } = await c.session();
    typeOf(config, name);
    const pairs = readPairs(rest).map(
      ([key, value]) => [key, obscure(value, c.operation.platform.randomBytes)] as const,
    );
    const store = await c.configStore();
    const written = await store.update((file) => {
      for (const [key, value] of pairs) file.set(name, key, value);
    });
    await c.out.write(showForPeople(written, name));
  },
};

function typeOf(config: ConfigFile, name: string): string {
  const type = config.get(name, 'type');
  if (type === undefined) throw usageError(`couldn't find type field in config: there is no remote "${name}"`);
  return type;
}

function checkFlags(c: CommandContext): void {
  if (c.flags.bool('obscure') && c.flags.bool('no-obscure')) {
    throw usageError("can't use --obscure and --no-obscure together");
  }
}

type Pair = readonly [key: string, value: string];

/** Keys for the questions alone are not saved. */
const saved = (pairs: readonly Pair[]): readonly Pair[] => pairs.filter(([key]) => !key.startsWith('config_'));

/** Asks what is to be asked, writes the remote, and prints it or the next question. */
async function configure(
  c: CommandContext,
  draft: ConfigDraft,
  remote: { readonly name: string; readonly type: string; readonly pairs: readonly Pair[] },
): Promise<void> {
  const { name, type, pairs } = remote;
  const forPrograms = c.flags.bool('non-interactive') || c.flags.bool('continue');
  const state = (forPrograms && c.flags.string('state')) || (c.flags.bool('all') ? askAll : '');
  const options = await optionsOf(type);
  let question: Question | undefined;
  if (state !== '') {
    if (!options) throw new NotBuiltIn('command', `questions for type "${type}" are not built in tsclone`);
    const interview = interviewFor(
      c,
      draft,
      { name, type, options },
      {
        given: new Map(pairs),
        // What is typed at a question comes obscured already.
        ...(forPrograms ? { store: (option, value) => storedValue(c, type, option.name, value) } : {}),
      },
    );
    question = asUsage(() => nextQuestion(interview, state, c.flags.string('result')));
    if (!forPrograms) question = await askThrough(c, interview, question);
  }
  if (options) {
    for (const message of findMistakes(type, saved(pairs), options)) {
      c.operation.emit({ type: 'log', level: 'notice', message: `remote "${name}": ${message}` });
    }
  }
  const store = await c.configStore();
  const written = await store.update((file) => draft.applyTo(file));
  if (c.flags.bool('no-output')) return;
  if (forPrograms) {
    await c.out.line(asJson(question));
    return;
  }
  await c.out.write(showForPeople(written, name));
  // Programs that drive the config ask for no output and get none.
  const notice = (message: string): void => c.operation.emit({ type: 'log', level: 'notice', message });
  const names = (await c.session()).remotes().map((r) => r.name);
  for (const gap of findGaps(type, (key) => written.get(name, key) ?? '', options ?? [], [...names, name]))
    notice(`remote "${name}": ${gap}`);
  const message = adviceOnOrder(written, name);
  if (message !== undefined) notice(message);
}

async function askThrough(c: CommandContext, interview: Interview, first: Question | undefined): Promise<undefined> {
  const tools = { prompter: c.prompter, randomBytes: c.operation.platform.randomBytes };
  for (let question = first; question;) {
    question = nextQuestion(interview, question.state, await askOption(tools, question));
  }
  return undefined;
}

function asUsage<T>(work: () => T): T {
  try {
    return work();
  } catch (e) {
    throw usageError(messageOf(e));
  }
}

function asJson(question: Question | undefined): string {
  const option = question ? toRcloneOption(question.option, question.current) : null;
  return goJson({ State: question?.state ?? '', Option: option, Error: '', Result: '' }, '\t');
}

/** `k=v` or `k v` pairs; one form per command line, as rclone takes them. */
function readPairs(args: readonly string[]): Pair[] {
  const pairs: Pair[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    const eq = arg.indexOf('=');
    if (eq >= 0) pairs.push([arg.slice(0, eq), arg.slice(eq + 1)]);
    else if (i + 1 < args.length) pairs.push([arg, args[++i] as string]);
    else throw usageError(`found key without value: "${arg}"; options are key=value`);
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
