import { goQuote } from '../../core/quote.ts';
import type { Regexp } from '../../core/regexp/regexp.ts';
import { compileGlob, directoryGlobs } from './glob.ts';

interface Rule {
  readonly include: boolean;
  readonly regexp: Regexp;
}

/** Rules in order; the first that fits decides. Equal ones are kept once. */
export class Rules {
  #rules: Rule[] = [];
  #known = new Set<string>();

  add(include: boolean, regexp: Regexp): void {
    const key = shown(include, regexp);
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.#rules.push({ include, regexp });
  }

  clear(): void {
    this.#rules = [];
    this.#known = new Set();
  }

  get size(): number {
    return this.#rules.length;
  }

  get first(): Rule | undefined {
    return this.#rules[0];
  }

  /** What fits no rule is included. */
  includes(text: string): boolean {
    return this.#rules.find((rule) => rule.regexp.test(text))?.include ?? true;
  }

  /** As `includes`, for a thing with several texts: a rule fits when it fits any of them. */
  includesAny(texts: readonly string[]): boolean {
    return this.#rules.find((rule) => texts.some((text) => rule.regexp.test(text)))?.include ?? true;
  }

  /** As `--dump filters` shows them. */
  lines(): string[] {
    return this.#rules.map((rule) => shown(rule.include, rule.regexp));
  }
}

const shown = (include: boolean, regexp: Regexp): string => `${include ? '+' : '-'} ${regexp.source}`;

/** Rules on paths: for objects, and for directories (matched with a slash at the end), which says what need not be read. */
export interface PathRules {
  readonly files: Rules;
  readonly dirs: Rules;
}

/** Adds one glob to the rules of objects, of directories or both. Throws an Error with rclone's words. */
export function addPathRule({ files, dirs }: PathRules, include: boolean, glob: string, ignoreCase: boolean): void {
  const forDirs = glob.endsWith('/');
  const whole = forDirs && !include ? `${glob}**` : glob;
  const hasStars = whole.includes('**');
  const regexp = compileGlob(whole, { ignoreCase });
  if (!forDirs || hasStars) {
    files.add(include, regexp);
    // What is wanted must be reachable; without any object a directory need not be read.
    if (include || whole === '*')
      for (const dir of directoryGlobs(whole)) dirs.add(include, compileGlob(dir, { ignoreCase }));
  }
  if (forDirs || hasStars) dirs.add(include, regexp);
}

/** The texts of `--filter`: `+ GLOB`, `- GLOB`, or `!` to start anew. Throws an Error with rclone's words. */
export function addFilterRule(text: string, add: (include: boolean, glob: string) => void, clear: () => void): void {
  if (text === '!') return clear();
  if (!/^[+-] /.test(text)) throw new Error(`malformed rule ${goQuote(text)}`);
  add(text[0] === '+', text.slice(2));
}

/** The lines of a rule file that count: trimmed, without comments. */
export function ruleLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(blankEnds, ''))
    .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith(';'));
}

/** Go does not count a byte order mark among the blanks. */
const blankEnds = /^(?:(?!\ufeff)[\s\u0085])+|(?:(?!\ufeff)[\s\u0085])+$/g;
