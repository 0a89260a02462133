import { TscloneError } from '../../core/errors.ts';
import type { AwsKeys, Platform } from '../../core/platform.ts';
import type { S3Options } from './options.ts';
import type { SendPlain } from './plain-http.ts';

/** Keys that may have to be fetched, and again when they expire. */
export interface KeySource {
  /** Tells whose keys these are, without a secret. */
  readonly id: string;
  get(): Promise<AwsKeys>;
  /** The service takes the keys for expired: the next `get` fetches. False = there are no others. */
  renew(): boolean;
}

/** How requests are signed. */
export type Identity =
  | { readonly kind: 'anonymous' }
  /** AWS Signature Version 4 or, for old services, 2. */
  | { readonly kind: 'keys'; readonly version: 2 | 4; readonly keys: KeySource }
  | { readonly kind: 'ibm'; readonly token: () => Promise<string>; readonly instanceId: string };

export interface IdentityArgs {
  readonly remote: string;
  readonly options: S3Options;
  readonly region: string;
  readonly platform: Platform;
  readonly send: SendPlain;
}

/**
 * Who signs: static keys, keys from the environment (`env_auth`), a role assumed by either, an IBM token, or nobody.
 * @throws bad_config when half a key pair is given or the environment can have no keys
 */
export async function findIdentity(a: IdentityArgs): Promise<Identity> {
  const { options: o } = a;
  const fail = (message: string): TscloneError =>
    new TscloneError('bad_config', message, { remote: a.remote, retry: 'no' });
  const id = o.access_key_id;
  const secret = o.secret_access_key;
  const fromEnvironment = o.env_auth && id === '' && secret === '';
  if (!fromEnvironment && o.v2_auth && o.ibm_api_key !== '') {
    const { ibmToken } = await import('./ibm-iam.ts');
    return { kind: 'ibm', token: ibmToken(a), instanceId: o.ibm_resource_instance_id };
  }
  if (!fromEnvironment && id === '' && secret !== '') throw fail('access_key_id not found');
  if (!fromEnvironment && id !== '' && secret === '') throw fail('secret_access_key not found');
  const base = fromEnvironment
    ? await environmentKeys(a)
    : id === ''
      ? undefined
      : fixed({ accessKeyId: id, secretAccessKey: secret, sessionToken: o.session_token || undefined });
  const version = o.v2_auth || o.region === 'other-v2-signature' ? 2 : 4;
  if (o.role_arn === '') return base === undefined ? { kind: 'anonymous' } : { kind: 'keys', version, keys: base };
  const { assumeRole } = await import('./sts.ts');
  const keys = refreshing(`${base?.id ?? ''}>${o.role_arn}`, a.platform, () => assumeRole(a, base));
  return { kind: 'keys', version, keys };
}

function fixed(keys: AwsKeys): KeySource {
  return { id: keys.accessKeyId, get: async () => keys, renew: () => false };
}

/** Fetched keys count as expired so many ms before they are: requests take their time. */
const marginMs = 5 * 60_000;

function refreshing(id: string, platform: Platform, fetchKeys: () => Promise<AwsKeys>): KeySource {
  let current: Promise<AwsKeys> | undefined;
  let expiresAt = Number.POSITIVE_INFINITY;
  const renew = (): boolean => {
    current = undefined;
    return true;
  };
  return {
    id,
    renew,
    get() {
      if (current && Number(platform.now() / 1_000_000n) < expiresAt - marginMs) return current;
      expiresAt = Number.POSITIVE_INFINITY;
      const fetching = fetchKeys();
      current = fetching;
      fetching.then(
        (keys) => {
          if (current === fetching) expiresAt = keys.expiresAt ?? Number.POSITIVE_INFINITY;
        },
        () => {
          if (current === fetching) current = undefined;
        },
      );
      return fetching;
    },
  };
}

/** The order of the AWS SDK that rclone uses: a named profile, variables, a web identity, then what the machine has. */
async function environmentKeys(a: IdentityArgs): Promise<KeySource> {
  const { options: o, platform } = a;
  const { env } = platform;
  const accessKeyId = env['AWS_ACCESS_KEY_ID'] || env['AWS_ACCESS_KEY'] || '';
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY'] || env['AWS_SECRET_KEY'] || '';
  if (o.profile === '' && accessKeyId !== '' && secretAccessKey !== '') {
    return fixed({ accessKeyId, secretAccessKey, sessionToken: env['AWS_SESSION_TOKEN'] || undefined });
  }
  if (o.profile === '' && env['AWS_WEB_IDENTITY_TOKEN_FILE'] && env['AWS_ROLE_ARN']) {
    const { assumeRoleWithWebIdentity } = await import('./sts.ts');
    return refreshing(env['AWS_ROLE_ARN'], platform, () => assumeRoleWithWebIdentity(a));
  }
  const profile = o.profile || env['AWS_PROFILE'] || '';
  const nothing = (reason: string, cause?: unknown): TscloneError =>
    new TscloneError(
      'bad_credentials',
      `remote "${a.remote}": env_auth = true found no keys${profile === '' ? '' : ` for profile "${profile}"`}: ${reason}. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile`,
      { remote: a.remote, cause, retry: 'no' },
    );
  if (!platform.awsKeys) throw nothing('this runtime has neither AWS files nor an instance service');
  return refreshing(`env:${profile}`, platform, async () => {
    try {
      return await platform.awsKeys!({ profile, file: o.shared_credentials_file, region: a.region });
    } catch (e) {
      throw nothing((e as Error).message.replace(/\.$/, ''), e);
    }
  });
}
