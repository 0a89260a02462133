import type { Question } from '../../config/questions.ts';
import { encodeBase64Url } from '../../core/base64url.ts';
import { messageOf } from '../../core/errors.ts';
import { obscure } from '../../core/obscure.ts';
import { isSecret, readValue } from '../../options/describe.ts';
import type { Prompter } from '../prompt.ts';
import { chooseLetter, chooseValue, confirm, enterNumber, enterValue, type Choice } from './choose.ts';

export interface AskTools {
  readonly prompter: Prompter;
  randomBytes(length: number): Uint8Array;
}

/** Asks one question of a backend as rclone does and answers the text to store; passwords come obscured. */
export async function askOption(t: AskTools, q: Question): Promise<string> {
  const { prompter: p } = t;
  const { option } = q;
  const isInternal = option.name.startsWith('config_');
  await p.say(`\n${isInternal ? '' : `Option ${option.name}.\n`}${option.help}\n`);
  if (option.isPassword) return askPassword(t, q);
  if (option.type === 'bool' && option.exclusive) return String(await confirm(p, q.current.value === true));
  for (;;) {
    const answer = await askValue(p, q);
    if (answer === '') return answer;
    try {
      return readValue(option, answer).text;
    } catch (e) {
      await p.say(`Failed to parse ${JSON.stringify(answer)}: ${messageOf(e)}\n`);
    }
  }
}

function askValue(p: Prompter, { option, current }: Question): Promise<string> {
  const hidden = isSecret(option);
  const common = {
    name: option.name,
    kind:
      current.text === '' && current.value === '' ? 'value' : (kinds[option.type] ?? `value of type ${option.type}`),
    fallback: current.text,
    shownFallback: hidden ? '***' : current.text,
    required: option.required ?? false,
  };
  if (option.examples.length === 0) return enterValue(p, { ...common, hidden });
  return chooseValue(p, {
    ...common,
    values: option.examples.map((e) => e.value),
    texts: option.examples.map((e) => e.help),
    exclusive: option.exclusive ?? false,
  });
}

const kinds: Readonly<Record<string, string>> = {
  bool: 'boolean value (true or false)',
  int: 'signed integer',
  SizeSuffix: 'size with suffix K,M,G,T',
  Duration: 'duration s,m,h,d,w,M,y',
};

async function askPassword(t: AskTools, { option, current }: Question): Promise<string> {
  const { prompter: p } = t;
  const choices: Choice[] = [
    ['y', 'Yes, type in my own password'],
    ['g', 'Generate random password'],
  ];
  const exists = current.text !== '';
  if (exists) choices.push(['n', 'No, keep existing']);
  else if (!option.required) choices.push(['n', 'No, leave this optional password blank']);
  const fallback = choices.length > 2 ? 'n' : undefined;
  await p.say(`Choose an alternative below.${fallback ? ` Press Enter for the default (${fallback}).` : ''}\n`);
  switch (await chooseLetter(p, choices, fallback)) {
    case 'y':
      return obscure(await typeTwice(p), t.randomBytes);
    case 'g':
      return obscure(await generate(t), t.randomBytes);
    default:
      return current.text;
  }
}

async function typeTwice(p: Prompter): Promise<string> {
  for (;;) {
    const first = await typeOnce(p, 'Enter the password:');
    if (first === (await typeOnce(p, 'Confirm the password:'))) return first;
    await p.say('Passwords do not match!\n');
  }
}

async function typeOnce(p: Prompter, prompt: string): Promise<string> {
  p.hint(`${prompt}\n`);
  for (;;) {
    const typed = await p.secret('password:');
    if (typed.trim() !== '') return typed.normalize('NFKC');
    p.hint('Bad password: no characters in password\n');
  }
}

async function generate({ prompter: p, randomBytes }: AskTools): Promise<string> {
  for (;;) {
    await p.say('Password strength in bits.\n64 is just about memorable\n128 is secure\n1024 is the maximum\n');
    const bits = await enterNumber(p, 'Bits', 64, 1024);
    const password = encodeBase64Url(randomBytes(Math.ceil(bits / 8)));
    await p.say(`Your password is: ${password}
Use this password? Only an obscured form of it is stored in the config: keep the
password itself in a safe place.
`);
    if (await confirm(p, true)) return password;
  }
}
