import { etaText, statsLines, statsText, type StatsSource, type StatsStyle } from './stats.ts';

export interface ProgressOptions {
  readonly write: (text: string) => void;
  /** Columns of the terminal; undefined = no terminal: no control codes, lines cut at 80. */
  readonly columns: () => number | undefined;
  readonly intervalMs: number;
  readonly style: StatsStyle;
  /** Shows the time left in the terminal's title. */
  readonly title: boolean;
}

export interface Progress {
  /** Prints a log line above the block. */
  log(line: string): void;
  /** Draws the last block and ends its line. */
  stop(): void;
}

const eraseLine = '\x1b[2K';
const up = '\x1b[1A';
const lineStart = '\x1b[1G';

/** The block of `--progress`: rewritten in place on a terminal, one after the other elsewhere. */
export function startProgress(source: StatsSource, o: ProgressOptions): Progress {
  let drawn = 0;
  const draw = (logLine?: string): void => {
    const columns = o.columns();
    const lines = o.style.oneLine ? [statsText(source, o.style).trim()] : statsLines(source, o.style);
    const block = lines.map((line) => [...line].slice(0, columns ?? 80).join(''));
    let text = '';
    if (logLine !== undefined) text += '\n';
    if (columns !== undefined) {
      if (o.title) text += `\x1b]0;ETA: ${etaText(source)}\x07`;
      const rows = logLine === undefined ? drawn - 1 : drawn;
      text += `${(logLine === undefined ? eraseLine + up : up + eraseLine).repeat(Math.max(0, rows))}${eraseLine}${lineStart}`;
    }
    if (logLine !== undefined) text += logLine;
    o.write(text + block.join('\n'));
    drawn = block.length;
  };
  const timer = setInterval(draw, o.intervalMs);
  timer.unref();
  return {
    log: (line) => draw(line),
    stop() {
      clearInterval(timer);
      draw();
      o.write('\n');
      if (o.title && o.columns() !== undefined) o.write('\x1b]0;\x07');
    },
  };
}
