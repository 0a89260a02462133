import type { Prompter } from '../prompt.ts';

/** One letter of a menu with what it does. */
export type Choice = readonly [letter: string, text: string];

/** Shows lettered choices and waits for one of the letters, in rclone's words. */
export async function chooseLetter(p: Prompter, choices: readonly Choice[], fallback?: string): Promise<string> {
  const lines = choices.map(([letter, text]) => `${letter}) ${text}${letter === fallback ? ' (default)' : ''}\n`);
  await p.say(lines.join(''));
  return readLetter(
    p,
    choices.map(([letter]) => letter),
    fallback,
  );
}

/** Waits for a letter. `unlisted` letters do as well, without standing in the prompt that scripts know. */
export async function readLetter(
  p: Prompter,
  letters: readonly string[],
  fallback?: string,
  unlisted: readonly string[] = [],
): Promise<string> {
  const list = letters.join(', ');
  for (;;) {
    const answer = (await p.line(`${letters.join('/')}> `)).toLowerCase();
    if (answer === '' && fallback !== undefined) return fallback;
    if (answer === '') await p.say(required);
    else if (letters.includes(answer) || unlisted.includes(answer)) return answer;
    else if ([...answer].length === 1) await p.say(`This value must be one of the following characters: ${list}.\n`);
    else await p.say(`This value must be a single character, one of the following: ${list}.\n`);
  }
}

const required = 'This value is required and it has no default.\n';

/** y or n; `--auto-confirm` takes the default. */
export function confirm(p: Prompter, fallback: boolean): Promise<boolean> {
  const choices: Choice[] = [
    ['y', 'Yes'],
    ['n', 'No'],
  ];
  return chooseLetter(p, choices, fallback ? 'y' : 'n').then((letter) => letter === 'y');
}

export interface ListQuestion {
  /** Stands in front of `>`. */
  readonly name: string;
  /** `value`, `boolean value (true or false)` … */
  readonly kind: string;
  readonly values: readonly string[];
  /** Beside each value; without texts the values stand alone. */
  readonly texts?: readonly string[];
  readonly fallback: string;
  /** What the default looks like; secrets are not shown. */
  readonly shownFallback: string;
  readonly required: boolean;
  /** Only values of the list will do. */
  readonly exclusive: boolean;
}

/** Shows a numbered list and waits for a number or a value. */
export async function chooseValue(p: Prompter, q: ListQuestion): Promise<string> {
  const whose = q.exclusive ? 'an existing' : 'your own';
  await p.say(`Choose a number from below, or type in ${whose} ${q.kind}.\n`);
  if (q.fallback !== '') await p.say(`Press Enter for the default (${q.shownFallback}).\n`);
  else if (!q.required) await p.say('Press Enter to leave empty.\n');
  await p.say(q.values.map((value, i) => listEntry(i + 1, value, q.texts?.[i])).join(''));
  for (;;) {
    const answer = await p.line(`${q.name}> `);
    if (answer === '' && q.fallback !== '') return q.fallback;
    if (/^[+-]?\d+$/.test(answer)) {
      const value = q.values[Number(answer) - 1];
      if (value !== undefined) return value;
      await p.say('No choices with this number.\n');
    } else if (q.values.includes(answer)) return answer;
    else if (answer === '') {
      if (!q.required) return '';
      await p.say(required);
    } else if (!q.exclusive) return answer;
    else await p.say('This value must match an existing value.\n');
  }
}

/** ` 1 / text` with `   \ (value)` below it; more lines get a `|`, the number stands in the middle. */
function listEntry(number: number, value: string, text: string | undefined): string {
  const shown = String(number).padStart(2);
  if (text === undefined) return `${shown} > ${value}\n`;
  const lines = [...text.split('\n'), `(${value})`];
  const middle = Math.floor((lines.length - 1) / 2);
  return lines
    .map((line, i) => {
      const mark = i === 0 ? '/' : i === lines.length - 1 ? '\\' : '|';
      return `${i === middle ? shown : '  '} ${mark} ${line}\n`;
    })
    .join('');
}

export interface TextQuestion {
  readonly name: string;
  readonly kind: string;
  readonly fallback: string;
  readonly shownFallback: string;
  readonly required: boolean;
  /** A terminal does not show what is typed. */
  readonly hidden: boolean;
}

/** Waits for any text. */
export async function enterValue(p: Prompter, q: TextQuestion): Promise<string> {
  const hint =
    q.fallback !== ''
      ? ` Press Enter for the default (${q.shownFallback}).`
      : q.required
        ? ''
        : ' Press Enter to leave empty.';
  await p.say(`Enter a ${q.kind}.${hint}\n`);
  for (;;) {
    const answer = await (q.hidden ? p.hiddenLine(`${q.name}> `) : p.line(`${q.name}> `));
    if (answer !== '') return answer;
    if (q.fallback !== '') return q.fallback;
    if (!q.required) return '';
    await p.say(required);
  }
}

/** Waits for a whole number within limits. */
export async function enterNumber(p: Prompter, name: string, min: number, max: number): Promise<number> {
  for (;;) {
    const answer = await p.line(`${name}> `);
    if (!/^[+-]?\d+$/.test(answer)) {
      await p.say(`Bad number: strconv.Atoi: parsing ${JSON.stringify(answer)}: invalid syntax\n`);
    } else if (Number(answer) < min || Number(answer) > max) {
      await p.say(`Out of range - ${min} to ${max} inclusive\n`);
    } else return Number(answer);
  }
}
