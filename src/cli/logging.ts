import { messageOf } from '../core/errors.ts';
import type { LogLevel } from '../core/events.ts';
import type { FlagValues } from '../options/flags.ts';
import { StartError, usageError } from './errors.ts';
import { createLogger, parseLogFormat, type LogFormat, type Logger } from './render/log.ts';
import type { LogSink } from './render/report.ts';

/** The logger that the flags ask for; with `--log-file` the sink leads there. @throws StartError, usage */
export async function configureLog(flags: FlagValues, sink: LogSink): Promise<Logger> {
  const level = levelOf(flags);
  const format = logFormatOf(flags);
  const file = flags.string('log-file');
  const journal = flags.bool('log-systemd');
  if (journal && file !== '') throw new StartError("Can't set --log-systemd and --log-file");
  if (file !== '') sink.write = await openLogFile(file);
  const logger = createLogger(level, (text) => sink.write(text), { format, pid: process.pid, journal });
  if (dumpsAlone(flags)) logger.log('notice', 'Automatically setting -vv as --dump is enabled');
  return logger;
}

const dumpsAlone = (flags: FlagValues): boolean => flags.string('dump') !== '' && flags.int('verbose') < 2;

function levelOf(flags: FlagValues): LogLevel {
  const verbose = flags.int('verbose');
  const quiet = flags.bool('quiet');
  const named = flags.isSet('log-level');
  if (quiet && verbose > 0) throw new StartError("Can't set -v and -q");
  if (named && verbose > 0) throw new StartError("Can't set -v and --log-level");
  if (named && quiet) throw new StartError("Can't set -q and --log-level");
  if (verbose >= 2 || dumpsAlone(flags)) return 'debug';
  if (verbose === 1) return 'info';
  return quiet ? 'error' : (flags.string('log-level').toLowerCase() as LogLevel);
}

async function openLogFile(file: string): Promise<(text: string) => void> {
  const { openSync, writeSync } = await import('node:fs');
  try {
    const handle = openSync(file, 'a', 0o640);
    return (text) => void writeSync(handle, text);
  } catch (e) {
    throw new StartError(`Failed to open log file: ${messageOf(e)}`);
  }
}

function logFormatOf(flags: FlagValues): LogFormat {
  const text = flags.string('log-format');
  try {
    const format = parseLogFormat(text);
    return flags.bool('use-json-log') ? { ...format, json: true } : format;
  } catch (e) {
    throw usageError(`invalid argument ${JSON.stringify(text)} for "--log-format" flag: ${messageOf(e)}`);
  }
}
