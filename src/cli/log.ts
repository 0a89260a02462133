import { civil } from '../core/time.ts';
import type { Event, LogLevel } from '../core/events.ts';

const rank: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, notice: 2, error: 3, critical: 4 };

export interface Logger {
  readonly level: LogLevel;
  log(level: LogLevel, message: string, subject?: string): void;
  /** Takes the log lines among the events. */
  readonly onEvent: (event: Event) => void;
}

/** Writes rclone's log lines: `2006/01/02 15:04:05 LEVEL: [subject: ]message`. */
export function createLogger(level: LogLevel, write: (text: string) => void): Logger {
  const log = (at: LogLevel, message: string, subject?: string): void => {
    if (rank[at] < rank[level]) return;
    const about = subject === undefined || subject === '' ? '' : `${subject}: `;
    write(`${stamp()} ${`${at.toUpperCase().padEnd(6)}:`} ${printable(about + message)}\n`);
  };
  return {
    level,
    log,
    onEvent(event) {
      if (event.type === 'log') log(event.level, event.message, event.subject);
      else if (event.type === 'retry')
        log('debug', `${event.operation}: low level retry ${event.attempt}: ${event.message}`);
    },
  };
}

function stamp(): string {
  const t = civil(BigInt(Date.now()) * 1_000_000n, 'local');
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${t.year}/${two(t.month)}/${two(t.day)} ${two(t.hour)}:${two(t.minute)}:${two(t.second)}`;
}

/** Control characters in names must not reach a terminal; line breaks and tabs of our own blocks may. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (ch) =>
    ch === '\n' || ch === '\t' ? ch : `\\x${ch.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
