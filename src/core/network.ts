import type { AgentOptions } from './platform.ts';

/** How connections are made. Runtimes that connect by `fetch` have no say in it. */
export interface NetworkSettings {
  /** Address of this machine that connections come from; '' = whichever. */
  readonly bind: string;
  /** PEM texts that are trusted in place of those of the runtime; none = the runtime's. */
  readonly authorities: readonly string[];
  /** PEM texts that show who we are. */
  readonly client?: { readonly cert: string; readonly key: string; readonly passphrase: string } | undefined;
  readonly checkCertificates: boolean;
  readonly keepAlive: boolean;
  /** At most so many connections of a remote; 0 = as many as it can use. */
  readonly maxConnections: number;
  /** Proxy for all hosts; '' = what the variables of the environment say. */
  readonly proxy: string;
}

export const defaultNetwork: NetworkSettings = {
  bind: '',
  authorities: [],
  checkCertificates: true,
  keepAlive: true,
  maxConnections: 0,
  proxy: '',
};

/** Options of Node's agents for http and https. */
export function agentOptions(n: NetworkSettings, maxSockets: number): AgentOptions {
  const connections = n.maxConnections > 0 ? Math.min(n.maxConnections, maxSockets) : maxSockets;
  const http = {
    keepAlive: n.keepAlive,
    // Node announces `close` only where it sees no limit per host.
    ...(n.keepAlive
      ? { maxSockets: connections }
      : { maxSockets: Number.POSITIVE_INFINITY, maxTotalSockets: connections }),
    ...(n.bind === '' ? {} : { localAddress: n.bind }),
  };
  const https = {
    ...http,
    ...(n.authorities.length === 0 ? {} : { ca: n.authorities }),
    ...n.client,
    ...(n.checkCertificates ? {} : { rejectUnauthorized: false }),
  };
  return { http, https };
}

/**
 * The proxy for a URL, by HTTP_PROXY, HTTPS_PROXY and NO_PROXY as Go's programs read them: also in lower case, hosts of
 * this machine never go through one, and `NO_PROXY` lists `*`, names with all below them, `.names` below, addresses and
 * CIDR ranges, each with a port or without.
 */
export function proxyFor(env: Readonly<Record<string, string | undefined>>, url: URL): string | undefined {
  const read = (name: string): string => env[name] || env[name.toLowerCase()] || '';
  // A web server passes the header `Proxy` of its client on in this variable.
  const http = read('REQUEST_METHOD') === '' ? read('HTTP_PROXY') : '';
  const proxy = url.protocol === 'https:' ? read('HTTPS_PROXY') : http;
  if (proxy === '') return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (host === 'localhost' || host === '::1' || host.startsWith('127.')) return undefined;
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const entries = read('NO_PROXY')
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '');
  if (entries.some((entry) => isExempt(entry, host, port))) return undefined;
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
}

/** False = `proxyFor` finds none, whatever the URL. */
export const namesProxy = (env: Readonly<Record<string, string | undefined>>): boolean =>
  ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy'].some((name) => !!env[name]);

function isExempt(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  const range = /^([\d.]+)\/(\d+)$/.exec(entry);
  if (range) return isInRange(host, range[1] as string, Number(range[2]));
  const [, name = entry, only] = /^(.*?)(?::(\d+))?$/.exec(entry.replace(/^\[(.*)\]/, '$1')) ?? [];
  if (only !== undefined && only !== port) return false;
  if (/^[\d.]+$/.test(name) || host === name) return host === name;
  const suffix = name.replace(/^\*(?=\.)/, '');
  return host.endsWith(suffix.startsWith('.') ? suffix : `.${suffix}`);
}

function isInRange(host: string, base: string, bits: number): boolean {
  const [address, network] = [numberOf(host), numberOf(base)];
  if (address === undefined || network === undefined || bits > 32) return false;
  const size = 2 ** (32 - bits);
  return Math.floor(address / size) === Math.floor(network / size);
}

/** An IPv4 address as a number. */
function numberOf(address: string): number | undefined {
  const parts = address.split('.').map(Number);
  if (parts.length !== 4 || parts.some((p) => !Number.isInteger(p) || p < 0 || p > 255)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}
