import type { S3Client } from '@aws-sdk/client-s3';
import type { OpenArgs, TransportLimits } from '../../core/backend.ts';
import { TscloneError } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import type { Platform } from '../../core/platform.ts';
import { findIdentity, type Identity } from './credentials.ts';
import { customerKey, type CustomerKey } from './customer-key.ts';
import type { S3Options } from './options.ts';
import { plainSender, type HttpTransport, type SendPlain } from './plain-http.ts';
import { resolveQuirks, type EffectiveQuirks } from './quirks.ts';
import { createTransport, newClient } from './sdk-client.ts';
import { slowDown } from './throttled.ts';
import { KnownVersions } from './versions.ts';

/** An S3 remote that is ready for requests. */
export interface S3Connection {
  /** Another one after the region has changed: never kept beyond a call. */
  readonly client: S3Client;
  readonly options: S3Options;
  readonly quirks: EffectiveQuirks;
  /** Name of the remote, for messages. */
  readonly remote: string;
  /** With scheme; '' = the AWS host of the region. */
  readonly endpoint: string;
  readonly identity: Identity;
  readonly customerKey: CustomerKey;
  readonly platform: Platform;
  readonly emit: Emit;
  readonly limits: TransportLimits;
  /** What all requests go through. */
  readonly transport: HttpTransport;
  readonly send: SendPlain;
  readonly versions: KnownVersions;
  /** `bucket/key/` of directory markers that are known to be there. */
  readonly markers: Set<string>;
  /** Signing region of the requests. */
  region(): string;
  /** Sends the following requests to another region. */
  useRegion(region: string): void;
  /** A client for requests that nobody signs. */
  anonymousClient(): S3Client;
}

/** Opens an S3 remote: quirks, credentials, client. Sends nothing. */
export async function connect(args: OpenArgs<S3Options>): Promise<S3Connection> {
  const { name, options, platform, emit, limits } = args;
  checkOptions(name, options);
  const quirks = resolveQuirks(options, emit);
  const endpoint = endpointOf(name, options, quirks);
  let region = options.region === '' || options.region === 'other-v2-signature' ? 'us-east-1' : options.region;
  const transport = createTransport(platform, limits, options);
  if (limits.throttle) slowDown(transport, limits.throttle, platform);
  const send = plainSender(transport);
  const identity = await findIdentity({ remote: name, options, region, platform, send });
  const key = customerKey(name, options, platform);
  const parts = { options, quirks, endpoint, customerKey: key, platform, limits, identity, transport, emit };
  let client = newClient({ ...parts, region });
  return {
    get client() {
      return client;
    },
    options,
    quirks,
    remote: name,
    endpoint,
    identity,
    customerKey: key,
    platform,
    emit,
    limits,
    transport,
    send,
    versions: new KnownVersions(),
    markers: new Set(),
    region: () => region,
    useRegion(other) {
      region = other;
      client = newClient({ ...parts, region });
    },
    anonymousClient: () => newClient({ ...parts, region, identity: { kind: 'anonymous' } }),
  };
}

/** Tells connections apart whose objects the service cannot copy from one to the other. */
export function storeIdOf({ remote, endpoint, identity, customerKey: key }: S3Connection): string {
  return `s3:${remote}:${endpoint}:${whoOf(identity)}:${key.md5}`;
}

/** The same whatever the remote is called. The keys count: tenants of one service may have buckets of one name. */
export function placeIdOf({ endpoint, identity }: S3Connection): string {
  return `s3:${endpoint.replace(/\/+$/, '')}:${whoOf(identity)}:`;
}

const whoOf = (identity: Identity): string =>
  identity.kind === 'keys' ? identity.keys.id : identity.kind === 'ibm' ? `ibm:${identity.instanceId}` : '';

function endpointOf(remote: string, o: S3Options, quirks: EffectiveQuirks): string {
  const endpoint = o.endpoint === '' || /^https?:\/\//i.test(o.endpoint) ? o.endpoint : `https://${o.endpoint}`;
  if (endpoint === '' && quirks.provider !== 'AWS' && o.provider !== '' && quirks.provider !== 'Other') {
    throw new TscloneError(
      'bad_config',
      `remote "${remote}": provider ${o.provider} needs an endpoint; without one the keys would be sent to AWS. Set it: tsclone config update ${remote} endpoint=https://…`,
      { remote, retry: 'no' },
    );
  }
  return endpoint;
}

function checkOptions(remote: string, o: S3Options): void {
  const fail = (message: string): never => {
    throw new TscloneError('bad_config', `s3: ${message}`, { remote, retry: 'no' });
  };
  const MiB = 1024 * 1024;
  if (o.chunk_size < 5 * MiB) fail(`chunk size: ${sizeText(o.chunk_size)} is less than 5Mi`);
  if (o.chunk_size > 5 * 1024 * MiB) fail(`chunk size: ${sizeText(o.chunk_size)} is greater than 5Gi`);
  if (o.upload_cutoff > 5 * 1024 * MiB) fail(`upload cutoff: ${sizeText(o.upload_cutoff)} is greater than 5Gi`);
  if (o.copy_cutoff === 0) fail('copy cutoff: 0 is less than 1');
  if (o.upload_concurrency < 1) fail('upload_concurrency must be at least 1');
  if (o.list_chunk < 1) fail('list_chunk must be at least 1');
  if (o.versions && o.version_at !== undefined) fail("can't use --s3-versions and --s3-version-at at the same time");
  if (o.sts_endpoint !== '') {
    throw new TscloneError(
      'bad_config',
      `remote "${remote}": sts_endpoint is no longer supported, as in rclone: remove it. AWS_ENDPOINT_URL_STS names another STS`,
      { remote, retry: 'no' },
    );
  }
}

function sizeText(n: number): string {
  const MiB = 1024 * 1024;
  if (n >= MiB && n % MiB === 0)
    return n >= 1024 * MiB && n % (1024 * MiB) === 0 ? `${n / MiB / 1024}Gi` : `${n / MiB}Mi`;
  return n >= 1024 && n % 1024 === 0 ? `${n / 1024}Ki` : String(n);
}
