import type { TransferCase, Tree } from './lab.ts';

const t: Tree = { a: 'a', c: 'changed', new: 'n', 'sub/z': 'z', 'sub/x.tar.gz': 'new1' };
const out: Tree = {
  a: 'a',
  c: 'c',
  e1: 'e1',
  'sub/e2': 'e2',
  'sub/x.tar.gz': 'old',
  'only/deep/e3': 'e3',
  'hollow/': '',
};
const folders = { t, out };

const modes = [
  '',
  '--delete-before',
  '--delete-during',
  '--delete-after',
  '--delete-before --delete-after',
  '--max-delete 0',
  '--max-delete 3',
  '--max-delete 0 -n',
  '--max-delete-size 0',
  '--max-delete-size 6B',
  '--max-delete-size 1B -n',
  '--delete-before -n',
  '--delete-during -n',
  '--no-check-dest',
  '--no-traverse',
  '--ignore-errors',
  '--create-empty-src-dirs',
  '--no-update-dir-modtime',
];

const kept = {
  pattern: /only.*Removing directory/,
  why: 'rclone says that it removes a directory, and fails without a word because something was put aside in it',
};

const aside = [
  '--backup-dir bak',
  '--backup-dir bak --suffix .old',
  '--backup-dir bak --suffix -1 --suffix-keep-extension',
  '--suffix .old',
  '--suffix -1 --suffix-keep-extension',
  '--backup-dir bak -n',
  '--backup-dir bak --delete-before',
  '--backup-dir bak --delete-during',
  '--backup-dir bak --max-delete 3',
  '--backup-dir out',
  '--backup-dir out/bak',
  '--backup-dir t',
  '--backup-dir t/bak',
  '--backup-dir s3:nowhere',
  '--backup-dir nosuch:',
  '--suffix-keep-extension',
];

export const deletion: readonly TransferCase[] = [
  ...modes.map((f): TransferCase => ({ args: `sync t out ${f}`.trim(), folders })),
  ...aside.map((f): TransferCase => ({
    args: `sync t out ${f}`,
    folders,
    ...(f.startsWith('--suffix') ? { ignoreLines: kept } : {}),
  })),
  ...['', '--delete-before', '--delete-during', '--max-delete 0', '--max-delete-size 6B', '--max-delete 3'].map(
    (f): TransferCase => ({ args: `sync t s3:{b} ${f}`.trim(), folders: { t }, bucket: { '': out } }),
  ),
  ...['', ' --suffix .old', ' -n'].map((f): TransferCase => ({
    args: `sync t s3:{b}/d --backup-dir s3:{b}/bak${f}`,
    folders: { t },
    bucket: { d: out, bak: { c: 'older' } },
  })),
  { args: 'sync t out --backup-dir bak', folders: { ...folders, bak: { c: 'was here', e1: 'too' } } },
  {
    args: 'sync t out --suffix .old',
    folders: { t, out: { ...out, 'c.old': 'older', 'gone.old': 'x' } },
    ignoreLines: kept,
  },
  { args: 'copy t out --backup-dir bak', folders },
  { args: 'copy t out --suffix .old', folders },
  { args: 'copy t out --backup-dir out/bak', folders },
  { args: 'move t out --backup-dir bak', folders },
  { args: 'copyto t/c out/c --backup-dir bak', folders },
  { args: 'copyto t/c out/c --suffix .old', folders },
  { args: 'copyto t/c out/c --suffix -1 --suffix-keep-extension', folders },
  { args: 'copyto t/sub/x.tar.gz out/sub/x.tar.gz --suffix -1 --suffix-keep-extension', folders },
  { args: 'copyto t/c out/c --backup-dir out', folders },
  { args: 'moveto t/c out/c --backup-dir bak', folders },
  { args: 'delete out --max-delete 2', folders: { out: { a: '1', b: '2' } } },
  {
    args: 'delete out --max-delete 1',
    folders: { out: { a: '1', b: '1' } },
    anyLog: 'which one goes is open',
    deviation: { why: 'which one goes is open', compare: ['code', 'stdout'] },
  },
  { args: 'delete out --backup-dir bak', folders: { out: { a: '1', b: '2' } } },
  {
    args: 'sync t out',
    folders: { t: { 'x/1': 'in a directory', y: 'file' }, out: { x: 'a file', 'y/2': 'in a directory', z: 'extra' } },
    anyLog: 'rclone says how its own steps failed',
    deviation: { why: 'the messages come from other steps', compare: ['code', 'stdout', 'tree'] },
  },
  {
    args: 'sync t out --ignore-errors',
    folders: { t: { 'x/1': 'in a directory', y: 'file' }, out: { x: 'a file', 'y/2': 'in a directory', z: 'extra' } },
    anyLog: 'rclone says how its own steps failed',
    deviation: { why: 'the messages come from other steps', compare: ['code', 'stdout', 'tree'] },
  },
  { args: 'sync t t', folders },
  { args: 'copy t t', folders },
  { args: 'move t t', folders },
  {
    args: 'move t/sub t',
    folders,
    deviation: { why: 'nothing is tried before it is refused', compare: ['code', 'stdout', 'tree'] },
  },
  { args: 'sync t/sub t', folders },
  { args: 'move t out', folders: { t } },
  { args: 'move t out --delete-empty-src-dirs --create-empty-src-dirs', folders: { t: { ...t, 'void/': '' }, out } },
  { args: 'copy t out --create-empty-src-dirs', folders: { t: { ...t, 'void/in/': '' }, out } },
  { args: 'copy t out --create-empty-src-dirs -n', folders: { t: { 'void/in/': '' }, out: {} } },
  { args: 'copy t s3:{b} --create-empty-src-dirs', folders: { t: { 'void/in/': '', 'f/x': 'x' } }, bucket: { '': {} } },
  { args: 'sync t out', folders: { t: { 'd/x': 'x', 'd/': '@2019-01-01' }, out: { 'd/x': 'x', 'd/': '@2018-01-01' } } },
  { args: 'sync t out', folders: { t: { 'd/': '@2019-01-01' }, out: { 'd/x': 'gone', 'd/': '@2019-01-01' } } },
];
