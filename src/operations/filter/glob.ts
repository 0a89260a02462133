import { goQuote } from '../../core/quote.ts';
import { compileRegexp, type Regexp } from '../../core/regexp/regexp.ts';
import { messageOf } from '../../core/errors.ts';

export interface GlobOptions {
  readonly ignoreCase?: boolean;
  /**
   * `path` (the default): the glob fits at the end of a path, `*` stops at slashes and `**` does not, a leading slash
   * anchors at the root. `text`: a plain text as a whole, `part`: anywhere in it.
   */
  readonly of?: 'path' | 'text' | 'part';
}

/**
 * The regular expression (in Go's syntax) of a glob; `{{ }}` holds a regular expression itself. Throws an Error with
 * rclone's words.
 */
export function globToRegexp(glob: string, { ignoreCase = false, of = 'path' }: GlobOptions = {}): string {
  const mismatched = (what: string): Error => new Error(`mismatched ${what} in glob ${goQuote(glob)}`);
  const isPath = of === 'path';
  const rooted = isPath && glob.startsWith('/');
  let out = `${ignoreCase ? '(?i)' : ''}${of === 'part' ? '' : !isPath || rooted ? '^' : '(^|/)'}`;
  let braces = 0;
  let brackets = 0;
  let at = rooted ? 1 : 0;
  while (at < glob.length) {
    const ch = glob[at] as string;
    at += 1;
    if (brackets > 0) {
      if (ch === '[') brackets += 1;
      if (ch === ']') brackets -= 1;
      out += ch;
      continue;
    }
    if (ch === '\\') {
      const next = String.fromCodePoint(glob.codePointAt(at) ?? 0x24);
      out += at < glob.length ? `\\${next}` : '\\';
      at += next.length;
      continue;
    }
    switch (ch) {
      case '*': {
        const stars = /^\**/.exec(glob.slice(at))?.[0].length ?? 0;
        if (stars > (isPath ? 1 : 0)) throw new Error(`too many stars in ${goQuote(glob)}`);
        out += stars === 1 || !isPath ? '.*' : '[^/]*';
        at += stars;
        break;
      }
      case '?':
        out += isPath ? '[^/]' : '.';
        break;
      case '[':
        brackets = 1;
        // As rclone from 1.76 on: 1.75 took `!` for itself and let `[^a]` fit a slash.
        if (/[!^]/.test(glob[at] ?? '')) {
          at += 1;
          if (glob[at] === ']') throw new Error(`empty character class in glob ${goQuote(glob)}`);
          out += isPath ? '[^/' : '[^';
        } else out += '[';
        break;
      case ']':
        throw mismatched("']'");
      case '{': {
        if (glob[at] !== '{') {
          braces += 1;
          out += '(';
          break;
        }
        const close = glob.indexOf('}}', at + 1);
        if (close < 0) throw mismatched("'{{' and '}}'");
        let end = close;
        // Of a run of `}` the last two end it: `{{a{2}}}`.
        while (glob[end + 2] === '}') end += 1;
        out += `(${glob.slice(at + 1, end)})`;
        at = end + 2;
        break;
      }
      case '}':
        if (braces === 0) throw mismatched("'{' and '}'");
        braces -= 1;
        out += ')';
        break;
      case ',':
        out += braces > 0 ? '|' : ',';
        break;
      default:
        out += /[.+()|^$]/.test(ch) ? `\\${ch}` : ch;
    }
  }
  if (brackets > 0) throw mismatched("'[' and ']'");
  if (braces > 0) throw mismatched("'{' and '}'");
  return of === 'part' ? out : `${out}$`;
}

/** A glob, compiled. Throws an Error with rclone's words. */
export function compileGlob(glob: string, o: GlobOptions = {}): Regexp {
  const source = globToRegexp(glob, o);
  try {
    return compileRegexp(source);
  } catch (e) {
    throw new Error(`bad glob pattern ${goQuote(glob)} (regexp ${goQuote(source)}): ${messageOf(e)}`);
  }
}

/** Braces that hold a slash or `**`, regular expressions and nested braces: nothing is known of the directories. */
const opaque = /\{[^{}]*(?:\*\*|\/)[^{}]*\}|\{\{|\}\}|\{[^{}]*\{/;

/** Globs for the directories that hold what fits `glob`, the nearest first: `/a/b/*.txt` lies in `/a/b/` and `/a/`. */
export function directoryGlobs(glob: string): string[] {
  if (opaque.test(glob)) return ['/**'];
  const out: string[] = [];
  let rest = glob.replace(/\/{2,}/g, '/');
  for (;;) {
    const slash = rest.lastIndexOf('/');
    const stars = rest.lastIndexOf('**');
    if (slash < 0 && stars < 0) break;
    const cut = Math.max(slash, stars);
    const dir = `${rest.slice(0, cut)}${stars > slash ? '**/' : '/'}`;
    rest = rest.slice(0, cut);
    if (!out.includes(dir)) out.push(dir);
  }
  return out.length === 0 ? ['/**'] : out.filter((dir) => dir !== '/');
}
