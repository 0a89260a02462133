import type { ByteSource } from './backend.ts';
import { linesOf } from './lines.ts';

/** Warnings that are shown; further ones are counted. */
const shownWarnings = 3;

/** Digests by the key of the path out of lines `HEX  PATH` or `HEX *PATH`; the first line of a key counts. */
export async function parseSums(
  source: ByteSource,
  warn: (warning: string) => void,
  keyOf: (path: string) => string = (path) => path,
): Promise<Map<string, string>> {
  const sums = new Map<string, string>();
  let warnings = 0;
  const complain = (what: string): void => {
    warnings += 1;
    if (warnings <= shownWarnings) warn(what);
  };
  let number = -1;
  for await (const line of linesOf(source)) {
    number += 1;
    if (line === '') continue;
    const [, sum, path] = /^([^ ]+) [ *](.+)$/.exec(line) ?? [];
    if (sum === undefined || path === undefined) complain(`improperly formatted checksum line ${number}`);
    else if (sums.has(keyOf(path))) complain(`duplicate file on checksum line ${number}`);
    else sums.set(keyOf(path), sum.toLowerCase());
  }
  if (warnings > shownWarnings) warn(`${warnings - shownWarnings} warning(s) suppressed...`);
  return sums;
}
