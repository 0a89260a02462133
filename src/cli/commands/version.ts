import { switchFlag, type CommandDefinition } from '../command.ts';
import { versionText } from '../version.ts';

export const versionCommand: CommandDefinition = {
  name: 'version',
  summary: 'Show versions',
  help: 'The first line names the release of rclone whose behaviour is matched; the second is the release of tsclone.',
  usage: '',
  minArgs: 0,
  maxArgs: 0,
  examples: ['tsclone version'],
  flags: [
    { ...switchFlag('check', 'Ask for newer releases'), notBuilt: 'npm knows the newest release' },
    { ...switchFlag('deps', 'Show dependencies'), notBuilt: 'npm ls shows them' },
  ],
  async run(c) {
    await c.out.write(versionText());
  },
};
