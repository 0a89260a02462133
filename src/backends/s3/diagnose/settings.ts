import type { Findings } from '../../../core/diagnosis.ts';
import { nearest } from '../../../core/nearest.ts';
import type { S3Options } from '../options.ts';
import { withoutBucket } from '../endpoint-bucket.ts';
import { providers } from '../providers/quirks.ts';
import { strayText, withoutStray } from './stray.ts';

/** Mistakes that the options show by themselves. Answers false when there is no sense in sending requests. */
export function checkSettings(name: string, o: S3Options, bucket: string, f: Findings): boolean {
  const id = o.access_key_id;
  const secret = o.secret_access_key;
  const keysFromElsewhere = o.env_auth || o.ibm_api_key !== '';
  if ((id === '') !== (secret === '') && !(keysFromElsewhere && id === '' && secret === '')) {
    const option = id === '' ? 'access_key_id' : 'secret_access_key';
    f.found({
      fault: 'half_key_pair',
      check: 'config',
      cause: `Remote "${name}" has no ${option}.`,
      remedy: `Set the other half of the pair.`,
      mend: { option },
    });
    return false;
  }
  if (!checkEndpoint(name, o, bucket, f)) return false;
  if (o.provider !== '' && !Object.hasOwn(providers, o.provider) && o.provider !== 'us3') {
    const near = nearest(o.provider, Object.keys(providers)) ?? sameLetters(o.provider) ?? 'Other';
    f.found({
      severity: 'warning',
      fault: 'unknown_provider',
      check: 'config',
      cause: `Nobody knows a provider "${o.provider}": general settings are used.`,
      remedy: `Set the right name.`,
      mend: { option: 'provider', value: near },
    });
  } else f.ok('config', `provider ${o.provider || 'Other'}`);
  return true;
}

const sameLetters = (name: string): string | undefined =>
  Object.keys(providers).find((known) => known.toLowerCase() === name.toLowerCase());

function checkEndpoint(name: string, o: S3Options, bucket: string, f: Findings): boolean {
  const { endpoint } = o;
  if (endpoint === '') {
    if (o.provider === '' || o.provider === 'AWS' || !Object.hasOwn(providers, o.provider) || o.provider === 'Other')
      return true;
    f.found({
      fault: 'endpoint_missing',
      check: 'config',
      cause: `Remote "${name}" is of provider ${o.provider} and has no endpoint.`,
      remedy: 'Set the address of the service.',
      mend: { option: 'endpoint' },
    });
    return false;
  }
  const address = /^https?:\/\//i.test(endpoint) ? endpoint : `https://${endpoint}`;
  if (!URL.canParse(address) || /\s/.test(endpoint)) {
    const tidy = withoutStray(endpoint);
    const stray = strayText(endpoint);
    const isMended = stray !== undefined && /^https?:\/\//i.test(tidy) && URL.canParse(tidy) && !/\s/.test(tidy);
    f.found({
      fault: 'bad_endpoint',
      check: 'config',
      cause: `endpoint = ${endpoint} is no address${isMended ? `: it has ${stray} at an end` : ''}.`,
      remedy: isMended ? 'Set it without.' : 'Give it as https://host, or https://host:port.',
      mend: { option: 'endpoint', ...(isMended ? { value: tidy } : {}) },
    });
    return false;
  }
  const url = new URL(address);
  const value = withoutBucket(address, bucket);
  if (value !== undefined) {
    f.found({
      fault: 'endpoint_names_bucket',
      check: 'config',
      cause: `The endpoint ends in "${url.pathname.replace(/^\/|\/+$/g, '')}": the bucket would be named twice in each request.`,
      remedy: 'Leave the bucket out of the endpoint.',
      mend: { option: 'endpoint', value },
    });
    return false;
  }
  return o.provider !== 'Cloudflare' || checkR2Host(url, f);
}

/** R2's hosts have a fixed form, and a wrong account there does not even get a TLS handshake. */
function checkR2Host(url: URL, f: Findings): boolean {
  const host = url.hostname;
  const isOfCloudflare = /(^|\.)(cloudflarestorage\.com|cloudflare\.com|r2\.dev)$/.test(host);
  if (!isOfCloudflare || /^[0-9a-f]{32}(\.(eu|fedramp))?\.r2\.cloudflarestorage\.com$/.test(host)) return true;
  const reason = host.endsWith('.r2.dev')
    ? 'is the public address of a bucket, where nothing can be stored'
    : host.endsWith('cloudflare.com')
      ? 'is not an S3 address'
      : `does not begin with an account id (32 hexadecimal digits)`;
  f.found({
    fault: 'wrong_account_endpoint',
    check: 'config',
    cause: `${host} ${reason}.`,
    remedy:
      'The dashboard shows the right address when the token is made: https://ACCOUNT_ID.r2.cloudflarestorage.com.',
    mend: { option: 'endpoint' },
  });
  return false;
}

/** By the forms that AWS and R2 give their keys: to send them the other way round shows nothing that was not shown. */
export function isCertainlySwapped({ provider, access_key_id: id, secret_access_key: secret }: S3Options): boolean {
  if (/^A[KS]IA[A-Z0-9]{16}$/.test(secret)) return true;
  return provider === 'Cloudflare' && /^[0-9a-f]{64}$/.test(id) && /^[0-9a-f]{32}$/.test(secret);
}

/** Does the secret stand in the place of the id? Told by length and form alone: nothing is sent to try it. */
export function looksSwapped({ access_key_id: id, secret_access_key: secret }: S3Options): boolean {
  if (/^A[KS]IA[A-Z0-9]{16}$/.test(secret)) return true;
  // A key id has 16 letters or more; a secret that is shorter was cut.
  return id.length >= 30 && secret.length >= 16 && id.length > secret.length;
}
