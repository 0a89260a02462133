import type { Writable } from 'node:stream';
import { messageOf, TscloneError } from '../core/errors.ts';
import type { Output } from './command.ts';

/** The reader of standard output went away: the command ends without a word. */
export class ClosedOutput extends Error {
  override readonly name = 'ClosedOutput';
}

const blockSize = 64 * 1024;

/** Lines are gathered into blocks; bytes go out at once. `flush` must be called at the end. */
export interface BufferedOutput extends Output {
  flush(): Promise<void>;
}

export function createOutput(stream: Writable): BufferedOutput {
  let pending = '';
  stream.on('error', () => {});
  const send = (data: string | Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      stream.write(data, (e) => (e ? reject(outputError(e)) : resolve()));
    });
  const flush = async (): Promise<void> => {
    if (pending === '') return;
    const text = pending;
    pending = '';
    await send(text);
  };
  return {
    flush,
    async write(data) {
      if (typeof data === 'string') {
        pending += data;
        if (pending.length >= blockSize) await flush();
        return;
      }
      await flush();
      if (data.length > 0) await send(data);
    },
    async line(text) {
      pending += `${text}\n`;
      if (pending.length >= blockSize) await flush();
    },
  };
}

function outputError(e: Error): Error {
  const code = (e as NodeJS.ErrnoException).code;
  if (code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED' || code === 'ERR_STREAM_WRITE_AFTER_END')
    return new ClosedOutput('the output was closed');
  const reason = code === 'ENOSPC' ? 'no space left on device' : messageOf(e);
  return new TscloneError('io', `cannot write to standard output: ${reason}`, { retry: 'no', cause: e });
}
