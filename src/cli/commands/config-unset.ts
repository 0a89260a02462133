import type { CommandDefinition } from '../command.ts';
import { showForPeople } from '../config-text.ts';
import { usageError } from '../errors.ts';

export const configUnset: CommandDefinition = {
  name: 'config unset',
  summary: 'Remove options of a remote',
  help: 'Removes the named options and prints what is left.',
  usage: 'name key [key]*',
  minArgs: 2,
  maxArgs: Number.POSITIVE_INFINITY,
  examples: ['tsclone config unset r2 session_token'],
  async run(c) {
    const [name, ...keys] = c.args as [string, ...string[]];
    const { config } = await c.session();
    if (!config.has(name)) throw usageError(`remote "${name}" doesn't exist`);
    if (keys.includes('type'))
      throw usageError('can\'t unset the "type" of a remote - use "config delete" to remove the whole remote');
    const store = await c.configStore();
    for (const key of keys) config.unset(name, key);
    await store.update((file) => {
      for (const key of keys) file.unset(name, key);
    });
    await c.out.write(showForPeople(config, name));
  },
};
