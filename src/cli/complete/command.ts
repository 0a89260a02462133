import { parseArguments, type Arguments, type BackendFlags } from '../parse.ts';
import type { CommandDefinition } from '../command.ts';
import { complete, type Completion } from './complete.ts';
import { readLine } from './line.ts';

/** A question of a shell: what could stand at the end of this line? */
export interface CompletionRequest {
  readonly words: readonly string[];
  print(found: Completion): string;
}

/**
 * `__complete WORD…` and `__completeNoDesc WORD…` are answered as rclone answers them: one candidate a line, with its
 * description behind a tab, then `:` and a number, 2 = no blank behind it, 4 = no files of this machine.
 * `__completeLine BREAKS LINE` is for bash, which tells a line and is told what stands behind its last break.
 */
export function completionRequest(argv: readonly string[]): CompletionRequest | undefined {
  const [kind, ...words] = argv;
  if (kind === '__complete' || kind === '__completeNoDesc') {
    return { words: words.length === 0 ? [''] : words, print: (found) => asLines(found, kind === '__complete') };
  }
  if (kind !== '__completeLine') return undefined;
  const { words: read, kept } = readLine(words[1] ?? '', words[0] ?? '');
  return { words: read.slice(1), print: (found) => asLines(withoutKept(found, kept), false) };
}

function asLines({ candidates, noSpace, files }: Completion, withHelp: boolean): string {
  const lines = candidates.map((c) => (withHelp && c.help !== '' ? `${c.value}\t${c.help}` : c.value));
  return [...lines, `:${(noSpace ? 2 : 0) + (files ? 0 : 4)}`, ''].join('\n');
}

function withoutKept(found: Completion, kept: string): Completion {
  const candidates = found.candidates.filter((c) => c.value.startsWith(kept));
  return { ...found, candidates: candidates.map((c) => ({ ...c, value: c.value.slice(kept.length) })) };
}

/** What is known of the run that the line is about: its config and the flags of its backends. Asks nobody, and is quick. */
export async function argumentsOfRun(words: readonly string[], backend: BackendFlags): Promise<Arguments> {
  const always = ['--ask-password=false', '--low-level-retries=1', '--contimeout=3s', '--timeout=5s'];
  const config: string[] = [];
  const options: string[] = [];
  for (let i = 0; i + 1 < words.length; i++) {
    const [, name, value] = /^--([^=]+)(?:=(.*))?$/s.exec(words[i] as string) ?? [];
    if (name === undefined) continue;
    const isConfig = name === 'config' || name === 'password-command';
    const found = isConfig ? undefined : await backend.find(name);
    if (!isConfig && (!found || found.foreign)) continue;
    const isSwitch = found?.spec.type === 'bool';
    const given = value ?? (isSwitch ? 'true' : i + 2 < words.length ? words[i + 1] : undefined);
    if (given !== undefined) (isConfig ? config : options).push(`--${name}=${given}`);
  }
  // A line that is wrong so far is still a line to complete.
  return parseArguments([...always, ...config, ...options], [], backend).catch(() =>
    parseArguments([...always, ...config], [], backend),
  );
}

const patienceMs = 8000;

export function completeCommand({ words, print }: CompletionRequest): CommandDefinition {
  return {
    name: '__complete',
    summary: 'Answer a shell',
    help: '',
    usage: '',
    minArgs: 0,
    maxArgs: 0,
    hidden: true,
    async run(c) {
      const signals = [AbortSignal.timeout(patienceMs), ...(c.operation.signal ? [c.operation.signal] : [])];
      await c.out.write(print(await complete(words, { session: c.session, signal: AbortSignal.any(signals) })));
    },
  };
}
