import { compareUtf8 } from '../core/bytes.ts';
import { leafOf } from '../core/path.ts';
import { roundHalfEven } from '../core/size.ts';
import { civil, formatLayout } from '../core/time.ts';
import type { TreeNode } from '../operations/tree.ts';

export interface TreeStyle {
  /** Names that start with a dot too. */
  readonly all: boolean;
  readonly dirsOnly: boolean;
  readonly fullPath: boolean;
  readonly indent: boolean;
  readonly quote: boolean;
  readonly sizes: boolean;
  readonly humanReadable: boolean;
  readonly times: boolean;
  readonly modes: boolean;
  readonly order: TreeOrder;
  readonly reverse: boolean;
  /** ns; times of another year show the year. */
  readonly now: bigint;
}

export type TreeOrder = 'none' | 'name' | 'version' | 'size' | 'time' | 'dirsFirst';

/** The lines of a tree, drawn as the program `tree` does. */
export function* treeLines(root: TreeNode, style: TreeStyle): Generator<string, void, void> {
  yield facts(root, style) + named('/', style);
  yield* below(root, style, '');
}

/** Directories and objects that are shown. */
export function countTree(root: TreeNode, style: TreeStyle): { dirs: number; files: number } {
  const count = { dirs: 0, files: 0 };
  for (const node of visible(root, style)) {
    if (!isDir(node)) count.files += 1;
    else {
      const inner = countTree(node, style);
      count.dirs += 1 + inner.dirs;
      count.files += inner.files;
    }
  }
  return count;
}

function* below(node: TreeNode, style: TreeStyle, indent: string): Generator<string, void, void> {
  const nodes = sorted(visible(node, style), style);
  for (const [i, child] of nodes.entries()) {
    const last = i === nodes.length - 1;
    const branch = style.indent ? `${indent}${last ? '└── ' : '├── '}` : '';
    const name = style.fullPath ? `/${child.path}` : leafOf(child.path);
    yield branch + facts(child, style) + named(name, style);
    yield* below(child, style, `${indent}${last ? '    ' : '│   '}`);
  }
}

const isDir = (node: TreeNode): boolean => node.entry?.kind !== 'object';
const named = (name: string, { quote }: TreeStyle): string => (quote ? `"${name}"` : name);

function visible(node: TreeNode, { all, dirsOnly }: TreeStyle): TreeNode[] {
  return (node.children ?? []).filter(
    (child) => (all || !leafOf(child.path).startsWith('.')) && (!dirsOnly || isDir(child)),
  );
}

/** What stands in brackets in front of the name: mode, size and time of objects, the sum of a directory. */
function facts(node: TreeNode, style: TreeStyle): string {
  const shown: string[] = [];
  const width = style.humanReadable ? 4 : 11;
  if (isDir(node)) {
    if (!style.sizes) return '';
    const sum = sizeOf(node, style);
    shown.push(sum === undefined ? '?'.repeat(width) : sizeText(sum, style).padStart(width));
  } else {
    if (style.modes) shown.push('-rw-rw-rw-');
    if (style.sizes) shown.push(sizeText(sizeOf(node, style) ?? 0, style).padStart(width));
    if (style.times) shown.push(timeText(timeOf(node, style), style.now));
  }
  return shown.length === 0 ? '' : `[${shown.join(' ')}]  `;
}

/** Bytes of an object or of all that is shown below a directory; undefined = it was not read. */
function sizeOf(node: TreeNode, style: TreeStyle): number | undefined {
  if (!isDir(node)) return node.entry?.size ?? 0;
  if (!node.children) return undefined;
  return visible(node, style).reduce((sum, child) => sum + (sizeOf(child, style) ?? 0), 0);
}

function sizeText(bytes: number, { humanReadable }: TreeStyle): string {
  if (!humanReadable) return String(bytes);
  const power = ['K', 'M', 'G', 'T', 'P', 'E'].findLastIndex((_, i) => bytes > 1024 ** (i + 1));
  if (power < 0) return String(bytes);
  const n = bytes / 1024 ** (power + 1);
  return `${roundHalfEven(n, n >= 10 ? 0 : 1)}${'KMGTPE'[power]}`;
}

/** Directories that show only in names are as old as the listing. */
const timeOf = ({ entry }: TreeNode, { now }: TreeStyle): bigint =>
  entry?.modTime ?? (entry?.kind === 'dir' ? now : 0n);

function timeText(time: bigint, now: bigint): string {
  const thisYear = civil(time, 'local').year === civil(now, 'local').year;
  return formatLayout(time, thisYear ? 'Jan 02 15:04' : 'Jan 02  2006', 'local');
}

function sorted(nodes: TreeNode[], style: TreeStyle): TreeNode[] {
  if (style.order === 'none') return nodes;
  const compare = orders[style.order];
  return nodes.toSorted(style.reverse ? (a, b) => compare(b, a, style) : (a, b) => compare(a, b, style));
}

type Comparison = (a: TreeNode, b: TreeNode, style: TreeStyle) => number;

/** Directories that show only in names come before empty objects. */
const sizeForOrder = ({ entry }: TreeNode): number => entry?.size ?? (entry?.kind === 'dir' ? -1 : 0);

const orders: Readonly<Record<Exclude<TreeOrder, 'none'>, Comparison>> = {
  name: (a, b) => compareUtf8(a.path, b.path),
  version: (a, b) => compareNatural(leafOf(a.path), leafOf(b.path)),
  size: (a, b) => sizeForOrder(a) - sizeForOrder(b),
  time: (a, b, style) => Number(timeOf(a, style) - timeOf(b, style)),
  dirsFirst: (a, b) => Number(isDir(b)) - Number(isDir(a)),
};

/** Runs of digits count as numbers: f9 before f10. */
function compareNatural(a: string, b: string): number {
  const [x, y] = [piecesOf(a), piecesOf(b)];
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const [p, q] = [x[i] as string, y[i] as string];
    if (p === q) continue;
    if (!/^\d/.test(p) || !/^\d/.test(q)) return compareUtf8(p, q);
    const difference = BigInt(p) - BigInt(q);
    return difference === 0n ? p.length - q.length : Number(difference);
  }
  return x.length - y.length;
}

const piecesOf = (text: string): string[] => text.match(/\d+|\D+/g) ?? [];
