import type { TransferCase, Tree } from './lab.ts';

/** --interactive, reports, and how local files are written. */
const t: Tree = { a: 'a', c: 'changed', new: 'n', 'sub/z': 'z' };
const out: Tree = { a: 'a', c: 'c', e1: 'e1', 'sub/e2': 'e2' };
const folders = { t, out };
const one = '--transfers 1 --checkers 1';
const single = { t: { x: 'x' }, out: {} };

const answers = (args: string, stdin: string, f: TransferCase['folders'] = single): TransferCase => ({
  args: `${args} -i ${one}`,
  folders: f,
  stdin,
});

export const asking: readonly TransferCase[] = [
  answers('copy t out', 'y\n'),
  answers('copy t out', '\n'),
  answers('copy t out', 'n\n'),
  answers('copy t out', 's\n'),
  answers('copy t out', '!\n'),
  answers('copy t out', 'q\n'),
  answers('copy t out', 'maybe\ny\n'),
  answers('copy t out', 'x\ny\n'),
  answers('copy t out', ''),
  answers('copyto t/x out/y', 'y\n'),
  answers('moveto t/x out/y', 'n\n'),
  answers('move t out', 'y\n'),
  // Of several files rclone asks in no certain order: there what is left counts.
  ...['!\n!\n', 's\n'].map((stdin): TransferCase => ({
    ...answers('sync t out', stdin, { t: {}, out: { x: 'x', y: 'y', z: 'z' } }),
    deviation: { why: 'rclone asks in no certain order', compare: ['code', 'tree'] },
  })),
  answers('sync t out', '!\n!\n', { t: {}, out: { x: 'x' } }),
  answers('sync t out', 's\n', { t: {}, out: { x: 'x' } }),
  answers('delete out', '!\n', { out: { x: 'x' } }),
  answers('deletefile out/x', 'n\n', { out: { x: 'x', y: 'y' } }),
  answers('mkdir out/new', 'n\n', { out: {} }),
  answers('touch out/x', 'n\n', { out: { x: 'x' } }),
  { args: 'copy t out', folders: single, env: { RCLONE_INTERACTIVE: 'true' }, stdin: 'n\n' },

  ...[
    '--combined -',
    '--combined report --differ d --missing-on-src report2 --missing-on-dst report3 --match m --error e',
    '--combined - --ignore-existing',
    '--combined - -n',
    '--combined - --delete-before',
    '--match - --differ -',
  ].map((f): TransferCase => ({ args: `sync t out ${f}`, folders })),
  {
    args: 'sync t out --combined - --track-renames',
    folders: { t: { new: 'n' }, out: { old: 'n' } },
    deviation: { why: 'rclone does not tell what only the source has', compare: ['code', 'tree', 'logs'] },
  },
  { args: 'sync t out --combined - --track-renames', folders: { t: { new: 'n' }, out: { old: 'other' } } },
  ...['-', '- --format psh', '- --absolute -F ps', '- --files-only=false', 'report -F pt -s |'].map(
    (f): TransferCase => ({ args: `sync t out --dest-after ${f}`, folders }),
  ),
  {
    args: 'sync t out --dest-after - --csv -F ps',
    folders,
    deviation: { why: 'rclone writes empty lines', compare: ['code', 'tree', 'logs'] },
  },
  { args: 'copy t out --dest-after -', folders },
  { args: 'copy t s3:{b} --dest-after - -F psh', folders: { t }, bucket: { '': out } },
  { args: 'move t out --dest-after - --exclude a', folders },
  { args: 'copy t/a out --dest-after -', folders },
  { args: 'copy t out --combined -', folders },
  { args: 'copy t out --missing-on-src - -q', folders },
  { args: 'copy t s3:{b} --combined -', folders: { t }, bucket: { '': out } },
  { args: 'copyto t/c out/c --combined -', folders },
  { args: 'copyto t/a out/a --combined -', folders },
  { args: 'copyto t/a out/b --combined -', folders },
  { args: 'copyto t/a out/c --combined -', folders },
  { args: 'moveto t/c out/c --match - --differ -', folders },
  { args: 'move t out --missing-on-dst - --missing-on-src - --differ -', folders },
  {
    args: 'move t out --combined -',
    folders,
    deviation: { why: 'rclone tells each file that it removes from the source as an error', compare: ['code', 'tree'] },
  },
  { args: 'copy t out --combined no/such/dir/report', folders, anyLog: 'the system says why' },

  { args: 'copy t out --inplace', folders },
  { args: 'sync t out --inplace', folders },
  { args: 'copy t out --partial-suffix .part', folders },
  { args: 'copy t out --partial-suffix 01234567890123456', folders },
  { args: 'copyto t/a out/a --inplace -I', folders },
];
