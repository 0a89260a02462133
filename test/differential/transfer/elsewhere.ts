import type { TransferCase, Tree } from './lab.ts';

/** --compare-dest, --copy-dest, and copies made by the service. */
const t: Tree = { a: 'a', c: 'changed', new: 'n', 'sub/z': 'z' };
const out: Tree = { a: 'a', c: 'c', extra: 'x' };
const old: Tree = { new: 'n', c: 'changed', 'sub/z': 'other' };
const folders = { t, out, old };

export const elsewhere: readonly TransferCase[] = [
  ...[
    '--compare-dest old',
    '--compare-dest nowhere --compare-dest old',
    '--compare-dest out',
    '--compare-dest old -n',
    '--compare-dest old --backup-dir bak',
    '--compare-dest old -c',
    '--copy-dest old',
    '--compare-dest old --copy-dest old',
    '--compare-dest nosuch:',
  ].map((f): TransferCase => ({ args: `sync t out ${f}`, folders })),
  {
    args: 'sync t out --compare-dest t',
    folders,
    deviation: { why: 'rclone fails on the time of a directory that it did not make', compare: ['stdout', 'tree'] },
  },
  { args: 'copyto t/new out/new --compare-dest old', folders },
  { args: 'copyto t/new out/other --compare-dest old', folders },
  { args: 'move t out --compare-dest old', folders },
  ...[
    '--copy-dest s3:{b}/old',
    '--copy-dest s3:{b}/old -n',
    '--copy-dest s3:{b}/old --backup-dir s3:{b}/bak',
    '--copy-dest s3:{b}/nowhere --copy-dest s3:{b}/old',
    '--compare-dest s3:{b}/old',
    '--copy-dest old',
    '--copy-dest twin:{b}/old',
  ].map((f): TransferCase => ({ args: `sync t s3:{b}/d ${f}`, folders: { t, old }, bucket: { d: out, old } })),
  {
    args: 'sync t s3:{b}/d --copy-dest s3:{b}/old',
    folders: { t },
    bucket: { d: {}, old: { new: 'n@2020-01-01', c: 'changed@2022-01-01' } },
  },
  { args: 'copyto t/new s3:{b}/d/new --copy-dest s3:{b}/old', folders: { t }, bucket: { old } },
  { args: 'copy twin:{b}/d s3:{b}/e', bucket: { d: out } },
  { args: 'copy twin:{b}/d s3:{b}/e --server-side-across-configs', bucket: { d: out } },
  { args: 'move twin:{b}/d s3:{b}/e --server-side-across-configs', bucket: { d: out } },
  { args: 'copy s3:{b}/d s3:{b}/e', bucket: { d: out } },
  { args: 'move s3:{b}/d s3:{b}/e', bucket: { d: out, e: { c: 'other' } } },
];
