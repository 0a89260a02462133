import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { TransportLimits } from '../../core/backend.ts';
import { agentOptions } from '../../core/network.ts';
import type { AwsKeys, Platform } from '../../core/platform.ts';
import type { KeySource } from './credentials.ts';
import { addMiddleware, type MiddlewareParts } from './middleware.ts';
import type { S3Options } from './options.ts';
import type { HttpTransport } from './plain-http.ts';
import { goThroughProxies } from './proxied.ts';

export interface ClientParts extends MiddlewareParts {
  readonly region: string;
  readonly transport: HttpTransport;
}

/** Without `info` and `error`: for them the SDK would copy every input and output, a whole page of a listing included. */
const silent = { trace() {}, debug() {}, warn() {} } as unknown as NonNullable<S3ClientConfig['logger']>;

/** The only place where an S3Client is made. Every setting that the environment could change is given here. */
export function newClient(p: ClientParts): S3Client {
  const { options, quirks, endpoint } = p;
  // Since 2025 the SDK adds checksums that many services refuse. Content-MD5 and the checks after each call replace them
  // unless the user asks for them; the provider's quirk alone does not turn them on.
  const checksums = options.use_data_integrity_protections === true ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
  const config: S3ClientConfig = {
    region: p.region,
    forcePathStyle: quirks.force_path_style,
    requestChecksumCalculation: checksums,
    responseChecksumValidation: checksums,
    // Node waits six seconds for a 100 that R2 never sends.
    expectContinueHeader: false,
    // The retries are ours, above the client, where bodies can be sent again.
    maxAttempts: 1,
    followRegionRedirects: false,
    useDualstackEndpoint: options.use_dual_stack,
    useFipsEndpoint: false,
    useAccelerateEndpoint: options.use_accelerate_endpoint,
    useArnRegion: options.use_arn_region,
    disableMultiregionAccessPoints: true,
    defaultsMode: 'standard',
    userAgentAppId: async () => undefined,
    customUserAgent: [[p.limits.userAgent]],
    logger: silent,
    requestHandler: p.transport as S3ClientConfig['requestHandler'] & object,
    ...(endpoint === '' ? {} : { endpoint }),
    ...signing(p),
  };
  const client = new S3Client(config);
  addMiddleware(client, p);
  return client;
}

type Signing = Pick<S3ClientConfig, 'credentials' | 'signer'>;

/** Only version 4 is the SDK's work; other signatures are put on by our middleware. */
function signing({ identity }: ClientParts): Signing {
  if (identity.kind === 'keys' && identity.version === 4) return { credentials: sdkCredentials(identity.keys) };
  // Both parts are needed: without credentials the SDK would ask its default chain.
  return {
    credentials: async () => ({ accessKeyId: '', secretAccessKey: '' }),
    signer: { sign: async (request) => request },
  };
}

/** `memoized` keeps the SDK from holding keys that the service takes for expired. */
function sdkCredentials(keys: KeySource): NonNullable<S3ClientConfig['credentials']> {
  const provider = async (): Promise<{ accessKeyId: string; secretAccessKey: string; sessionToken?: string }> => {
    const { accessKeyId, secretAccessKey, sessionToken }: AwsKeys = await keys.get();
    return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  };
  return Object.assign(provider, { memoized: true });
}

/** The SDK's own transport for the runtime, with our limits, and through a proxy where there is one. */
export function createTransport(platform: Platform, limits: TransportLimits, o: S3Options): HttpTransport {
  // fetch follows redirects by itself, with the signature, to any host.
  if (platform.kind === 'edge') return sdkTransport({ requestInit: () => ({ redirect: 'manual' }) });
  const agents = agentOptions(
    limits.network,
    limits.transfers * Math.max(o.upload_concurrency, limits.streams) + limits.checkers + 4,
  );
  const settings = {
    connectionTimeout: limits.connectTimeoutMs,
    socketTimeout: limits.timeoutMs,
    socketAcquisitionWarningTimeout: 2 ** 31 - 1,
  };
  const transport = sdkTransport({ ...settings, httpAgent: agents.http, httpsAgent: agents.https });
  if (platform.proxyAgents)
    goThroughProxies(transport, limits.network, platform, async (proxy) =>
      sdkTransport({ ...settings, ...(await platform.proxyAgents?.(proxy, agents)) }),
    );
  return transport;
}

function sdkTransport(settings: Record<string, unknown>): HttpTransport {
  const probe = new S3Client({ region: 'us-east-1', requestHandler: settings, logger: silent });
  return probe.config.requestHandler as unknown as HttpTransport;
}
