import { withoutBucket } from '../../backends/s3/endpoint-bucket.ts';
import { ConfigDraft } from '../../config/draft.ts';
import { messageOf } from '../../core/errors.ts';
import { checkRemoteName } from '../../core/remote.ts';
import { nodeRegistry } from '../../node/registry.ts';
import { callOptions } from '../../operations/context.ts';
import { isForProvider, type OptionExample } from '../../options/catalog.ts';
import { remoteVariable } from '../../options/derive.ts';
import { isSecret, type DescribedOption } from '../../options/describe.ts';
import { createSession } from '../../session.ts';
import { nearestProvider } from '../config-warnings.ts';
import { optionsOf } from '../interview.ts';
import { chooseValue, enterValue } from './choose.ts';
import type { Wizard } from './wizard.ts';

/** An S3 remote by six questions at most: provider, name, both keys, place, bucket; then a look whether it works. */
export async function quickSetup(w: Wizard): Promise<void> {
  const { prompter: p } = w;
  const options = (await optionsOf('s3')) ?? [];
  const provider = await askProvider(w, optionNamed(options, 'provider'));
  const name = await askFreeName(w, provider);
  const accessKeyId = await ask(w, 'access_key_id', 'Access key id of the token.');
  const secret = await ask(w, 'secret_access_key', 'Secret access key; what you type is not shown.', { hidden: true });
  const place = await askPlace(w, options, provider);
  const endpoint = place.find(([key]) => key === 'endpoint')?.[1] ?? '';
  const bucket = await ask(w, 'bucket', 'A bucket for the check; without one the buckets are listed.', {
    optional: true,
    fallback: bucketIn(endpoint),
  });

  const pairs: [string, string][] = [
    ['type', 's3'],
    ['provider', provider],
    ['access_key_id', accessKeyId],
    ['secret_access_key', secret],
    ...place.map(
      ([key, value]) => [key, key === 'endpoint' ? (withoutBucket(value, bucket) ?? value) : value] as const,
    ),
    // Tokens for objects are refused when anybody asks about the bucket.
    ...(provider === 'Cloudflare' ? ([['no_check_bucket', 'true']] as const) : []),
  ].map(([key, value]) => [key as string, value as string]);
  const draft = new ConfigDraft(w.config());
  draft.change((file) => file.replace(name, pairs));
  await w.write((file) => draft.applyTo(file));
  const shown = pairs.map(([key, value]) => `- ${key}: ${hides(options, key) ? '***' : value}\n`).join('');
  await p.say(`\nRemote "${name}" is written:\n${shown}`);
  await check(w, name, bucket);
  await p.say(variables(name, pairs, options));
}

async function askProvider({ prompter: p }: Wizard, option: DescribedOption): Promise<string> {
  await p.say('\nS3 provider: a name or a word of it. Known are\n');
  await p.say(columns(option.examples.map((e) => e.value)));
  for (;;) {
    const answer = await p.line('provider> ');
    const exact = option.examples.find((e) => e.value === answer);
    const found = exact?.value ?? (answer === '' ? undefined : nearestProvider(option, answer));
    if (found !== undefined) return found;
    await p.say('No provider of this name. Other is for servers that are not listed.\n');
  }
}

async function askFreeName(w: Wizard, provider: string): Promise<string> {
  const { prompter: p } = w;
  const wish = provider === 'Cloudflare' ? 'r2' : provider.toLowerCase();
  let fallback = wish;
  for (let n = 2; w.config().has(fallback); n++) fallback = `${wish}_${n}`;
  for (;;) {
    const name = await ask(w, 'name', 'Name of the remote.', { fallback });
    const problem = checkRemoteName(name);
    if (problem !== undefined) await p.say(`Can't use ${JSON.stringify(name)} as ${problem}.\n`);
    else if (w.config().has(name)) await p.say(`Remote ${JSON.stringify(name)} already exists.\n`);
    else return name;
  }
}

/** Where the service is: one answer that gives endpoint, region or both. */
async function askPlace(
  w: Wizard,
  options: readonly DescribedOption[],
  provider: string,
): Promise<readonly (readonly [string, string])[]> {
  const { prompter: p } = w;
  if (provider === 'Cloudflare') {
    return [['endpoint', await askAccount(w)]];
  }
  const regions = examplesFor(optionNamed(options, 'region'), provider);
  if (provider === 'AWS') {
    await p.say('\nRegion of the bucket.\n');
    return [['region', await list(w, 'region', regions)]];
  }
  const endpoints = examplesFor(optionNamed(options, 'endpoint'), provider);
  await p.say('\nAddress of the service.\n');
  const endpoint =
    endpoints.length > 0
      ? await list(w, 'endpoint', endpoints)
      : await enterValue(p, { ...plainValue, name: 'endpoint', hidden: false });
  // The region is part of most addresses; the longest one that fits is meant.
  const region = regions
    .map((e) => e.value)
    .filter((value) => value !== '' && endpoint.includes(value))
    .sort((a, b) => b.length - a.length)[0];
  return [...(region === undefined ? [] : [['region', region] as const]), ['endpoint', endpoint]];
}

async function askAccount(w: Wizard): Promise<string> {
  for (;;) {
    const answer = await ask(w, 'account', 'Account id, or the endpoint that the dashboard shows for S3 clients.');
    if (/^[0-9a-f]{32}$/i.test(answer)) return `https://${answer}.r2.cloudflarestorage.com`;
    const address = withScheme(answer).replace(/\/+$/, '');
    if (/[.:]/.test(answer) && URL.canParse(address) && !/\s/.test(address)) return address;
    await w.prompter.say(
      'An account id has 32 hexadecimal digits, an endpoint is https://ACCOUNT_ID.r2.cloudflarestorage.com.\n',
    );
  }
}

/** The bucket in the address of a bucket, which the dashboard shows among its settings. */
function bucketIn(endpoint: string): string {
  const [bucket = ''] = URL.canParse(endpoint) ? new URL(endpoint).pathname.split('/').filter((s) => s !== '') : [];
  return bucket;
}

const withScheme = (address: string): string => (/^https?:\/\//.test(address) ? address : `https://${address}`);

function examplesFor(option: DescribedOption, provider: string): readonly OptionExample[] {
  return isForProvider(option.provider, provider)
    ? option.examples.filter((e) => isForProvider(e.provider, provider))
    : [];
}

const plainValue = { kind: 'value', fallback: '', shownFallback: '', required: true } as const;

function list(w: Wizard, name: string, examples: readonly OptionExample[]): Promise<string> {
  const values = examples.map((e) => e.value);
  return chooseValue(w.prompter, { ...plainValue, name, values, texts: examples.map((e) => e.help), exclusive: false });
}

async function ask(
  w: Wizard,
  name: string,
  text: string,
  o: { readonly hidden?: boolean; readonly optional?: boolean; readonly fallback?: string } = {},
): Promise<string> {
  const { hidden = false, optional = false, fallback = '' } = o;
  await w.prompter.say(`\n${text}\n`);
  return enterValue(w.prompter, {
    kind: 'value',
    name,
    fallback,
    shownFallback: fallback,
    required: !optional,
    hidden,
  });
}

/** Lists the bucket, or the buckets, and says what came of it. What is written stays in either case. */
async function check(w: Wizard, name: string, bucket: string): Promise<void> {
  const { operation } = w.c;
  const { limits } = await w.c.session();
  const session = createSession({
    platform: operation.platform,
    registry: nodeRegistry,
    config: w.config(),
    limits,
  });
  const reference = `${name}:${bucket}`;
  try {
    const backend = await session.open(reference);
    let entries = 0;
    for await (const _entry of backend.list('', callOptions(operation))) {
      entries += 1;
      if (entries === 10) break;
    }
    const count = entries === 10 ? 'ten entries or more' : entries === 1 ? 'one entry' : `${entries} entries`;
    await w.prompter.say(`\nThe check went well: ${reference} has ${count}.\n`);
  } catch (e) {
    await w.prompter.say(`
The check failed: ${messageOf(e)}
To find the cause: tsclone doctor ${reference}
The remote stays written. To change it: tsclone config update ${name} key=value
To remove it: tsclone config delete ${name}
`);
  }
}

function variables(
  name: string,
  pairs: readonly (readonly [string, string])[],
  options: readonly DescribedOption[],
): string {
  const lines = pairs.map(([key, value]) => `  ${remoteVariable(name, key)}=${hides(options, key) ? '…' : value}\n`);
  return `\nThe same remote out of variables, for containers and functions:\n${lines.join('')}`;
}

const hides = (options: readonly DescribedOption[], key: string): boolean => {
  const option = options.find((o) => o.name === key);
  return option !== undefined && isSecret(option);
};

function optionNamed(options: readonly DescribedOption[], name: string): DescribedOption {
  const option = options.find((o) => o.name === name);
  if (!option) throw new Error(`s3 has no option ${name}`);
  return option;
}

function columns(words: readonly string[]): string {
  const width = Math.max(...words.map((word) => word.length)) + 2;
  const perLine = Math.max(1, Math.floor(78 / width));
  const lines: string[] = [];
  for (let i = 0; i < words.length; i += perLine) {
    const row = words.slice(i, i + perLine).map((word) => word.padEnd(width));
    lines.push(`  ${row.join('')}`.trimEnd());
  }
  return `${lines.join('\n')}\n`;
}
