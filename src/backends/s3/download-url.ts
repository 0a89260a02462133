import { TscloneError } from '../../core/errors.ts';
import type { S3Connection } from './client.ts';
import type { Place } from './names.ts';
import { answerFailure, objectAnswer, type ObjectAnswer } from './plain-answers.ts';
import type { PlainResponse } from './plain-http.ts';
import { discard } from './streams.ts';
import { percentEncode } from './wire.ts';

const mostRedirects = 10;

/** Reads an object from the `download_url`, as anybody could: nothing of the keys is sent. */
export async function downloadFromUrl(
  c: S3Connection,
  place: Place,
  o: { range: string | undefined; etag: string | undefined; signal: AbortSignal | undefined },
): Promise<ObjectAnswer> {
  const version = place.versionId === undefined ? '' : `?versionId=${percentEncode(place.versionId)}`;
  let url = c.options.download_url + place.key.split('/').map(percentEncode).join('/') + version;
  const whole = o.range === undefined && c.quirks.use_accept_encoding_gzip;
  const headers = {
    'user-agent': c.limits.userAgent,
    ...(c.platform.kind === 'node' ? { 'accept-encoding': whole ? 'gzip' : 'identity' } : {}),
    ...Object.fromEntries([...c.limits.headers, ...c.limits.downloadHeaders].map(([k, v]) => [k.toLowerCase(), v])),
    ...(o.range === undefined ? {} : { range: o.range }),
    ...(o.etag === undefined ? {} : { 'if-match': `"${o.etag}"` }),
  };
  for (let redirects = 0; ; redirects++) {
    const response = await c.send({ method: 'GET', url, headers, signal: o.signal });
    if (response.status === 200 || response.status === 206) return objectAnswer(response);
    const next = nextUrl(url, response);
    if (next === undefined) throw await answerFailure(response);
    await discard(response.body);
    if (redirects === mostRedirects) throw refused(c, `it redirects more than ${mostRedirects} times`);
    if (url.startsWith('https:') && !next.startsWith('https:')) throw refused(c, 'it redirects from https to http');
    url = next;
  }
}

function nextUrl(url: string, { status, headers }: PlainResponse): string | undefined {
  const location = headers['location'];
  if (status < 300 || status > 308 || status === 304 || location === undefined) return undefined;
  return new URL(location, url).href;
}

function refused(c: S3Connection, why: string): TscloneError {
  return new TscloneError('invalid_request', `download_url of remote "${c.remote}": ${why}`, {
    remote: c.remote,
    retry: 'no',
  });
}
