import type { ServerResponse } from 'node:http';
import type { ByteSource } from '../core/backend.ts';
import type { HttpLimits } from './serve-http.ts';

/** Sends a body as fast as the client takes it. @throws when it breaks or the client is too slow */
export async function writeBody(res: ServerResponse, body: ByteSource, limits: HttpLimits): Promise<void> {
  const tooSlow = (): void => void res.destroy();
  const total = setTimeout(tooSlow, limits.writeTimeoutMs);
  try {
    for await (const chunk of body) {
      if (res.destroyed) break;
      if (res.write(chunk)) continue;
      const idle = setTimeout(tooSlow, limits.idleTimeoutMs);
      await drained(res);
      clearTimeout(idle);
    }
    if (res.destroyed) throw new Error('the client went away');
  } finally {
    clearTimeout(total);
  }
}

/** Resolves when more can be written, or never will. */
function drained(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (res.destroyed) return resolve();
    const done = (): void => {
      res.off('drain', done).off('close', done);
      resolve();
    };
    res.once('drain', done).once('close', done);
  });
}

/**
 * What is not ASCII goes out as S3 sends it, in the encoding of RFC 2047; what cannot stand in a header at all is left
 * out.
 */
export function headerValue(value: string): string {
  // oxlint-disable-next-line no-control-regex
  const clean = value.replace(/[\x00-\x08\x0a-\x1f\x7f]/g, '');
  return /^[\x20-\x7e\t]*$/.test(clean) ? clean : `=?UTF-8?B?${Buffer.from(clean).toString('base64')}?=`;
}
