import { obscure as obscureText, reveal as revealText } from '../../core/obscure.ts';
import { collect, fromUtf8 } from '../../core/bytes.ts';
import { messageOf, TscloneError } from '../../core/errors.ts';
import type { CommandContext, CommandDefinition } from '../command.ts';

export const obscure: CommandDefinition = {
  name: 'obscure',
  summary: 'Obscure a password for rclone.conf',
  help: 'Prints the password as a config file holds it; `-` reads it from the first line of standard input. This only hides it from a glance: anyone can reveal it.',
  usage: 'password',
  minArgs: 1,
  maxArgs: 1,
  examples: ['echo YOUR_PASSWORD | tsclone obscure -'],
  async run(c) {
    await c.out.line(obscureText(await argument(c), c.operation.platform.randomBytes));
  },
};

export const reveal: CommandDefinition = {
  name: 'reveal',
  summary: 'Show an obscured password',
  help: 'Prints the password behind an obscured text.',
  usage: 'password',
  minArgs: 1,
  maxArgs: 1,
  examples: ['tsclone reveal JQF8tOgOLMIcRMutzi6b258FGhzvWw'],
  async run(c) {
    let plain: Uint8Array;
    try {
      plain = revealText(await argument(c));
    } catch (e) {
      throw new TscloneError('bad_config', messageOf(e), { retry: 'no' });
    }
    await c.out.write(plain);
    await c.out.write('\n');
  },
};

async function argument(c: CommandContext): Promise<string> {
  const given = c.args[0] as string;
  if (given !== '-') return given;
  return (fromUtf8(await collect(c.stdin)).split('\n')[0] as string).replace(/\r$/, '');
}
