import { readFile } from 'node:fs/promises';
import { messageOf, TscloneError } from '../../core/errors.ts';
import { proxyFor } from '../../core/network.ts';
import { log } from '../../operations/context.ts';
import {
  openUrl,
  refuseExisting,
  storeUrl,
  withoutSecrets,
  type Download,
  type UrlOptions,
} from '../../operations/copy-url.ts';
import { forEachLimit } from '../../operations/pool.ts';
import { parseCsv } from '../../options/values.ts';
import type { Backend } from '../../core/backend.ts';
import { switchFlag, type CommandContext, type CommandDefinition } from '../command.ts';
import { StartError, usageError } from '../errors.ts';
import { directory, place } from '../references.ts';
import { version } from '../version.ts';

export const copyurl: CommandDefinition = {
  name: 'copyurl',
  summary: 'Store what an address on the web gives',
  help: `Streams the answer into the object; what came must have the length that the server announced. With --auto-filename the
destination is a directory and the name that of the address, with --header-filename too the one that the server
gives. With --urls the first argument is a CSV file of lines URL[,NAME].`,
  usage: 'https://example.com/file dest:path',
  minArgs: 1,
  maxArgs: 2,
  flags: [
    switchFlag('auto-filename', 'Take the name from the address; the destination is a directory', 'a'),
    switchFlag('header-filename', 'Take the name from Content-Disposition'),
    switchFlag('no-clobber', 'Do not overwrite'),
    switchFlag('print-filename', 'Print the name', 'p'),
    switchFlag('stdout', 'Write to standard output instead'),
    switchFlag('urls', 'The first argument is a CSV file of addresses and names'),
  ],
  groups: ['Important'],
  retries: true,
  stats: true,
  examples: ['tsclone copyurl -a https://example.com/a.iso r2:my-backup-bucket/images'],
  async run(c) {
    checkNetwork(c);
    await (c.flags.bool('urls') ? copyAll(c) : copyOne(c));
  },
};

/** Addresses of the web are fetched by the runtime itself, which these do not reach. */
const unheeded = ['bind', 'ca-cert', 'client-cert', 'client-key', 'client-pass', 'http-proxy', 'no-check-certificate'];

function checkNetwork({ flags, args, env, operation }: CommandContext): void {
  const flag = unheeded.find((name) => flags.isSet(name));
  if (flag !== undefined) throw usageError(`copyurl does not heed --${flag}: it would connect without it`);
  const [url = ''] = args;
  if (!flags.bool('urls') && URL.canParse(url) && proxyFor(env, new URL(url)) !== undefined)
    log(operation, 'notice', '', 'copyurl connects without the proxy that the environment names');
}

function urlOptions({ flags }: CommandContext): UrlOptions {
  const ms = Number(flags.duration('timeout') / 1_000_000n);
  return {
    userAgent: flags.string('user-agent') || `tsclone/${version}`,
    timeoutMs: ms <= 0 ? 2 ** 31 - 1 : Math.min(ms, 2 ** 31 - 1),
  };
}

async function copyOne(c: CommandContext): Promise<void> {
  const [url, dest] = c.args as [string, string | undefined];
  if (c.flags.bool('stdout')) {
    for await (const chunk of (await openUrl(c.operation, url, urlOptions(c))).body) await c.out.write(chunk);
    return;
  }
  if (dest === undefined) throw new TscloneError('other', 'need 2 arguments if not using --stdout', { retry: 'no' });
  if (c.flags.bool('auto-filename')) {
    await copyInto(c, url, await directory(c, dest), undefined);
    return;
  }
  const to = await place(c, dest);
  await copyInto(c, url, to.backend, to.leaf);
}

/** `given` undefined = the name is found in the address or the answer. */
async function copyInto(c: CommandContext, url: string, backend: Backend, given: string | undefined): Promise<void> {
  const noClobber = c.flags.bool('no-clobber');
  if (noClobber && given !== undefined) await refuseExisting(c.operation, backend, given);
  const download = await openUrl(c.operation, url, urlOptions(c));
  try {
    const name = given ?? nameOf(c, download);
    if (c.flags.bool('print-filename')) await c.out.line(name);
    if (noClobber && given === undefined) await refuseExisting(c.operation, backend, name);
    await storeUrl(c.operation, download, backend, name);
  } catch (e) {
    await download.cancel();
    throw e;
  }
}

const nameOf = (c: CommandContext, download: Download): string =>
  c.flags.bool('header-filename') ? download.nameInHeader() : download.nameInUrl();

async function copyAll(c: CommandContext): Promise<void> {
  const [file, dest] = c.args as [string, string | undefined];
  const refuse = (message: string): TscloneError => new TscloneError('other', message, { retry: 'no' });
  if (c.flags.bool('stdout')) throw refuse("can't use --stdout with --urls");
  if (c.flags.bool('print-filename')) throw refuse("can't use --print-filename with --urls");
  if (dest === undefined) throw refuse('need 2 arguments with --urls');
  const rows = await readRows(file);
  const backend = await directory(c, dest);
  let failure: Error | undefined;
  await forEachLimit(rows, c.operation.settings.transfers, async ([url, name]) => {
    try {
      await copyInto(c, url, backend, name);
    } catch (e) {
      if (c.operation.signal?.aborted || e instanceof StartError) throw e;
      log(c.operation, 'error', name ?? '', `failed to copy URL "${withoutSecrets(url)}": ${messageOf(e)}`);
      failure = c.operation.accounting.settle(e);
    }
  });
  if (!failure) return;
  const message = `not all URLs copied successfully: ${messageOf(failure)}`;
  throw c.operation.accounting.conclude(new TscloneError('other', message, { cause: failure }));
}

async function readRows(file: string): Promise<[url: string, name: string | undefined][]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (e) {
    const missing = (e as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = missing ? `open ${file}: no such file or directory` : messageOf(e);
    throw new TscloneError('other', `failed to open .csv file: ${reason}`, { retry: 'no', cause: e });
  }
  return text
    .split(/\r?\n/)
    .map((line, i) => ({ line, number: i + 1 }))
    .filter(({ line }) => line !== '')
    .map(({ line, number }) => {
      const [url = '', name = ''] = fieldsOf(line, number);
      return [url.trim(), name === '' ? undefined : name];
    });
}

function fieldsOf(line: string, number: number): string[] {
  try {
    const fields = parseCsv(line, ',');
    if (/(^|,)[^",]+"/.test(line) && !line.startsWith('"')) throw new Error('bare " in non-quoted-field');
    return fields;
  } catch (e) {
    throw new TscloneError('other', `failed reading .csv file: parse error on line ${number}: ${messageOf(e)}`, {
      retry: 'no',
    });
  }
}
