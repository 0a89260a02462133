import { commandGroups } from './groups.ts';
import { table, wrap } from './wrap.ts';

/** Names with summaries. */
export interface CommandSummary {
  readonly name: string;
  readonly summary: string;
}

/** Where the config is; '' = in memory only. */
export interface ConfigPlace {
  readonly path: string;
  readonly exists: boolean;
}

/** What a person needs who typed the name of the program alone: one screen. */
export function overview(config: ConfigPlace, width: number): string {
  const groups = commandGroups().map(({ title, words }) => [`  ${title}`, words.join(' ')] as const);
  return `${wrap("tsclone does rclone's work on S3-class storage: it streams, copies, lists and checks files. It reads the rclone.conf that you have.", width)}

Usage:
  tsclone [flags] COMMAND [arguments]

${table(examples, width, 64)}

Commands:
${table(groups, width)}

Places are name:path of the config, :type,option=value:path on the fly, or a path on this machine.
${wrap(`Config: ${shown(config)}`, width)}

${table(more, width)}
`;
}

const examples: readonly (readonly [string, string])[] = [
  ['  tsclone config', 'set up a remote by questions'],
  ['  tsclone lsl r2:my-backup-bucket', 'list what is there'],
  ['  pg_dump mydb | tsclone rcat r2:my-backup-bucket/mydb.sql', 'store a stream'],
  ['  tsclone sync media r2:my-backup-bucket/media --dry-run', 'see what a sync would do'],
];

const more: readonly (readonly [string, string])[] = [
  ['tsclone help COMMAND', 'one command: flags and examples'],
  ['tsclone help commands', 'all commands with a line on each'],
  ['tsclone help flags [WORD]', 'global flags, or a group of them'],
  ['tsclone help backends', 'types of storage; `help backend s3` has the options'],
  ['tsclone demo', 'see it work; needs no account'],
  ['docs/index.md in the package', 'all of the documentation'],
];

function shown({ path, exists }: ConfigPlace): string {
  if (path === '') return 'in memory only';
  return exists ? path : `${path} (not there; \`tsclone config\` makes it)`;
}

/** All commands, or those of a group, with their summaries. */
export function commandList(
  commands: readonly CommandSummary[],
  width: number,
  elsewhere: readonly string[] = [],
): string {
  const rows = commands.map((c) => [`  ${c.name}`, c.summary] as const);
  const others =
    elsewhere.length === 0
      ? ''
      : `\nHanded over to a real rclone where there is one:\n  ${wrap(elsewhere.join(', '), width - 2, '  ')}\n`;
  return `Commands:\n${table(rows, width)}\n${others}\n\`tsclone help COMMAND\` explains one.\n`;
}
