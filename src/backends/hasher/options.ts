import { defineOptions, option } from '../../options/define.ts';
import { commaSepList, duration, sizeSuffix, string } from '../../options/values.ts';

/** Options of rclone's hasher, in its order. */
export const options = defineOptions({
  remote: option(string(), {
    type: 'string',
    default: '',
    help: 'Remote or path whose checksums are kept: `myremote:path`.',
    required: true,
  }),
  hashes: option(commaSepList(), {
    type: 'CommaSepList',
    default: 'md5,sha1',
    help: 'Checksums to work out and keep.',
  }),
  max_age: option(duration(), {
    type: 'Duration',
    default: 'off',
    help: 'How long a checksum is believed (0 = none is kept, off = for ever).',
  }),
  auto_size: option(sizeSuffix(), {
    type: 'SizeSuffix',
    default: '0',
    help: 'Objects below this size are read when a checksum of theirs is asked for and not known.',
    advanced: true,
  }),
  description: option(string(), { type: 'string', default: '', help: 'A remark for people.', advanced: true }),
});

export type HasherOptions = NonNullable<typeof options.output>;
