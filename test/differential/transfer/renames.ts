import type { TransferCase, Tree } from './lab.ts';

const t: Tree = {
  a: 'content a',
  c: 'changed',
  'new/moved': 'moved',
  renamed: 'was old',
  tail: 'tail',
  here: 'same bytes@2022-05-05',
};
const out: Tree = {
  a: 'content a',
  c: 'content c',
  'gone/moved': 'moved',
  old: 'was old',
  extra: 'x',
  there: 'same bytes@2021-05-05',
};
const folders = { t, out };

const cased = { t: { 'File.TXT': 'x', Changed: 'new' }, out: { 'file.txt': 'x', changed: 'old text' } };

const flags = [
  '',
  '--track-renames-strategy modtime',
  '--track-renames-strategy modtime,leaf',
  '--track-renames-strategy hash,leaf',
  '--track-renames-strategy hash,modtime',
  '--track-renames-strategy size',
  '--track-renames-strategy leaf',
  '--track-renames-strategy foo',
  '--track-renames-strategy modtime --modify-window 10000h',
  '--delete-before',
  '--delete-during',
  '--backup-dir bak',
  '--max-delete 0',
  '-n',
];

export const renames: readonly TransferCase[] = [
  ...flags.map((f): TransferCase => ({ args: `sync t out --track-renames ${f}`.trim(), folders })),
  ...['', '--track-renames-strategy modtime', '-n'].map((f): TransferCase => ({
    args: `sync t s3:{b} --track-renames ${f}`.trim(),
    folders: { t },
    bucket: { '': out },
  })),
  { args: 'sync s3:{b} out --track-renames', folders: { out }, bucket: { '': t } },
  { args: 'copy t out --track-renames', folders },
  { args: 'move t out --track-renames', folders },
  { args: 'sync t secret: --track-renames', folders: { t, vault: {} } },
  { args: 'sync t out --track-renames', folders: { t: { b: 'x' }, out: {} } },

  ...['sync', 'copy', 'move', 'sync -n'].map((c): TransferCase => {
    const [command = '', ...more] = c.split(' ');
    return { args: [command, 't out --fix-case --ignore-case-sync', ...more].join(' '), folders: cased };
  }),
  { args: 'sync t out --fix-case', folders: cased },
  { args: 'sync t out --fix-case --ignore-case-sync --immutable', folders: cased },
  { args: 'sync t s3:{b} --fix-case --ignore-case-sync', folders: { t: cased.t }, bucket: { '': cased.out } },
  {
    args: 'sync t out --fix-case --ignore-case-sync',
    folders: { t: { 'Dir/In': 'x' }, out: { 'dir/in': 'x' } },
    deviation: {
      why: 'rclone renames the directory and copies its files beside the old ones',
      compare: ['code', 'stdout'],
    },
  },
];
