import { defaultProvider } from '@aws-sdk/credential-provider-node';
import type { AwsKeys, AwsKeysOptions } from '../core/platform.ts';

type Init = NonNullable<Parameters<typeof defaultProvider>[0]>;

const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/**
 * Keys by the SDK's chain: profiles in the AWS files, a container's service, an EC2 instance's. `file` is read as a
 * config file beside the usual credentials file, as rclone does, and else as a credentials file.
 */
export async function findAwsKeys(
  { profile, file, region }: AwsKeysOptions,
  env: Readonly<Record<string, string | undefined>>,
): Promise<AwsKeys> {
  const init: Init = {
    ...(profile === '' ? {} : { profile }),
    ...given('configFilepath', file || env['AWS_CONFIG_FILE']),
    ...given('filepath', env['AWS_SHARED_CREDENTIALS_FILE']),
    clientConfig: { region },
    ignoreCache: true,
    logger: silent,
  };
  try {
    return await keysFrom(init);
  } catch (e) {
    if (file === '') throw e;
    return keysFrom({ ...init, filepath: file });
  }
}

async function keysFrom(init: Init): Promise<AwsKeys> {
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = await defaultProvider(init)();
  return { accessKeyId, secretAccessKey, sessionToken, expiresAt: expiration?.getTime() };
}

const given = (name: string, value: string | undefined): object =>
  value === undefined || value === '' ? {} : { [name]: value };
