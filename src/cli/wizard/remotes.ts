import { ConfigDraft } from '../../config/draft.ts';
import type { ConfigFile } from '../../config/file.ts';
import { rcloneTypes } from '../../config/known-types.ts';
import { askAll, nextQuestion } from '../../config/questions.ts';
import { compareUtf8 } from '../../core/bytes.ts';
import { checkRemoteName } from '../../core/remote.ts';
import { isSecret } from '../../options/describe.ts';
import { findMistakes } from '../config-warnings.ts';
import { StartError } from '../errors.ts';
import { interviewFor, optionsOf } from '../interview.ts';
import { askOption } from './ask-option.ts';
import { chooseLetter, chooseValue } from './choose.ts';
import { handOverType } from './hand-over.ts';
import { storageTypes } from './storage-types.ts';
import type { Wizard } from './wizard.ts';

/** Asks for name, type and options, and writes the remote when it is to be kept. */
export async function newRemote(w: Wizard): Promise<void> {
  await w.prompter.say('\n');
  const name = await askName(w);
  const type = await askType(w);
  if (!(await optionsOf(type))) return handOverType(w, name, type);
  const draft = new ConfigDraft(w.config());
  draft.change((file) => file.replace(name, [['type', type]]));
  await askRemote(w, draft, name, type);
  if ((await keep(w, draft, name)) === 'edit') await editDraft(w, draft, name, type);
}

export async function editRemote(w: Wizard): Promise<void> {
  const name = await chooseRemote(w);
  const type = w.config().get(name, 'type');
  if (type === undefined) throw new StartError(`Couldn't find type of fs for "${name}"`);
  if (!rcloneTypes.includes(type)) throw new StartError(`Failed to find remote: didn't find backend called "${type}"`);
  if (!(await optionsOf(type))) return handOverType(w, name, type);
  await editDraft(w, new ConfigDraft(w.config()), name, type);
}

async function editDraft(w: Wizard, draft: ConfigDraft, name: string, type: string): Promise<void> {
  await w.prompter.say(`\nEditing existing "${name}" remote with options:\n${await shown(draft.view, name)}`);
  do await askRemote(w, draft, name, type);
  while ((await keep(w, draft, name)) === 'edit');
}

/** Nothing is written before this: Ctrl-C at any question leaves the file as it was. */
async function keep(w: Wizard, draft: ConfigDraft, name: string): Promise<'done' | 'edit'> {
  const { prompter: p } = w;
  const type = draft.view.get(name, 'type') ?? '';
  const pairs = draft.view.keys(name).map((key) => [key, draft.view.get(name, key) ?? ''] as const);
  for (const message of findMistakes(type, pairs, (await optionsOf(type)) ?? []))
    w.c.operation.emit({ type: 'log', level: 'notice', message: `remote "${name}": ${message}` });
  await p.say(`\nConfiguration complete.\nOptions:\n${await shown(draft.view, name)}Keep this "${name}" remote?\n`);
  const letter = await chooseLetter(
    p,
    [
      ['y', 'Yes this is OK'],
      ['e', 'Edit this remote'],
      ['d', 'Delete this remote'],
    ],
    'y',
  );
  if (letter === 'e') return 'edit';
  if (letter === 'd') draft.change((file) => void file.remove(name));
  await w.write((file) => draft.applyTo(file));
  return 'done';
}

async function askRemote(w: Wizard, draft: ConfigDraft, name: string, type: string): Promise<void> {
  const options = (await optionsOf(type)) ?? [];
  const interview = interviewFor(w.c, draft, { name, type, options });
  for (let question = nextQuestion(interview, askAll, ''); question;) {
    question = nextQuestion(interview, question.state, await askOption(w, question));
  }
}

export async function deleteRemote(w: Wizard): Promise<void> {
  const name = await chooseRemote(w);
  await w.write((file) => void file.remove(name));
  await w.prompter.say('\n');
}

export async function renameRemote(w: Wizard): Promise<void> {
  const name = await chooseRemote(w);
  await w.prompter.say(`\nEnter new name for "${name}" remote.\n`);
  const to = await askName(w);
  await w.write((file) => {
    copySection(file, name, to);
    file.remove(name);
  });
}

export async function copyRemote(w: Wizard): Promise<void> {
  const name = await chooseRemote(w);
  await w.prompter.say(`\nEnter name for copy of "${name}" remote.\n`);
  const to = await askName(w);
  await w.write((file) => copySection(file, name, to));
}

function copySection(file: ConfigFile, from: string, to: string): void {
  file.replace(
    to,
    file.keys(from).map((key) => [key, file.raw(from, key) ?? '']),
  );
}

async function askName({ prompter: p, config }: Wizard): Promise<string> {
  for (;;) {
    await p.say('Enter name for new remote.\n');
    const name = await p.line('name> ');
    const problem = name === '' ? undefined : checkRemoteName(name);
    if (name === '') await p.say("Can't use empty name.\n");
    else if (config().has(name)) await p.say(`Remote ${JSON.stringify(name)} already exists.\n`);
    else if (problem !== undefined) await p.say(`Can't use ${JSON.stringify(name)} as ${problem}.\n`);
    else return name;
  }
}

async function askType({ prompter: p }: Wizard): Promise<string> {
  await p.say('\n');
  for (;;) {
    await p.say('Option Storage.\nType of storage to configure.\n');
    const type = await chooseValue(p, {
      name: 'Storage',
      kind: 'value',
      values: storageTypes.map(([value]) => value),
      texts: storageTypes.map(([, title]) => title),
      fallback: '',
      shownFallback: '',
      required: true,
      exclusive: false,
    });
    if (rcloneTypes.includes(type)) return type;
    await p.say(`Bad remote ${JSON.stringify(type)}: didn't find backend called ${JSON.stringify(type)}\n`);
  }
}

async function chooseRemote({ prompter: p, config }: Wizard): Promise<string> {
  await p.say('\nSelect remote.\n');
  return chooseValue(p, {
    name: 'remote',
    kind: 'value',
    values: remoteNames(config()),
    fallback: '',
    shownFallback: '',
    required: true,
    exclusive: true,
  });
}

export function remoteNames(config: ConfigFile): string[] {
  return config
    .sections()
    .filter((name) => name !== 'DEFAULT')
    .sort(compareUtf8);
}

/** `- key: value` lines; secrets are hidden. */
async function shown(config: ConfigFile, name: string): Promise<string> {
  const options = (await optionsOf(config.get(name, 'type') ?? '')) ?? [];
  return config
    .keys(name)
    .map((key) => {
      const value = config.get(name, key) ?? '';
      const option = options.find((o) => o.name === key);
      const hidden =
        value !== '' && option && isSecret(option) ? (option.isPassword ? '*** ENCRYPTED ***' : '***') : '';
      return `- ${key}: ${hidden || value}\n`;
    })
    .join('');
}
