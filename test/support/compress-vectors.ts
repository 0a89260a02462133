import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

type Generator = readonly [kind: string, ...args: (number | string)[]];

export interface Underlying {
  readonly path: string;
  readonly size: number;
  readonly base64?: string;
  readonly text?: string;
  readonly json?: unknown;
}
interface Listed {
  readonly Path: string;
  readonly Size: number;
  readonly MimeType: string;
  readonly IsDir: boolean;
  readonly Hashes?: { readonly md5: string };
}
export interface Tree {
  readonly name: string;
  readonly config: string;
  /** null = rclone never ended. */
  readonly copyExit: number | null;
  readonly copyErrors?: readonly string[];
  readonly underlying?: readonly Underlying[];
  readonly lsjsonHash?: readonly Listed[];
}

/** What rclone wrote through compress; `test/vectors/compress.json.gz`. */
export const vectors = JSON.parse(
  gunzipSync(readFileSync(new URL('../vectors/compress.json.gz', import.meta.url))).toString(),
) as {
  readonly words: readonly string[];
  readonly sources: readonly {
    readonly name: string;
    readonly gen: Generator;
    readonly size: number;
    readonly md5: string;
  }[];
  readonly sizeTokens: readonly { readonly size: string; readonly token: string }[];
  readonly trees: readonly Tree[];
  readonly layered: readonly {
    readonly name: string;
    readonly underlying: readonly Underlying[];
    readonly lsjson: readonly Listed[];
  }[];
  readonly cryptPassword: string;
  readonly cryptPassword2: string;
  readonly operations: readonly {
    readonly step: string;
    readonly args: readonly string[];
    readonly stdout: string;
    readonly underlyingAfter: readonly string[];
    readonly errors: readonly string[];
  }[];
};

/** The bytes of a source file. */
export function sourceBytes(name: string): Buffer {
  const source = vectors.sources.find((s) => s.name === name);
  if (!source) throw new Error(`no source is called ${name}`);
  const [kind, a, b] = source.gen;
  switch (kind) {
    case 'lines':
      return cut(
        Math.ceil(source.size / 30),
        (i) => `line ${String(i).padStart(8, '0')} of the test file\n`,
        a as number,
      );
    case 'text':
      return textBytes(a as number, b as number);
    case 'xorshift':
      return Buffer.from(Array.from({ length: b as number }, xorshift(a as number)).map((x) => x & 255));
    case 'zeros':
      return Buffer.alloc(a as number);
    case 'hex':
      return Buffer.from(a as string, 'hex');
    default:
      throw new Error(`unknown generator ${String(kind)}`);
  }
}

/** Words of the list, picked at random. */
export function textBytes(seed: number, length: number): Buffer {
  const next = xorshift(seed);
  const word = (i: number): string => `${vectors.words[next() & 15]}${(i + 1) % 10 === 0 ? '\n' : ' '}`;
  return cut(Math.ceil(length / 4), word, length);
}

function cut(pieces: number, piece: (i: number) => string, length: number): Buffer {
  return Buffer.from(
    Array.from({ length: pieces }, (_, i) => piece(i))
      .join('')
      .slice(0, length),
  );
}

function xorshift(seed: number): () => number {
  let x = seed >>> 0;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}
