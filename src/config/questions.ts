import { isForProvider } from '../options/catalog.ts';
import { readValue, type DescribedOption, type ReadValue } from '../options/describe.ts';

/** The remote whose options are asked for. */
export interface Interview {
  /** In rclone's order: states hold their numbers. */
  readonly options: readonly DescribedOption[];
  /** The text of an option as it is now: the config's, a variable's, else its default. */
  current(option: string): string;
  set(option: string, value: string): void;
  /** An answer that was given beforehand; such a question is not asked. */
  given(option: string): string | undefined;
  /** Answers that nobody is asked for are the defaults. */
  readonly takeDefaults?: boolean;
  /** Told of a stored value that its own option does not take. */
  onBadValue?(option: string, text: string, reason: string): void;
}

/** A question, and the state in which its answer is given. */
export interface Question {
  readonly state: string;
  readonly option: DescribedOption;
  /** What is taken when the answer is empty. */
  readonly current: ReadValue;
}

/** The state in which all questions begin. rclone's names, as `config update --continue --state` takes them. */
export const askAll = '*all';

/**
 * Takes the answer to the question of a state and tells the next question; undefined = all is said.
 * Throws an Error with rclone's words for a state that there is not.
 */
export function nextQuestion(interview: Interview, state: string, result: string): Question | undefined {
  for (let at = { state, result }; ;) {
    const question = step(interview, at.state, at.result);
    if (!question) return undefined;
    const given = interview.given(question.option.name);
    // The question for advanced options comes back behind them: an answer given beforehand counts once.
    if (given !== undefined && question.state === '*all-advanced' && at.state.endsWith(',true')) return undefined;
    const answer = given ?? (interview.takeDefaults ? question.current.text : undefined);
    if (answer === undefined) return question;
    at = { state: question.state, result: answer };
  }
}

function step(interview: Interview, state: string, result: string): Question | undefined {
  if (state === '' || state.startsWith('*postconfig')) return undefined;
  if (!state.startsWith('*')) throw new Error(`unknown state ${JSON.stringify(state)}`);
  if (state.startsWith('*oauth')) throw new Error(`unknown internal oauth state ${JSON.stringify(state)}`);
  const [action = '', number = '', flag = ''] = state.split(',');
  if (!['*all', '*all-set', '*all-advanced'].includes(action)) {
    throw new Error(`unknown internal state ${JSON.stringify(state)}`);
  }
  const at = readNumber(number);
  const advanced = flag === 'true';
  if (at < 0 || at > interview.options.length) throw new Error('internal error: option out of range');
  if (action === '*all') return ask(interview, at, advanced);
  if (action === '*all-advanced') return result === 'true' ? ask(interview, 0, true) : undefined;
  const option = interview.options[at];
  if (!option) throw new Error('internal error: option out of range');
  if (interview.current(option.name) !== result) interview.set(option.name, result);
  return ask(interview, at + 1, advanced);
}

function readNumber(text: string): number {
  if (text === '') return 0;
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw new Error(`internal error: bad state number: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** The first question from a place on; behind the last one, whether the advanced options are wanted. */
function ask(interview: Interview, from: number, advanced: boolean): Question | undefined {
  const { options } = interview;
  const provider = options.some((o) => o.name === 'provider') ? interview.current('provider') : '';
  for (let at = from; at < options.length; at++) {
    const option = options[at] as DescribedOption;
    if (option.hide === 'questions' || option.hide === 'both') continue;
    if ((option.advanced ?? false) !== advanced || !isForProvider(option.provider, provider)) continue;
    const examples = option.examples.filter((e) => isForProvider(e.provider, provider));
    return {
      state: `*all-set,${at},${advanced}`,
      option: { ...option, examples },
      current: currentValue(interview, option),
    };
  }
  if (!options.some((o) => o.advanced)) return undefined;
  return { state: '*all-advanced', option: advancedQuestion, current: { value: false, text: 'false' } };
}

function currentValue(interview: Interview, option: DescribedOption): ReadValue {
  const text = interview.current(option.name);
  try {
    return readValue(option, text);
  } catch (e) {
    interview.onBadValue?.(option.name, text, (e as Error).message);
    return readValue(option, option.default);
  }
}

/** Asked again after the advanced options, as rclone does: changing one is easily followed by another. */
const advancedQuestion: DescribedOption = {
  name: 'config_fs_advanced',
  type: 'bool',
  default: 'false',
  help: 'Edit advanced config?',
  exclusive: true,
  hide: 'nowhere',
  examples: [
    { value: 'true', help: 'Yes' },
    { value: 'false', help: 'No' },
  ],
};
