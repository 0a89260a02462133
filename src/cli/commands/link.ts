import { durationOff } from '../../core/duration.ts';
import { publicLink } from '../../operations/link.ts';
import { switchFlag, type CommandDefinition } from '../command.ts';
import { sourceUnfiltered } from '../references.ts';

export const link: CommandDefinition = {
  name: 'link',
  summary: 'Make an address under which anybody can read an object',
  help: `Prints it. On S3 it is signed with the keys of the remote and ends after --expire, at the latest and by default after a week;
it shows the object as it is stored, also below crypt and compress. Whoever has it can read the object until then.`,
  usage: 'remote:path',
  minArgs: 1,
  maxArgs: 1,
  flags: [
    { name: 'expire', type: 'Duration', default: 'off', help: 'How long it works: 90s, 1h, 2d' },
    switchFlag('unlink', 'Take back a link; S3 cannot do that'),
  ],
  examples: ['tsclone link --expire 1h s3:bucket/report.pdf'],
  async run(c) {
    const expire = c.flags.duration('expire');
    const located = await sourceUnfiltered(c, c.args[0] as string);
    const unlink = c.flags.bool('unlink');
    const expireMs = expire === durationOff ? undefined : Number(expire / 1_000_000n);
    const url = await publicLink(c.operation, located, { unlink, expireMs });
    if (url !== '') await c.out.line(url);
  },
};
