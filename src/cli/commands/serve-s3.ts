import type { CommandDefinition } from '../command.ts';
export const serveS3: CommandDefinition = {
  name: 'serve s3',
  summary: 'x',
  help: '',
  usage: '',
  minArgs: 0,
  maxArgs: 0,
  async run() {},
};
