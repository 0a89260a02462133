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

/**
 * `name` is how errors call the stream. On a terminal control characters of texts are shown as `\x1b`: names come from
 * anybody. Bytes go out as they are, and so does everything that is no terminal.
 */
export function createOutput(stream: Writable & { isTTY?: boolean }, name = 'standard output'): BufferedOutput {
  let pending = '';
  const shown = stream.isTTY ? withoutControls : (text: string): string => text;
  stream.on('error', () => {});
  const send = (data: string | Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      stream.write(data, (e) => (e ? reject(outputError(e, name)) : resolve()));
    });
  const flush = async (): Promise<void> => {
    if (pending === '') return;
    const text = pending;
    pending = '';
    await send(text);
  };
  return {
    flush,
    isTerminal: stream.isTTY === true,
    async write(data) {
      if (typeof data === 'string') {
        pending += shown(data);
        if (pending.length >= blockSize) await flush();
        return;
      }
      await flush();
      if (data.length > 0) await send(data);
    },
    async line(text) {
      pending += `${shown(text)}\n`;
      if (pending.length >= blockSize) await flush();
    },
  };
}

/** Control characters other than line breaks and tabs, in a form that a terminal does not act on. */
export function withoutControls(text: string): string {
  return text.replace(/\p{Cc}/gu, (ch) =>
    ch === '\n' || ch === '\t' ? ch : `\\x${ch.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

function outputError(e: Error, name: string): Error {
  const code = (e as NodeJS.ErrnoException).code;
  if (code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED' || code === 'ERR_STREAM_WRITE_AFTER_END')
    return new ClosedOutput('the output was closed');
  const reason = code === 'ENOSPC' ? 'no space left on device' : messageOf(e);
  return new TscloneError('io', `cannot write to ${name}: ${reason}`, { retry: 'no', cause: e });
}
