import type { TransferCase, Tree } from './lab.ts';

/** What decides whether an object is transferred. Times: the source has 2021. */
const src: Tree = {
  same: 'same',
  newer: 'aaa',
  older: 'ccc',
  touched: 'eee',
  aged: 'fff',
  size: 'long',
  missing: 'ggg',
  'sub/deep': 'x',
};
const dst: Tree = {
  same: 'same',
  newer: 'bbb@2022-01-01',
  older: 'ddd@2020-01-01',
  touched: 'eee@2022-01-01',
  aged: 'fff@2020-01-01',
  size: 'longer',
  extra: 'only here',
  'sub/deep': 'x',
};
const folders = { t: src, out: dst };

const flags = [
  '',
  '-u',
  '-u -c',
  '-u --size-only',
  '-u -I',
  '-u --no-update-modtime',
  '-u --modify-window 9000h',
  '--ignore-existing',
  '--immutable',
  '--immutable --size-only',
  '--immutable -u',
  '--immutable -c',
  '--ignore-size',
  '--ignore-size -c',
  '--ignore-size --size-only',
  '--size-only',
  '-c',
  '-I',
  '--no-update-modtime',
  '--refresh-times',
  '--ignore-checksum',
  '--modify-window 9000h',
  '--no-check-dest',
  '--no-traverse',
  '--no-traverse -u',
  '--check-first',
  '--max-backlog 1',
  '--max-backlog -1 --check-first',
  '-n',
  '-n -u',
  '-n -c',
];

const local = flags.map((f): TransferCase => ({ args: `copy t out ${f}`.trim(), folders }));

const onServer = [
  '',
  '-u',
  '-u -c',
  '--ignore-existing',
  '--immutable',
  '--ignore-size',
  '--size-only',
  '-c',
  '-I',
  '--refresh-times',
  '--no-check-dest',
  '--no-traverse',
  '--ignore-checksum',
  '-n',
].map((f): TransferCase => ({ args: `copy t s3:{b} ${f}`.trim(), folders: { t: src }, bucket: { '': dst } }));

const fromServer = ['', '-u', '--size-only', '-c', '--no-traverse', '--use-server-modtime -u'].map(
  (f): TransferCase => ({ args: `copy s3:{b} out ${f}`.trim(), folders: { out: dst }, bucket: { '': src } }),
);

const files: TransferCase[] = [
  { args: 'copyto t/older out/older -u', folders },
  { args: 'copyto t/newer out/newer -u', folders },
  { args: 'copyto t/older out/older --immutable', folders },
  { args: 'copyto t/older out/older --ignore-existing', folders },
  { args: 'copyto t/older out/older --no-check-dest', folders },
  { args: 'copy t/size out --ignore-size', folders },
  { args: 'move t out', folders },
  { args: 'move t out -u', folders },
  { args: 'move t out --ignore-existing', folders },
  { args: 'move t out --immutable', folders },
  { args: 'move t out -n', folders },
  { args: 'moveto t/older out/older -u', folders },
  { args: 'moveto t/same out/same', folders },
  { args: 'move t s3:{b}', folders, bucket: { '': dst } },
];

/** No hash on one side. */
const secret: TransferCase[] = ['', '-c', '--refresh-times', '-u', '--no-update-modtime'].map((f) => ({
  args: `copy t secret: ${f}`.trim(),
  folders: { t: src, vault: {} },
  anyLog: 'the vault is empty: the first copy only shows what is said about hashes',
}));

const names: TransferCase[] = [
  { args: 'copy t out --ignore-case-sync', folders: { t: { A: 'a', b: 'b' }, out: { a: 'x', B: 'b' } } },
  { args: 'sync t out --ignore-case-sync', folders: { t: { A: 'a', b: 'b' }, out: { a: 'x', B: 'b', C: 'c' } } },
  { args: 'copy t out --ignore-case-sync', folders: { t: { A: 'a', a: 'b' }, out: {} } },
  { args: 'sync t out', folders: { t: { A: 'a' }, out: { a: 'a' } } },
  { args: 'copy t out', folders: { t: { 'e\u0301': 'nfd' }, out: { '\u00e9': 'nfc' } } },
  { args: 'sync t out --no-unicode-normalization', folders: { t: { 'e\u0301': 'nfd' }, out: { '\u00e9': 'nfc' } } },
  { args: 'copy t out', folders: { t: { 'e\u0301': 'one', '\u00e9': 'two' }, out: {} } },
];

const untimed = { t: { same: 'x@2020-01-01', other: 'abc@2020-01-01' }, out: { same: 'x', other: 'longer' } };
const withoutTimes: readonly TransferCase[] = [
  { args: 'copy t out --local-no-set-modtime', folders: untimed },
  {
    args: 'copy t out --local-no-set-modtime -u',
    folders: untimed,
    deviation: { why: 'rclone copies nothing that exists', compare: ['code', 'stdout'] },
  },
  { args: 'copy t s3:{b} --local-no-set-modtime', folders: { t: untimed.t }, bucket: { '': untimed.out } },
  { args: 'lsf t --local-no-set-modtime --format tp --time-format max', folders: untimed },
];

export const equality: readonly TransferCase[] = [
  ...withoutTimes,
  ...local,
  ...onServer,
  ...fromServer,
  ...files,
  ...secret,
  ...names,
];
