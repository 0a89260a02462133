import { rcloneTypes } from '../../config/known-types.ts';
import { nodeRegistry } from '../../node/registry.ts';
import { isForProvider, type OptionExample } from '../../options/catalog.ts';
import { flagName, flagVariable } from '../../options/derive.ts';
import type { DescribedOption } from '../../options/describe.ts';
import { nearestProvider } from '../config-warnings.ts';
import { StartError, usageError } from '../errors.ts';
import { NotBuiltIn } from '../hand-over.ts';
import { optionsOf } from '../interview.ts';
import { nearest } from '../../core/nearest.ts';
import { backendExamples } from './backend-examples.ts';
import { table, wrap } from './wrap.ts';

/** The types of storage: what is built in, and what a real rclone would do. */
export async function backendsHelp(width: number): Promise<string> {
  const rows = await Promise.all(
    Object.keys(nodeRegistry)
      .sort()
      .map(async (type) => [`  ${type}`, await summaryOf(type)] as const),
  );
  const others = rcloneTypes.filter((type) => !Object.hasOwn(nodeRegistry, type)).sort();
  return `Built in:
${table(rows, width)}

Handed over to a real rclone where there is one:
  ${wrap(others.join(', '), width - 2, '  ')}

\`tsclone help backend TYPE\` lists the options of one; \`tsclone help backend s3 Cloudflare\` those for one provider.
`;
}

async function summaryOf(type: string): Promise<string> {
  return (await nodeRegistry[type]?.())?.summary ?? '';
}

/**
 * One type of storage: an example, then its options with flag, kind, default and suggestions.
 * @throws StartError, usage, NotBuiltIn for a type that only rclone has
 */
export async function backendHelp(type: string, provider: string, width: number): Promise<string> {
  const options = await optionsOf(type);
  if (!options) {
    if (rcloneTypes.includes(type)) throw new NotBuiltIn('command', `backend "${type}" is not built into tsclone`);
    const near = nearest(type, rcloneTypes);
    throw new StartError(
      `didn't find backend called ${JSON.stringify(type)}${near === undefined ? '' : `: did you mean ${near}?`}`,
    );
  }
  checkProvider(type, provider, options);
  const shown = options.filter((o) => o.hide !== 'both' && isForProvider(o.provider, provider));
  const section = (title: string, list: readonly DescribedOption[]): string[] =>
    list.length === 0 ? [] : [`${title}:\n\n${list.map((o) => optionHelp(type, o, provider, width)).join('\n\n')}`];
  return `${[
    `${type}: ${await summaryOf(type)}${provider === '' ? '' : ` (${provider})`}`,
    `Example:\n${backendExamples[type]?.map((line) => `  ${line}`).join('\n') ?? ''}`,
    wrap(
      `Each option is a key of the remote in rclone.conf, a flag for all remotes of this type, a variable for them (flag in capitals, ${flagVariable(`${type}-option`)}), a variable for one (RCLONE_CONFIG_NAME_OPTION), and may stand in a connection string (name,option=value:path).`,
      width,
    ),
    ...section(
      'Options',
      shown.filter((o) => !o.advanced),
    ),
    ...section(
      'Advanced options',
      shown.filter((o) => o.advanced),
    ),
  ].join('\n\n')}\n`;
}

function checkProvider(type: string, provider: string, options: readonly DescribedOption[]): void {
  if (provider === '') return;
  const option = options.find((o) => o.name === 'provider');
  if (!option) throw usageError(`backend ${type} has no providers`);
  if (option.examples.some((e) => e.value === provider)) return;
  const near = nearestProvider(option, provider);
  throw usageError(
    `backend ${type} knows no provider ${JSON.stringify(provider)}${near === undefined ? '' : `: did you mean ${near}?`}`,
  );
}

/** Longer lists of suggestions are for the questions of `config`. */
const mostExamples = 12;

function optionHelp(type: string, option: DescribedOption, provider: string, width: number): string {
  const isDefault = option.default === '' ? '' : `, default ${option.default}`;
  const marks = `${option.required ? ', required' : ''}${option.isPassword ? ', stored obscured' : ''}`;
  const head = `  ${option.name}  --${flagName(type, option.name, option)}  ${option.type}${isDefault}${marks}`;
  const body = option.notBuilt === undefined ? option.help : `Refused when set: ${option.notBuilt}.`;
  const lines = [head, indent(wrap(body, width - 6), 6)];
  const all = suggestionsFor(option, provider);
  const examples = option.name === 'provider' && provider !== '' ? all.filter((e) => e.value === provider) : all;
  const few = option.name === 'provider' ? examples : examples.slice(0, mostExamples);
  if (few.length > 0)
    lines.push(
      indent(
        table(
          few.map((e) => [e.value, e.help] as const),
          width - 8,
          24,
        ),
        8,
      ),
    );
  const left = examples.length - few.length;
  if (left > 0) lines.push(indent(`and ${left} more: \`tsclone config\` shows those for a provider`, 8));
  return lines.join('\n');
}

/** Suggestions for a provider, each once. */
export function suggestionsFor(option: DescribedOption, provider: string): OptionExample[] {
  const seen = new Set<string>();
  return option.examples.filter((e) => {
    if (e.value === '' || seen.has(e.value) || !isForProvider(e.provider, provider)) return false;
    seen.add(e.value);
    return true;
  });
}

const indent = (text: string, by: number): string => text.replace(/^(?=.)/gm, ' '.repeat(by)).trimEnd();
