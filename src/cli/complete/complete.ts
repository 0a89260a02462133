import { explanations } from '../../core/explanations.ts';
import { hashTypes } from '../../core/hash-types.ts';
import { nodeRegistry } from '../../node/registry.ts';
import { dedupeModes } from '../../operations/dedupe.ts';
import { isForProvider } from '../../options/catalog.ts';
import type { DescribedOption } from '../../options/describe.ts';
import type { FlagSpec } from '../../options/flags.ts';
import type { Session } from '../../session.ts';
import { createBackendFlags } from '../backend-flags.ts';
import { findCommand } from '../commands/index.ts';
import { flagGroups } from '../help/flags.ts';
import { suggestionsFor } from '../help/backends.ts';
import { backendFlagSpecs } from '../help/backend-flags.ts';
import { optionsOf } from '../interview.ts';
import { kindsAt, type ArgumentKind } from './arguments.ts';
import { pathsLike, remotesLike } from './paths.ts';
import { findPosition, nextWords, type Position } from './position.ts';

export interface Candidate {
  readonly value: string;
  readonly help: string;
}

export interface Completion {
  readonly candidates: readonly Candidate[];
  /** The only candidate wants to be typed on: no blank behind it. */
  readonly noSpace: boolean;
  /** A file of this machine may be meant. */
  readonly files: boolean;
}

export interface CompletionTools {
  /** Opens the config on its first use. */
  session(): Promise<Session>;
  readonly signal: AbortSignal;
}

/** What may stand at the end of a command line; `line` has the words behind the program, the last one may be empty. */
export async function complete(line: readonly string[], tools: CompletionTools): Promise<Completion> {
  const position = await findPosition(line, createBackendFlags(nodeRegistry));
  const { candidates, files } = await suggestions(position, tools);
  const fitting = candidates
    .filter((c) => c.value.startsWith(position.text) && !/[\n\t]/.test(c.value))
    .map((c) => ({ value: position.head + c.value, help: c.help.replace(/\s+/g, ' ') }));
  const [only, more] = fitting;
  return { candidates: fitting, noSpace: only !== undefined && !more && /[:/=]$/.test(only.value), files };
}

interface Suggestions {
  readonly candidates: readonly Candidate[];
  readonly files: boolean;
}

const none: Suggestions = { candidates: [], files: false };
const some = (candidates: readonly Candidate[]): Suggestions => ({ candidates, files: false });
const plain = (values: readonly string[]): Candidate[] => values.map((value) => ({ value, help: '' }));

async function suggestions(p: Position, tools: CompletionTools): Promise<Suggestions> {
  if (p.flag) return valuesOf(p.flag, p.text, tools);
  if (p.head !== '') return none;
  if (p.mayBeFlag && p.text.startsWith('-')) return some(await flagsLike(p));
  if (p.words[0] === 'help') return some(await helpTopics(p.words.slice(1)));
  const words = await wordsOfCommands(p);
  if (!p.command) return some(words);
  const found = await Promise.all(
    kindsAt(p.command.usage, p.args.length).map((kind) => argumentsOf(kind, p, tools).catch(() => none)),
  );
  return {
    candidates: [...words, ...found.flatMap((f) => f.candidates)],
    files: found.some((f) => f.files),
  };
}

/** First words of command lines, and second ones of `config`, `backend`, `serve`. */
async function wordsOfCommands(p: Position): Promise<Candidate[]> {
  const found: Candidate[] =
    p.words.length === 0 ? [{ value: 'help', help: 'Explain commands, flags and backends' }] : [];
  for (const word of nextWords(p.words)) {
    const command = await findCommand([...p.words, word].join(' '));
    if (!command?.hidden) found.push({ value: word, help: command?.summary ?? '' });
  }
  return found;
}

async function helpTopics(words: readonly string[]): Promise<Candidate[]> {
  if (words[0] === 'backend') {
    return words.length > 1 ? [] : plain(Object.keys(nodeRegistry)).concat(await wordsOf(words));
  }
  if (words[0] === 'flags') return words.length > 1 ? [] : plain(flagGroups);
  const topics = [
    { value: 'backend', help: 'One type of storage and its options' },
    { value: 'backends', help: 'The types of storage' },
    { value: 'commands', help: 'All commands' },
    { value: 'flags', help: 'The global flags' },
  ];
  const found = await wordsOf(words);
  return words.length > 0 ? found : [...topics, ...found.filter((f) => f.value !== 'backend')];
}

async function wordsOf(words: readonly string[]): Promise<Candidate[]> {
  return Promise.all(
    nextWords(words).map(async (value) => ({
      value,
      help: (await findCommand([...words, value].join(' ')))?.summary ?? '',
    })),
  );
}

async function flagsLike(p: Position): Promise<Candidate[]> {
  // Two hundred flags of backends would hide the others.
  const typed = p.text.replace(/^-+/, '');
  const ofBackends = typed === '' ? [] : await backendFlagSpecs();
  return [...p.flags, ...ofBackends]
    .filter((f) => f.notBuilt === undefined)
    .concat({ name: 'help', type: 'bool', default: 'false', help: 'Explain the command' })
    .map((f) => ({ value: `--${f.name}`, help: f.help }))
    .sort((a, b) => (a.value < b.value ? -1 : 1));
}

/** Flags that take remotes or files of this machine. */
const pathFlags = new Set(['backup-dir', 'compare-dest', 'copy-dest']);
const fileFlags =
  /(-from|-from-raw|-from0|-file|file|^config|^(cache|temp)-dir|^(combined|differ|match|error|missing-on-(src|dst))|^rclone-binary|-(cert|key|htpasswd))$/;

async function valuesOf(flag: FlagSpec, text: string, tools: CompletionTools): Promise<Suggestions> {
  if (flag.values) return some(plain(flag.values));
  if (flag.type === 'bool' || flag.type === 'Tristate') return some(plain(['true', 'false']));
  if (pathFlags.has(flag.name)) return paths(text, tools);
  if (flag.name === 'hash' || flag.name === 'hash-type') return some(plain(hashTypes));
  const option = (await backendFlagSpecs()).find((f) => f.name === flag.name)?.option;
  if (option) return some(valuesOfOption(option, ''));
  return { candidates: [], files: fileFlags.test(flag.name) };
}

function valuesOfOption(option: DescribedOption, provider: string): readonly Candidate[] {
  const suggested = suggestionsFor(option, provider);
  if (suggested.length > 0) return suggested;
  if (option.type === 'bool' || option.type === 'Tristate') return plain(['true', 'false']);
  return option.type.includes('|') ? plain(option.type.split('|')) : [];
}

async function paths(text: string, { session, signal }: CompletionTools): Promise<Suggestions> {
  // The shell knows whose home a tilde means.
  if (text.startsWith('~')) return { candidates: [], files: true };
  if (/^:[\w ]*$/.test(text)) return some(Object.keys(nodeRegistry).map((type) => ({ value: `:${type}:`, help: '' })));
  return { candidates: await pathsLike(await session(), text, signal), files: !text.includes(':') };
}

async function argumentsOf(kind: ArgumentKind, p: Position, tools: CompletionTools): Promise<Suggestions> {
  switch (kind) {
    case 'path':
      return paths(p.text, tools);
    case 'remote':
      return some(remotesLike(await tools.session(), p.text));
    case 'remote or type':
      return some([...remotesLike(await tools.session(), p.text), ...plain(Object.keys(nodeRegistry))]);
    case 'code':
      return some(explanations().map(({ name, meaning }) => ({ value: name, help: meaning })));
    case 'name': {
      if (p.command?.name === 'config create') return none;
      const remotes = (await tools.session()).remotes();
      return some(remotes.map(({ name, type }) => ({ value: name, help: type })));
    }
    case 'type':
      return some(plain(Object.keys(nodeRegistry)));
    case 'option':
    case 'option name':
      return some(await optionsLike(kind, p, tools));
    case 'hash':
      return some(plain(hashTypes));
    case 'mode':
      return some(plain(dedupeModes));
    case 'file':
      return { candidates: [], files: true };
    case 'word':
      return none;
  }
}

/** `key=value` of `config create` and its like; keys that are given already are left out. */
async function optionsLike(
  kind: 'option' | 'option name',
  { args, text, command }: Position,
  { session }: CompletionTools,
): Promise<Candidate[]> {
  const [name = '', type = ''] = args;
  const { config } = await session();
  const isNew = command?.name === 'config create';
  const options = (await optionsOf(isNew ? type : (config.get(name, 'type') ?? ''))) ?? [];
  const given = args.slice(isNew ? 2 : 1).map((arg) => arg.split('='));
  const provider =
    given.find(([key]) => key === 'provider')?.[1] ?? (isNew ? '' : (config.get(name, 'provider') ?? ''));
  const eq = text.indexOf('=');
  if (kind === 'option' && eq >= 0) {
    const head = text.slice(0, eq + 1);
    const option = options.find((o) => o.name === text.slice(0, eq));
    return (option ? valuesOfOption(option, provider) : []).map((c) => ({ value: head + c.value, help: c.help }));
  }
  const wanted = (o: DescribedOption): boolean => {
    if (command?.name === 'config password') return o.isPassword === true;
    if (command?.name === 'config unset') return config.keys(name).includes(o.name);
    return isForProvider(o.provider, provider);
  };
  const taken = new Set(given.map(([key]) => key));
  return options
    .filter((o) => wanted(o) && !taken.has(o.name) && o.notBuilt === undefined)
    .map((o) => ({ value: kind === 'option' ? `${o.name}=` : o.name, help: o.help }));
}
