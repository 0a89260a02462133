import { utf8 } from '../../core/bytes.ts';
import { linesOf } from '../../core/lines.ts';
import { formatDateTime } from '../../core/time.ts';
import { callOptions, log } from '../../operations/context.ts';
import { dedupeByHash, dedupeModes, type DedupeMode, type Duplicates } from '../../operations/dedupe.ts';
import { switchFlag, type CommandContext, type CommandDefinition } from '../command.ts';
import { StartError } from '../errors.ts';
import { source } from '../references.ts';

export const dedupe: CommandDefinition = {
  name: 'dedupe',
  summary: 'Find objects with equal content and delete or rename them',
  help: `With --by-hash, objects with the same hash are found below the path. What happens to them says the mode, in front of
the path or as --dedupe-mode: interactive (asks), skip, first, newest, oldest, largest, smallest (keeps this one), rename
(to the hash with a number), list. Without --by-hash it looks for several objects of one name, which none of the
storages built in can have.`,
  usage: '[mode] remote:path',
  minArgs: 1,
  maxArgs: 2,
  flags: [
    switchFlag('by-hash', 'Find equal content, not equal names'),
    {
      name: 'dedupe-mode',
      type: 'enum',
      default: 'interactive',
      help: 'What happens to duplicates',
      values: dedupeModes,
    },
  ],
  groups: ['Important'],
  examples: [
    'tsclone dedupe --by-hash list r2:my-backup-bucket',
    'tsclone dedupe --by-hash newest --dry-run r2:my-backup-bucket',
  ],
  async run(c) {
    const mode = modeOf(c);
    const { backend } = await source(c, c.args.at(-1) as string);
    if (!c.flags.bool('by-hash')) {
      log(
        c.operation,
        'notice',
        backend.description,
        "Can't have duplicate names here. Perhaps you wanted --by-hash ? Continuing anyway.",
      );
      // A path that is not there is an error all the same.
      for await (const _entry of backend.list('', callOptions(c.operation))) break;
      return;
    }
    if (mode === 'rename' && !backend.move) throw new StartError(`Fs ${backend.description} doesn't support Move`);
    const lines = linesOf(c.stdin);
    await dedupeByHash(c.operation, backend, {
      mode,
      show: (found) => show(c, found),
      choose: (found) => choose(c, lines, found.objects.length),
    });
  },
};

function modeOf({ args, flags }: CommandContext): DedupeMode {
  const given = args.length > 1 ? (args[0] as string).toLowerCase() : flags.string('dedupe-mode');
  const mode = dedupeModes.find((known) => known === given);
  if (!mode) throw new StartError(`unknown mode for dedupe ${JSON.stringify(args[0])}`);
  return mode;
}

async function show(c: CommandContext, { digest, objects }: Duplicates): Promise<void> {
  await c.out.line(`${digest}: ${objects.length} duplicates`);
  for (const [i, info] of objects.entries()) {
    const time = formatDateTime(info.modTime, 'local', 9);
    await c.out.line(`  ${i + 1}: ${String(info.size ?? -1).padStart(12)} bytes, ${time}, ${info.path}`);
  }
}

async function choose(
  c: CommandContext,
  lines: AsyncGenerator<string, void, void>,
  count: number,
): Promise<number | 'skip' | 'quit'> {
  await c.out.line('s) Skip and do nothing\nk) Keep just one (choose which in next step)\nq) Quit');
  const action = await ask(c, lines, 's/k/q> ', (text) => /^[skq]$/i.test(text));
  if (action.toLowerCase() === 's') return 'skip';
  if (action.toLowerCase() === 'q') return 'quit';
  const isNumber = (text: string): boolean => /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= count;
  return Number(await ask(c, lines, 'Enter the number of the file to keep> ', isNumber)) - 1;
}

/** Asks until the answer fits. @throws StartError when no more answers come */
async function ask(
  c: CommandContext,
  lines: AsyncGenerator<string, void, void>,
  prompt: string,
  fits: (text: string) => boolean,
): Promise<string> {
  for (;;) {
    // Into a pipe rclone writes no prompt; what was written before has to be there in any case.
    await c.out.write(utf8(c.prompter.isTerminal ? prompt : ''));
    const { done, value } = await lines.next();
    if (done) throw new StartError('Failed to read line: EOF');
    const text = value.trim();
    if (fits(text)) return text;
    await c.out.line(
      text === '' ? 'This value is required and it has no default.' : 'This value is not one of the choices.',
    );
  }
}
