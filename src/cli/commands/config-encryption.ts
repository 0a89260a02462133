import { newConfigKey } from '../../node/config-password.ts';
import type { CommandDefinition } from '../command.ts';
import { usageError } from '../errors.ts';

export const configEncryptionSet: CommandDefinition = {
  name: 'config encryption set',
  summary: 'Encrypt the config file, or change its password',
  help: `Asks for the new password twice, or takes it from --password-command, which is told by RCLONE_PASSWORD_CHANGE=1 that the
new one is wanted. From then on every command needs the password: from --password-command, RCLONE_CONFIG_PASS or a
person. There is no way back without it.`,
  usage: '',
  minArgs: 0,
  maxArgs: 0,
  examples: ['tsclone config encryption set'],
  async run(c) {
    const store = await c.configStore();
    await store.encrypt(await newConfigKey(c.passwords));
    if (c.passwords.command?.length) await c.out.line('Read password using --password-command');
  },
};

export const configEncryptionRemove: CommandDefinition = {
  name: 'config encryption remove',
  summary: 'Store the config file in plain text again',
  help: 'Needs the password. A file that is not encrypted stays as it is.',
  usage: '',
  minArgs: 0,
  maxArgs: 0,
  examples: ['tsclone config encryption remove'],
  async run(c) {
    const store = await c.configStore();
    if (store.encrypted) await store.encrypt(undefined);
  },
};

export const configEncryptionCheck: CommandDefinition = {
  name: 'config encryption check',
  summary: 'Tell whether the config file is encrypted and opens',
  help: 'Ends with 0 when the file is encrypted and the password opens it, with 2 when it is not encrypted.',
  usage: '',
  minArgs: 0,
  maxArgs: 0,
  examples: ['tsclone config encryption check'],
  async run(c) {
    const store = await c.configStore();
    if (!store.encrypted) throw usageError('config file is NOT encrypted');
  },
};
