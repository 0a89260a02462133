import type { TransferCase, Tree } from './lab.ts';

/** A million bytes each. */
const many = (n: number): Tree =>
  Object.fromEntries(Array.from({ length: n }, (_, i) => [`f${i + 1}`, `${i + 1}`.repeat(1_000_000)]));
const t = many(4);
const folders = { t, out: { extra: 'x', 'hollow/': '' } };
const partial = {
  pattern: /Removing partially written file/,
  why: 'rclone says that it removes what it did not finish',
};
const reason = { pattern: /no files transferred/, why: 'rclone does not say why it ends with 9' };
const one = '--transfers 1 --checkers 1';

const sizes: Tree = {
  a: '1@2022-01-01',
  b: '55555@2021-01-01',
  c: '4444@2024-01-01',
  d: '22@2023-01-01',
  e: '333@2020-01-01',
};
/** What fits below the limit shows the order. */
const ordered = (order: string, limit: number): TransferCase => ({
  args: `copy t out --order-by ${order} --check-first --transfers 1 --max-transfer ${limit}B --cutoff-mode cautious`,
  folders: { t: sizes, out: {} },
});

export const limits: readonly TransferCase[] = [
  ...['100M', '100M:90M', '100M:off', 'off', '00:00,100M'].map((rate): TransferCase => ({
    args: `copy t out --bwlimit ${rate}`,
    folders: { t: sizes },
  })),
  { args: 'copy t out --bwlimit-file 100M', folders: { t: sizes } },
  { args: 'copy t s3:{b} --bwlimit 100M --bwlimit-file 90M', folders: { t: sizes }, bucket: {} },
  { args: 'copy s3:{b} out --bwlimit off:100M', bucket: { '': sizes } },
  { args: 'copy t s3:{b} --tpslimit 100 --tpslimit-burst 5', folders: { t: sizes }, bucket: {} },
  { args: 'copy t out --tpslimit 0.5', folders: { t: sizes } },
  ...['hard', 'soft', 'CAUTIOUS'].flatMap((mode): TransferCase[] => [
    { args: `copy t out ${one} --max-transfer 2500000B --cutoff-mode ${mode}`, folders, ignoreLines: partial },
    { args: `copyto t/f1 out/x --max-transfer 1000B --cutoff-mode ${mode}`, folders, ignoreLines: partial },
  ]),
  { args: `sync t out ${one} --max-transfer 2500000B`, folders, ignoreLines: partial },
  { args: `sync t out ${one} --max-transfer 2500000B --cutoff-mode soft`, folders },
  { args: `sync t out ${one} --max-transfer 2500000B --cutoff-mode soft --ignore-errors`, folders },
  { args: `copy t out --max-transfer 10M`, folders },
  { args: `copy t out ${one} --max-transfer 2000000B`, folders, ignoreLines: partial },
  {
    args: `move t s3:{b} ${one} --max-transfer 2500000B --cutoff-mode cautious`,
    folders: { t },
    bucket: { '': {} },
    anyLog: 'rclone counts the one error three times',
  },
  {
    args: `copy s3:{b} out ${one} --max-transfer 2500000B --cutoff-mode soft`,
    folders: { out: {} },
    bucket: { '': t },
  },
  { args: `copy t out ${one} --max-transfer 0`, folders, anyLog: 'rclone counts the one error twice' },
  { args: 'copy t out --max-duration 1h', folders },
  { args: 'copyto t/f1 out/f1 --max-duration 1h', folders },
  ordered('name', 7),
  ordered('name,descending', 7),
  ordered('size', 7),
  ordered('size,desc', 7),
  ordered('size,mixed', 7),
  ordered('modtime', 7),
  ordered('modtime,descending', 7),
  { args: 'copy t out --order-by foo', folders: { t: sizes, out: {} } },
  { args: 'copy t out --order-by name,foo', folders: { t: sizes, out: {} } },
  { args: 'copy t out --order-by size,mixed,foo', folders: { t: sizes, out: {} } },
  { args: 'copy t out --order-by Size,MIXED,25', folders: { t: sizes, out: {} } },
  { args: 'sync t out --error-on-no-transfer', folders: { t: sizes, out: sizes }, ignoreLines: reason },
  { args: 'sync t out --error-on-no-transfer', folders: { t: sizes, out: {} } },
  { args: 'copyto t/a out/a --error-on-no-transfer', folders: { t: sizes, out: sizes }, ignoreLines: reason },
];
