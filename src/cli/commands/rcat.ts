import { rcat as store } from '../../operations/rcat.ts';
import type { CommandDefinition } from '../command.ts';
import { StartError } from '../errors.ts';
import { place } from '../references.ts';

export const rcat: CommandDefinition = {
  name: 'rcat',
  summary: 'Store standard input as one object',
  help: `Streams standard input to the object; its size need not be known, and memory does not grow with it. Up to one
chunk goes out in one request, more in equal parts, each with its MD5. When the upload fails nothing stands under the
name, and the rest of the input is read for a while (64 MiB or 5 s), so that the program in front can end by itself.`,
  usage: 'remote:path',
  minArgs: 1,
  maxArgs: 1,
  flags: [{ name: 'size', type: 'int', default: '-1', help: 'Bytes that will come, where they are known' }],
  groups: ['Important'],
  examples: ['pg_dump db | tsclone rcat r2_backups:my-backup-bucket/db.sql'],
  streams: true,
  async run(c) {
    const to = await place(c, c.args[0] as string);
    if (c.stdinIsEmpty) throw new StartError('nothing to read from standard input (stdin).');
    const size = c.flags.int('size');
    await store(c.operation, c.stdin, to, size >= 0 ? { size } : {});
  },
};
