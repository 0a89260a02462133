import type { LogLevel } from '../../core/events.ts';
import type { FlagValues } from '../../options/flags.ts';
import type { Logger } from './log.ts';
import { startProgress, type Progress } from './progress.ts';
import { statsObject, statsText, type StatsSource, type StatsStyle } from './stats.ts';

/** Where log lines go; `--progress` puts itself in front while it runs. */
export interface LogSink {
  write: (text: string) => void;
}

export interface ReportOptions {
  readonly flags: FlagValues;
  readonly source: StatsSource;
  readonly logger: Logger;
  readonly sink: LogSink;
  readonly stdout: { write(text: string): unknown; isTTY?: boolean; columns?: number };
  /** The command has statistics by itself; others show them only when asked. */
  readonly hasStats: boolean;
  readonly dryRun: boolean;
}

export interface Report {
  /** Ends what shows while the command runs. */
  stop(): void;
  /** Prints the statistics of the end. */
  conclude(): void;
}

const longest = 2 ** 31 - 1;

/** Shows statistics while a command runs: every `--stats`, or as the block of `--progress`. */
export function startReport(o: ReportOptions): Report {
  const { flags, source, logger } = o;
  const style = styleOf(flags);
  const wanted = o.hasStats || flags.isSet('stats');
  const intervalMs = Math.min(Number(flags.duration('stats') / 1_000_000n), longest);
  const print = (level: LogLevel): void => {
    const text = statsText(source, style);
    const facts = flags.bool('use-json-log') ? { stats: statsObject(source) } : {};
    logger.log(level, logger.json ? `${text}\n` : text, '', facts);
  };
  const level = flags.text('stats-log-level').toLowerCase() as LogLevel;

  let progress: Progress | undefined;
  let timer: NodeJS.Timeout | undefined;
  const plainWrite = o.sink.write;
  if (flags.bool('progress')) {
    progress = startProgress(source, {
      write: (text) => void o.stdout.write(text),
      columns: () => (o.stdout.isTTY === true ? (o.stdout.columns ?? 80) : undefined),
      intervalMs: flags.isSet('stats') && intervalMs > 0 ? intervalMs : 500,
      style,
      title: flags.bool('progress-terminal-title'),
    });
    // A log file stays one: only what would go to the terminal is shown above the block.
    if (flags.string('log-file') === '') o.sink.write = (text) => progress?.log(text);
  } else if (wanted && intervalMs > 0) {
    timer = setInterval(() => print(level), intervalMs);
    timer.unref();
  }
  return {
    stop() {
      clearInterval(timer);
      o.sink.write = plainWrite;
      progress?.stop();
      progress = undefined;
    },
    conclude() {
      if (!wanted || (intervalMs <= 0 && source.accounting.errors === 0)) return;
      print(o.dryRun ? 'notice' : level);
    },
  };
}

function styleOf(flags: FlagValues): StatsStyle {
  const layout = flags.string('stats-one-line-date-format');
  const dated = flags.bool('stats-one-line-date') || layout !== '';
  return {
    oneLine: flags.bool('stats-one-line') || dated,
    ...(layout !== '' ? { datePrefix: layout } : dated ? { datePrefix: '2006/01/02 15:04:05 - ' } : {}),
    unit: flags.string('stats-unit') === 'bits' ? 'bits' : 'bytes',
    nameWidth: flags.int('stats-file-name-length'),
  };
}
