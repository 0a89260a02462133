import type { Usage } from '../../core/backend.ts';
import { messageOf, isTscloneError, TscloneError } from '../../core/errors.ts';
import { formatSizeUnit } from '../../core/size.ts';
import { about as spaceOf } from '../../operations/about.ts';
import { switchFlag, type CommandDefinition } from '../command.ts';
import { source } from '../references.ts';

const rows: readonly (keyof Usage)[] = ['total', 'used', 'free', 'trashed', 'other', 'objects'];

export const about: CommandDefinition = {
  name: 'about',
  summary: 'Show the space of a remote',
  help: 'Prints total, used and free space where the remote tells them. S3 does not.',
  usage: 'remote:',
  minArgs: 1,
  maxArgs: 1,
  examples: ['tsclone about :local:'],
  flags: [switchFlag('full', 'Print plain numbers'), switchFlag('json', 'Print JSON')],
  async run(c) {
    const { backend } = await source(c, c.args[0] as string);
    const usage = await spaceOf(c.operation, backend).catch((e: unknown) => {
      if (!isTscloneError(e) || e.code === 'unsupported') throw e;
      throw new TscloneError(e.code, `about call failed: ${messageOf(e)}`, { cause: e, retry: e.retry });
    });
    const known = rows.filter((row) => usage[row] !== undefined);
    if (c.flags.bool('json')) {
      await c.out.line(JSON.stringify(Object.fromEntries(known.map((row) => [row, usage[row]])), undefined, '\t'));
      return;
    }
    for (const row of known) {
      const n = usage[row] as number;
      const shown = c.flags.bool('full') || row === 'objects' ? String(n) : formatSizeUnit(n);
      await c.out.line(`${`${row[0]?.toUpperCase()}${row.slice(1)}:`.padEnd(8)} ${shown}`);
    }
  },
};
