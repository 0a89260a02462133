import { passwordOptions } from '../../config/known-types.ts';
import { nodeRegistry } from '../../node/registry.ts';
import type { CommandDefinition } from '../command.ts';
import { pairsOf, showForPeople } from '../config-text.ts';

export const configShow: CommandDefinition = {
  name: 'config show',
  summary: 'Print the config or one remote',
  help: 'Prints the config file, or the options of one remote. Values are shown as they are stored: mind who looks on.',
  usage: '[name]',
  minArgs: 0,
  maxArgs: 1,
  examples: ['tsclone config show r2'],
  async run(c) {
    const { config } = await c.session();
    const name = c.args[0]?.replace(/:$/, '');
    if (name === undefined) {
      const text = config.toString();
      await c.out.write(text === '' ? '; empty config\n' : text);
    } else if (config.get(name, 'type') === undefined) {
      await c.out.write(`[${name}]\n# couldn't find type of fs for "${name}"\n`);
    } else await c.out.write(showForPeople(config, name, c.env));
  },
};

export const configRedacted: CommandDefinition = {
  name: 'config redacted',
  summary: 'Print the config without secrets',
  help: 'As config show, with XXX in place of keys and passwords. Look through it before you post it.',
  usage: '[name]',
  minArgs: 0,
  maxArgs: 1,
  examples: ['tsclone config redacted'],
  async run(c) {
    const { config } = await c.session();
    const names = c.args.length > 0 ? [(c.args[0] as string).replace(/:$/, '')] : config.sections().toSorted(byBytes);
    const sections: string[] = [];
    for (const name of names) {
      const hidden = await secretOptions(config.get(name, 'type') ?? '');
      const lines = pairsOf(config, name, c.env).map(
        ([key, value]) => `${key} = ${hidden.has(key) && value !== '' ? 'XXX' : value}\n`,
      );
      sections.push(`[${name}]\n${lines.join('')}`);
    }
    await c.out.write(sections.join('\n'));
    await c.out.write('### Double check the config for sensitive info before posting publicly\n');
  },
};

const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const looksSecret = /pass|secret|token|key|user|account|auth|client_id|cookie|otp/i;

/** Of keys that are not known, which may be misspelt ones, everything that may be a secret counts as one. */
async function secretOptions(type: string): Promise<{ has(key: string): boolean }> {
  const load = Object.hasOwn(nodeRegistry, type) ? nodeRegistry[type] : undefined;
  const passwords = passwordOptions[type] ?? [];
  const known = (await load?.())?.options.meta;
  return {
    has(key) {
      const option = known?.get(key);
      if (option) return (option.sensitive ?? false) || (option.isPassword ?? false);
      return passwords.includes(key) || (key !== 'type' && looksSecret.test(key));
    },
  };
}
