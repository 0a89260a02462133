import type { FlagSpec } from '../../options/flags.ts';
import type { CommandDefinition } from '../command.ts';
import { siblings } from './groups.ts';
import { pipeWidth, table, wrap } from './wrap.ts';

/** The whole help of one command; the usage line comes first. */
export function commandHelp(command: CommandDefinition, width = pipeWidth): string {
  const parts = [usageLine(command), `${command.summary}.`];
  if (command.help !== '') parts.push(wrap(command.help, width));
  if (command.examples?.length) parts.push(`Examples:\n${command.examples.map((e) => `  ${e}`).join('\n')}`);
  const own = command.flags?.filter((f) => f.notBuilt === undefined) ?? [];
  const refused = command.flags?.filter((f) => f.notBuilt !== undefined).map((f) => `--${f.name}`) ?? [];
  if (own.length > 0) parts.push(`Flags:\n${flagTable(own, width)}`);
  if (refused.length > 0) parts.push(wrap(`Refused by name: ${refused.join(' ')}`, width, '  '));
  if (command.groups?.length) {
    const groups = command.groups.map((group) => `\`tsclone help flags ${group}\``);
    parts.push(
      wrap(`Global flags that matter here: ${groups.join(', ')}; all of them: \`tsclone help flags\`.`, width),
    );
  } else parts.push('Global flags: `tsclone help flags`.');
  const others = siblings(command.name);
  if (others.length > 0) parts.push(wrap(`See also: ${others.join(', ')}`, width, '  '));
  return `${parts.join('\n\n')}\n`;
}

export function usageLine(command: CommandDefinition): string {
  return `Usage:\n  tsclone ${command.name}${command.usage === '' ? '' : ` ${command.usage}`} [flags]`;
}

export function flagTable(flags: readonly FlagSpec[], width: number): string {
  const rows = flags.map((f) => {
    const kind = f.type === 'bool' || f.type === 'count' ? '' : ` ${f.values ? f.values.join('|') : kindOf(f)}`;
    const isDefault = ['', 'false', '0'].includes(f.default) ? '' : ` (default ${f.default})`;
    return [`  ${f.short ? `-${f.short}, ` : '    '}--${f.name}${kind}`, f.help + isDefault] as const;
  });
  return table(rows, width, 40);
}

/** Go's durations and rclone's are told apart by parsers, not by people. */
const kindOf = (f: FlagSpec): string => (f.type === 'GoDuration' ? 'Duration' : f.type);
