import { defineOptions, option } from '../../options/define.ts';
import { optionalInt, sizeSuffix, string } from '../../options/values.ts';

/** Options of rclone's compress, in its order. */
export const options = defineOptions({
  remote: option(string(), {
    type: 'string',
    default: '',
    help: 'Remote or path that holds the compressed files: `myremote:bucket/dir`.',
    required: true,
  }),
  mode: option(string(), {
    type: 'string',
    default: 'gzip',
    help: 'How files are compressed: gzip everywhere, zstd where Node is 22.15 or later. Files of both kinds are read.',
  }),
  level: option(optionalInt(), {
    type: 'string',
    default: '',
    required: true,
    help: 'gzip: 1 fast to 9 small, -1 default, -2 Huffman codes alone, 0 none. zstd: 1 fast, 2 default, 3 better, 4 best. Empty = the default of the mode.',
  }),
  ram_cache_limit: option(sizeSuffix(), {
    type: 'SizeSuffix',
    default: '20Mi',
    help: 'Compressed data up to this size waits in memory, so that it goes out with its size and hash in one request.',
    advanced: true,
  }),
  description: option(string(), { type: 'string', default: '', help: 'A remark for people.', advanced: true }),
});

export type CompressOptions = NonNullable<typeof options.output>;
