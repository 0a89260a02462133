import type { TransferCase, Tree } from './lab.ts';

/** Symbolic links: skipped, followed, or carried as text. */
const t: Tree = {
  file: 'text',
  link: '->file',
  dir: '->real',
  lost: '->nowhere/at/all',
  'real/in': 'in',
  'real/up': '->../file',
};
const { lost: _lost, ...whole } = t;
const stored: Tree = { file: 'text', 'link.rclonelink': 'file', 'sub/up.rclonelink': '../file' };

export const links: readonly TransferCase[] = [
  { args: 'copy t out', folders: { t } },
  { args: 'copy t out --skip-links', folders: { t } },
  { args: 'copy t out -L', folders: { t: whole } },
  { args: 'copy t out -L', folders: { t }, anyLog: 'a link to nothing is told in other words' },
  {
    args: 'sync t out -L',
    folders: { t, out: { extra: 'x' } },
    deviation: { why: 'rclone tries again what no new try can mend', compare: ['stdout', 'tree'] },
  },
  { args: 'copy t out -l', folders: { t } },
  { args: 'copy t out --local-links', folders: { t } },
  { args: 'copy t out --links -M', folders: { t } },
  { args: 'copy t out -l -n', folders: { t } },
  { args: 'copy t out -l -L', folders: { t } },
  { args: 'copy t out -l', folders: { t, out: { link: '->elsewhere', 'real/up': '->../file' } } },
  { args: 'sync t out -l', folders: { t: { file: 'text' }, out: { file: 'text', gone: '->file' } } },
  { args: 'move t out -l', folders: { t, out: { x: 'x' } } },
  { args: 'copyto t/link.rclonelink out/other.rclonelink -l', folders: { t } },
  { args: 'copyto t/link.rclonelink out/plain -l', folders: { t } },
  { args: 'copyto t/link out/plain -l', folders: { t } },
  { args: 'copy t s3:{b} -l', folders: { t }, bucket: {} },
  { args: 'copy s3:{b} out -l', bucket: { '': stored } },
  { args: 'copy s3:{b} out', bucket: { '': stored } },
  { args: 'sync s3:{b} out -l', bucket: { '': stored }, folders: { out: { link: '->other', 'sub/up': '->../file' } } },
  {
    args: 'copy s3:{b} out -l',
    bucket: { '': { 'empty.rclonelink': '' } },
    folders: { out: {} },
    anyLog: 'other words',
  },
  { args: 'copy t out', folders: { t }, env: { RCLONE_LINKS: 'true' } },
  {
    args: 'sync t out -l',
    folders: { t: { link: '->file' }, out: { link: 'a file' } },
    deviation: { why: 'rclone deletes the link that it has just made', compare: ['code', 'stdout'] },
  },
  { args: 'lsf -R t -l --format psh', folders: { t } },
  { args: 'lsf -R t -x', folders: { t: whole } },
  { args: 'cat t/lost.rclonelink -l', folders: { t } },
  { args: 'deletefile t/lost.rclonelink -l', folders: { t } },
];
