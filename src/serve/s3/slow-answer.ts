import { utf8 } from '../../core/bytes.ts';
import type { Platform } from '../../core/platform.ts';
import type { S3Response } from './protocol.ts';
import { withoutDeclaration, xmlDeclaration } from './xml.ts';

/**
 * Some operations take longer than clients wait. As S3 does it, such an answer begins before its result is known, is
 * kept alive with spaces and may turn out to be an error although its status was 200.
 */
export async function answerInTime(
  work: Promise<S3Response>,
  toError: (e: unknown) => S3Response,
  platform: Platform,
  stepMs: number,
): Promise<S3Response> {
  const done = work.then(
    (response) => ({ response }),
    (e: unknown) => ({ e }),
  );
  const first = await within(done, platform, stepMs);
  if (first === undefined) return { status: 200, headers: { 'content-type': 'application/xml' }, body: beating() };
  if ('e' in first) throw first.e;
  return first.response;

  async function* beating(): AsyncGenerator<Uint8Array, void, void> {
    yield utf8(xmlDeclaration);
    for (;;) {
      yield utf8(' ');
      const result = await within(done, platform, stepMs);
      if (result === undefined) continue;
      const { body } = 'e' in result ? toError(result.e) : result.response;
      yield utf8(withoutDeclaration(typeof body === 'string' ? body : ''));
      return;
    }
  }
}

/** undefined = it takes longer. */
async function within<T>(work: Promise<T>, platform: Platform, ms: number): Promise<T | undefined> {
  const stop = new AbortController();
  const late = platform.sleep(ms, stop.signal).then(
    () => undefined,
    () => undefined,
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    stop.abort();
  }
}
