import type { ConfigFile } from '../../config/file.ts';
import type { CommandContext } from '../command.ts';
import type { Prompter } from '../prompt.ts';
import { readLetter, type Choice } from './choose.ts';
import { setPassword } from './encryption.ts';
import { quickSetup } from './quick.ts';
import { copyRemote, deleteRemote, editRemote, newRemote, remoteNames, renameRemote } from './remotes.ts';

/** What the questions of `config` work on. */
export interface Wizard {
  readonly c: CommandContext;
  readonly prompter: Prompter;
  randomBytes(length: number): Uint8Array;
  /** The config as it was written last. */
  config(): ConfigFile;
  write(change: (config: ConfigFile) => void): Promise<void>;
}

/** Ends the menu; thrown by what was handed over to another program together with the rest of the input. */
export class WizardEnd extends Error {
  override readonly name = 'WizardEnd';
}

/** The menu of `config`, until q. Prompts are rclone's, because scripts match them. */
export async function runWizard(c: CommandContext): Promise<void> {
  let config = (await c.session()).config;
  const store = await c.configStore();
  const wizard: Wizard = {
    c,
    prompter: c.prompter,
    randomBytes: c.operation.platform.randomBytes,
    config: () => config,
    async write(change) {
      config = await store.update(change);
    },
  };
  try {
    while ((await menu(wizard)) === 'again');
  } catch (e) {
    if (!(e instanceof WizardEnd)) throw e;
  }
}

const actions: Readonly<Record<string, (w: Wizard) => Promise<void>>> = {
  e: editRemote,
  n: newRemote,
  d: deleteRemote,
  r: renameRemote,
  c: copyRemote,
  s: setPassword,
  k: quickSetup,
};

async function menu(w: Wizard): Promise<'again' | 'end'> {
  const { prompter: p } = w;
  p.mark();
  const names = remoteNames(w.config());
  await p.say(names.length > 0 ? remoteTable(w.config(), names) : 'No remotes found, make a new one?\n');
  const choices = names.length > 0 ? allChoices : allChoices.filter(([letter]) => 'nsq'.includes(letter));
  // Scripts know the letters of the prompt: the quick set-up stands beside them, for people only.
  const quick = p.isTerminal ? 'k) Quick set-up of an S3 remote: six questions, then a check\n' : '';
  await p.say(choices.map(([letter, text]) => `${letter === 'q' ? quick : ''}${letter}) ${text}\n`).join(''));
  const letters = choices.map(([letter]) => letter);
  const letter = await readLetter(p, letters, undefined, quick === '' ? [] : ['k']);
  if (letter === 'q') return 'end';
  await actions[letter]?.(w);
  await p.say('\n');
  return 'again';
}

const allChoices: readonly Choice[] = [
  ['e', 'Edit existing remote'],
  ['n', 'New remote'],
  ['d', 'Delete remote'],
  ['r', 'Rename remote'],
  ['c', 'Copy remote'],
  ['s', 'Set configuration password'],
  ['q', 'Quit config'],
];

function remoteTable(config: ConfigFile, names: readonly string[]): string {
  const row = (name: string, type: string): string => `${name.padEnd(20)} ${type}\n`;
  const rows = names.map((name) => row(name, config.get(name, 'type') ?? ''));
  return `Current remotes:\n\n${row('Name', 'Type')}${row('====', '====')}${rows.join('')}\n`;
}
