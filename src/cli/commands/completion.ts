import { writeFile } from 'node:fs/promises';
import { messageOf } from '../../core/errors.ts';
import type { CommandDefinition } from '../command.ts';
import { scripts } from '../complete/scripts.ts';
import { StartError } from '../errors.ts';

const load = {
  bash: 'Once: `source <(tsclone completion bash)`. For good: write it to ~/.local/share/bash-completion/completions/tsclone.',
  zsh: 'Once: `source <(tsclone completion zsh)`. For good: write it to a file _tsclone in a folder of $fpath.',
  fish: 'Once: `tsclone completion fish | source`. For good: write it to ~/.config/fish/completions/tsclone.fish.',
} as const;

const made = (shell: keyof typeof scripts): CommandDefinition => ({
  name: `completion ${shell}`,
  summary: `Print what lets ${shell} complete command lines`,
  help: `The script completes commands, flags and their values, remotes, paths in remotes and on this machine, and options of
remotes. ${load[shell]}`,
  usage: '[output_file]',
  minArgs: 0,
  maxArgs: 1,
  examples: [`tsclone completion ${shell}`, `tsclone completion ${shell} tsclone.${shell}`],
  async run(c) {
    const [file = '-'] = c.args;
    if (file === '-') return c.out.write(scripts[shell]);
    await writeFile(file, scripts[shell]).catch((e: unknown) => {
      throw new StartError(`cannot write ${JSON.stringify(file)}: ${messageOf(e)}`);
    });
  },
});

export const completionBash = made('bash');
export const completionZsh = made('zsh');
export const completionFish = made('fish');
