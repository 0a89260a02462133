import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
import type { AgentOptions, Agents } from '../core/platform.ts';

/** Agents whose connections go through a proxy: whole requests of http, tunnels of https. */
export function createProxyAgents(proxy: string, options: AgentOptions): Agents {
  const httpsAgent = new HttpsProxyAgent(proxy, options.https);
  // The library takes its options for the way to the proxy alone; certificates count behind it too.
  const connect = httpsAgent.connect.bind(httpsAgent);
  httpsAgent.connect = (request, o) => connect(request, { ...options.https, ...o });
  return { httpAgent: new HttpProxyAgent(proxy, options.http), httpsAgent };
}
