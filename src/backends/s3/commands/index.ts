import type { CommandOptions } from '../../../core/backend.ts';
import { messageOf, TscloneError } from '../../../core/errors.ts';
import { parseDuration } from '../../../core/duration.ts';
import type { S3Connection } from '../client.ts';
import { publicLink, type ResponseHeaders } from '../link.ts';
import { objectPlace, placeOf, type Place } from '../names.ts';
import { abortPending, usualAge } from '../pending-uploads.ts';
import { s3Commands } from './help.ts';
import { cleanupHidden } from './hidden.ts';
import { listUploads } from './list-uploads.ts';
import { restore, restoreStatus } from './restore.ts';
import { setOptions } from './set.ts';
import { versioning } from './versioning.ts';

/** What a command is run on: a directory of a remote. */
export interface CommandTarget {
  readonly c: S3Connection;
  /** Path of the directory below the remote. */
  readonly root: string;
  readonly place: Place;
  /** The directory in log lines. */
  readonly subject: string;
}

export type CommandArgs = readonly string[];
export type CommandFlags = Readonly<Record<string, string>>;
type Command = (t: CommandTarget, args: CommandArgs, flags: CommandFlags, o: CommandOptions) => Promise<unknown>;

const commands: Readonly<Record<string, Command>> = {
  restore: (t, _args, flags, o) => restore(t, flags, o),
  'restore-status': (t, _args, flags, o) => restoreStatus(t, flags['all'] !== undefined, o),
  'list-multipart-uploads': (t, _args, _flags, o) => listUploads(t, o),
  cleanup: (t, _args, flags, o) => cleanup(t, flags['max-age'], o),
  'cleanup-hidden': (t, _args, _flags, o) => cleanupHidden(t, o),
  versioning: (t, args, _flags, o) => versioning(t, args, o),
  set: (t, _args, flags) => setOptions(t, flags),
  link: (t, args, flags, o) => link(t, args, flags, o),
};

/** Runs one of the commands that S3 has beside those of every backend. @throws unsupported for another name */
export async function runCommand(
  c: S3Connection,
  root: string,
  subject: string,
  name: string,
  args: CommandArgs,
  flags: CommandFlags,
  o: CommandOptions,
): Promise<unknown> {
  const run = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!run) throw new TscloneError('unsupported', `"${name}" command not found`, { remote: c.remote, retry: 'no' });
  try {
    checkFlags(name, flags);
    return await run({ c, root, place: placeOf(c, root, ''), subject }, args, flags, o);
  } catch (e) {
    throw commandFailed(name, e);
  }
}

/** `set` takes every option of the backend: it looks at them itself. */
function checkFlags(name: string, flags: CommandFlags): void {
  if (name === 'set') return;
  const known = s3Commands.find((command) => command.name === name)?.options ?? {};
  const odd = Object.keys(flags).find((flag) => !Object.hasOwn(known, flag));
  if (odd !== undefined) throw refused(`there is no option "${odd}"`);
}

/** A wrong argument of a command. */
export const refused = (why: string): TscloneError => new TscloneError('invalid_request', why, { retry: 'no' });

function commandFailed(name: string, e: unknown): unknown {
  if (!(e instanceof TscloneError) || e.code === 'aborted') return e;
  const { path, remote, status, retry, retryAfter } = e;
  const message = `command "${name}" failed: ${messageOf(e)}`;
  return new TscloneError(e.code, message, { path, remote, status, retry, retryAfter, cause: e });
}

async function cleanup({ c, place, subject }: CommandTarget, maxAge: string | undefined, o: CommandOptions) {
  await abortPending(c, place, subject, maxAge === undefined ? usualAge : duration(c, 'max-age', maxAge), o);
}

function duration(c: S3Connection, flag: string, text: string): bigint {
  try {
    return parseDuration(text, () => c.platform.now());
  } catch (e) {
    throw refused(`bad ${flag}: ${messageOf(e)}`);
  }
}

async function link(t: CommandTarget, args: CommandArgs, flags: CommandFlags, o: CommandOptions): Promise<string> {
  const [path, ...more] = args;
  if (path === undefined || more.length > 0) throw refused('needs the path of one object');
  const expire = flags['expire'];
  const ms = expire === undefined ? {} : { expireMs: Number(duration(t.c, 'expire', expire) / 1_000_000n) };
  return publicLink(t.c, objectPlace(t.c, t.root, path), path, t.subject, { ...o, ...ms }, responseHeaders(flags));
}

function responseHeaders(flags: CommandFlags): ResponseHeaders {
  const names = {
    'response-cache-control': 'ResponseCacheControl',
    'response-content-disposition': 'ResponseContentDisposition',
    'response-content-encoding': 'ResponseContentEncoding',
    'response-content-language': 'ResponseContentLanguage',
    'response-content-type': 'ResponseContentType',
  } as const;
  const out: Record<string, unknown> = {};
  for (const [flag, field] of Object.entries(names)) if (flags[flag] !== undefined) out[field] = flags[flag];
  const expires = flags['response-expires'];
  if (expires !== undefined) {
    const date = new Date(expires);
    if (Number.isNaN(date.getTime())) throw refused(`bad response-expires: ${JSON.stringify(expires)} is no date`);
    out['ResponseExpires'] = date;
  }
  return out;
}
