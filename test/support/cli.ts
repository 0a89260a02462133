import { Writable } from 'node:stream';
import { runCli } from '../../src/cli/main.ts';

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line within this process: fast, and without the build. */
export async function cli(
  args: readonly string[],
  o: { env?: Readonly<Record<string, string>>; stdin?: string } = {},
): Promise<CliResult> {
  const [stdout, stderr] = [gatherer(), gatherer()];
  const code = await runCli(args, {
    env: { RCLONE_CONFIG: '/dev/null', ...o.env },
    stdout: stdout.stream,
    stderr: stderr.stream,
    stdin: once(o.stdin ?? ''),
    stdinIsEmpty: o.stdin === undefined,
    signal: new AbortController().signal,
  });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

function gatherer(): { stream: Writable; text: () => string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer | string, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString() };
}

async function* once(text: string): AsyncGenerator<Uint8Array, void, void> {
  if (text !== '') yield new TextEncoder().encode(text);
}
