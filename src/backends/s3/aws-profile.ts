import { parse } from 'ini';
import { TscloneError } from '../../core/errors.ts';
import type { Platform } from '../../core/platform.ts';
import type { StaticKeys } from './credentials.ts';

/** Keys of a profile that name a source of credentials which is not built. */
const otherSources: Readonly<Record<string, string>> = {
  role_arn: 'an assumed role',
  credential_process: 'credential_process',
  sso_session: 'single sign-on',
  sso_start_url: 'single sign-on',
  web_identity_token_file: 'a web identity',
  credential_source: 'instance or container credentials',
};

/**
 * Static keys of a profile in the AWS shared files. `file` (the option shared_credentials_file) replaces the list of
 * files. Undefined when no file has the profile.
 */
export async function profileKeys(platform: Platform, profile: string, file: string): Promise<StaticKeys | undefined> {
  if (!platform.readTextFile) return undefined;
  for (const path of file === '' ? defaultFiles(platform) : [file]) {
    const text = await platform.readTextFile(path);
    if (text === undefined) continue;
    const sections = parse(text) as Record<string, Record<string, unknown>>;
    const section = sections[profile] ?? sections[`profile ${profile}`];
    if (typeof section !== 'object') continue;
    const value = (key: string): string => (typeof section[key] === 'string' ? section[key] : '');
    const accessKeyId = value('aws_access_key_id');
    const secretAccessKey = value('aws_secret_access_key');
    if (accessKeyId !== '' && secretAccessKey !== '') {
      return { accessKeyId, secretAccessKey, sessionToken: value('aws_session_token') };
    }
    const other = Object.keys(otherSources).find((key) => value(key) !== '');
    if (other !== undefined) {
      throw new TscloneError(
        'unsupported',
        `AWS profile "${profile}" takes its credentials from ${otherSources[other]} (${other}), which tsclone does not build in yet. Use a profile with static keys`,
        { retry: 'no' },
      );
    }
  }
  return undefined;
}

function defaultFiles(platform: Platform): string[] {
  const home = platform.homeDir?.() ?? '';
  const { env } = platform;
  return [
    env['AWS_SHARED_CREDENTIALS_FILE'] || `${home}/.aws/credentials`,
    env['AWS_CONFIG_FILE'] || `${home}/.aws/config`,
  ];
}
