import { open, type FileHandle } from 'node:fs/promises';
import { messageOf, TscloneError } from '../core/errors.ts';
import type { Output } from './command.ts';
import { createOutput, type BufferedOutput } from './output.ts';

/** A result that goes into a file of this machine. `close` fails when not everything could be written. */
export interface OutputFile extends Output {
  close(): Promise<void>;
}

/** Opens a file for results, replacing what it holds. */
export async function createOutputFile(path: string): Promise<OutputFile> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'w');
  } catch (e) {
    const missing = (e as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = missing ? `open ${path}: no such file or directory` : messageOf(e);
    throw new TscloneError('other', `failed to open output file ${path}: ${reason}`, { retry: 'no', cause: e });
  }
  const stream = handle.createWriteStream();
  const out: BufferedOutput = createOutput(stream, `the file ${path}`);
  return {
    isTerminal: false,
    write: out.write,
    line: out.line,
    async close() {
      try {
        await out.flush();
      } finally {
        await new Promise<void>((resolve) => stream.end(resolve));
      }
    },
  };
}
