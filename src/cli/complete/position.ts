import type { FlagSpec } from '../../options/flags.ts';
import { globalFlags } from '../../options/global.ts';
import type { CommandDefinition } from '../command.ts';
import { commands, findCommand } from '../commands/index.ts';
import type { BackendFlags } from '../parse.ts';

/** Where the cursor is in a command line. */
export interface Position {
  /** The command so far. */
  readonly command: CommandDefinition | undefined;
  /** Arguments in front of the cursor that are no flags, without the words of the command. */
  readonly args: readonly string[];
  /** Words of a command that is not complete: `config`. */
  readonly words: readonly string[];
  /** Flags that may be given here. */
  readonly flags: readonly FlagSpec[];
  /** The flag whose value is at the cursor. */
  readonly flag: FlagSpec | undefined;
  /** What of the word at the cursor stands in front of that value: `--color=`. */
  readonly head: string;
  /** The word or value at the cursor. */
  readonly text: string;
  /** False behind `--`, where a dash is an ordinary letter. */
  readonly mayBeFlag: boolean;
}

export async function findPosition(line: readonly string[], backend: BackendFlags): Promise<Position> {
  const plain: string[] = [];
  let command: CommandDefinition | undefined;
  let flags: readonly FlagSpec[] = globalFlags;
  let pending: FlagSpec | undefined;
  let ended = false;
  const text = line.at(-1) ?? '';
  const find = async (name: string): Promise<FlagSpec | undefined> =>
    flags.find((f) => f.name === name) ?? (await backend.find(name))?.spec;

  for (const word of line.slice(0, -1)) {
    if (pending) pending = undefined;
    else if (ended || word === '-' || !word.startsWith('-')) {
      // rclone's other name.
      plain.push(plain.length === 0 && word === 'genautocomplete' ? 'completion' : word);
      command = (await commandOf(plain)) ?? command;
      flags = [...globalFlags, ...(command?.flags ?? [])];
    } else if (word === '--') ended = true;
    else if (!word.includes('=')) {
      const spec = word.startsWith('--')
        ? await find(word.slice(2))
        : (flags.find((f) => f.short === word.at(-1)) ?? (await backend.findShort(word.at(-1) as string)));
      if (spec && spec.type !== 'bool' && spec.type !== 'count') pending = spec;
    }
  }

  const length = command?.name.split(' ').length ?? 0;
  const common = { command, args: plain.slice(length), words: plain, flags, mayBeFlag: !ended };
  const [, head, name, value] = (!ended && !pending && /^(--([^=]+)=)(.*)$/s.exec(text)) || [];
  if (head !== undefined && name !== undefined && value !== undefined) {
    return { ...common, flag: await find(name), head, text: value };
  }
  return { ...common, flag: pending, head: '', text };
}

/** The command that the words begin with. */
async function commandOf(words: readonly string[]): Promise<CommandDefinition | undefined> {
  for (const length of [3, 2, 1]) {
    const command = length <= words.length ? await findCommand(words.slice(0, length).join(' ')) : undefined;
    if (command) return command;
  }
  return undefined;
}

/** The next words of commands that begin with these. */
export function nextWords(words: readonly string[]): string[] {
  const head = words.map((word) => `${word} `).join('');
  const next = commands.filter((c) => c.name.startsWith(head)).map((c) => c.name.slice(head.length).split(' ')[0]);
  return [...new Set(next as string[])];
}
