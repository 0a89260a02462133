import type { LogLevel } from '../core/events.ts';
import type { Prompter } from './prompt.ts';

/** The user wants to stop here. */
export class Quit extends Error {
  override readonly name = 'Quit';
}

/**
 * --interactive in the words of rclone, which programs may wait for: one question before each change; `s` and `!` answer
 * it for all further changes of that kind.
 */
export function createConfirm(
  prompter: Prompter,
  log: (level: LogLevel, message: string) => void,
): (verb: string, subject: string) => Promise<boolean> {
  const decided = new Map<string, boolean>();
  let turn: Promise<unknown> = Promise.resolve();
  let over = false;

  async function ask(verb: string, subject: string): Promise<boolean> {
    if (over) return false;
    const known = decided.get(verb);
    if (known !== undefined) return known;
    await prompter.say(
      `\nrclone: ${verb} ${JSON.stringify(subject)}?\n` +
        'y) Yes, this is OK (default)\n' +
        'n) No, skip this\n' +
        `s) Skip all ${verb} operations with no more questions\n` +
        `!) Do all ${verb} operations with no more questions\n` +
        'q) Exit rclone now.\n',
    );
    for (;;) {
      const answer = await prompter.line('y/n/s/!/q> ');
      if (answer === '' || answer === 'y') return true;
      if (answer === 'n') return false;
      if (answer === 's' || answer === '!') {
        const does = answer === '!';
        decided.set(verb, does);
        log('notice', `${does ? 'Doing' : 'Skipping'} all ${verb} operations from now on without asking`);
        return does;
      }
      if (answer === 'q') {
        log('notice', 'Quitting rclone now');
        throw new Quit('the user wants to stop');
      }
      const kind = answer.length === 1 ? 'one of the following characters' : 'a single character, one of the following';
      await prompter.say(`This value must be ${kind}: y, n, s, !, q.\n`);
    }
  }

  return (verb, subject) => {
    // Changes run in parallel, questions come one after the other; after the end of the answers nothing is changed.
    const answer = turn
      .then(() => ask(verb, subject))
      .catch((e: unknown) => {
        over = true;
        throw e;
      });
    turn = answer.catch(() => {});
    return answer;
  };
}
