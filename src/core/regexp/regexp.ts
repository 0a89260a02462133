import { parseRegexp, type Assertion, type CharTest, type Node } from './syntax.ts';

/** A compiled regular expression that only answers whether a text holds a match. */
export interface Regexp {
  /** As it was given. */
  readonly source: string;
  test(text: string): boolean;
}

/**
 * Compiles a regular expression in Go's dialect of RE2. Matching takes time in proportion to the text, whatever the
 * expression: expressions come from users and names from anybody, and a backtracking engine can be made to hang by them.
 * Throws an Error with Go's words.
 */
export function compileRegexp(source: string): Regexp {
  const matcher = new Matcher(compile(parseRegexp(source), source));
  return { source, test: (text) => matcher.test(text) };
}

type Instruction =
  | { op: 'char'; test: number; next: number }
  | { op: 'split'; next: number; other: number }
  | { op: 'assert'; kind: Assertion; next: number }
  | { op: 'match' };

interface Program {
  readonly code: readonly Instruction[];
  readonly start: number;
  readonly tests: readonly CharTest[];
}

/** Bounds what one expression may cost in memory and per character. */
const maxInstructions = 50_000;

/** Each node becomes instructions that lead on to `next`; built from the end to the start. */
function compile(root: Node, source: string): Program {
  const code: Instruction[] = [{ op: 'match' }];
  const tests: CharTest[] = [];
  const testIndex = new Map<string, number>();
  const add = (instruction: Instruction): number => {
    if (code.length >= maxInstructions) throw new Error(`error parsing regexp: expression too large: \`${source}\``);
    return code.push(instruction) - 1;
  };
  const indexOf = (test: CharTest): number => {
    let index = testIndex.get(test.key);
    if (index === undefined) testIndex.set(test.key, (index = tests.push(test) - 1));
    return index;
  };
  const emit = (node: Node, next: number): number => {
    switch (node.op) {
      case 'char':
        return add({ op: 'char', test: indexOf(node.test), next });
      case 'assert':
        return add({ op: 'assert', kind: node.kind, next });
      case 'sequence':
        return node.items.reduceRight((following, item) => emit(item, following), next);
      case 'choice':
        return node.items
          .map((item) => emit(item, next))
          .reduceRight((other, at) => add({ op: 'split', next: at, other }));
      case 'repeat':
        return emitRepeat(node, next);
    }
  };
  const emitRepeat = ({ item, min, max }: Extract<Node, { op: 'repeat' }>, next: number): number => {
    let at = next;
    if (max === Number.POSITIVE_INFINITY) {
      const loop: Instruction = { op: 'split', next, other: next };
      at = add(loop);
      loop.other = emit(item, at);
    } else for (let i = min; i < max; i++) at = add({ op: 'split', next: emit(item, at), other: next });
    for (let i = 0; i < min; i++) at = emit(item, at);
    return at;
  };
  const start = emit(root, 0);
  return { code, start, tests };
}

/** What stands at one side of a place between characters. */
const edge = 0;
const wordChar = 1;
const newline = 2;
const otherChar = 3;

interface State {
  /** Instructions to go on from, before assertions are decided. */
  readonly core: readonly number[];
  /** What the last character was. */
  readonly before: number;
  /** By character class; `matched` = a match ended here. */
  readonly next: (State | undefined)[];
  /** Is there a match when the text ends here? */
  final: boolean | undefined;
}

/** Characters that all tests treat alike. */
interface CharClass {
  readonly tests: readonly boolean[];
  readonly kind: number;
}

/** States are built when they are first reached and thrown away when there are too many. */
const maxStates = 2000;

class Matcher {
  readonly #program: Program;
  readonly #classes = new Map<string, number>();
  readonly #ascii = new Int32Array(128).fill(-1);
  readonly #others = new Map<number, number>();
  /** Per class: the tests that accept it, and what kind of character it is. */
  readonly #accepted: CharClass[] = [];
  #states = new Map<string, State>();
  readonly #matched: State = { core: [], before: edge, next: [], final: true };

  constructor(program: Program) {
    this.#program = program;
  }

  test(text: string): boolean {
    let state = this.#state([this.#program.start], edge);
    for (let i = 0; i < text.length; i++) {
      const code = text.codePointAt(i) as number;
      if (code > 0xffff) i += 1;
      const kind = this.#classOf(code);
      state = state.next[kind] ?? this.#step(state, kind);
      if (state === this.#matched) return true;
    }
    return (state.final ??= this.#closure(state, edge, () => {}));
  }

  #classOf(code: number): number {
    const known = code < 128 ? (this.#ascii[code] as number) : (this.#others.get(code) ?? -1);
    if (known >= 0) return known;
    const tests = this.#program.tests.map((t) => t.accepts(code));
    const kind = code === 10 ? newline : isWord(code) ? wordChar : otherChar;
    const key = `${kind}${tests.map(Number).join('')}`;
    let index = this.#classes.get(key);
    if (index === undefined) {
      index = this.#accepted.push({ tests, kind }) - 1;
      this.#classes.set(key, index);
    }
    if (code < 128) this.#ascii[code] = index;
    else this.#others.set(code, index);
    return index;
  }

  #state(core: number[], before: number): State {
    const key = `${before}:${core.join(',')}`;
    let state = this.#states.get(key);
    if (!state) {
      if (this.#states.size >= maxStates) this.#states = new Map();
      state = { core, before, next: [], final: undefined };
      this.#states.set(key, state);
    }
    return state;
  }

  #step(state: State, charClass: number): State {
    const { tests, kind } = this.#accepted[charClass] as CharClass;
    // A match may start at every character.
    const core = new Set([this.#program.start]);
    const matched = this.#closure(state, kind, (instruction) => {
      if (tests[instruction.test]) core.add(instruction.next);
    });
    const next = matched
      ? this.#matched
      : this.#state(
          [...core].sort((a, b) => a - b),
          kind,
        );
    state.next[charClass] = next;
    return next;
  }

  /** Visits the characters that may come next; true = a match ends before them. */
  #closure(
    { core, before }: State,
    after: number,
    visit: (instruction: Extract<Instruction, { op: 'char' }>) => void,
  ): boolean {
    const { code } = this.#program;
    const seen = new Set<number>();
    const pending = [...core];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      if (seen.has(at)) continue;
      seen.add(at);
      const instruction = code[at] as Instruction;
      switch (instruction.op) {
        case 'match':
          return true;
        case 'char':
          visit(instruction);
          break;
        case 'split':
          pending.push(instruction.next, instruction.other);
          break;
        case 'assert':
          if (holds(instruction.kind, before, after)) pending.push(instruction.next);
      }
    }
    return false;
  }
}

function holds(kind: Assertion, before: number, after: number): boolean {
  switch (kind) {
    case 'textStart':
      return before === edge;
    case 'textEnd':
      return after === edge;
    case 'lineStart':
      return before === edge || before === newline;
    case 'lineEnd':
      return after === edge || after === newline;
    case 'wordBoundary':
      return (before === wordChar) !== (after === wordChar);
    case 'noWordBoundary':
      return (before === wordChar) === (after === wordChar);
  }
}

const isWord = (code: number): boolean =>
  (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95;
