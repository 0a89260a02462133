import { TscloneError } from '../../core/errors.ts';
import { parseDateTime } from '../../core/time.ts';
import { locatePlace } from '../../operations/locate.ts';
import { touchFile, touchTree } from '../../operations/touch.ts';
import { switchFlag, type CommandContext, type CommandDefinition } from '../command.ts';
import { opener, place, sourceUnfiltered } from '../references.ts';

export const touch: CommandDefinition = {
  name: 'touch',
  summary: 'Make an empty object or set a time',
  help: 'Sets the modification time of the object to now or to --timestamp; a missing object is made empty.',
  usage: 'remote:path',
  minArgs: 1,
  maxArgs: 1,
  examples: ['tsclone touch r2:my-backup-bucket/done', 'tsclone touch -t 2026-01-31T12:00:00 r2:my-backup-bucket/done'],
  flags: [
    {
      name: 'timestamp',
      short: 't',
      type: 'string',
      default: '',
      help: 'Time: 060102, 2006-01-02T15:04:05[.999999999], UTC',
    },
    switchFlag('no-create', 'Make nothing that is not there', 'C'),
    switchFlag('recursive', 'All objects below the directory; makes nothing', 'R'),
    switchFlag('localtime', 'Take --timestamp in the local zone'),
  ],
  groups: ['Important', 'Filter', 'Listing'],
  retries: true,
  async run(c) {
    const reference = c.args[0] as string;
    const recursive = c.flags.bool('recursive');
    const o = { modTime: timeOf(c), create: !c.flags.bool('no-create') };
    if (!reference.endsWith('/') && !recursive) return touchFile(c.operation, await place(c, reference), o);
    if (recursive) return touchTree(c.operation, await sourceUnfiltered(c, reference), o.modTime);
    const open = await opener(c);
    const backend = await open(reference);
    if (backend.features.isLocal)
      await touchFile(c.operation, await locatePlace(open, reference.replace(/\/+$/, '')), o);
  },
};

function timeOf(c: CommandContext): bigint {
  const text = c.flags.string('timestamp');
  if (text === '') return c.operation.platform.now();
  const short = /^(\d\d)(\d\d)(\d\d)$/.exec(text);
  const full = short ? `20${short[1]}-${short[2]}-${short[3]}` : text;
  const time = parseDateTime(full, c.flags.bool('localtime') ? 'local' : 'utc');
  if (time === undefined)
    throw new TscloneError(
      'invalid_request',
      `failed to parse timestamp argument ${JSON.stringify(text)}: use 060102 or 2006-01-02T15:04:05`,
      { retry: 'no' },
    );
  return time;
}
