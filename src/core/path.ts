/** `a` and `b` with one slash between; an empty side disappears. */
export function joinPath(a: string, b: string): string {
  if (a === '') return b;
  if (b === '') return a;
  return a.endsWith('/') ? a + b : `${a}/${b}`;
}

/** Splits at the last slash: `['a/b', 'c']`; without one the parent is ''. */
export function splitLeaf(path: string): [parent: string, leaf: string] {
  const i = path.lastIndexOf('/');
  return i < 0 ? ['', path] : [path.slice(0, i), path.slice(i + 1)];
}

export function leafOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function parentOf(path: string): string {
  return splitLeaf(path)[0];
}

/** Without slashes at both ends. */
export function trimSlashes(path: string): string {
  let start = 0;
  let end = path.length;
  while (start < end && path[start] === '/') start++;
  while (end > start && path[end - 1] === '/') end--;
  return path.slice(start, end);
}

/** Every parent of a path, nearest last: `a/b/c` → `a`, `a/b`. */
export function* parentsOf(path: string): Generator<string, void, void> {
  for (let i = path.indexOf('/'); i >= 0; i = path.indexOf('/', i + 1)) yield path.slice(0, i);
}
