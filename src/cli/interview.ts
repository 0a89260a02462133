import type { ConfigDraft } from '../config/draft.ts';
import type { Interview } from '../config/questions.ts';
import { optionText } from '../config/resolve.ts';
import { loadCatalog } from '../node/catalogs.ts';
import { nodeRegistry } from '../node/registry.ts';
import { flagName } from '../options/derive.ts';
import { describeOptions, readValue, type DescribedOption } from '../options/describe.ts';
import type { CommandContext } from './command.ts';

/** What is known about the options of a type; undefined = the type is not built in. */
export async function optionsOf(type: string): Promise<readonly DescribedOption[] | undefined> {
  const load = Object.hasOwn(nodeRegistry, type) ? nodeRegistry[type] : undefined;
  if (!load) return undefined;
  const [{ options }, catalog] = await Promise.all([load(), loadCatalog(type)]);
  return describeOptions(options, catalog);
}

/** Asks for the options of one remote of a draft; `store` may turn an answer into what is stored. */
export function interviewFor(
  c: CommandContext,
  draft: ConfigDraft,
  remote: { readonly name: string; readonly type: string; readonly options: readonly DescribedOption[] },
  o: {
    readonly given?: ReadonlyMap<string, string>;
    readonly store?: (option: DescribedOption, value: string) => string;
  } = {},
): Interview {
  const { name, type, options } = remote;
  const byName = new Map(options.map((option) => [option.name, option]));
  const sources = { file: draft.view, env: c.env, flags: c.backendFlags };
  return {
    options,
    current(optionName) {
      const option = byName.get(optionName);
      if (!option) return '';
      const text = optionText(sources, { name, params: none }, optionName, flagName(type, optionName, option));
      return text ?? readValue(option, option.default).text;
    },
    set(optionName, value) {
      const option = byName.get(optionName);
      const stored = option && o.store ? o.store(option, value) : value;
      draft.change((config) => config.set(name, optionName, stored));
    },
    given: (optionName) => o.given?.get(optionName),
    takeDefaults: c.flags.bool('auto-confirm'),
    onBadValue: (optionName, text, reason) =>
      c.operation.emit({
        type: 'log',
        level: 'error',
        message: `Failed to set ${JSON.stringify(optionName)} from ${JSON.stringify(text)} - using default: ${reason}`,
      }),
  };
}

const none: ReadonlyMap<string, string> = new Map();
