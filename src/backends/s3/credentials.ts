import { TscloneError } from '../../core/errors.ts';
import type { Platform } from '../../core/platform.ts';
import type { S3Options } from './options.ts';

export interface StaticKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/**
 * Who signs: static keys, keys from the environment or an AWS profile (`env_auth`), or nobody ('anonymous').
 * @throws bad_config when half a key pair is given or env_auth finds nothing.
 */
export async function findCredentials(
  remote: string,
  o: S3Options,
  platform: Platform,
): Promise<StaticKeys | 'anonymous'> {
  const fail = (message: string): TscloneError => new TscloneError('bad_config', message, { remote, retry: 'no' });
  const id = o.access_key_id;
  const secret = o.secret_access_key;
  if (o.env_auth && id === '' && secret === '') return fromEnvironment(remote, o, platform);
  if (id === '' && secret === '') return 'anonymous';
  if (id === '') throw fail('access_key_id not found');
  if (secret === '') throw fail('secret_access_key not found');
  return { accessKeyId: id, secretAccessKey: secret, sessionToken: o.session_token };
}

async function fromEnvironment(remote: string, o: S3Options, platform: Platform): Promise<StaticKeys> {
  const { env } = platform;
  const accessKeyId = env['AWS_ACCESS_KEY_ID'] || env['AWS_ACCESS_KEY'] || '';
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY'] || env['AWS_SECRET_KEY'] || '';
  if (accessKeyId !== '' && secretAccessKey !== '') {
    return { accessKeyId, secretAccessKey, sessionToken: env['AWS_SESSION_TOKEN'] ?? '' };
  }
  const profile = o.profile || env['AWS_PROFILE'] || 'default';
  const { profileKeys } = await import('./aws-profile.ts');
  const keys = await profileKeys(platform, profile, o.shared_credentials_file);
  if (keys) return keys;
  const container = env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? env['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'];
  const identity = env['AWS_WEB_IDENTITY_TOKEN_FILE'];
  const missing = container
    ? 'container credentials'
    : identity
      ? 'web identity credentials'
      : 'instance (IMDS) credentials';
  throw new TscloneError(
    'bad_config',
    `remote "${remote}": env_auth = true found no keys in AWS_ACCESS_KEY_ID/AWS_SECRET_ACCESS_KEY and none for profile "${profile}" in the AWS files; ${missing} are not built in yet. Set the variables or the profile`,
    { remote, retry: 'no' },
  );
}
