import { TscloneError, type ErrorCode } from '../../core/errors.ts';
import {
  explain as explanationOf,
  explanations,
  groups,
  nearestCode,
  type Explained,
} from '../../core/explanations.ts';
import type { CommandDefinition } from '../command.ts';
import { usageError } from '../errors.ts';
import { exitCodeOf } from '../exit-code.ts';
import { wrap } from '../render/wrap.ts';

const width = 80;

export const explain: CommandDefinition = {
  name: 'explain',
  summary: 'Say what an error code means and what to do',
  help: `Knows the codes of tsclone, of S3 services and of the network, the names that doctor gives, and HTTP statuses: 403
shows all that a refusal may be. Without a code it lists them.`,
  usage: '[code]',
  minArgs: 0,
  maxArgs: 1,
  examples: ['tsclone explain AccessDenied', 'tsclone explain 403', 'tsclone explain'],
  async run(c) {
    const [code] = c.args;
    if (code === undefined) {
      await c.out.write(list());
      return;
    }
    const found = explanationOf(code);
    if (found.length === 0) {
      const near = nearestCode(code);
      throw usageError(
        `nothing is known of the code ${JSON.stringify(code)}${near === undefined ? '; tsclone explain lists all' : ` (did you mean ${near}?)`}`,
      );
    }
    await c.out.write(found.map(show).join('\n'));
  },
};

function show({ name, group, status, meaning, remedy }: Explained): string {
  const facts = [
    kinds[group],
    ...(status === undefined ? [] : [`HTTP status ${status}`]),
    ...(group === groups.error ? [`exit code ${exitCode(name as ErrorCode)}`] : []),
  ];
  return [`${name} (${facts.join(', ')})`, ...hanging('means', meaning), ...hanging('do', remedy), ''].join('\n');
}

const kinds: Readonly<Record<string, string>> = {
  [groups.error]: 'tsclone',
  [groups.service]: 'S3',
  [groups.network]: 'network',
  [groups.fault]: 'doctor',
};

/** Of a failure that lasts; one of the network that may pass ends with 5. */
function exitCode(code: ErrorCode): string {
  if (code === 'network' || code === 'timeout') return '5, or 1 where trying again has no sense';
  return code === 'aborted' ? '130 after a signal, else 1' : String(exitCodeOf(new TscloneError(code, '')));
}

function hanging(label: string, text: string): string[] {
  return wrap(text, width - 8).map((line, i) => `  ${(i === 0 ? label : '').padEnd(5)} ${line}`);
}

function list(): string {
  const lines: string[] = [];
  for (const group of new Set(explanations().map((e) => e.group))) {
    lines.push(...(lines.length > 0 ? ['', group] : [group]));
    for (const { name, meaning } of explanations().filter((e) => e.group === group)) {
      const [first = '', ...more] = wrap(meaning, width - 30);
      if (name.length > 27) lines.push(`  ${name}`, `${' '.repeat(30)}${first}`);
      else lines.push(`  ${name.padEnd(27)} ${first}`);
      lines.push(...more.map((line) => `${' '.repeat(30)}${line}`));
    }
  }
  return `${lines.join('\n')}\n`;
}
