import { nearest } from '../../core/nearest.ts';
import type { FlagSpec } from '../../options/flags.ts';
import { globalFlags } from '../../options/global.ts';
import { usageError } from '../errors.ts';
import { flagTable } from './command.ts';
import { wrap } from './wrap.ts';

/** Groups of the global flags, in their order. */
export const flagGroups: readonly string[] = [...new Set(globalFlags.map((f) => f.group ?? ''))];

export interface FlagsQuestion {
  /** The name of a group, or an expression that names and texts must fit. */
  readonly filter?: string | undefined;
  readonly group?: string | undefined;
  /** Look at names only. */
  readonly nameOnly?: boolean;
  /** Flags of the backends, asked for only with a filter. */
  readonly ofBackends?: () => Promise<readonly FlagSpec[]>;
}

const introduction =
  'Each flag is also an environment variable: --max-depth is RCLONE_MAX_DEPTH. Options of a backend are flags too: chunk_size of s3 is --s3-chunk-size. A SizeSuffix is 512, 10M or 1.5Gi (a bare number counts KiB), a Duration 90s, 1h30m or 7d, off where nothing is to be limited; a stringArray may be given several times. Switches take =false.';

/**
 * The global flags by group, all or those that are asked for; what is not built says so.
 * @throws usage when there are none
 */
export async function flagsHelp(o: FlagsQuestion, width: number): Promise<string> {
  const groupNamed = (name: string): string | undefined =>
    flagGroups.find((group) => group.toLowerCase() === name.toLowerCase());
  const asGroup = o.filter === undefined ? undefined : groupNamed(o.filter);
  const wanted = o.group === undefined ? asGroup : groupNamed(o.group);
  if (o.group !== undefined && wanted === undefined) {
    throw usageError(`there is no flag group "${o.group}": ${flagGroups.join(', ')}`);
  }
  const fits = asGroup === undefined && o.filter !== undefined ? fitter(o.filter, o.nameOnly ?? false) : () => true;
  const backends = o.filter !== undefined && wanted === undefined ? ((await o.ofBackends?.()) ?? []) : [];
  const sections = [
    ...flagGroups.map((group) => [group, globalFlags.filter((f) => (f.group ?? '') === group)] as const),
    ['Backends', backends] as const,
  ]
    .filter(([group]) => wanted === undefined || group === wanted)
    .map(([group, flags]) => [group, flags.filter(fits)] as const)
    .filter(([, flags]) => flags.length > 0)
    .map(([group, flags]) => section(group, flags, width));
  if (sections.length === 0)
    throw usageError(
      `no flag fits "${o.filter}"${suggestion(o.filter ?? '', backends)}; \`tsclone help flags\` lists all`,
    );
  const head = o.filter === undefined && o.group === undefined ? `${wrap(introduction, width)}\n\n` : '';
  return head + sections.join('\n');
}

function suggestion(text: string, ofBackends: readonly FlagSpec[]): string {
  const names = [...flagGroups, ...[...globalFlags, ...ofBackends].map((f) => f.name)];
  const near = nearest(text.replace(/^--/, ''), names);
  return near === undefined ? '' : ` (did you mean "${near}"?)`;
}

function section(group: string, flags: readonly FlagSpec[], width: number): string {
  const built = flags.filter((f) => f.notBuilt === undefined);
  const refused = flags.filter((f) => f.notBuilt !== undefined).map((f) => `--${f.name}`);
  const lines = built.length > 0 ? `${flagTable(built, width)}\n` : '';
  return `${group}:\n${lines}${refused.length > 0 ? `  ${wrap(`refused by name: ${refused.join(' ')}`, width - 2, '    ')}\n` : ''}`;
}

function fitter(text: string, nameOnly: boolean): (flag: FlagSpec) => boolean {
  let pattern: RegExp;
  try {
    pattern = new RegExp(text, 'i');
  } catch {
    throw usageError(`${JSON.stringify(text)} is neither a flag group (${flagGroups.join(', ')}) nor an expression`);
  }
  return (f) => [`--${f.name}`, f.name, ...(nameOnly ? [] : [f.help])].some((field) => pattern.test(field));
}
