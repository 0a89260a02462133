import { existsSync } from 'node:fs';
import { rcloneTypes } from '../../config/known-types.ts';
import { findConfigPath } from '../../node/config-file.ts';
import { commandsNotBuilt, subcommandsNotBuilt } from '../../options/rclone-commands.ts';
import { commands, findCommand, type CommandEntry } from '../commands/index.ts';
import { usageError } from '../errors.ts';
import type { BufferedOutput } from '../output.ts';
import { nearest } from '../../core/nearest.ts';
import { versionText } from '../version.ts';
import { backendFlagSpecs } from './backend-flags.ts';
import { backendHelp, backendsHelp } from './backends.ts';
import { commandHelp } from './command.ts';
import { flagsHelp } from './flags.ts';
import { commandList, overview } from './overview.ts';

export interface HelpQuestion {
  readonly argv: readonly string[];
  /** `help`, the beginning of a command, or nothing at all. */
  readonly words: string;
  readonly width: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly programDir?: string | undefined;
  readonly out: BufferedOutput;
  /** Standard error. */
  say(text: string): void;
}

/** Answers `help …`, `--help`, `--version` and command lines without a whole command; the exit code. */
export async function showHelp(q: HelpQuestion): Promise<number> {
  const { argv, words, out } = q;
  const isAsked = words === 'help' || argv.includes('--help') || argv.includes('-h');
  if (argv.some((a) => a === '--version' || a === '-V')) await out.write(versionText());
  else if (isAsked) await out.write(await topic(q));
  else if (words === '') {
    q.say(overview(placeOf(q), q.width));
    return 2;
  } else if (askable.has(words)) await out.write(await summaries(commandsBelow(words), q.width));
  else {
    q.say(await summaries(commandsBelow(words), q.width));
    throw usageError(`"${words}" needs one of its commands`);
  }
  await out.flush();
  return 0;
}

/** Beginnings of commands that rclone takes for a question about them; the others are mistakes. */
const askable = new Set(['completion', 'config encryption']);

/** Flags of `help` itself that take a value. */
const valued = new Set(['--group', '--config']);

async function topic(q: HelpQuestion): Promise<string> {
  const { argv, width } = q;
  const plain = argv.filter((a, i) => !a.startsWith('-') && !valued.has(argv[i - 1] ?? ''));
  const words = q.words === 'help' ? plain.slice(1) : plain;
  const [first = '', second, third = ''] = words;
  switch (first) {
    case '':
      return overview(placeOf(q), width);
    case 'commands':
      return summaries(commands, width, elsewhere);
    case 'flags':
      return flagsHelp(
        {
          filter: second,
          group: valueOf(argv, '--group'),
          nameOnly: argv.includes('--name'),
          ofBackends: backendFlagSpecs,
        },
        width,
      );
    case 'backends':
      return backendsHelp(width);
    case 'backend':
      if (second !== undefined && !(await findCommand(`backend ${second}`))) return backendHelp(second, third, width);
  }
  const command = (await findCommand(words.join(' '))) ?? (await findCommand(first));
  const group = commandsBelow(first);
  if (command)
    return (
      commandHelp(command, width) + (group.length > 0 && words.length === 1 ? `\n${await summaries(group, width)}` : '')
    );
  if (group.length > 0) return summaries(group, width);
  if (commandsNotBuilt.includes(first)) {
    throw usageError(
      `command "${first}" is not built in tsclone; \`tsclone ${first} --help\` asks a real rclone where there is one`,
    );
  }
  if (rcloneTypes.includes(first)) throw usageError(`unknown help topic "${first}" (did you mean "backend ${first}"?)`);
  const near = nearest(first, [...topics, ...commands.map((c) => c.name)]);
  throw usageError(`unknown help topic "${words.join(' ')}"${near === undefined ? '' : ` (did you mean "${near}"?)`}`);
}

/** Commands that only rclone has. */
const elsewhere = [
  ...commandsNotBuilt.filter((name) => !Object.hasOwn(subcommandsNotBuilt, name)),
  ...Object.entries(subcommandsNotBuilt).flatMap(([word, names]) => names.map((name) => `${word} ${name}`)),
];

const topics = ['commands', 'flags', 'backends', 'backend'];

function valueOf(argv: readonly string[], flag: string): string | undefined {
  const at = argv.findIndex((a) => a === flag || a.startsWith(`${flag}=`));
  const arg = argv[at];
  return arg === undefined ? undefined : arg === flag ? argv[at + 1] : arg.slice(flag.length + 1);
}

const commandsBelow = (word: string): CommandEntry[] => commands.filter((c) => c.name.startsWith(`${word} `));

async function summaries(
  entries: readonly CommandEntry[],
  width: number,
  others: readonly string[] = [],
): Promise<string> {
  const loaded = await Promise.all(entries.map((e) => e.load()));
  return commandList(
    loaded.filter((command) => !command.hidden),
    width,
    others,
  );
}

function placeOf({ argv, env, programDir }: HelpQuestion): { path: string; exists: boolean } {
  const path = findConfigPath(env, valueOf(argv, '--config'), programDir);
  return { path, exists: path !== '' && existsSync(path) };
}
