import type { BackendDefinition } from '../../core/definition.ts';
import { TscloneError } from '../../core/errors.ts';
import { defineOptions, option } from '../../options/define.ts';
import { bool, commaSepList, encoding, oneOf, string } from '../../options/values.ts';
import { createLocalBackend } from './backend.ts';
import { systemPaths } from './system.ts';

const flag = (help: string, extra: object = {}) =>
  option(bool(), { type: 'bool', default: 'false', help, advanced: true, ...extra });

export const localOptions = defineOptions({
  nounc: flag('Windows only: no long UNC paths.'),
  copy_links: flag('Follow symbolic links and take what they point to.', { noPrefix: true, shortFlag: 'L' }),
  links: flag('Carry symbolic links as .rclonelink files.'),
  skip_links: flag('Say nothing about symbolic links that are skipped.', { noPrefix: true }),
  skip_specials: flag('Say nothing about devices, pipes and sockets that are skipped.', { noPrefix: true }),
  zero_size_links: flag('Take the size of symbolic links as 0.', { notBuilt: 'links are skipped or followed' }),
  unicode_normalization: flag('Compare names in NFC.', { notBuilt: 'names are compared as they are' }),
  no_check_updated: flag('Read on when a file changes while it is read.'),
  one_file_system: flag('Stay on one file system.', {
    noPrefix: true,
    shortFlag: 'x',
  }),
  case_sensitive: flag('Take the file system as case-sensitive.'),
  case_insensitive: flag('Take the file system as case-insensitive.', {
    notBuilt: 'names are compared with their case',
  }),
  no_clone: flag('Never clone files on copy; tsclone never does.'),
  no_preallocate: flag('Do not reserve space before a write; tsclone never does.'),
  no_sparse: flag('Never write sparse files; tsclone never does.'),
  no_set_modtime: flag('Leave the time of written files as it is.'),
  metadata_restore_special_bits: flag('With --metadata, restore setuid, setgid and sticky bits too.'),
  fatal_if_no_space: flag('End everything when the disk is full.', {
    notBuilt: 'a full disk is an error of each file',
  }),
  time_type: option(oneOf('mtime', 'atime', 'btime', 'ctime'), {
    type: 'mtime|atime|btime|ctime',
    default: 'mtime',
    help: 'Which of the file times is shown.',
    advanced: true,
  }),
  hashes: option(commaSepList(), {
    type: 'CommaSepList',
    default: '',
    help: 'Hashes to offer.',
    advanced: true,
    notBuilt: 'md5, sha1, sha256 and crc32 are offered',
  }),
  encoding: option(encoding(), {
    type: 'Encoding',
    default: 'Slash,Dot',
    help: 'Character classes replaced in names.',
    advanced: true,
  }),
  description: option(string(), { type: 'string', default: '', help: 'A remark for people.', advanced: true }),
});

export type LocalOptions = NonNullable<typeof localOptions.output>;

/** The file system of this machine. */
export const local: BackendDefinition<LocalOptions> = {
  type: 'local',
  summary: 'Files on this machine',
  options: localOptions,
  async open({ name, options, platform, emit }) {
    if (options.links && options.copy_links)
      throw new TscloneError('bad_config', "can't use -l/--links with -L/--copy-links", { remote: name, retry: 'no' });
    const paths = systemPaths(platform.system);
    // The default of the schema is Linux's.
    const encoding = options.encoding === systemPaths('linux').encoding ? paths.encoding : options.encoding;
    return createLocalBackend({ name, options: { ...options, encoding }, platform, emit }, paths.resolve('.', ''));
  },
};
