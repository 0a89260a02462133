import { defineOptions, option } from '../../options/define.ts';
import { int, sizeSuffix, string } from '../../options/values.ts';

/** Options of rclone's union, in its order. */
export const options = defineOptions({
  upstreams: option(string(), {
    type: 'string',
    default: '',
    help: 'Remotes to merge, with spaces between them: `remote:path /local/path`. One with spaces in it stands in double quotes. `:ro` at the end of one = never written, `:nc` = gets nothing new, `:writeback` = gets a copy of what is read from the others.',
    required: true,
  }),
  action_policy: option(string(), {
    type: 'string',
    default: 'epall',
    help: 'Which of the upstreams that hold a file are changed: replaced, moved, removed.',
  }),
  create_policy: option(string(), {
    type: 'string',
    default: 'epmfs',
    help: 'Which upstreams get new files and directories.',
  }),
  search_policy: option(string(), {
    type: 'string',
    default: 'ff',
    help: 'Which upstream a file is read from when several hold it.',
  }),
  cache_time: option(int(), {
    type: 'int',
    default: '120',
    help: 'Seconds for which free and used space of an upstream, once asked for, are taken as known.',
  }),
  min_free_space: option(sizeSuffix(), {
    type: 'SizeSuffix',
    default: '1Gi',
    help: 'Upstreams with no more free space than this get nothing under the policies lfs and eplfs.',
    advanced: true,
  }),
  description: option(string(), { type: 'string', default: '', help: 'A remark for people.', advanced: true }),
});

export type UnionOptions = NonNullable<typeof options.output>;
