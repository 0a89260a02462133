import { NotBuiltIn, runElsewhere } from '../hand-over.ts';
import { WizardEnd, type Wizard } from './wizard.ts';

/**
 * Lets a real rclone ask for a remote of a type that is not built in. At a terminal it asks for this remote, and the menu
 * goes on; on a pipe it gets everything that was answered since the menu and the rest of the input, and ends the
 * session.
 * @throws StartError when there is no rclone
 */
export async function handOverType(w: Wizard, name: string, type: string): Promise<void> {
  const { prompter: p, c } = w;
  const missing = new NotBuiltIn('remote', `storage type "${type}" is not built into tsclone`);
  if (p.isTerminal) {
    await p.say(`\nStorage type "${type}" is not built into tsclone: rclone asks for it.\n`);
    const exists = w.config().has(name);
    const args = exists ? ['config', 'update', name, '--all'] : ['config', 'create', name, type, '--all'];
    await p.release();
    await runElsewhere(missing, c, args);
    await w.write(() => {});
    return;
  }
  await runElsewhere(missing, c, ['config'], p.replay());
  throw new WizardEnd();
}
