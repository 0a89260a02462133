import type { TransferCase, Tree } from './lab.ts';

/** --metadata, --metadata-set and --metadata-mapper. */
const t: Tree = { 'a.txt': 'a@2021-03-04', 'sub/b': 'b@2021-03-05', 'hollow/': '' };
const folders = { t };

const attributes = {
  pattern: /extended attributes/,
  why: 'rclone keeps other keys in extended attributes, which Node cannot write',
};

export const metadata: readonly TransferCase[] = [
  { args: 'copy t out -M', folders },
  { args: 'copy t out -M -n', folders },
  { args: 'copy t out -M -n --create-empty-src-dirs', folders },
  { args: 'sync t out -M --create-empty-src-dirs --metadata-set mode=750', folders },
  { args: 'copy t out -M --metadata-set mode=100640 --metadata-set mtime=2001-02-03T04:05:06.789Z', folders },
  { args: 'copy t out --metadata-set mode=100640', folders },
  { args: 'copy t out -M --metadata-set novalue', folders },
  { args: 'copy t out -M --inplace --metadata-set mode=611', folders },
  { args: 'move t out -M --metadata-set mode=600', folders: { t, out: { x: 'x' } } },
  { args: 'copyto t/a.txt out/c -M --metadata-set mode=600', folders: { t, out: { c: 'other' } } },
  { args: 'copy t out -M --no-update-dir-modtime', folders },
  { args: 'copy t out -M --local-no-set-modtime', folders },
  { args: 'copy t secret:x -M --metadata-set mode=640', folders },
  {
    args: 'rcat out/x -M --metadata-set mode=600 --metadata-set mtime=2001-02-03T04:05:06Z',
    stdin: 'text',
    anyLog: '',
  },
  { args: 'touch out/x -M --metadata-set mode=600', folders: { out: {} } },
  { args: 'copy t s3:{b} -M', folders, bucket: {} },
  {
    args: 'copy t s3:{b} -M --metadata-set colour=blue --metadata-set content-type=x/y --metadata-set cache-control=no-cache --metadata-set mtime=2001-02-03T04:05:06Z --metadata-set tier=GLACIER',
    folders,
    bucket: {},
  },
  { args: 'rcat s3:{b}/x -M --metadata-set colour=blue', stdin: 'text', bucket: {}, anyLog: '' },
  { args: 'copy s3:{b}/t s3:{b}/u -M', bucket: { t } },
  { args: 'copy s3:{b}/t s3:{b}/u -M --metadata-set colour=blue --metadata-set content-language=de', bucket: { t } },
  { args: 'move s3:{b}/t s3:{b}/u -M --metadata-set colour=blue', bucket: { t } },
  { args: 'copy s3:{b}/t twin:{b}/u -M --metadata-set colour=blue', bucket: { t } },
  { args: 'copy s3:{b} out -M --metadata-set colour=blue', bucket: { '': t }, ignoreLines: attributes },
  {
    args: 'copy t s3:{b} -M --metadata-set colour=blue',
    folders: { t, tools: { map: 'sed s/blue/green/' } },
    env: { RCLONE_METADATA_MAPPER: 'sh tools/map' },
    bucket: {},
  },
  {
    args: 'copy s3:{b}/t s3:{b}/u -M',
    folders: { tools: { map: 'echo \'{"Metadata":{"colour":"red"}}\'' } },
    env: { RCLONE_METADATA_MAPPER: 'sh tools/map' },
    bucket: { t },
  },
  {
    args: 'copy t out -M --transfers 1',
    folders: { t: { x: 'x' }, out: {}, tools: { map: 'exit 3' } },
    env: { RCLONE_METADATA_MAPPER: 'sh tools/map' },
    anyLog: 'the arguments of the program are not shown',
  },
  { args: 'copy t out --metadata-mapper nosuchprogram', folders },
];
