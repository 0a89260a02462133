import { TscloneError } from '../../core/errors.ts';
import { namesProxy, proxyFor, type NetworkSettings } from '../../core/network.ts';
import type { Platform } from '../../core/platform.ts';
import type { HttpTransport } from './plain-http.ts';
import type { HttpRequest } from './wire.ts';

/** Makes a transport send the requests for which there is a proxy through another one, which is made on first use. */
export function goThroughProxies(
  transport: HttpTransport,
  network: NetworkSettings,
  platform: Platform,
  through: (proxy: string) => Promise<HttpTransport>,
): void {
  // Most have none: their requests go straight on.
  if (network.proxy === '' && !namesProxy(platform.env)) return;
  const direct = transport.handle.bind(transport);
  const transports = new Map<string, Promise<HttpTransport>>();
  transport.handle = async (request, o) => {
    const proxy = network.proxy || proxyFor(platform.env, urlOf(request));
    if (!proxy) return direct(request, o);
    if (!/^https?:\/\/./i.test(proxy))
      throw new TscloneError('bad_config', `proxy "${withoutUser(proxy)}": only http:// and https:// are built in`, {
        retry: 'no',
      });
    let made = transports.get(proxy);
    if (!made) transports.set(proxy, (made = through(proxy)));
    return (await made).handle(request, o);
  };
}

function urlOf({ protocol, hostname, port }: HttpRequest): URL {
  const host = hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname;
  return new URL(`${protocol}//${host}${port ? `:${port}` : ''}`);
}

const withoutUser = (url: string): string => url.replace(/\/\/[^/@]*@/, '//');
