import { defineOptions, option } from '../../options/define.ts';
import { bool, int, sizeSuffix, string } from '../../options/values.ts';

/** Options of rclone's chunker, in its order. */
export const options = defineOptions({
  remote: option(string(), {
    type: 'string',
    default: '',
    help: 'Remote or path that holds the chunks: `myremote:bucket/dir`.',
    required: true,
  }),
  chunk_size: option(sizeSuffix(), {
    type: 'SizeSuffix',
    default: '2Gi',
    help: 'Objects longer than this are stored in chunks of this length.',
  }),
  name_format: option(string(), {
    type: 'string',
    default: '*.rclone_chunk.###',
    help: 'Names of chunks: one asterisk at the start for the name of the object, then one run of # for the number, padded with zeros to as many digits.',
    advanced: true,
  }),
  start_from: option(int(), {
    type: 'int',
    default: '1',
    help: 'Number of the first chunk.',
    advanced: true,
  }),
  meta_format: option(string(), {
    type: 'string',
    default: 'simplejson',
    help: 'What stands under the name of a chunked object: a small JSON text with size, number of chunks and hash (simplejson), or nothing (none).',
    advanced: true,
    examples: ['none', 'simplejson'],
  }),
  hash_type: option(string(), {
    type: 'string',
    default: 'md5',
    help: 'Hash kept for chunked objects. With `all` every object is stored as a chunked one, so that each has it; with `quick` it is asked of the source instead of worked out, the other kind when the source has only that.',
    examples: ['none', 'md5', 'sha1', 'md5all', 'sha1all', 'md5quick', 'sha1quick'],
  }),
  fail_hard: option(bool(), {
    type: 'bool',
    default: 'false',
    help: 'A chunked object with missing or doubled chunks fails the whole listing instead of being left out with a notice.',
    advanced: true,
    examples: ['true', 'false'],
  }),
  transactions: option(string(), {
    type: 'string',
    default: 'rename',
    help: 'How chunks come to their names: renamed when all are there (rename), left under the names they were sent to, which the metadata then tells (norename), or what is cheaper on the wrapped remote (auto).',
    advanced: true,
    examples: ['rename', 'norename', 'auto'],
  }),
  description: option(string(), { type: 'string', default: '', help: 'A remark for people.', advanced: true }),
});

export type ChunkerOptions = NonNullable<typeof options.output>;
