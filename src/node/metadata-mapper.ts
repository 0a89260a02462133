import { spawn } from 'node:child_process';
import { messageOf, TscloneError } from '../core/errors.ts';
import type { MetadataMapper } from '../operations/metadata.ts';

/** More than a sane answer, and no endless one fills the memory. */
const mostOutput = 16 * 1024 * 1024;

/**
 * Runs a program for each item that is written: the item as JSON on its standard input, `{"Metadata": {key: value}}`
 * from its standard output. No shell is involved.
 */
export function createMetadataMapper([program = '', ...args]: readonly string[]): MetadataMapper {
  return async (item, signal) => {
    const { output, errors, ended } = await runProgram(
      program,
      args,
      `${JSON.stringify(item, undefined, '\t')}\n`,
      signal,
    );
    if (ended !== undefined) throw failed(`failed on ${program}: ${JSON.stringify(errors.trim())}: ${ended}`);
    return parseAnswer(output);
  };
}

function parseAnswer(output: string): Record<string, string> {
  const fail = (why: string): TscloneError => failed(`failed to read output: ${JSON.stringify(output)}: ${why}`);
  let answer: unknown;
  try {
    answer = JSON.parse(output);
  } catch (e) {
    throw fail(messageOf(e));
  }
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) throw fail('it is no JSON object');
  const metadata = (answer as { Metadata?: unknown }).Metadata ?? {};
  if (typeof metadata !== 'object' || Array.isArray(metadata)) throw fail('its Metadata is no object');
  for (const [key, value] of Object.entries(metadata as object))
    if (typeof value !== 'string') throw fail(`the value of ${JSON.stringify(key)} in its Metadata is no text`);
  return metadata as Record<string, string>;
}

const failed = (why: string): TscloneError =>
  new TscloneError('other', `failed to read metadata from source object: metadata mapper: ${why}`, { retry: 'high' });

interface Ended {
  readonly output: string;
  readonly errors: string;
  /** Why it did not end well. */
  readonly ended: string | undefined;
}

function runProgram(
  program: string,
  args: readonly string[],
  input: string,
  signal: AbortSignal | undefined,
): Promise<Ended> {
  return new Promise((resolve) => {
    const taken = { output: '', errors: '' };
    const child = spawn(program, args, { stdio: 'pipe', ...(signal ? { signal } : {}) });
    for (const [stream, key] of [
      [child.stdout, 'output'],
      [child.stderr, 'errors'],
    ] as const) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        taken[key] += text;
        if (taken[key].length > mostOutput) child.kill();
      });
    }
    // It may answer without reading.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.on('error', (e) => resolve({ ...taken, ended: messageOf(e) }));
    child.on('close', (code, name) =>
      resolve({ ...taken, ended: code === 0 ? undefined : name === null ? `exit status ${code}` : `signal: ${name}` }),
    );
  });
}
