import { TscloneError } from '../core/errors.ts';
import { leafOf, trimSlashes } from '../core/path.ts';

/** The last part of an address, decoded. @throws other */
export function urlName(url: string): string {
  const name = leafOf(trimSlashes(decoded(new URL(url).pathname)));
  if (!isUsable(name)) throw new TscloneError('other', "CopyURL failed: file name wasn't found in url");
  return name;
}

/**
 * The file name of a Content-Disposition header, without any folders. A name such as `..` is none: what a server says must
 * not lead anywhere else.
 * @throws other
 */
export function dispositionName(header: string): string {
  const name = leafOf((parameter(header) ?? '').replaceAll('\\', '/'));
  if (!isUsable(name))
    throw new TscloneError('other', 'CopyURL failed: filename not found in the Content-Disposition header');
  return name;
}

const isUsable = (name: string): boolean => name !== '' && name !== '.' && name !== '..';

/** `filename*=` (RFC 8187) before `filename=`, quoted or as a token; undefined when the header is malformed. */
function parameter(header: string): string | undefined {
  const [, type, rest = ''] = /^\s*([^\s;]+)\s*((?:;.*)?)$/s.exec(header) ?? [];
  if (type === undefined) return undefined;
  const found = new Map<string, string>();
  const step = /;\s*([\w!#$&+.^`|~*'-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"\\/]+))\s*/sy;
  while (step.lastIndex < rest.length) {
    const m = step.exec(rest);
    if (!m) return undefined;
    found.set((m[1] as string).toLowerCase(), m[2]?.replace(/\\(.)/gs, '$1') ?? (m[3] as string));
  }
  const extended = /^utf-8'[^']*'(.*)$/is.exec(found.get('filename*') ?? '')?.[1];
  return extended === undefined ? found.get('filename') : decoded(extended);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
