import type { Findings } from '../../../core/diagnosis.ts';
import { fromUtf8 } from '../../../core/bytes.ts';
import type { FaultName } from '../../../core/faults.ts';
import { proxyFor } from '../../../core/network.ts';
import type { S3Connection } from '../client.ts';
import { discard, streamOf } from '../streams.ts';
import { answerOf, failureOf, inTime, type Failure, type ProbeOptions } from './attempt.ts';

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The beginning of a short text, where it may say what is wrong. */
  readonly text: string;
}

/** Services refuse what is signed more than this away from their own time. */
const maxSkewSeconds = 15 * 60;
const worthMentioningSeconds = 60;

/**
 * Does anything answer at the endpoint, and what time is it there? One unsigned request; whatever is answered is right.
 * Answers false when there is no connection.
 */
export async function checkAddress(c: S3Connection, f: Findings, o: ProbeOptions): Promise<boolean> {
  const url = endpointUrl(c);
  const before = c.platform.now();
  const answer = await ask(c, url, o);
  const after = c.platform.now();
  if ('error' in answer) {
    await noAnswer(c, url, answer, f, o);
    return false;
  }
  if (await wantsTls(c, url, answer, f, o)) return false;
  const proxy = proxyOf(c, url);
  const way = proxy === undefined ? 'answers' : `answers through the proxy ${proxy.host}`;
  f.ok('address', `${way}, ${url.protocol === 'https:' ? 'certificate is trusted' : 'without TLS'}`);
  checkClock(answer.headers['date'], (before + after) / 2n, f);
  return true;
}

/** Where requests go that name no bucket. */
function endpointUrl(c: S3Connection): URL {
  return new URL(c.endpoint === '' ? `https://s3.${c.region()}.amazonaws.com` : c.endpoint);
}

async function ask(c: S3Connection, url: URL, o: ProbeOptions): Promise<Answered | Failure> {
  try {
    return await inTime(c, o, async (signal) => {
      const headers = { 'user-agent': c.limits.userAgent };
      const { status, headers: got, body } = await c.send({ method: 'GET', url: url.origin + '/', headers, signal });
      const text =
        status >= 400 && /^text\/plain|^text\/html/i.test(got['content-type'] ?? '') ? await beginning(body) : '';
      await discard(body);
      return { status, headers: got, text };
    });
  } catch (e) {
    if (o.signal?.aborted) throw e;
    return failureOf(c, 'GET', {}, e);
  }
}

async function beginning(body: unknown): Promise<string> {
  for await (const chunk of streamOf(body)) return fromUtf8(chunk.subarray(0, 2000));
  return '';
}

const isTlsMismatch = (f: Failure): boolean =>
  /^(EPROTO|ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG)$/.test(f.code) ||
  // In the words of OpenSSL and of rustls.
  /wrong version number|packet length too long|record overflow|InvalidContentType/i.test(f.message);
const certificate: readonly (readonly [RegExp, FaultName])[] = [
  [/^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/, 'certificate_expired'],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'certificate_of_other_host'],
  [/^(CERT_.*|DEPTH_ZERO.*|SELF_SIGNED.*|UNABLE_TO_.*)$/, 'certificate_unknown'],
];
export const certificateFault = (code: string): FaultName | undefined =>
  certificate.find(([codes]) => codes.test(code))?.[1];

async function noAnswer(c: S3Connection, url: URL, failure: Failure, f: Findings, o: ProbeOptions): Promise<void> {
  const proxy = proxyOf(c, url);
  if (proxy !== undefined && isAbout(failure, proxy)) {
    const { host } = proxy;
    f.found({
      fault: 'proxy_unreachable',
      check: 'address',
      cause: `Requests to ${url.host} go through the proxy ${host}, and that does not answer.`,
      remedy: c.limits.network.proxy
        ? 'Check --http-proxy.'
        : `Check ${url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'}, or exempt the host: NO_PROXY=${url.hostname}.`,
      answer: answerOf(failure),
    });
    return;
  }
  const other = new URL(url);
  other.protocol = url.protocol === 'https:' ? 'http:' : 'https:';
  if (url.protocol === 'https:' && isTlsMismatch(failure)) {
    const plain = await ask(c, other, o);
    if (!('error' in plain)) return found(f, url, failure, 'http_needed', other.origin);
  }
  if (
    url.protocol === 'http:' &&
    !/^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED)$/.test(failure.code) &&
    (await speaksTls(c, other, o))
  )
    return found(f, url, failure, 'https_needed', other.origin);
  const fault = networkFault(failure);
  if (fault !== 'host_not_found' || c.endpoint !== '') return found(f, url, failure, fault);
  const noHost = `There is no host "${url.hostname}"`;
  // The host of the default region exists: it is the network, or another service is meant.
  const verdict =
    c.options.region === ''
      ? ({
          fault: 'host_not_found',
          cause: `${noHost}, as far as the name server of this machine knows.`,
          remedy: 'Check the network; when the service is not AWS, set its endpoint.',
          mend: { option: 'endpoint' },
        } as const)
      : ({
          fault: 'wrong_region',
          cause: `${noHost}: AWS has no region "${c.region()}", or this machine cannot look up names.`,
          remedy: 'Set the region of the bucket, and an endpoint when the service is not AWS.',
          mend: { option: 'region' },
        } as const);
  f.found({ ...verdict, check: 'address', answer: answerOf(failure) });
}

/** Where requests to an address really go; undefined = there. */
function proxyOf({ platform, limits }: S3Connection, url: URL): URL | undefined {
  if (!platform.proxyAgents) return undefined;
  const proxy = limits.network.proxy || proxyFor(platform.env, url);
  return proxy && URL.canParse(proxy) ? new URL(proxy) : undefined;
}

/** Is it this host that could not be reached? */
function isAbout({ details }: Failure, { hostname, port }: URL): boolean {
  const inner = (details['cause'] ?? details) as { hostname?: unknown; address?: unknown; port?: unknown };
  const usual = port === '' ? 80 : Number(port);
  return inner.hostname === hostname || (inner.address !== undefined && Number(inner.port) === usual);
}

export function networkFault({ code, error, message }: Failure): FaultName {
  if (code === 'ENOTFOUND') return 'host_not_found';
  if (code === 'EAI_AGAIN') return 'lookup_failed';
  if (code === 'ECONNREFUSED' || code === 'ConnectionRefused') return 'connection_refused';
  if (code === 'ERR_INVALID_URL') return 'bad_endpoint';
  // The SDK's transport calls these two time-outs.
  if (error.code === 'timeout' && !/^(ECONNRESET|EPIPE)$/.test(code)) return 'no_answer';
  return (
    certificateFault(code) ??
    byWords(message) ??
    (/^E(HOST|NET)(UNREACH|DOWN)$/.test(code) ? 'no_answer' : 'connection_broken')
  );
}

/** Runtimes without codes say it in words. */
function byWords(message: string): FaultName | undefined {
  if (/dns error|name or service not known|no such host/i.test(message)) return 'host_not_found';
  if (/connection refused/i.test(message)) return 'connection_refused';
  return /certificate|UnknownIssuer/i.test(message) ? 'certificate_unknown' : undefined;
}

const speaksTls = async (c: S3Connection, url: URL, o: ProbeOptions): Promise<boolean> => {
  const answer = await ask(c, url, o);
  return !('error' in answer) || certificateFault(answer.code) !== undefined;
};

/** A server that says so itself, or sends the client there. */
async function wantsTls(c: S3Connection, url: URL, answer: Answered, f: Findings, o: ProbeOptions): Promise<boolean> {
  if (url.protocol !== 'http:') return false;
  const location = answer.headers['location'] ?? '';
  const redirects =
    URL.canParse(location) && new URL(location).protocol === 'https:' && new URL(location).hostname === url.hostname;
  const says = /HTTP request (was sent )?to (an )?HTTPS/i.test(answer.text) || answer.status === 426;
  const tls = new URL(url);
  tls.protocol = 'https:';
  if (!redirects && !(says && (await speaksTls(c, tls, o)))) return false;
  const words = redirects ? `redirects to ${location}` : answer.text;
  report(f, url, 'https_needed', `GET: ${answer.status} ${words}`, redirects ? new URL(location).origin : tls.origin);
  return true;
}

function found(f: Findings, url: URL, failure: Failure, fault: FaultName, endpoint?: string): void {
  report(f, url, fault, answerOf(failure), endpoint);
}

function report(f: Findings, url: URL, fault: FaultName, answer: string, endpoint?: string): void {
  const { host, hostname } = url;
  const isR2 = hostname.endsWith('.r2.cloudflarestorage.com');
  const texts: Partial<Record<FaultName, readonly [cause: string, remedy: string]>> = {
    host_not_found: [
      `There is no host "${hostname}".`,
      isR2 ? 'Check the account id at its beginning.' : 'Check the spelling of the endpoint and, on AWS, the region.',
    ],
    lookup_failed: [`The name "${hostname}" could not be looked up now.`, 'Check the network of this machine.'],
    connection_refused: [`Nothing listens at ${host}.`, 'Check the port in the endpoint, and that the service runs.'],
    no_answer: [`${host} does not answer.`, 'Check host and port, and firewalls on the way.'],
    connection_broken: [
      `The connection to ${host} broke before an answer came.`,
      'Check the port; a proxy may be in between.',
    ],
    bad_endpoint: [`${host} is no address.`, 'Give the endpoint as https://host, with a port where needed.'],
    https_needed: [`The server at ${host} wants TLS, and the endpoint says http.`, 'Write https:// in the endpoint.'],
    http_needed: [
      `The server at ${host} speaks HTTP without TLS, and the endpoint says https.`,
      'Write http:// in the endpoint; what is sent can then be read on the way.',
    ],
    certificate_unknown: [
      `The certificate of ${host} was issued by somebody whom this machine does not trust.`,
      'Give the certificate of the authority that issued it: --ca-cert FILE.pem, or the variable RCLONE_CA_CERT.',
    ],
    certificate_expired: [
      `The certificate of ${host} is not valid at this time.`,
      'Renew it on the server; check the clock of this machine.',
    ],
    certificate_of_other_host: [
      `The certificate of the server is not for "${hostname}".`,
      'Use the name that it is for as the endpoint.',
    ],
  };
  const [cause, remedy] = texts[fault] ?? [`No connection to ${host}.`, 'Check the endpoint.'];
  const ofEndpoint = !fault.startsWith('certificate_unknown') && !/^(lookup_failed|certificate_expired)$/.test(fault);
  f.found({
    fault,
    check: 'address',
    cause,
    remedy,
    answer,
    ...(ofEndpoint ? { mend: { option: 'endpoint', ...(endpoint === undefined ? {} : { value: endpoint }) } } : {}),
    ...(endpoint === undefined ? {} : { proved: true as const }),
  });
}

function checkClock(date: string | undefined, here: bigint, f: Findings): void {
  const there = Date.parse(date ?? '');
  if (Number.isNaN(there)) {
    f.skip(['clock'], 'the server does not tell its time');
    return;
  }
  // The header has whole seconds.
  const seconds = Math.round(Number(here / 1_000_000n) / 1000 - there / 1000);
  const off = Math.abs(seconds);
  if (off < worthMentioningSeconds) {
    f.ok('clock', off <= 1 ? 'right' : `${off} s ${seconds > 0 ? 'ahead' : 'behind'}`);
    return;
  }
  skewed(f, seconds, off >= maxSkewSeconds ? 'error' : 'warning');
}

export function skewed(f: Findings, seconds: number | undefined, severity: 'error' | 'warning', answer?: string): void {
  const how =
    seconds === undefined
      ? 'is off by more than the service allows'
      : `is ${spanText(Math.abs(seconds))} ${seconds > 0 ? 'ahead' : 'behind'}`;
  f.found({
    fault: 'clock_skew',
    severity,
    check: 'clock',
    cause: `The clock of this machine ${how}; services refuse signatures that are off by 15 minutes.`,
    remedy: 'Set it, best by a time service: timedatectl set-ntp true.',
    ...(answer === undefined ? {} : { answer }),
  });
}

function spanText(seconds: number): string {
  if (seconds < 7200) return seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} hours` : `${Math.round(seconds / 86_400)} days`;
}
