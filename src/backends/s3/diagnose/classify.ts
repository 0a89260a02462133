import type { CheckName, Finding, Mend } from '../../../core/diagnosis.ts';
import type { FaultName } from '../../../core/faults.ts';
import type { S3Connection } from '../client.ts';
import type { S3Options } from '../options.ts';
import { networkFault } from './address.ts';
import type { Failure } from './attempt.ts';
import { isCertainlySwapped, looksSwapped } from './settings.ts';
import { strayInKeys } from './stray.ts';

/** Changed options, and the line that says the same in a config. */
export interface Trial {
  readonly options: Partial<S3Options>;
  readonly mend: Mend;
}

/** What a refused request tells. `trials` may mend it: the first that does is the proof. */
export interface Verdict {
  readonly fault: FaultName;
  /** Default: error. */
  readonly severity?: Finding['severity'];
  readonly check: CheckName;
  readonly cause: string;
  readonly remedy: string;
  readonly mend?: Mend;
  readonly trials?: readonly Trial[];
}

/** Why the first signed request (a listing) failed. */
export function classifyListing(c: S3Connection, bucket: string, failure: Failure): Verdict {
  return (
    ofNetwork(c, bucket, failure) ??
    ofAnswer(c, failure) ??
    ofForm(c, failure) ??
    ofRegion(c, failure) ??
    ofKeys(c, failure) ??
    ofBucket(c, bucket, failure) ??
    unknown('list', failure)
  );
}

/** A key id never comes alone. */
export const newKeys: Mend = { option: 'access_key_id', others: ['secret_access_key'] };

const exchangeKeys = { mend: { option: 'access_key_id', exchange: 'secret_access_key' } as Mend };
const exchanged = (o: S3Options): Trial => ({
  options: { access_key_id: o.secret_access_key, secret_access_key: o.access_key_id },
  ...exchangeKeys,
});

const set = (option: keyof S3Options, value: string): Trial => ({
  options: { [option]: /^(true|false)$/.test(value) ? value === 'true' : value } as Partial<S3Options>,
  mend: { option, value },
});

function ofNetwork(c: S3Connection, bucket: string, failure: Failure): Verdict | undefined {
  if (failure.status !== 0) return undefined;
  if (failure.error.code === 'bad_credentials') {
    return {
      fault: 'no_environment_keys',
      check: 'credentials',
      cause: 'env_auth = true, and no keys were found.',
      remedy: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile.',
    };
  }
  const stray = failure.code === 'ERR_INVALID_CHAR' ? strayInKeys(c) : undefined;
  if (stray) return stray;
  // The endpoint itself has answered before.
  if (bucket !== '' && !c.quirks.force_path_style) return pathStyle(c, `There is no host "${bucket}.${hostOf(c)}"`);
  return {
    fault: networkFault(failure),
    check: 'address',
    cause: `The connection to ${hostOf(c)} broke.`,
    remedy: 'Try again; if it stays, look for a proxy on the way.',
  };
}

function pathStyle(c: S3Connection, reason: string): Verdict {
  // Only providers with this quirk obey the option.
  const trial = c.options.force_path_style ? set('provider', 'Other') : set('force_path_style', 'true');
  return {
    fault: 'path_style_needed',
    check: 'address',
    cause: `${reason}: the bucket is put into the host name, and the service wants it in the path.`,
    remedy: 'Let the bucket stand in the path.',
    mend: trial.mend,
    trials: [trial],
  };
}

/** What answered is no S3 service, or counts the bucket otherwise. */
function ofAnswer(c: S3Connection, failure: Failure): Verdict | undefined {
  const { status, code, message, headers } = failure;
  if (code === 'SecondLevelDomainForbidden' || /virtual.host(ed)?.style/i.test(message)) {
    return {
      fault: 'virtual_host_needed',
      check: 'address',
      cause: `${hostOf(c)} wants the bucket in the host name.`,
      remedy: 'Let the bucket stand in the host name.',
      mend: { option: 'force_path_style', value: 'false' },
      trials: [set('force_path_style', 'false')],
    };
  }
  // A listing of buckets where one of objects was asked for: the service has not seen the bucket in the host name.
  if (code === 'MalformedAnswer' && /ListAllMyBuckets/.test(message) && !c.quirks.force_path_style)
    return pathStyle(c, 'The service did not find the bucket in the request');
  const isPage = /^text\/html/i.test(headers['content-type'] ?? '') || /HTML page/.test(message);
  const login = status === 407 || status === 511;
  if (!isPage && !login && code !== 'MalformedAnswer' && !isForeign(failure)) return undefined;
  const what = isPage ? 'a web page' : login ? 'the login of a proxy' : 'something that is no answer of S3';
  return {
    fault: 'not_s3',
    check: 'address',
    cause: `${hostOf(c)} answered with ${what}: there is no S3 service at this address, or something stands in between.`,
    remedy: 'Check endpoint and port (a console has another than S3); sign in to the network, if it wants that.',
    mend: { option: 'endpoint' },
  };
}

/** The service knows listings of another form. */
function ofForm(c: S3Connection, { operation, status, code, message }: Failure): Verdict | undefined {
  const version2 = operation === 'ListObjectsV2';
  if (version2 && (code === noToken || status === 501 || (status === 400 && /list-?type/i.test(message)))) {
    return {
      fault: 'list_version_1_needed',
      check: 'list',
      cause: 'The service does not know listings of version 2.',
      remedy: 'Use version 1.',
      mend: { option: 'list_version', value: '1' },
      trials: [{ options: { list_version: 1 }, mend: { option: 'list_version', value: '1' } }],
    };
  }
  if (status !== 400 || !/encoding-?type/i.test(message) || !c.quirks.list_url_encode) return undefined;
  const trial = set('list_url_encode', 'false');
  return {
    fault: 'list_encoding_refused',
    check: 'list',
    cause: 'The service does not encode the names of a listing.',
    remedy: 'Do not ask for it.',
    mend: trial.mend,
    trials: [trial],
  };
}

/** A listing of version 2 that goes on without saying where. */
export const noToken = 'NoContinuationToken';

/** An error answer without any code of S3. */
const isForeign = ({ status, code, operation, headers, details }: Failure): boolean =>
  status >= 400 &&
  !operation.startsWith('Head') &&
  (code === '' || /^(SyntaxError|Error|TypeError)$/.test(code)) &&
  details['Code'] === undefined &&
  !/xml/i.test(headers['content-type'] ?? '');

function ofRegion(c: S3Connection, failure: Failure): Verdict | undefined {
  const { status, code, message } = failure;
  const named = regionNamed(failure);
  const says =
    /^(AuthorizationHeaderMalformed|InvalidRegionName|InvalidRegion|IncorrectEndpoint|PermanentRedirect|TemporaryRedirect|IllegalLocationConstraintException|AuthorizationQueryParametersError)$/.test(
      code,
    ) ||
    /\bregion\b/i.test(message) ||
    (status >= 300 && status < 400);
  if (!says && (named === undefined || status !== 400)) return undefined;
  const used = c.options.region === '' ? 'us-east-1 (no region is set)' : c.region();
  const endpoint = endpointNamed(failure);
  if (endpoint !== undefined && named === undefined) {
    return {
      fault: 'other_endpoint',
      check: 'region',
      cause: `The service sends requests for this bucket to ${endpoint}, where tsclone does not follow with its keys.`,
      remedy: 'Set the endpoint, if it is one of your service.',
      // Only a person can tell whether that host is to be trusted with requests.
      mend: { option: 'endpoint' },
    };
  }
  const r2 = c.quirks.provider === 'Cloudflare';
  const candidates = [
    ...new Set([named, r2 ? 'auto' : undefined, 'us-east-1'].filter((r) => r !== undefined && r !== c.region())),
  ];
  const value = named ?? (r2 ? 'auto' : undefined);
  return {
    fault: 'wrong_region',
    // On AWS itself both programs go where the answer sends them, each time anew.
    ...(c.endpoint === '' && named !== undefined ? { severity: 'warning' as const } : {}),
    check: 'region',
    cause: `Requests are signed for region ${used}, ${named === undefined ? 'which the service does not take' : `and the service wants ${named}`}.`,
    remedy: 'Set the region.',
    mend: { option: 'region', ...(value === undefined ? {} : { value }) },
    trials: candidates.map((region) => set('region', region as string)),
  };
}

/** The region that the service names in a header or in its words. */
export function regionNamed({ headers, details, message }: Failure): string | undefined {
  const told = headers['x-amz-bucket-region'] || details['Region'];
  if (typeof told === 'string' && /^[a-z0-9][a-z0-9-]*$/i.test(told)) return told;
  const allowed = /must be one of:.*\bauto\b/i.test(message) ? 'auto' : undefined;
  return /expect(?:ing|ed):?\s+(?:region\s+)?["'`]?([a-z0-9][a-z0-9-]*)["'`]?/i.exec(message)?.[1] ?? allowed;
}

function endpointNamed({ headers, details }: Failure): string | undefined {
  const told = details['Endpoint'];
  if (typeof told === 'string' && told !== '') return told.replace(/^https?:\/\//, '');
  const location = headers['location'] ?? '';
  return URL.canParse(location) ? new URL(location).host : undefined;
}

function ofKeys(c: S3Connection, failure: Failure): Verdict | undefined {
  const { status, code, message } = failure;
  const r2 = c.quirks.provider === 'Cloudflare';
  const at = `at ${hostOf(c)}`;
  const verdict = (fault: FaultName, cause: string, remedy: string, more: Partial<Verdict> = {}): Verdict => ({
    fault,
    check: 'credentials',
    cause,
    remedy,
    ...more,
  });
  if (/^(RequestTimeTooSkewed|RequestExpired|ExpiredRequest|RequestInTheFuture)$/.test(code) || /skewed/i.test(message))
    return verdict('clock_skew', 'The service takes the time of the request for wrong.', 'Set the clock.', {
      check: 'clock',
    });
  if (/SigV2|signature version 2/i.test(message) && signsVersion2(c)) return version2(c);
  if (/^(ExpiredToken|ExpiredTokenException|TokenRefreshRequired)$/.test(code))
    return verdict('expired_token', 'The temporary keys have run out.', 'Fetch new ones; all three lines change.', {
      mend: { option: 'session_token', others: ['access_key_id', 'secret_access_key'] },
    });
  if (
    c.options.session_token !== '' &&
    /^(InvalidToken|InvalidSecurity|InvalidSessionToken|InvalidClientTokenId|UnrecognizedClientException)$/.test(code)
  ) {
    const trial: Trial = { options: { session_token: '' }, mend: { option: 'session_token', remove: true } };
    return verdict(
      'wrong_session_token',
      'The session token does not belong to the keys.',
      'Set the one of these keys; keys that last need none.',
      { mend: { option: 'session_token' }, trials: [trial] },
    );
  }
  if (c.identity.kind === 'anonymous' && (status === 401 || status === 403 || code === 'InvalidArgument'))
    return anonymous(c, verdict);
  const unknownKey =
    status === 401 ||
    /^(InvalidAccessKeyId|InvalidAccessKey|InvalidClientTokenId|UnrecognizedClientException|NotSignedUp)$/.test(code) ||
    /access key (id )?.*(has length|does not exist|not found|unknown|invalid)/i.test(message);
  if (unknownKey && looksSwapped(c.options))
    return verdict(
      'swapped_keys',
      'The secret stands where the key id should be: access_key_id is longer than secret_access_key.',
      'Exchange the two. The secret has been sent as a key id: over http, make a new token.',
      isCertainlySwapped(c.options)
        ? { mend: exchangeKeys.mend, trials: [exchanged(c.options)] }
        : { mend: exchangeKeys.mend },
    );
  if (unknownKey)
    return verdict(
      'unknown_key',
      `The access key is not known ${at}${r2 ? ': the token was deleted or mistyped, or the endpoint is of another account' : ''}.`,
      r2 ? 'Use the key id and the endpoint that the dashboard shows together.' : 'Set the keys of this service.',
      { mend: newKeys },
    );
  if (code !== 'SignatureDoesNotMatch') return undefined;
  const trials = c.options.sign_accept_encoding === true ? [set('sign_accept_encoding', 'false')] : [];
  return trials.length > 0
    ? verdict(
        'signed_header_changed',
        'Something on the way changes the header accept-encoding, which is signed.',
        'Do not sign it.',
        { mend: (trials[0] as Trial).mend, trials },
      )
    : verdict(
        'wrong_secret',
        `The access key exists ${at}, but the secret is not the one that belongs to it${secretForm(c)}.`,
        'Set it anew, in single quotes: shells cut at $, ! and &.',
        { mend: { option: 'secret_access_key' } },
      );
}

const signsVersion2 = ({ identity }: S3Connection): boolean => identity.kind === 'keys' && identity.version === 2;

function version2(c: S3Connection): Verdict {
  const trial = c.options.v2_auth
    ? set('v2_auth', 'false')
    : set('region', c.quirks.provider === 'Cloudflare' ? 'auto' : 'us-east-1');
  return {
    fault: 'signature_version',
    check: 'credentials',
    cause: 'The service does not take signatures of version 2.',
    remedy: 'Use version 4.',
    mend: trial.mend,
    trials: [trial],
  };
}

/** What may be behind any refusal, and is believed only when its trial helps. */
export function suspects(c: S3Connection, bucket: string, verdict: Verdict): readonly Verdict[] {
  // A service that looks for the bucket in the path alone takes such a request for one without a bucket.
  const inHost = bucket !== '' && !c.quirks.force_path_style && c.endpoint !== '' && verdict.check === 'list';
  const stray = verdict.check === 'credentials' ? strayInKeys(c) : undefined;
  return [
    ...(stray ? [stray] : []),
    ...(inHost ? [pathStyle(c, 'The service did not find the bucket in the host name')] : []),
    ...(signsVersion2(c) && verdict.fault !== 'signature_version' ? [version2(c)] : []),
  ];
}

/** Form alone; the secret itself is never shown. */
function secretForm({ quirks, options: { secret_access_key: secret } }: S3Connection): string {
  if (quirks.provider === 'Cloudflare' && !/^[0-9a-f]{64}$/.test(secret))
    return ' (it has not the form of an R2 secret, 64 hexadecimal digits: is it the token value?)';
  return /["'\s]/.test(secret) ? ' (it has quotes or spaces in it)' : '';
}

function anonymous(
  c: S3Connection,
  verdict: (fault: FaultName, cause: string, remedy: string, more: Partial<Verdict>) => Verdict,
): Verdict {
  const { env } = c.platform;
  const has = env['AWS_ACCESS_KEY_ID'] !== undefined && env['AWS_SECRET_ACCESS_KEY'] !== undefined;
  return verdict(
    'keys_missing',
    `Remote "${c.remote}" has no keys, and the service does not answer anonymous requests.`,
    has ? 'The environment has keys: let the remote use them.' : 'Set access_key_id and secret_access_key.',
    has ? { mend: { option: 'env_auth', value: 'true' }, trials: [set('env_auth', 'true')] } : { mend: newKeys },
  );
}

function ofBucket(c: S3Connection, bucket: string, failure: Failure): Verdict | undefined {
  const { status, code, message } = failure;
  if (code === 'InvalidBucketName')
    return {
      fault: 'bad_bucket_name',
      check: 'list',
      cause: `"${bucket}" cannot be the name of a bucket.`,
      remedy: 'Check the name: 3 to 63 small letters, digits, dots and dashes.',
    };
  if (bucket === '' && status === 403)
    return {
      fault: 'cannot_list_buckets',
      check: 'list',
      cause: 'The keys are right, but may not list buckets; whether they work on one is not known.',
      remedy: `Name the bucket: tsclone doctor ${c.remote}:BUCKET.`,
    };
  if (code === 'NoSuchBucket' || (status === 404 && bucket !== ''))
    return {
      fault: 'bucket_missing',
      check: 'list',
      cause: `There is no bucket "${bucket}" at ${hostOf(c)}.`,
      remedy: `Check its name, or make it: tsclone mkdir ${c.remote}:${bucket}.`,
    };
  if (status === 403)
    return {
      fault: 'bucket_not_covered',
      check: 'list',
      cause: `The keys are right, but not for bucket "${bucket}": the token is limited to others, or the account has no such bucket.`,
      remedy: 'Check the name of the bucket, or let the token cover it.',
    };
  return ofTrouble('list', failure, message);
}

export const noGet = (bucket: string): Verdict => ({
  fault: 'no_get',
  check: 'get',
  cause: `The token may not read objects in bucket "${bucket}".`,
  remedy: 'Give it the right to read (R2: Object Read; AWS: s3:GetObject).',
});

/** Failures that say nothing about the settings. */
function ofTrouble(check: CheckName, { error, status }: Failure, message: string): Verdict | undefined {
  if (error.code === 'throttled')
    return {
      fault: 'throttled',
      check,
      cause: 'The service wants fewer requests at this time.',
      remedy: 'Wait a little.',
    };
  if (status >= 500 && status !== 501)
    return {
      fault: 'service_trouble',
      check,
      cause: `The service has a failure of its own (${status}${message === '' ? '' : `: ${message}`}).`,
      remedy: 'Try again later.',
    };
  return undefined;
}

export function unknown(check: CheckName, failure: Failure): Verdict {
  const { code, status, operation } = failure;
  const name = code || String(status);
  return (
    ofTrouble(check, failure, failure.message) ?? {
      fault: 'refused',
      check,
      cause: `${operation} was refused with ${name}.`,
      remedy: `tsclone explain ${name} tells what is known of it.`,
    }
  );
}

type OptionalHeader = 'use_data_integrity_protections' | 'acl' | 'storage_class' | 'server_side_encryption';

/** Headers and values that options put on requests, and that services refuse. */
const optional: readonly (readonly [option: OptionalHeader, fault: FaultName, words: RegExp])[] = [
  [
    'use_data_integrity_protections',
    'checksums_refused',
    /checksum|STREAMING-|trailer|aws-chunked|sdk-checksum|x-amz-content-sha256|MissingContentLength/i,
  ],
  ['acl', 'acl_refused', /\bacls?\b|AccessControlList/i],
  ['storage_class', 'storage_class_refused', /storage.?class/i],
  ['server_side_encryption', 'encryption_refused', /encryption|kms/i],
];

/** An option that the remote sets and the service does not take, as its answer tells; undefined = none. */
export function classifyOption(c: S3Connection, check: CheckName, failure: Failure): Verdict | undefined {
  if (failure.status !== 400 && failure.status !== 411 && failure.status !== 501) return undefined;
  const words = `${failure.code} ${failure.message}`;
  for (const [option, fault, pattern] of optional) {
    const value = c.options[option];
    if (value === '' || value === false || value === undefined || !pattern.test(words)) continue;
    const isSwitch = typeof value === 'boolean';
    return {
      fault,
      check,
      cause: isSwitch
        ? `The service does not take the checksums that ${option} = true sends.`
        : `The service does not take ${option} = ${value}.`,
      remedy: isSwitch ? 'Turn it off; Content-MD5 protects the data all the same.' : 'Remove the line.',
      mend: isSwitch ? { option, value: 'false' } : { option, remove: true },
      trials: [
        isSwitch
          ? set(option, 'false')
          : { options: { [option]: '' } as Partial<S3Options>, mend: { option, remove: true } },
      ],
    };
  }
  return undefined;
}

function hostOf({ endpoint }: S3Connection): string {
  return URL.canParse(endpoint) ? new URL(endpoint).host : 'AWS';
}
