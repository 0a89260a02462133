import type { BackendCommand } from '../../../core/definition.ts';

/** What S3 remotes can do beside what every remote can. */
export const s3Commands: readonly BackendCommand[] = [
  {
    name: 'restore',
    summary: 'Ask for readable copies of archived objects',
    help: `For objects in GLACIER, DEEP_ARCHIVE and INTELLIGENT_TIERING below the directory; filters choose among them, and a dry run
shows which ones it would be. The service takes minutes to hours: restore-status tells when. Answers a list with Remote
and Status (OK, or why not) of each object.`,
    options: {
      priority: 'Standard, Expedited or Bulk: how fast, and how dear',
      lifetime: 'Days that the copy can be read; not for INTELLIGENT_TIERING',
      description: 'A remark that the service keeps with the job',
    },
    answersJson: true,
  },
  {
    name: 'restore-status',
    summary: 'Show how far the restoring of archived objects is',
    help: 'A list with Remote, VersionID, RestoreStatus and StorageClass of each object for which a copy was asked.',
    options: { all: 'Also the objects for which none was asked' },
    answersJson: true,
  },
  {
    name: 'list-multipart-uploads',
    summary: 'Show uploads that nobody finished',
    help: 'Their parts are stored and paid for, and no listing shows them. By bucket; below the remote itself, of all buckets.',
  },
  {
    name: 'cleanup',
    summary: 'Abort uploads that nobody finished',
    help: 'Those below the directory that are older than a day, or than max-age. The command `tsclone cleanup` does the same.',
    options: { 'max-age': 'Age of the youngest that goes: 2h, 7d, 3w. Default: 24h' },
  },
  {
    name: 'cleanup-hidden',
    summary: 'Remove old versions of objects',
    help: 'All versions below the directory that are not the current one, and the marks of removals.',
  },
  {
    name: 'versioning',
    summary: 'Show or set whether a bucket keeps old versions',
    usage: '[Enabled|Suspended]',
    help: 'Answers Enabled, Suspended, or Unversioned for a bucket that never kept any.',
    answersJson: true,
  },
  {
    name: 'set',
    summary: 'Change options of the opened remote',
    help: 'Every option of an S3 remote by its name in the config. Nothing is stored: for programs that keep a remote open.',
    options: { OPTION: 'its new value' },
  },
  {
    name: 'link',
    summary: 'Make an address under which anybody can read an object',
    usage: 'path',
    help: 'As the command `tsclone link`, and the answer can be given other headers than the stored ones.',
    options: {
      expire: 'How long it works: 1h, 2d; at most and by default a week',
      'response-cache-control': 'Cache-Control of the answer',
      'response-content-disposition': 'Content-Disposition of the answer',
      'response-content-encoding': 'Content-Encoding of the answer',
      'response-content-language': 'Content-Language of the answer',
      'response-content-type': 'Content-Type of the answer',
      'response-expires': 'Expires of the answer, as a date',
    },
  },
];
