import { TscloneError } from './errors.ts';
import type { System } from './platform.ts';

/** A parsed reference to storage. */
export interface Remote {
  /** '' = local path; `:s3` for a backend on the fly. */
  readonly name: string;
  /** Connection string parameters in the order given. */
  readonly params: ReadonlyMap<string, string>;
  /** Everything after the colon, as it was given; the whole text for a local path. */
  readonly path: string;
  /** The text before the colon, without it: `name,k=v`. */
  readonly configString: string;
}

/** What gives an option of a remote its value, where it is not the config file. */
export interface ValueSource {
  readonly kind: 'connection' | 'flag' | 'variable';
  /** Of the parameter in the connection string, the flag (with its dashes) or the variable. */
  readonly name: string;
}

const namePattern = /^:?[\w\p{L}\p{N}.+@]+(?:[ -]+[\w\p{L}\p{N}.+@-]+)*$/u;
const none: ReadonlyMap<string, string> = new Map();

function bad(reference: string, reason: string): TscloneError {
  return new TscloneError('bad_path', reason, { path: reference, retry: 'no' });
}

/**
 * Parses `name:path`, `name,k=v:path`, `:type,k="v":path` or a local path as rclone does. On Windows one letter is a drive,
 * never a remote.
 * @throws bad_path with rclone's words.
 */
export function parseRemote(reference: string, system: System = 'linux'): Remote {
  if (reference === '') throw bad(reference, "can't use empty string as a path");
  const local: Remote = { name: '', params: none, path: reference, configString: '' };
  if (!reference.includes(':') || (system === 'windows' && /^[A-Za-z]:/.test(reference))) return local;

  const start = reference[0] === ':' ? 1 : 0;
  let i = start;
  for (; i < reference.length; i++) {
    const c = reference[i];
    if (c === ':' || c === ',') break;
    if (c === '/' || c === '\\') {
      if (start === 1) throw bad(reference, invalidName);
      return local;
    }
  }
  if (i >= reference.length) throw bad(reference, 'config name needs a trailing `:`');
  const name = reference.slice(0, i);
  if (i === start) throw bad(reference, "config name can't be empty");
  if (!namePattern.test(name)) throw bad(reference, invalidName);

  const params = new Map<string, string>();
  while (reference[i] === ',') i = readParam(reference, i + 1, params);
  return { name, params, path: reference.slice(i + 1), configString: reference.slice(0, i) };
}

const invalidName =
  'config name contains invalid characters - may only contain numbers, letters, `_`, `-`, `.`, `+`, `@` and space, while not start with `-` or space, and not end with space';

/** Reads one parameter that starts at `i`; answers the place of the `,` or `:` behind it. */
function readParam(text: string, start: number, params: Map<string, string>): number {
  let i = start;
  while (i < text.length && !/[=,:]/.test(text[i] as string)) {
    if (!/[A-Za-z0-9_.]/.test(text[i] as string)) {
      throw bad(text, 'config parameters may only contain `0-9`, `A-Z`, `a-z`, `_` and `.`');
    }
    i += 1;
  }
  if (i >= text.length) throw bad(text, 'config parameter must end with `,` or `:`');
  const key = text.slice(start, i);
  if (key === '') throw bad(text, "config parameters can't be empty");
  if (text[i] !== '=') {
    params.set(key, 'true');
    return i;
  }
  i += 1;
  const q = text[i];
  if (q !== '"' && q !== "'") {
    const from = i;
    while (i < text.length && text[i] !== ',' && text[i] !== ':') i += 1;
    if (i >= text.length) throw bad(text, 'unquoted config value must end with `,` or `:`');
    params.set(key, text.slice(from, i));
    return i;
  }
  let value = '';
  for (;;) {
    const end = text.indexOf(q, i + 1);
    if (end < 0) throw bad(text, 'unterminated quoted config value');
    value += text.slice(i + 1, end);
    i = end + 1;
    if (text[i] !== q) break;
    value += q;
  }
  if (i >= text.length) throw bad(text, 'unterminated quoted config value');
  if (text[i] !== ',' && text[i] !== ':') throw bad(text, 'expecting `:` or `,` or another quote after a quote');
  params.set(key, value);
  return i;
}

/** Undefined when the text is a valid name for a configured remote, else rclone's complaint. */
export function checkRemoteName(name: string): string | undefined {
  return name[0] !== ':' && namePattern.test(name) ? undefined : invalidName;
}

/** A name with everything that rclone does not allow taken out or replaced by `_`. */
export function makeRemoteName(name: string): string {
  const cleaned = name.replace(/[^\w\p{L}\p{N}.+@ -]/gu, '_');
  return cleaned.replace(/^[- ]+/, '_').replace(/ +$/, '_') || '_';
}

/** Splits the path of a reference into the part up to the last slash (with the remote) and the leaf. */
export function splitReference(reference: string): { parent: string; leaf: string } {
  const r = parseRemote(reference);
  const head = r.name === '' ? '' : `${r.configString}:`;
  const slash = r.path.lastIndexOf('/');
  return { parent: head + r.path.slice(0, slash + 1), leaf: r.path.slice(slash + 1) };
}

/** Parameters as a connection string: keys sorted, values in single quotes. */
export function formatParams(params: Iterable<readonly [string, string]>): string {
  return sorted(params)
    .map(([k, v]) => `${k}='${v.replaceAll("'", "''")}'`)
    .join(',');
}

/** The short form for people: leaves out `=true`, quotes only where needed. */
export function formatParamsForPeople(params: Iterable<readonly [string, string]>): string {
  return sorted(params)
    .map(([k, v]) => (v === 'true' ? k : /['",:=]/.test(v) ? `${k}='${v.replaceAll("'", "''")}'` : `${k}=${v}`))
    .join(',');
}

function sorted(params: Iterable<readonly [string, string]>): (readonly [string, string])[] {
  return [...params].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Joins a path below a reference; `..` in the added part cannot climb above it. */
export function joinReference(reference: string, added: string): string {
  const below = cleanPath(`/${added}`).slice(1);
  if (below === '') return reference;
  const r = tryParse(reference);
  const head = r.name === '' ? '' : `${r.configString}:`;
  const { path } = r;
  if (path === '') return head + (added.startsWith('/') ? '/' : '') + below;
  const joined = cleanPath(`${path}/${below}`);
  return head + (path.startsWith('//') ? `/${joined}` : joined);
}

/** What does not parse is joined as a plain path. */
function tryParse(reference: string): Remote {
  try {
    return parseRemote(reference);
  } catch {
    return { name: '', params: none, path: reference, configString: '' };
  }
}

/** `path.Clean` of Go: one slash, no `.`, `..` resolved as far as it goes; '' becomes `.`. */
export function cleanPath(path: string): string {
  const rooted = path.startsWith('/');
  const out: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && out.length > 0 && out.at(-1) !== '..') out.pop();
    else if (part !== '..' || !rooted) out.push(part);
  }
  const text = (rooted ? '/' : '') + out.join('/');
  return text === '' ? '.' : text;
}
