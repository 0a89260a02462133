import type { Event, LogLevel } from '../../core/events.ts';
import { civil, formatRfc3339 } from '../../core/time.ts';
import { withoutControls } from '../output.ts';

const rank: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, notice: 2, error: 3, critical: 4 };

/** As syslog and systemd's journal number them. */
const priority: Readonly<Record<LogLevel, number>> = { debug: 7, info: 6, notice: 5, error: 3, critical: 2 };

/** Facts beside the message, for JSON lines. */
export type LogExtra = Readonly<Record<string, unknown>>;

export interface Logger {
  readonly level: LogLevel;
  /** Lines are JSON objects. */
  readonly json: boolean;
  /** `extra` shows in JSON lines only. */
  log(level: LogLevel, message: string, subject?: string, extra?: LogExtra): void;
  /** Takes the log lines among the events. */
  readonly onEvent: (event: Event) => void;
}

/** Words of `--log-format`. */
export interface LogFormat {
  readonly date: boolean;
  readonly time: boolean;
  readonly microseconds: boolean;
  readonly utc: boolean;
  readonly pid: boolean;
  readonly level: boolean;
  readonly json: boolean;
}

const words = ['date', 'time', 'microseconds', 'UTC', 'longfile', 'shortfile', 'pid', 'nolevel', 'json'] as const;

/** Reads `--log-format`: a comma list in any case. Throws an Error with the reason. */
export function parseLogFormat(text: string): LogFormat {
  const given = new Set<string>();
  for (const part of text.split(',')) {
    const name = part.trim();
    if (name === '') continue;
    const word = words.find((w) => w.toLowerCase() === name.toLowerCase());
    if (word === undefined) throw new Error(`invalid choice ${JSON.stringify(name)} from: ${words.join(', ')}`);
    if (word.endsWith('file')) throw new Error(`${word} is not built in tsclone: places in its source say nothing`);
    given.add(word);
  }
  return {
    date: given.has('date'),
    time: given.has('time') || given.has('microseconds'),
    microseconds: given.has('microseconds'),
    utc: given.has('UTC'),
    pid: given.has('pid'),
    level: !given.has('nolevel'),
    json: given.has('json'),
  };
}

export const defaultLogFormat: LogFormat = parseLogFormat('date,time');

export interface LoggerOptions {
  readonly format?: LogFormat;
  readonly pid?: number;
  /** Lines begin with `<PRIORITY>`, which systemd takes off, and have no time, which it knows. */
  readonly journal?: boolean;
}

/**
 * Writes rclone's log lines, `2006/01/02 15:04:05 LEVEL: [subject: ]message`, or one JSON object per line with `time`,
 * `level`, `msg`, extra facts, `object`, `objectType` and `source`.
 */
export function createLogger(level: LogLevel, write: (text: string) => void, o: LoggerOptions = {}): Logger {
  const format = o.format ?? defaultLogFormat;
  const text = (at: LogLevel, message: string, subject: string): string => {
    const about = subject === '' ? '' : `${subject}: `;
    const word = format.level ? `${`${at.toUpperCase().padEnd(6)}:`} ` : '';
    return `${o.journal ? '' : stamp(format, o.pid)}${word}${withoutControls(about + message)}`;
  };
  const log: Logger['log'] = (at, message, subject = '', extra) => {
    if (rank[at] < rank[level]) return;
    const shown = format.json ? jsonLine(at, message, subject, extra) : text(at, message, subject);
    write(`${o.journal ? shown.replace(/^/gm, `<${priority[at]}>`) : shown}\n`);
  };
  return {
    level,
    json: format.json,
    log,
    onEvent(event) {
      if (event.type === 'log') log(event.level, event.message, event.subject, event.extra);
      else if (event.type === 'retry')
        log('debug', `${event.operation}: low level retry ${event.attempt}: ${event.message}`);
    },
  };
}

function stamp(f: LogFormat, pid: number | undefined): string {
  const now = Date.now();
  const t = civil(BigInt(now) * 1_000_000n, f.utc ? 'utc' : 'local');
  const two = (n: number): string => String(n).padStart(2, '0');
  const parts: string[] = [];
  if (f.date) parts.push(`${t.year}/${two(t.month)}/${two(t.day)}`);
  if (f.time) {
    const fraction = f.microseconds ? `.${String(now % 1000).padStart(3, '0')}000` : '';
    parts.push(`${two(t.hour)}:${two(t.minute)}:${two(t.second)}${fraction}`);
  }
  if (f.pid) parts.push(`[${pid ?? 0}]`);
  return parts.map((p) => `${p} `).join('');
}

function jsonLine(level: LogLevel, message: string, subject: string, extra: LogExtra = {}): string {
  const about = subject === '' ? {} : { object: subject, objectType: 'string' };
  const time = formatRfc3339(BigInt(Date.now()) * 1_000_000n, 'local');
  return JSON.stringify({ time, level, msg: message, ...extra, ...about, source: 'tsclone' });
}
