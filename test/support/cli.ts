import { Writable } from 'node:stream';
import { runCli } from '../../src/cli/main.ts';

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Where standard output goes instead of into the result. */
  readonly stdout?: Writable;
  /** Standard output says that it is a terminal. */
  readonly terminal?: boolean;
  readonly signal?: AbortSignal;
}

/** Runs a command line within this process: fast, and without the build. */
export async function cli(args: readonly string[], o: CliOptions = {}): Promise<CliResult> {
  const { bytes, ...done } = await cliBytes(args, o);
  return { ...done, stdout: bytes.toString() };
}

/** As `cli`, for output that is no text. */
export async function cliBytes(
  args: readonly string[],
  o: CliOptions = {},
): Promise<Omit<CliResult, 'stdout'> & { readonly bytes: Buffer }> {
  const [stdout, stderr] = [gatherer(), gatherer()];
  const code = await runCli(args, {
    env: { RCLONE_CONFIG: '/dev/null', ...o.env },
    stdout: o.stdout ?? (o.terminal ? Object.assign(stdout.stream, { isTTY: true }) : stdout.stream),
    stderr: stderr.stream,
    stdin: once(o.stdin ?? ''),
    stdinIsEmpty: o.stdin === undefined,
    signal: o.signal ?? new AbortController().signal,
  });
  return { code, bytes: stdout.bytes(), stderr: stderr.bytes().toString() };
}

function gatherer(): { stream: Writable; bytes: () => Buffer } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer | string, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  return { stream, bytes: () => Buffer.concat(chunks) };
}

async function* once(text: string): AsyncGenerator<Uint8Array, void, void> {
  if (text !== '') yield new TextEncoder().encode(text);
}
