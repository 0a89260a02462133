import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandDefinition } from '../command.ts';

export const configFile: CommandDefinition = {
  name: 'config file',
  summary: 'Show where the config file is',
  help: 'Prints the path of the config file, or where it would be made.',
  usage: '',
  minArgs: 0,
  maxArgs: 0,
  examples: ['tsclone config file'],
  async run(c) {
    const { path, exists } = await c.configStore();
    if (path === '') await c.out.line('Configuration is in memory only');
    else if (exists) await c.out.write(`Configuration file is stored at:\n${path}\n`);
    else await c.out.write(`Configuration file doesn't exist, but rclone will use this path:\n${path}\n`);
  },
};

export const configPaths: CommandDefinition = {
  name: 'config paths',
  summary: 'Show the paths in use',
  help: 'Paths of the config file, the cache and temporary files.',
  usage: '',
  minArgs: 0,
  maxArgs: 0,
  examples: ['tsclone config paths'],
  async run(c) {
    const { path } = await c.configStore();
    const cache = c.env['XDG_CACHE_HOME'] || join(c.operation.platform.homeDir?.() ?? '', '.cache');
    await c.out.line(`Config file: ${path}`);
    await c.out.line(`Cache dir:   ${c.flags.string('cache-dir') || join(cache, 'rclone')}`);
    await c.out.line(`Temp dir:    ${c.flags.string('temp-dir') || c.env['TMPDIR'] || tmpdir()}`);
  },
};

export const configTouch: CommandDefinition = {
  name: 'config touch',
  summary: 'Make sure that there is a config file',
  help: 'Writes the config file anew, or makes an empty one.',
  usage: '',
  minArgs: 0,
  maxArgs: 0,
  examples: ['tsclone config touch'],
  async run(c) {
    await c.session();
    await (await c.configStore()).update(() => {});
  },
};
