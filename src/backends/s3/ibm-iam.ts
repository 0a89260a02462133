import { collect, fromUtf8 } from '../../core/bytes.ts';
import { messageOf, TscloneError } from '../../core/errors.ts';
import type { IdentityArgs } from './credentials.ts';
import { streamOf } from './streams.ts';

const publicService = 'https://iam.cloud.ibm.com';

/** Seconds before its end from which on a token is not used any more. */
const marginSeconds = 300;

/** A bearer token for IBM Cloud, exchanged for the API key and kept as long as it is good. */
export function ibmToken(a: IdentityArgs): () => Promise<string> {
  let current: Promise<Token> | undefined;
  return async () => {
    const now = Number(a.platform.now() / 1_000_000_000n);
    const known = await current?.catch(() => undefined);
    if (!known || known.expires - marginSeconds <= now) current = fetchToken(a);
    return (await (current as Promise<Token>)).text;
  };
}

interface Token {
  readonly text: string;
  /** Unix time in seconds. */
  readonly expires: number;
}

async function fetchToken(a: IdentityArgs): Promise<Token> {
  const { options: o, remote, platform } = a;
  const url = `${(o.ibm_iam_endpoint || publicService).replace(/\/+$/, '')}/identity/token`;
  const body = new URLSearchParams({
    apikey: o.ibm_api_key,
    grant_type: 'urn:ibm:params:oauth:grant-type:apikey',
    response_type: 'cloud_iam',
  }).toString();
  const headers = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' };
  let status: number;
  let answer: { access_token?: unknown; expiration?: unknown; expires_in?: unknown; errorMessage?: unknown };
  try {
    const response = await a.send({ method: 'POST', url, headers, body });
    status = response.status;
    const text = fromUtf8(await collect(streamOf(response.body)));
    answer = (text.startsWith('{') ? JSON.parse(text) : {}) as typeof answer;
  } catch (e) {
    const message = `remote "${remote}": no token from ${new URL(url).host}: ${messageOf(e)}`;
    throw new TscloneError('network', message, { remote, cause: e, retry: 'low' });
  }
  if (status !== 200 || typeof answer.access_token !== 'string') {
    const why = typeof answer.errorMessage === 'string' ? `: ${answer.errorMessage}` : '';
    throw new TscloneError(
      'bad_credentials',
      `remote "${remote}": IBM gives no token for ibm_api_key (${status}${why}). Check the key, or make another`,
      { remote, status, retry: 'no' },
    );
  }
  const now = Number(platform.now() / 1_000_000_000n);
  const expires = typeof answer.expiration === 'number' ? answer.expiration : now + Number(answer.expires_in ?? 3600);
  return { text: answer.access_token, expires };
}
