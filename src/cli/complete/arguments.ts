/** What may stand in one place of a command line. */
export type ArgumentKind =
  | 'path'
  | 'remote'
  | 'name'
  | 'type'
  | 'option'
  | 'option name'
  | 'hash'
  | 'mode'
  | 'file'
  | 'remote or type'
  | 'code'
  /** Nothing can be suggested. */
  | 'word';

interface Argument {
  readonly kind: ArgumentKind;
  readonly optional: boolean;
  /** The last of what may come again. */
  readonly repeated: boolean;
}

const kinds: Readonly<Record<string, ArgumentKind>> = {
  'source:path': 'path',
  'dest:path': 'path',
  'remote:path': 'path',
  'crypted:path': 'path',
  'remote:': 'remote',
  'crypted:': 'remote',
  'remote:|TYPE': 'remote or type',
  name: 'name',
  type: 'type',
  'key=value': 'option',
  key: 'option name',
  HASH: 'hash',
  mode: 'mode',
  code: 'code',
  sumfile: 'file',
  output_file: 'file',
};

/** Reads the usage text of a command: `[mode] remote:path`, `name [key=value]+`, `COMMAND remote:path [argument…]`. */
export function readUsage(usage: string): readonly Argument[] {
  return usage
    .split(' ')
    .filter((token) => token !== '')
    .map((token) => {
      const word = token.replace(/^\[+|\]+[*+]?$|…/g, '');
      const repeated = /…|\]+[*+]$/.test(token);
      // `remote:[bucket/path]`; `name…` is any word that may come again.
      const kind = /^\w+:\[/.test(token) ? 'path' : repeated && word === 'name' ? 'word' : kinds[word];
      return { kind: kind ?? 'word', optional: token.startsWith('['), repeated };
    });
}

/** What may stand at `index`; two kinds where the argument in front may be left out. */
export function kindsAt(usage: string, index: number): ArgumentKind[] {
  const known = readUsage(usage);
  // `[key value]+`: what comes again begins at the last bracket.
  const bracket = known.findLastIndex((a) => a.optional);
  const first = bracket < 0 ? known.length - 1 : bracket;
  const again = known.at(-1)?.repeated ? known[first + ((index - first) % (known.length - first))] : undefined;
  const here = known[index] ?? again;
  if (!here) return [];
  const next = known[index + 1];
  return here.optional && next && !next.optional ? [here.kind, next.kind] : [here.kind];
}
