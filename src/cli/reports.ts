import { open, type FileHandle } from 'node:fs/promises';
import { messageOf } from '../core/errors.ts';
import type { CheckResult } from '../operations/check.ts';
import { log } from '../operations/context.ts';
import type { FlagSpec } from '../options/flags.ts';
import type { CommandContext } from './command.ts';
import { StartError } from './errors.ts';

const kinds: readonly { flag: string; result: CheckResult; sign: string; help: string }[] = [
  { flag: 'missing-on-src', result: 'dstOnly', sign: '-', help: 'Write the names that only the destination has' },
  { flag: 'missing-on-dst', result: 'srcOnly', sign: '+', help: 'Write the names that only the source has' },
  { flag: 'match', result: 'same', sign: '=', help: 'Write the names that are equal' },
  { flag: 'differ', result: 'differ', sign: '*', help: 'Write the names that differ' },
  { flag: 'error', result: 'error', sign: '!', help: 'Write the names that could not be compared' },
];

const file = (name: string, help: string): FlagSpec => ({ name, type: 'string', default: '', help });

/** Flags that write lists of names into files; `-` is standard output. */
export const reportFlags: readonly FlagSpec[] = [
  file('combined', 'Write all names, each behind a sign: = equal, - only there, + only here, * differs, ! error'),
  ...kinds.map((k) => file(k.flag, `${k.help} to this file`)),
];

export interface Reports {
  report(result: CheckResult, path: string): Promise<void>;
  close(): Promise<void>;
}

/** Opens the files that the flags name. @throws StartError */
export async function openReports(c: CommandContext): Promise<Reports> {
  const files = new Map<string, FileHandle>();
  const sinkOf = async (name: string): Promise<((line: string) => Promise<void>) | undefined> => {
    if (name === '') return undefined;
    if (name === '-') return (line) => c.out.line(line);
    let handle = files.get(name);
    if (!handle) {
      try {
        handle = await open(name, 'w');
      } catch (e) {
        throw new StartError(`Failed to open report file: ${messageOf(e)}`);
      }
      files.set(name, handle);
    }
    const target = handle;
    return async (line) => void (await target.write(`${line}\n`));
  };
  const combined = await sinkOf(c.flags.string('combined'));
  const single = new Map<CheckResult, (line: string) => Promise<void>>();
  for (const { flag, result } of kinds) {
    const sink = await sinkOf(c.flags.string(flag));
    if (sink) single.set(result, sink);
  }
  const signs = new Map(kinds.map((k) => [k.result, k.sign]));
  return {
    async report(result, path) {
      await combined?.(`${signs.get(result)} ${path}`);
      await single.get(result)?.(path);
    },
    async close() {
      for (const handle of files.values()) await handle.close();
    },
  };
}

/** Runs `work` with the reports that the flags ask for; undefined = none of them. */
export async function withReports(
  c: CommandContext,
  work: (report: Reports['report'] | undefined) => Promise<void>,
): Promise<void> {
  if (reportFlags.every((flag) => c.flags.string(flag.name) === '')) return work(undefined);
  if (c.operation.settings.noTraverse && c.flags.string('combined') !== '')
    log(c.operation, 'notice', '', '--no-traverse does not list any deletes (-) in --combined output');
  const reports = await openReports(c);
  try {
    await work(reports.report);
  } finally {
    await reports.close();
  }
}
