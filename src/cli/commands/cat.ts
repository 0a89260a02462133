import type { ByteRange } from '../../core/entry.ts';
import { TscloneError } from '../../core/errors.ts';
import { readAll } from '../../operations/cat.ts';
import { switchFlag, type CommandContext, type CommandDefinition } from '../command.ts';
import { StartError } from '../errors.ts';
import { opener, source } from '../references.ts';

const number = (name: string, help: string, fallback = '0') =>
  ({ name, type: 'int', default: fallback, help }) as const;

export const cat: CommandDefinition = {
  name: 'cat',
  summary: 'Write objects to standard output',
  help: 'Writes the object, or all objects below the directory one after the other. Bytes are checked against size and hash before the command ends with 0.',
  usage: 'remote:path',
  minArgs: 1,
  maxArgs: 1,
  examples: ['tsclone cat r2:my-backup-bucket/db.sql', 'tsclone cat --tail 100 r2:my-backup-bucket/db.sql'],
  flags: [
    number('head', 'Only the first N bytes of each'),
    number('tail', 'Only the last N bytes of each'),
    number('offset', 'Start at this byte; negative counts from the end'),
    number('count', 'At most N bytes of each; -1 = all', '-1'),
    switchFlag('discard', 'Read, but write nothing'),
    { name: 'separator', type: 'string', default: '', help: 'Text behind each object' },
  ],
  groups: ['Filter', 'Listing'],
  streams: true,
  async run(c) {
    const range = rangeOf(c);
    const discard = c.flags.bool('discard');
    const separator = c.flags.string('separator');
    const left = c.flags.int('count');
    const limited = range !== undefined && range.start < 0 && left >= 0;
    if (c.operation.filter?.active) await source(c, c.args[0] as string);
    await readAll(c.operation, await opener(c), c.args[0] as string, range, async (body) => {
      let room = limited ? left : Number.POSITIVE_INFINITY;
      for await (const chunk of body) {
        if (!discard) await c.out.write(chunk.length > room ? chunk.subarray(0, room) : chunk);
        room -= chunk.length;
        if (room <= 0) break;
      }
      if (separator !== '' && !discard) await c.out.write(separator);
    });
  },
};

/** A negative start counts from the end; its count is cut here, because the size is not known yet. */
function rangeOf(c: CommandContext): ByteRange | undefined {
  const { flags } = c;
  const [head, tail, offset, count] = (['head', 'tail', 'offset', 'count'] as const).map((n) => flags.int(n)) as [
    number,
    number,
    number,
    number,
  ];
  const usesOffset = offset !== 0 || count >= 0;
  if ((head > 0 && (tail > 0 || usesOffset)) || (tail > 0 && usesOffset))
    throw new StartError('only one of --head, --tail and --offset/--count can be used');
  if (head < 0 || tail < 0)
    throw new TscloneError('usage', '--head and --tail need a number of bytes', { retry: 'no' });
  if (head > 0) return { start: 0, end: head };
  if (tail > 0) return { start: -tail };
  if (!usesOffset) return undefined;
  if (offset < 0) return { start: offset };
  return count >= 0 ? { start: offset, end: offset + count } : { start: offset };
}
