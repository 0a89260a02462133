import { createHash } from 'node:crypto';
import { byOperation, fault, htmlPage, xml, type Answer, type Script } from '../support/scripted-s3.ts';

/**
 * Input that cannot work. `{out}` is a folder that must be as it was afterwards; `s3:` is a real server with the bucket
 * `shared`, `f:` a server that answers as `script` says, `dead:` an address where nobody listens.
 */
export interface BadInput {
  readonly name: string;
  /** Words are split at blanks; a list is taken as it is. */
  readonly args: string | readonly string[];
  /** What the last line of stderr must say: the thing and the reason. */
  readonly says: RegExp;
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Put behind the common config. */
  readonly conf?: string;
  readonly script?: Script;
  /** tsclone's exit code where it is not rclone's, and why. */
  readonly deviation?: { readonly code: number; readonly why: string };
}

const md5 = (text: string): string => `"${createHash('md5').update(text).digest('hex')}"`;
const modified = 'Tue, 14 Nov 2023 22:13:20 GMT';
const object = (body: string, more: Partial<Answer> = {}): Answer => ({
  headers: { etag: md5(body), 'content-length': body.length, 'last-modified': modified, 'content-type': 'text/plain' },
  body,
  ...more,
});
const listing = (inner: string): Answer =>
  xml(`<ListBucketResult><IsTruncated>false</IsTruncated>${inner}</ListBucketResult>`);
const row = (key: string, size: number): string =>
  `<Contents><Key>${key}</Key><Size>${size}</Size><ETag>${md5(key)}</ETag><LastModified>2023-11-14T22:13:20.000Z</LastModified></Contents>`;
const missing = fault(404, 'NoSuchKey');

const section = (name: string, lines: string): string => `[${name}]\n${lines}\n`;
const s3Section = (lines: string): string =>
  section(
    'x',
    `type = s3\nprovider = Other\naccess_key_id = a\nsecret_access_key = b\nendpoint = http://127.0.0.1:1\n${lines}`,
  );

const remotes: BadInput[] = [
  {
    name: 'unknown remote',
    args: 'ls nosuch:',
    says: /nosuch: *: didn't find section in config file|didn't find section in config file \("nosuch"\)/,
  },
  { name: 'mistyped remote', args: 'ls s33:shared', says: /didn't find section in config file \("s33"\)(.*"s3:")?/ },
  { name: 'unknown remote as destination', args: 'copy t nosuch:x', says: /nosuch/ },
  { name: 'unknown type on the fly', args: 'ls :nosuchtype:x', says: /didn't find backend called "nosuchtype"/ },
  { name: 'section without type', args: 'ls x:', conf: section('x', 'a = b'), says: /x/ },
  {
    name: 'section of unknown type',
    args: 'ls x:',
    conf: section('x', 'type = floppy'),
    says: /didn't find backend called "floppy"/,
  },
  { name: 'connection string without end', args: ['ls', 's3,chunk_size="5M:shared'], says: /s3|quote|config/ },
  { name: 'connection string with an empty name', args: ['ls', 's3,=x:shared'], says: /s3/ },
  { name: 'bad size in a connection string', args: 'ls s3,chunk_size=5X:shared', says: /chunk_size/ },
  { name: 'bad size in the config', args: 'ls x:', conf: s3Section('chunk_size = lots'), says: /chunk_size.*lots/ },
  {
    name: 'bad switch in the config',
    args: 'ls x:',
    conf: s3Section('no_check_bucket = perhaps'),
    says: /no_check_bucket.*perhaps/,
  },
  {
    name: 'bad number in the config',
    args: 'ls x:',
    conf: s3Section('upload_concurrency = four'),
    says: /upload_concurrency.*four/,
  },
  { name: 'bad encoding in the config', args: 'ls x:', conf: s3Section('encoding = Slush'), says: /encoding.*Slush/ },
  {
    name: 'chunks that S3 does not take',
    args: 'ls x:',
    conf: s3Section('chunk_size = 1M'),
    says: /1Mi is less than 5Mi/,
  },
  {
    name: 'cutoff that S3 does not take',
    args: 'ls x:',
    conf: s3Section('upload_cutoff = 6G'),
    says: /6Gi is greater than 5Gi/,
  },
  {
    name: 'bad size in a variable',
    args: 'ls x:',
    conf: s3Section(''),
    env: { RCLONE_CONFIG_X_CHUNK_SIZE: 'huge' },
    says: /huge/,
  },
  {
    name: 'bad switch in a variable of the type',
    args: 'ls x:',
    conf: s3Section(''),
    env: { RCLONE_S3_NO_CHECK_BUCKET: 'perhaps' },
    says: /perhaps/,
  },
  {
    name: 'endpoint that is no address',
    args: 'ls x:b --retries 1',
    conf: s3Section('').replace('http://127.0.0.1:1', 'http://[::1'),
    says: /\[::1.*remote "x"/,
  },
  {
    name: 'no endpoint',
    args: 'ls x:b',
    conf: section('x', 'type = s3\nprovider = Minio\naccess_key_id = a\nsecret_access_key = b'),
    env: { AWS_EC2_METADATA_DISABLED: 'true' },
    says: /endpoint/,
  },
  {
    name: 'alias of nothing',
    args: 'ls x:',
    conf: section('x', 'type = alias\nremote ='),
    says: /alias can't point to an empty remote/,
  },
  {
    name: 'alias of itself',
    args: 'ls x:',
    conf: section('x', 'type = alias\nremote = x:y'),
    says: /can't point alias remote at itself/,
  },
  {
    name: 'alias of an unknown remote',
    args: 'ls x:',
    conf: section('x', 'type = alias\nremote = gone:y'),
    says: /gone/,
  },
  {
    name: 'crypt without password',
    args: 'ls x:',
    conf: section('x', 'type = crypt\nremote = t'),
    says: /password not set in config file/,
  },
  {
    name: 'crypt whose password is not obscured',
    args: 'ls x:',
    conf: section('x', 'type = crypt\nremote = t\npassword = plain!'),
    says: /failed to decrypt password/,
  },
  {
    name: 'crypt of itself',
    args: 'ls x:',
    conf: section('x', 'type = crypt\nremote = x:\npassword = Wmd7wUqWZ6mmkx46e9P2KJvfmuAbHg'),
    says: /can't point crypt remote at itself/,
  },
  {
    name: 'crypt with an unknown mode',
    args: 'ls x:',
    conf: section(
      'x',
      'type = crypt\nremote = t\nfilename_encryption = rot13\npassword = Wmd7wUqWZ6mmkx46e9P2KJvfmuAbHg',
    ),
    says: /unknown file name encryption mode "rot13"/,
  },
  {
    name: 'crypt over an unknown remote',
    args: 'ls x:',
    conf: section('x', 'type = crypt\nremote = gone:\npassword = Wmd7wUqWZ6mmkx46e9P2KJvfmuAbHg'),
    says: /gone/,
  },
  { name: 'a config that is a directory', args: 'ls s3:shared --config t', says: /t/ },
  { name: 'a config that holds no section', args: 'ls x:', conf: '\u0000\u0001 what is this\n', says: /x/ },
  { name: 'wrong secret', args: 'lsd wrong:shared', says: /SignatureDoesNotMatch/ },
  { name: 'wrong secret on a write', args: 'rcat wrong:shared/x', stdin: 'x', says: /SignatureDoesNotMatch/ },
  {
    name: 'unknown access key',
    args: 'rcat nobody:shared/x',
    stdin: 'x',
    says: /InvalidAccessKeyId|AccessDenied|Forbidden|NoSuch|key/i,
  },
  { name: 'refused connection', args: 'lsf dead:b', says: /connection refused|ECONNREFUSED/ },
  { name: 'refused connection of a write', args: 'rcat dead:b/x', stdin: 'x', says: /refused/ },
  { name: 'refused connection of a copy', args: 'copy dead:b {out}', says: /refused/ },
  {
    name: 'TLS asked of a plain server',
    args: 'lsf tls:shared',
    says: /does not speak TLS. Check the endpoint of remote "tls"/,
  },
  {
    name: 'a host that does not exist',
    args: 'lsf host:b',
    says: /lookup no-such-host.invalid/,
  },
];

const paths: BadInput[] = [
  { name: 'missing local directory', args: 'ls t/none', says: /directory not found/ },
  { name: 'missing bucket', args: 'ls s3:no-such-bucket', says: /directory not found/ },
  { name: 'cat in a missing bucket', args: 'cat s3:no-such-bucket/x', says: /directory not found|NoSuchBucket/ },
  { name: 'bucket name that S3 does not take', args: 'mkdir s3:No_Good_Name!', says: /InvalidBucketName|bucket/i },
  { name: 'rcat to a directory', args: 'rcat s3:shared/', stdin: 'x', says: /shared/ },
  { name: 'rcat to a whole remote', args: 'rcat s3:', stdin: 'x', says: /s3:/ },
  { name: 'deletefile of a missing object', args: 'deletefile s3:shared/none', says: /none.*object not found/ },
  { name: 'deletefile of a directory', args: 'deletefile s3:shared/sub', says: /sub.*(object not found|directory)/ },
  { name: 'rmdir of a missing directory', args: 'rmdir t/none', says: /none: no such directory/ },
  { name: 'rmdir of a full directory', args: 'rmdir t/sub', says: /not empty/ },
  { name: 'rmdir of a full bucket', args: 'rmdir s3:shared', says: /BucketNotEmpty|not empty/ },
  { name: 'purge of a missing bucket', args: 'purge s3:no-such-bucket', says: /directory not found|NoSuchBucket/ },
  { name: 'mkdir over a file', args: 'mkdir t/a.txt', says: /a\.txt/ },
  { name: 'copy to a file', args: 'copy t t/a.txt', says: /is a file/ },
  { name: 'copyto over a directory', args: 'copyto t/a.txt t/sub', says: /is a directory not a file/ },
  { name: 'sync into itself', args: 'sync t t/sub', says: /overlapping/ },
  { name: 'move into itself', args: 'move t t/sub', says: /overlapping/ },
  { name: 'copy of a missing source', args: 'copy t/none {out}', says: /directory not found/ },
  {
    name: 'sync from a missing bucket deletes nothing',
    args: 'sync s3:no-such-bucket {out}',
    says: /directory not found/,
  },
  { name: 'moveto of a missing file', args: 'moveto t/none {out}/x', says: /no such file|not found/ },
  { name: 'copy below a file', args: 'copyto t/a.txt t/a.txt/x', says: /x: not a directory/ },
  {
    name: 'stdout that is full',
    args: ['sh', '-c', 'ls t > /dev/full'],
    says: /no space left|ENOSPC/i,
    deviation: { code: 1, why: 'rclone does not look whether its output was written' },
  },
  { name: 'cat to a full disk', args: ['sh', '-c', 'cat t/b.json > /dev/full'], says: /no space left|ENOSPC/i },
];

const usage: BadInput[] = (
  [
    ['ls', /needs 1 arguments minimum/],
    ['ls t t', /needs 1 arguments maximum/],
    ['copy t', /needs 2 arguments minimum/],
    ['copy t a b', /needs 2 arguments maximum/],
    ['rcat', /needs 1 arguments minimum/],
    ['moveto t', /needs 2 arguments minimum/],
    ['deletefile', /needs 1 arguments minimum/],
    ['obscure', /needs 1 arguments minimum/],
    ['frobnicate', /unknown command "frobnicate"/],
    ['lss t', /unknown command "lss".*did you mean "ls[a-z]*"/],
    ['ls --frobnicate t', /unknown flag: --frobnicate/],
    ['ls --max-dept 1 t', /unknown flag: --max-dept.*--max-depth/],
    ['ls --max-depth two t', /invalid argument "two" for "--max-depth" flag/],
    ['ls --max-depth', /flag needs an argument: --max-depth/],
    ['ls -Z t', /unknown shorthand flag: 'Z' in -Z/],
    ['ls --dry-run=perhaps t', /invalid argument "perhaps" for "-n, --dry-run" flag/],
    ['ls --transfers many t', /invalid argument "many" for "--transfers" flag/],
    ['ls --checkers 1.5 t', /invalid argument "1\.5" for "--checkers" flag/],
    ['ls --timeout soon t', /invalid argument "soon" for "--timeout" flag/],
    ['ls --timeout 90 t', /invalid argument "90" for "--timeout" flag.*missing unit/],
    ['ls --contimeout 1d t', /invalid argument "1d" for "--contimeout" flag/],
    ['ls --bwlimit x t', /invalid argument "x" for "--bwlimit" flag.*bad suffix 'x'/],
    ['ls --bwlimit 8:00,1M t', /for "--bwlimit" flag.*invalid time specification/],
    ['ls --bwlimit-file 1M: t', /for "--bwlimit-file" flag.*empty string/],
    ['ls --tpslimit many t', /for "--tpslimit" flag/],
    ['ls --tpslimit-burst 1.5 t', /for "--tpslimit-burst" flag/],
    ['ls --log-level LOUD t', /LOUD/],
    ['ls --streaming-upload-cutoff big t', /invalid argument "big" for "--streaming-upload-cutoff" flag/],
    ['ls --modify-window 1w t', /invalid argument "1w" for "--modify-window" flag/],
    ['ls --retries-sleep 1 t', /invalid argument "1" for "--retries-sleep" flag/],
    ['ls --stats often t', /invalid argument "often" for "--stats" flag/],
    ['ls --s3-chunk-size big s3:shared', /big/],
    ['ls --s3-chunk-sise 5M s3:shared', /unknown flag: --s3-chunk-sise.*--s3-chunk-size/],
    ['cat --offset here t/a.txt', /invalid argument "here" for "--offset" flag/],
    ['cat --count x t/a.txt', /invalid argument "x" for "--count" flag/],
    ['touch -t tomorrow t/a.txt', /tomorrow/],
    ['lsf --format Q t', /Q/],
    ['lsjson --hash-type nosuch t', /nosuch/],
    ['ls -v -q t', /Can't set -v and -q/],
    ['ls -q --log-level INFO t', /Can't set -q and --log-level/],
    ['ls -v --log-level INFO t', /Can't set -v and --log-level/],
    ['ls --log-file t/none/log t', /log file/],
    ['reveal abc', /too short|base64/],
    ['config create', /needs 2 arguments minimum/],
    ['config create bad/name s3', /bad\/name|invalid characters/],
    ['config create x nosuch', /nosuch/],
    ['config create x s3 keyonly', /keyonly|key=value|even/],
    ['config update nosuch a=b', /nosuch/],
    ['config show a b', /needs 1 arguments maximum/],
    ['config frobnicate', /frobnicate/],
  ] as const
).map(([args, says]) => ({ name: args, args, says }));

const variables: BadInput[] = (
  [
    ['RCLONE_MAX_DEPTH', 'deep'],
    ['RCLONE_TRANSFERS', 'many'],
    ['RCLONE_DRY_RUN', 'perhaps'],
    ['RCLONE_TIMEOUT', 'soon'],
    ['RCLONE_MODIFY_WINDOW', '1w'],
    ['RCLONE_STREAMING_UPLOAD_CUTOFF', 'big'],
  ] as const
).map(([name, value]) => ({
  name: `${name}=${value}`,
  args: 'ls t',
  env: { [name]: value },
  says: new RegExp(`${value}`),
}));

const cut = (text: string, at: number): Answer => ({ ...object(text), cutAfter: at });
const get = (answer: Answer): Script => byOperation({ HeadObject: object('0123456789'), GetObject: answer });
const put = (answer: Answer): Script => byOperation({ HeadObject: missing, PutObject: answer, CreateBucket: {} });
const list = (answer: Answer | readonly Answer[]): Script =>
  byOperation({ HeadObject: missing, ListObjectsV2: answer, ListObjects: answer, GetObject: object('x') });
const distrust = (code: number, why: string): { deviation: { code: number; why: string } } => ({
  deviation: { code, why },
});

const services: BadInput[] = [
  {
    name: 'a body that is cut',
    args: 'copyto f:b/k {out}/k',
    script: get(cut('0123456789', 4)),
    says: /k.*(EOF|cut|ended|closed|reset|bytes)/i,
  },
  {
    name: 'a body that is cut before its first byte',
    args: 'copyto f:b/k {out}/k',
    script: get(cut('0123456789', 0)),
    says: /k/,
  },
  {
    name: 'cat of a body that is cut',
    args: 'cat f:b/k',
    script: get(cut('0123456789', 4)),
    says: /k: the service ignored the range/,
  },
  {
    name: 'a body that is not what the ETag says',
    args: 'copyto f:b/k {out}/k',
    script: get({ ...object('0123456789'), body: '0123456780' }),
    says: /k.*(md5|MD5|hash|corrupted)/,
  },
  {
    name: 'cat of a body that is not what the ETag says',
    args: 'cat f:b/k',
    script: get({ ...object('0123456789'), body: '0123456780' }),
    says: /k.*(md5|MD5|corrupted)/,
    ...distrust(1, 'cat gives the wrong bytes with exit 0'),
  },
  {
    name: 'another object than was asked for',
    args: 'copyto f:b/k {out}/k',
    script: get(object('something else')),
    says: /k/,
    ...distrust(1, 'rclone takes the length of the answer'),
  },
  {
    name: 'HTML in place of an object',
    args: 'copyto f:b/k {out}/k',
    script: byOperation({ HeadObject: object('0123456789'), GetObject: htmlPage }),
    says: /k/,
    ...distrust(1, 'told apart'),
  },
  {
    name: 'an object that was there a moment ago',
    args: 'copyto f:b/k {out}/k',
    script: get(missing),
    says: /k.*(not found|NoSuchKey)/i,
  },
  {
    name: '403 on a read',
    args: 'copyto f:b/k {out}/k',
    script: get(fault(403, 'AccessDenied')),
    says: /AccessDenied/,
  },
  {
    name: '403 on everything',
    args: 'copy f:b/d {out}',
    script: () => fault(403, 'AccessDenied'),
    says: /AccessDenied|Forbidden|403/,
  },
  {
    name: '500 on a read',
    args: 'copyto f:b/k {out}/k',
    script: get(fault(500, 'InternalError')),
    says: /InternalError/,
  },
  { name: '503 on a read', args: 'copyto f:b/k {out}/k', script: get(fault(503, 'SlowDown')), says: /SlowDown/ },
  {
    name: '403 on a write',
    args: 'rcat f:b/k',
    stdin: 'x',
    script: put(fault(403, 'AccessDenied')),
    says: /AccessDenied/,
  },
  {
    name: '404 NoSuchBucket on a write',
    args: 'rcat f:b/k',
    stdin: 'x',
    script: byOperation({
      HeadObject: missing,
      PutObject: fault(404, 'NoSuchBucket'),
      CreateBucket: fault(403, 'AccessDenied'),
    }),
    says: /AccessDenied/,
  },
  {
    name: '400 BadDigest on a write',
    args: 'rcat f:b/k',
    stdin: 'x',
    script: put(fault(400, 'BadDigest')),
    says: /BadDigest/,
  },
  {
    name: '403 QuotaExceeded on a write',
    args: 'rcat f:b/k',
    stdin: 'x',
    script: put(fault(403, 'QuotaExceeded')),
    says: /QuotaExceeded/,
  },
  {
    name: '507 on a write',
    args: 'rcat f:b/k',
    stdin: 'x',
    script: put(fault(507, 'InsufficientStorage')),
    says: /InsufficientStorage/,
  },
  {
    name: '412 on a write',
    args: 'rcat f:b/k',
    stdin: 'x',
    script: put(fault(412, 'PreconditionFailed')),
    says: /PreconditionFailed/,
  },
  {
    name: 'a write that is answered with a page',
    args: 'rcat f:b/k',
    stdin: 'x',
    script: put(htmlPage),
    says: /PutObject.*HTML page/,
    ...distrust(1, 'rclone takes any 200 and asks with HEAD'),
  },
  {
    name: 'a write whose ETag is another MD5',
    args: 'copyto t/a.txt f:b/k',
    script: byOperation({
      HeadObject: [missing, object('other!')],
      PutObject: { headers: { etag: md5('other!') } },
      DeleteObject: { status: 204 },
      CreateBucket: {},
    }),
    says: /md5|MD5|hash|corrupted/,
  },
  {
    name: '403 on a removal',
    args: 'deletefile f:b/k',
    script: byOperation({ HeadObject: object('x'), DeleteObject: fault(403, 'AccessDenied') }),
    says: /AccessDenied/,
  },
  {
    name: 'a listing that is HTML',
    args: 'copy f:b {out}',
    script: list(htmlPage),
    says: /html|HTML|listing|EOF|XML|expected/i,
    ...distrust(1, 'rclone sees an empty directory or a syntax error'),
  },
  {
    name: 'a listing that is empty',
    args: 'sync f:b {out}',
    script: list(xml('')),
    says: /listing|XML|EOF|empty|root/i,
    ...distrust(1, 'an empty body is no empty bucket'),
  },
  {
    name: 'a listing that is cut',
    args: 'sync f:b {out}',
    script: list({ ...xml(`<ListBucketResult><IsTruncated>false</IsTruncated>${row('a', 1)}`) }),
    says: /ListBucketResult is cut off/,
  },
  {
    name: 'a listing of another kind',
    args: 'sync f:b {out}',
    script: list(xml('<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>')),
    says: /ListAllMyBucketsResult|listing|expected/,
    ...distrust(1, 'rclone sees an empty bucket'),
  },
  {
    name: 'a listing that goes on without a mark',
    args: 'sync f:b {out}',
    script: list(xml(`<ListBucketResult><IsTruncated>true</IsTruncated>${row('a', 1)}</ListBucketResult>`)),
    says: /same page position twice/,
    ...distrust(1, 'what was listed so far is not all'),
  },
  {
    name: 'a listing that does not say whether it goes on',
    args: 'sync f:b {out}',
    script: list(xml(`<ListBucketResult>${row('a', 1)}</ListBucketResult>`)),
    says: /truncated|more/i,
    ...distrust(1, 'it may not be all'),
  },
  {
    name: 'a listing that repeats its page',
    args: 'sync f:b {out}',
    script: list(
      xml(
        `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>${row('a', 1)}</ListBucketResult>`,
      ),
    ),
    says: /again|repeat|same|continu/i,
    ...distrust(1, 'rclone never ends'),
  },
  {
    name: 'a listing with a size that is no number',
    args: 'sync f:b {out}',
    script: list(listing(row('a', 1).replace('<Size>1', '<Size>many'))),
    says: /many|size|listing|Size/i,
  },
  {
    name: 'a listing with an error inside',
    args: 'sync f:b {out}',
    script: list(xml('<Error><Code>InternalError</Code><Message>we are sorry</Message></Error>')),
    says: /InternalError/,
    ...distrust(1, 'a 200 that holds an error is an error'),
  },
  {
    name: '301 to another region',
    args: 'lsf f:b',
    script: () => fault(301, 'PermanentRedirect', 'use another endpoint', { 'x-amz-bucket-region': 'eu-west-1' }),
    says: /PermanentRedirect|region/i,
  },
  {
    name: '307 to another host',
    args: 'lsf f:b',
    script: () => ({ status: 307, headers: { location: 'http://127.0.0.1:1/elsewhere' } }),
    says: /redirects to 127\.0\.0\.1:1, which is not followed/,
    ...distrust(1, 'rclone follows and is refused there'),
  },
  {
    name: 'a clock that is wrong',
    args: 'lsf f:b',
    script: () =>
      fault(403, 'RequestTimeTooSkewed', 'the difference between the request time and the server is too large'),
    says: /RequestTimeTooSkewed/,
  },
  {
    name: 'an answer that is no HTTP error of S3',
    args: 'lsf f:b',
    script: () => ({ status: 502, body: '<html>bad gateway</html>' }),
    says: /502|gateway/i,
  },
];

export const badInputs: readonly BadInput[] = [...remotes, ...paths, ...usage, ...variables, ...services];
