import { concatBytes } from '../core/bytes.ts';
import { abortError, TscloneError } from '../core/errors.ts';
import { StartError } from './errors.ts';

/** What a terminal can do beside giving bytes; `process.stdin` of a terminal fits. */
export interface Terminal {
  setRawMode(raw: boolean): unknown;
}

export interface PromptIo {
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Set when a person sits at the other end of stdin. */
  readonly terminal?: Terminal | undefined;
  readonly signal: AbortSignal;
  /** Questions and lists: standard output, at once. */
  say(text: string): Promise<void>;
  /** Questions for passwords: standard error, so that they never mix with data. */
  hint(text: string): void;
}

const newline = 0x0a;
const carriageReturn = 0x0d;
/** A password longer than this is a file on the wrong stream. */
const longestSecret = 64 * 1024;

/**
 * Reads answers line by line from standard input, a pipe or a terminal. What it has read too much goes to whoever
 * reads `rest` next.
 */
export class Prompter {
  readonly #io: PromptIo;
  #source: AsyncIterator<Uint8Array> | undefined;
  #pending: Uint8Array = new Uint8Array(0);
  #ended = false;
  readonly #seen: string[] = [];

  constructor(io: PromptIo) {
    this.#io = io;
  }

  get isTerminal(): boolean {
    return this.#io.terminal !== undefined;
  }

  say(text: string): Promise<void> {
    return this.#io.say(text);
  }

  hint(text: string): void {
    this.#io.hint(text);
  }

  /** An answer, trimmed. On a pipe the prompt is not shown, as with rclone. @throws StartError at the end of input */
  async line(prompt: string): Promise<string> {
    if (this.isTerminal) await this.say(prompt);
    const bytes = await this.#readLine();
    const text = new TextDecoder().decode(bytes);
    this.#seen.push(text);
    return text.trim();
  }

  /**
   * An answer that must not be seen: a terminal does not echo it, and it is not trimmed. The prompt goes to standard
   * error.
   */
  async secret(prompt: string): Promise<string> {
    return this.#hidden(prompt, (text) => this.hint(text));
  }

  /** As `line` on a pipe; a terminal does not echo the answer. */
  async hiddenLine(prompt: string): Promise<string> {
    return this.isTerminal ? this.#hidden(prompt, (text) => this.say(text)) : this.line(prompt);
  }

  async #hidden(prompt: string, show: (text: string) => void | Promise<void>): Promise<string> {
    const { terminal } = this.#io;
    let bytes: Uint8Array;
    if (terminal) {
      // Before the prompt: whoever answers at once must not be echoed either.
      terminal.setRawMode(true);
      try {
        await show(prompt);
        bytes = await this.#readRaw();
      } finally {
        terminal.setRawMode(false);
        await show('\n');
      }
    } else {
      await show(prompt);
      bytes = await this.#readLine();
    }
    let text: string;
    try {
      text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      text = '\ufffd';
    }
    this.#seen.push(text);
    return terminal ? text : text.trim();
  }

  /** Lets go of standard input, so that another program can read from it; the next question takes it again. */
  async release(): Promise<void> {
    const source = this.#source;
    this.#source = undefined;
    await source?.return?.();
  }

  /** Forgets what was answered so far; `replay` starts here. */
  mark(): void {
    this.#seen.length = 0;
  }

  /** What was read since `mark`, then what nobody has read yet. */
  async *replay(): AsyncGenerator<Uint8Array, void, void> {
    if (this.#seen.length > 0) yield new TextEncoder().encode(this.#seen.map((line) => `${line}\n`).join(''));
    yield* this.rest();
  }

  /** Everything that nobody has read yet. */
  async *rest(): AsyncGenerator<Uint8Array, void, void> {
    const pending = this.#pending;
    this.#pending = new Uint8Array(0);
    if (pending.length > 0) yield pending;
    if (this.#ended) return;
    const source = (this.#source ??= this.#io.stdin[Symbol.asyncIterator]());
    for (;;) {
      const next = await source.next();
      if (next.done === true) return;
      yield next.value;
    }
  }

  async #readLine(): Promise<Uint8Array> {
    for (;;) {
      // What was typed ahead in raw mode ends with a carriage return alone.
      const at = this.#pending.findIndex((b) => b === newline || (this.isTerminal && b === carriageReturn));
      if (at >= 0) {
        const line = this.#pending.subarray(0, at);
        this.#pending = this.#pending.subarray(at + 1);
        return line.at(-1) === carriageReturn ? line.subarray(0, -1) : line;
      }
      if (this.#pending.length > longestSecret) {
        throw new TscloneError('bad_config', 'standard input has no line break where an answer was expected', {
          retry: 'no',
        });
      }
      if (this.#ended && this.#pending.length > 0) {
        const line = this.#pending;
        this.#pending = new Uint8Array(0);
        return line;
      }
      try {
        await this.#more();
      } catch (e) {
        // What is said next begins its own line, also behind a prompt and the echo of Ctrl-C.
        if (this.isTerminal) this.hint('\n');
        throw e;
      }
    }
  }

  /** Reads a line key by key: the terminal neither echoes nor edits in raw mode. */
  async #readRaw(): Promise<Uint8Array> {
    const typed: number[] = [];
    for (;;) {
      for (let i = 0; i < this.#pending.length; i++) {
        const byte = this.#pending[i] as number;
        if (byte === newline || byte === carriageReturn) {
          this.#pending = this.#pending.subarray(i + 1);
          return Uint8Array.from(typed);
        }
        if (byte === 3) throw new Interrupted();
        if (byte === 4 && typed.length === 0) throw endOfInput();
        if (byte === 0x7f || byte === 8) dropCharacter(typed);
        else if (byte === 0x15) typed.length = 0;
        else typed.push(byte);
      }
      this.#pending = new Uint8Array(0);
      await this.#more();
    }
  }

  async #more(): Promise<void> {
    if (this.#ended) throw endOfInput();
    this.#source ??= this.#io.stdin[Symbol.asyncIterator]();
    const next = await unlessAborted(this.#source.next(), this.#io.signal);
    if (next.done !== true) this.#pending = concatBytes([this.#pending, next.value]);
    else {
      this.#ended = true;
      if (this.#pending.length === 0) throw endOfInput();
    }
  }
}

/** Ctrl-C at a question that reads keys by itself. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

function endOfInput(): StartError {
  return new StartError('Failed to read line: EOF');
}

function dropCharacter(typed: number[]): void {
  for (let byte = typed.pop(); byte !== undefined && (byte & 0xc0) === 0x80;) byte = typed.pop();
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(abortError(signal));
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(abortError(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
