import type { CommandDefinition } from '../command.ts';

export const configDelete: CommandDefinition = {
  name: 'config delete',
  summary: 'Remove a remote',
  help: 'Removes the remote from the config file. A name that is not there is fine.',
  usage: 'name',
  minArgs: 1,
  maxArgs: 1,
  examples: ['tsclone config delete r2'],
  async run(c) {
    await c.session();
    const store = await c.configStore();
    await store.update((config) => void config.remove((c.args[0] as string).replace(/:$/, '')));
  },
};
