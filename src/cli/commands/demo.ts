import type { CommandDefinition } from '../command.ts';
export const demo: CommandDefinition = {
  name: 'demo',
  summary: 'x',
  help: '',
  usage: '',
  minArgs: 0,
  maxArgs: 0,
  async run() {},
};
