import { parseOptions } from '../../../options/derive.ts';
import { connect, type S3Connection } from '../client.ts';
import { s3 } from '../definition.ts';
import type { S3Options } from '../options.ts';
import { refused, type CommandFlags, type CommandTarget } from './index.ts';

/**
 * Other options for an opened remote: what is opened of it already goes on with them. Nothing is stored. Which store
 * it is and what it can do stay as they were.
 */
export async function setOptions({ c, subject }: CommandTarget, flags: CommandFlags): Promise<void> {
  const names = Object.keys(flags);
  const unknown = names.find((name) => !s3.options.meta.has(name));
  if (unknown !== undefined) throw refused(`s3 has no option "${unknown}"`);
  const parsed = parseOptions(s3, c.remote, (name) => flags[name]);
  const given = Object.fromEntries(names.map((name) => [name, parsed[name as keyof S3Options]]));
  const options = { ...c.options, ...given };
  const { remote: name, platform, emit, limits } = c;
  const next = await connect({ name, options, platform, emit, limits, openRemote: () => Promise.reject(refused('')) });
  takeOver(c, next);
  emit({ type: 'log', level: 'notice', subject, message: `Updated config values: ${names.join(', ')}` });
}

/** Every backend of the remote holds the same connection: it becomes the other one. */
function takeOver(c: S3Connection, next: S3Connection): void {
  Object.defineProperties(c, Object.getOwnPropertyDescriptors(next));
}
