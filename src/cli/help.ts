import type { FlagSpec } from '../options/flags.ts';
import { globalFlags } from '../options/global.ts';
import type { CommandDefinition } from './command.ts';

/** Names with summaries, as the overview shows them. */
export interface CommandSummary {
  readonly name: string;
  readonly summary: string;
}

export function overview(commands: readonly CommandSummary[]): string {
  const width = Math.max(...commands.map((c) => c.name.length));
  return `tsclone copies, lists and checks files on S3-class storage. It reads the rclone.conf that you have.

Usage:
  tsclone [flags] COMMAND [arguments]

Commands:
${commands.map((c) => `  ${c.name.padEnd(width)}  ${c.summary}`).join('\n')}

Remotes: name:path of rclone.conf, :type,option=value:path on the fly, or a local path.
\`tsclone help COMMAND\` explains one command, \`tsclone help flags\` lists the global flags.
`;
}

/** The whole help of one command; the usage line comes first. */
export function commandHelp(command: CommandDefinition): string {
  const parts = [usageLine(command), `${command.summary}.`];
  if (command.help !== '') parts.push(command.help.trim());
  if (command.examples?.length) parts.push(`Examples:\n${command.examples.map((e) => `  ${e}`).join('\n')}`);
  const own = command.flags?.filter((f) => f.notBuilt === undefined) ?? [];
  const refused = command.flags?.filter((f) => f.notBuilt !== undefined).map((f) => `--${f.name}`) ?? [];
  if (own.length > 0) parts.push(`Flags:\n${flagTable(own)}`);
  if (refused.length > 0) parts.push(wrap(`Refused by name: ${refused.join(' ')}`));
  for (const group of command.groups ?? []) {
    const flags = globalFlags.filter((f) => f.group === group && f.notBuilt === undefined);
    if (flags.length > 0) parts.push(`${group} flags:\n${flagTable(flags)}`);
  }
  parts.push('`tsclone help flags` lists the global flags.');
  return `${parts.join('\n\n')}\n`;
}

/** Groups of the global flags, in their order. */
export const flagGroups: readonly string[] = [...new Set(globalFlags.map((f) => f.group ?? ''))];

export function usageLine(command: CommandDefinition): string {
  return `Usage:\n  tsclone ${command.name}${command.usage === '' ? '' : ` ${command.usage}`} [flags]`;
}

/** All global flags by group; what is not built says so. */
export function flagsHelp(): string {
  const groups = [...new Set(globalFlags.map((f) => f.group ?? ''))];
  const sections = groups.map((group) => {
    const flags = globalFlags.filter((f) => f.group === group);
    const built = flags.filter((f) => f.notBuilt === undefined);
    const refused = flags.filter((f) => f.notBuilt !== undefined).map((f) => `--${f.name}`);
    const table = built.length > 0 ? `${flagTable(built)}\n` : '';
    return `${group}:\n${table}${refused.length > 0 ? `${wrap(`refused by name: ${refused.join(' ')}`)}\n` : ''}`;
  });
  return `Each flag is also an environment variable: --max-depth is RCLONE_MAX_DEPTH. Options of a backend are flags too:\nchunk_size of s3 is --s3-chunk-size.\n\n${sections.join('\n')}`;
}

function flagTable(flags: readonly FlagSpec[]): string {
  const rows = flags.map((f) => {
    const kind = f.type === 'bool' || f.type === 'count' ? '' : ` ${f.values ? f.values.join('|') : f.type}`;
    return [`  ${f.short ? `-${f.short}, ` : '    '}--${f.name}${kind}`, f] as const;
  });
  const width = Math.min(38, Math.max(...rows.map(([left]) => left.length)));
  return rows
    .map(([left, f]) => {
      const isDefault = ['', 'false', '0'].includes(f.default) ? '' : ` (default ${f.default})`;
      return `${left.padEnd(width)}  ${f.help}${isDefault}`;
    })
    .join('\n');
}

function wrap(text: string): string {
  const lines: string[] = [];
  let line = ' ';
  for (const word of text.split(' ')) {
    if (line.length + word.length > 108) {
      lines.push(line);
      line = '   ';
    }
    line += ` ${word}`;
  }
  return [...lines, line].join('\n');
}
