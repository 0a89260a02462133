/** Accepts code points; `key` is equal for tests that accept the same ones. */
export interface CharTest {
  readonly key: string;
  readonly accepts: (codePoint: number) => boolean;
}

/** A place between two characters. */
export type Assertion = 'textStart' | 'textEnd' | 'lineStart' | 'lineEnd' | 'wordBoundary' | 'noWordBoundary';

export type Node =
  | { readonly op: 'char'; readonly test: CharTest }
  | { readonly op: 'assert'; readonly kind: Assertion }
  | { readonly op: 'sequence'; readonly items: readonly Node[] }
  | { readonly op: 'choice'; readonly items: readonly Node[] }
  /** `max` Infinity = no limit. */
  | { readonly op: 'repeat'; readonly item: Node; readonly min: number; readonly max: number; readonly shown: string };

interface Flags {
  readonly fold: boolean;
  readonly multiLine: boolean;
  readonly dotAll: boolean;
}

/** RE2 refuses larger counts, also as the product of nested ones. */
const maxRepeat = 1000;
const maxDepth = 1000;

/**
 * Parses a regular expression in Go's dialect of RE2: no look-around, no back-references.
 * Throws an Error with Go's words (`error parsing regexp: …`).
 */
export function parseRegexp(text: string): Node {
  const flags: Flags = { fold: false, multiLine: false, dotAll: false };
  return new Parser(text).whole(flags);
}

function fail(reason: string, at: string): Error {
  return new Error(`error parsing regexp: ${reason}: \`${at}\``);
}

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(flags: Flags): Node {
    const node = this.#alternatives(flags);
    if (this.#at < this.#text.length) throw fail('unexpected )', this.#text);
    checkRepeats(node);
    return node;
  }

  get #rest(): string {
    return this.#text.slice(this.#at);
  }

  #take(): string {
    const ch = String.fromCodePoint(this.#text.codePointAt(this.#at) as number);
    this.#at += ch.length;
    return ch;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const m = pattern.exec(this.#text);
    if (m) this.#at += m[0].length;
    return m;
  }

  /** Up to the closing parenthesis or the end. Flags set in between hold for the rest of the group. */
  #alternatives(initial: Flags): Node {
    let flags = initial;
    const choices: Node[] = [];
    let items: Node[] = [];
    let lastOperator = '';
    if (++this.#depth > maxDepth) throw fail('expression nests too deeply', this.#text);
    while (this.#at < this.#text.length) {
      const ch = this.#text[this.#at] as string;
      if (ch === ')') break;
      if (ch === '|') {
        this.#at += 1;
        choices.push(sequence(items));
        items = [];
        lastOperator = '';
        continue;
      }
      const operator = this.#match(/[*+?]|\{(\d+)(,(\d*))?\}/y);
      if (operator) {
        const start = this.#at - operator[0].length;
        const [min, max] = this.#counts(operator);
        this.#match(/\?/y);
        const shown = this.#text.slice(start, this.#at);
        if (lastOperator !== '') throw fail('invalid nested repetition operator', lastOperator + shown);
        const item = items.pop();
        if (!item) throw fail('missing argument to repetition operator', shown);
        items.push({ op: 'repeat', item, min, max, shown });
        lastOperator = shown;
        continue;
      }
      lastOperator = '';
      const set = this.#flagGroup(flags);
      if (set) flags = set;
      else items.push(...this.#atom(flags));
    }
    this.#depth -= 1;
    choices.push(sequence(items));
    return choices.length === 1 ? (choices[0] as Node) : { op: 'choice', items: choices };
  }

  #counts(operator: RegExpExecArray): [number, number] {
    switch (operator[0]) {
      case '*':
        return [0, Number.POSITIVE_INFINITY];
      case '+':
        return [1, Number.POSITIVE_INFINITY];
      case '?':
        return [0, 1];
    }
    const min = Number(operator[1]);
    const max = operator[2] === undefined ? min : operator[3] === '' ? Number.POSITIVE_INFINITY : Number(operator[3]);
    const tooMany = min > maxRepeat || (max !== Number.POSITIVE_INFINITY && max > maxRepeat);
    if (tooMany || max < min) throw fail('invalid repeat count', operator[0]);
    return [min, max];
  }

  /** `(?i)`: flags for what follows. */
  #flagGroup(flags: Flags): Flags | undefined {
    const m = this.#match(/\(\?([imsU]*)(-[imsU]+)?\)/y);
    return m ? withFlags(flags, m) : undefined;
  }

  #atom(flags: Flags): Node[] {
    const ch = this.#text[this.#at] as string;
    switch (ch) {
      case '(':
        return [this.#group(flags)];
      case '[':
        return [this.#class(flags)];
      case '.':
        this.#at += 1;
        return [char(flags.dotAll ? anything : notNewline)];
      case '^':
        this.#at += 1;
        return [{ op: 'assert', kind: flags.multiLine ? 'lineStart' : 'textStart' }];
      case '$':
        this.#at += 1;
        return [{ op: 'assert', kind: flags.multiLine ? 'lineEnd' : 'textEnd' }];
      case '\\':
        return this.#escape(flags);
    }
    return [char(literal(this.#take(), flags.fold))];
  }

  #group(flags: Flags): Node {
    const start = this.#at;
    const m = this.#match(/\((?:\?(?:P?<(?<name>\w+)>|(?<flags>[imsU]*(?:-[imsU]+)?):))?/y) as RegExpExecArray;
    if (this.#text.startsWith('?', this.#at)) {
      const bad = /^\(\?(P?<[^>]*>?|[imsU-]*.)/u.exec(this.#text.slice(start))?.[0] ?? this.#text.slice(start);
      throw fail(/^\(\?P?</.test(bad) ? 'invalid named capture' : 'invalid or unsupported Perl syntax', bad);
    }
    const words = /^([imsU]*)(-[imsU]+)?$/.exec(m.groups?.['flags'] ?? '') as RegExpExecArray;
    const inner = this.#alternatives(withFlags(flags, words));
    if (this.#text[this.#at] !== ')') throw fail('missing closing )', this.#text);
    this.#at += 1;
    return inner;
  }

  #escape(flags: Flags): Node[] {
    const quoted = this.#match(/\\Q([\s\S]*?)(?:\\E|$)/y);
    if (quoted) return Array.from(quoted[1] as string, (ch) => char(literal(ch, flags.fold)));
    const assertion = this.#match(/\\[AzbB]/y);
    if (assertion) return [{ op: 'assert', kind: assertions[assertion[0]] as Assertion }];
    const group = this.#classEscape();
    if (group) return [char(charClass([group], false, flags.fold))];
    return [char(literal(this.#escapedChar(), flags.fold))];
  }

  /** `\d`, `\pL`, `\p{Greek}` and their opposites. */
  #classEscape(): ClassItem | undefined {
    const perl = this.#match(/\\([dDsSwW])/y);
    if (perl) {
      const letter = perl[1] as string;
      return { set: perlSets[letter.toLowerCase()] as string, negated: letter !== letter.toLowerCase() };
    }
    const property = this.#match(/\\([pP])(?:\{(\^?)([^}]*)\}|([^{]))/uy);
    if (!property) {
      if (/^\\[pP]/.test(this.#rest)) throw fail('invalid character class range', this.#rest);
      return undefined;
    }
    const [shown, kind, not, long, short] = property;
    const set = unicodeSet((long ?? short) as string);
    if (set === undefined) throw fail('invalid character class range', shown);
    return { set, negated: (kind === 'P') !== (not === '^') };
  }

  /** One character behind a backslash. */
  #escapedChar(): string {
    const start = this.#at;
    this.#at += 1;
    if (this.#at >= this.#text.length)
      throw new Error('error parsing regexp: trailing backslash at end of expression: ``');
    const octal = this.#match(/[1-7][0-7]{1,2}|0[0-7]{0,2}/y);
    if (octal) return String.fromCodePoint(Number.parseInt(octal[0], 8));
    const hex = this.#match(/x(?:\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{2}))/y);
    if (hex) {
      const code = Number.parseInt((hex[1] ?? hex[2]) as string, 16);
      if (code > 0x10ffff) throw fail('invalid escape sequence', `\\${hex[0].replace('}', '')}`);
      return String.fromCodePoint(code);
    }
    const ch = this.#take();
    if (Object.hasOwn(controls, ch)) return controls[ch] as string;
    if (ch.codePointAt(0)! < 0x80 && !/[0-9A-Za-z]/.test(ch)) return ch;
    if (ch === 'x') this.#match(/\{[0-9a-fA-F]*[^]?|[0-9a-fA-F]?[^]?/uy);
    throw fail('invalid escape sequence', this.#text.slice(start, this.#at));
  }

  #class(flags: Flags): Node {
    const start = this.#at;
    const unclosed = (): Error => fail('missing closing ]', this.#text.slice(start));
    const negated = this.#match(/\[\^?/y)?.[0] === '[^';
    const items: ClassItem[] = [];
    for (let first = true; first || this.#text[this.#at] !== ']'; first = false) {
      if (this.#at >= this.#text.length) throw unclosed();
      const posix = this.#match(/\[:(\^?)([^:\]]*):\]/y);
      if (posix) {
        const set = Object.hasOwn(posixSets, posix[2] as string) ? posixSets[posix[2] as string] : undefined;
        if (set === undefined) throw fail('invalid character class range', posix[0]);
        items.push({ set, negated: posix[1] === '^' });
        continue;
      }
      const group = this.#classEscape();
      if (group) {
        items.push(group);
        continue;
      }
      const from = this.#at;
      const low = this.#classChar(unclosed);
      let high = low;
      if (this.#match(/-(?!\])/y)) {
        if (this.#at >= this.#text.length) throw unclosed();
        high = this.#classChar(unclosed);
        if (codeOf(high) < codeOf(low)) throw fail('invalid character class range', this.#text.slice(from, this.#at));
      }
      items.push({ set: `${escaped(low)}-${escaped(high)}`, negated: false });
    }
    this.#at += 1;
    return char(charClass(items, negated, flags.fold));
  }

  #classChar(unclosed: () => Error): string {
    if (this.#at >= this.#text.length) throw unclosed();
    return this.#text[this.#at] === '\\' ? this.#escapedChar() : this.#take();
  }
}

function withFlags(flags: Flags, [, on = '', off = '']: RegExpExecArray): Flags {
  const next = (letter: string, now: boolean): boolean =>
    off.includes(letter) ? false : on.includes(letter) ? true : now;
  return { fold: next('i', flags.fold), multiLine: next('m', flags.multiLine), dotAll: next('s', flags.dotAll) };
}

const sequence = (items: readonly Node[]): Node =>
  items.length === 1 ? (items[0] as Node) : { op: 'sequence', items };

const char = (test: CharTest): Node => ({ op: 'char', test });

/** Nested counts multiply: what they make together is bounded, so that a short text cannot ask for a huge program. */
function checkRepeats(node: Node): number {
  switch (node.op) {
    case 'sequence':
    case 'choice':
      return Math.max(1, ...node.items.map(checkRepeats));
    case 'repeat': {
      const times = Math.max(1, node.max === Number.POSITIVE_INFINITY ? node.min : node.max) * checkRepeats(node.item);
      if (times > maxRepeat) throw fail('invalid repeat count', node.shown);
      return times;
    }
    default:
      return 1;
  }
}

const assertions: Readonly<Record<string, Assertion>> = {
  '\\A': 'textStart',
  '\\z': 'textEnd',
  '\\b': 'wordBoundary',
  '\\B': 'noWordBoundary',
};

const controls: Readonly<Record<string, string>> = { a: '\x07', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** Sets in the notation of JavaScript's classes. Go's \d, \s and \w know ASCII only. */
const perlSets: Readonly<Record<string, string>> = { d: '0-9', s: '\\t\\n\\f\\r ', w: '0-9A-Za-z_' };

const posixSets: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\0-\\x7f',
  blank: '\\t ',
  cntrl: '\\0-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`\\{-~',
  space: '\\t-\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

/** A general category or a script. */
function unicodeSet(name: string): string | undefined {
  if (name === 'Any') return '\\p{Any}';
  if (!/^[A-Za-z_]+$/.test(name)) return undefined;
  return [`\\p{gc=${name}}`, `\\p{Script=${name}}`].find(isClass);
}

function isClass(set: string): boolean {
  try {
    return !new RegExp(`[^${set}]`, 'u').test('');
  } catch {
    return false;
  }
}

interface ClassItem {
  readonly set: string;
  readonly negated: boolean;
}

const codeOf = (ch: string): number => ch.codePointAt(0) as number;
const escaped = (ch: string): string => `\\u{${codeOf(ch).toString(16)}}`;

const anything: CharTest = { key: '.', accepts: () => true };
const notNewline: CharTest = { key: '[^\\n]', accepts: (c) => c !== 10 };

function literal(ch: string, fold: boolean): CharTest {
  const code = codeOf(ch);
  if (!fold || ch.toLowerCase() === ch.toUpperCase()) return { key: escaped(ch), accepts: (c) => c === code };
  return charClass([{ set: escaped(ch), negated: false }], false, true);
}

/** Any of the items, or none of them. JavaScript's own classes decide on single characters: they cannot backtrack. */
function charClass(items: readonly ClassItem[], negated: boolean, fold: boolean): CharTest {
  const flags = fold ? 'iu' : 'u';
  const tests = items.map((item) => {
    const pattern = new RegExp(`^[${item.set}]$`, flags);
    return (ch: string): boolean => pattern.test(ch) !== item.negated;
  });
  return {
    key: `${fold ? 'i' : ''}${negated ? '^' : ''}${items.map((i) => `${i.negated ? '!' : ''}[${i.set}]`).join('')}`,
    accepts(code) {
      const ch = String.fromCodePoint(code);
      return tests.some((test) => test(ch)) !== negated;
    },
  };
}
