import { collect, fromUtf8 } from '../../core/bytes.ts';
import { messageOf, TscloneError } from '../../core/errors.ts';
import type { AwsKeys } from '../../core/platform.ts';
import type { IdentityArgs, KeySource } from './credentials.ts';
import { streamOf } from './streams.ts';
import { amzDate, signHeaders } from './sigv4.ts';
import type { HttpRequest } from './wire.ts';

/** Seconds that AWS gives where nobody asks for more. */
const defaultSeconds = 900;

/** Temporary keys of a role, for whoever `base` is. */
export async function assumeRole(a: IdentityArgs, base: KeySource | undefined): Promise<AwsKeys> {
  const { options: o, platform } = a;
  const seconds =
    o.role_session_duration === undefined ? defaultSeconds : Number(o.role_session_duration / 1_000_000_000n);
  const form = {
    Action: 'AssumeRole',
    DurationSeconds: String(seconds),
    ...(o.role_external_id === '' ? {} : { ExternalId: o.role_external_id }),
    RoleArn: o.role_arn,
    RoleSessionName: o.role_session_name || sessionName(platform.now()),
  };
  return ask(a, form, await base?.get());
}

/** Temporary keys for a token that some other service has signed; the token's file may change at any time. */
export async function assumeRoleWithWebIdentity(a: IdentityArgs): Promise<AwsKeys> {
  const { env, now, readTextFile } = a.platform;
  const file = env['AWS_WEB_IDENTITY_TOKEN_FILE'] ?? '';
  const token = await readTextFile?.(file);
  if (token === undefined) throw failure(a, `the web identity token ${file} cannot be read`);
  return ask(
    a,
    {
      Action: 'AssumeRoleWithWebIdentity',
      RoleArn: env['AWS_ROLE_ARN'] ?? '',
      RoleSessionName: env['AWS_ROLE_SESSION_NAME'] || sessionName(now()),
      WebIdentityToken: token,
    },
    undefined,
  );
}

const sessionName = (now: bigint): string => `tsclone-${now}`;

async function ask(a: IdentityArgs, form: Record<string, string>, keys: AwsKeys | undefined): Promise<AwsKeys> {
  const url = a.platform.env['AWS_ENDPOINT_URL_STS'] || `https://${stsHost(a.region)}/`;
  const body = new URLSearchParams({ ...form, Version: '2011-06-15' }).toString();
  const { host, pathname } = new URL(url);
  const headers: Record<string, string> = { host, 'content-type': 'application/x-www-form-urlencoded' };
  if (keys) {
    const scope = { region: a.region, service: 'sts', date: amzDate(a.platform.now()) };
    signHeaders({ method: 'POST', path: pathname, query: {}, headers } as HttpRequest, body, keys, scope);
  }
  const action = form['Action'] ?? '';
  let status: number;
  let text: string;
  try {
    const answer = await a.send({ method: 'POST', url, headers, body });
    status = answer.status;
    text = fromUtf8(await collect(streamOf(answer.body)));
  } catch (e) {
    throw failure(a, `${action} at ${host}: ${messageOf(e)}`, e, 'network');
  }
  if (status !== 200) {
    throw failure(a, `${action} was refused (${status} ${element(text, 'Code')}: ${element(text, 'Message')})`);
  }
  const accessKeyId = element(text, 'AccessKeyId');
  const secretAccessKey = element(text, 'SecretAccessKey');
  const expiresAt = Date.parse(element(text, 'Expiration'));
  if (accessKeyId === '' || secretAccessKey === '')
    throw failure(a, `the answer to ${action} has no keys`, undefined, 'bad_answer');
  return {
    accessKeyId,
    secretAccessKey,
    sessionToken: element(text, 'SessionToken') || undefined,
    expiresAt: Number.isNaN(expiresAt) ? undefined : expiresAt,
  };
}

function stsHost(region: string): string {
  const suffix = region.startsWith('cn-') ? '.cn' : '';
  return `sts.${region}.amazonaws.com${suffix}`;
}

function element(xml: string, name: string): string {
  const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
  return (new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? '').replace(
    /&(lt|gt|amp|quot|apos);/g,
    (_, entity: string) => entities[entity] ?? '',
  );
}

function failure(
  a: IdentityArgs,
  message: string,
  cause?: unknown,
  code: 'bad_credentials' | 'network' | 'bad_answer' = 'bad_credentials',
): TscloneError {
  return new TscloneError(code, `remote "${a.remote}": no keys: ${message}`, {
    remote: a.remote,
    cause,
    retry: code === 'network' ? 'low' : 'no',
  });
}
