import { newConfigKey } from '../../node/config-password.ts';
import { chooseLetter } from './choose.ts';
import type { Wizard } from './wizard.ts';

/** The menu for the password of the config file. */
export async function setPassword({ c, prompter: p }: Wizard): Promise<void> {
  const store = await c.configStore();
  await p.say('\n');
  for (;;) {
    if (store.encrypted) {
      await p.say('Your configuration is encrypted.\n');
      const letter = await chooseLetter(p, [
        ['c', 'Change Password'],
        ['u', 'Unencrypt configuration'],
        ['q', 'Quit to main menu'],
      ]);
      if (letter === 'q') return;
      if (letter === 'u') await store.encrypt(undefined);
      else {
        await store.encrypt(await newConfigKey(c.passwords));
        await p.say('Password changed\n');
      }
    } else {
      await p.say('Your configuration is not encrypted.\nA password keeps the keys in it from who finds the file.\n');
      const letter = await chooseLetter(p, [
        ['a', 'Add Password'],
        ['q', 'Quit to main menu'],
      ]);
      if (letter === 'q') return;
      await store.encrypt(await newConfigKey(c.passwords));
      await p.say('Password set\n');
    }
  }
}
