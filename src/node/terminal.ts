import { ReadStream } from 'node:tty';

/** The terminal on standard input. */
export interface NodeTerminal {
  /** Bytes as they are typed. Ending the iteration lets go of the terminal: another program may then read from it. */
  readonly input: AsyncIterable<Uint8Array>;
  /** In raw mode the terminal neither echoes nor edits lines. */
  setRawMode(raw: boolean): void;
}

/** `process.stdin` would keep reading while another program has the terminal; this one opens it anew when asked. */
export function openTerminal(fd = 0): NodeTerminal {
  let stream: ReadStream | undefined;
  const opened = (): ReadStream => (stream ??= new ReadStream(fd));
  return {
    input: {
      async *[Symbol.asyncIterator]() {
        const mine = opened();
        try {
          yield* mine as AsyncIterable<Uint8Array>;
        } finally {
          mine.destroy();
          if (stream === mine) stream = undefined;
        }
      },
    },
    setRawMode: (raw) => void opened().setRawMode(raw),
  };
}
