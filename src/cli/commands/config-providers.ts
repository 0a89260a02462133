import { loadCatalog } from '../../node/catalogs.ts';
import { nodeRegistry } from '../../node/registry.ts';
import { describeOptions, goJson, toRcloneOption, type JsonValue } from '../../options/describe.ts';
import type { CommandDefinition } from '../command.ts';

export const configProviders: CommandDefinition = {
  name: 'config providers',
  summary: 'Print the backends and their options as JSON',
  help: 'Everything that a program needs to ask for the options of a remote: names, kinds, defaults, suggestions, for which providers they are.',
  usage: '',
  minArgs: 0,
  maxArgs: 0,
  examples: ['tsclone config providers'],
  async run(c) {
    const backends = await Promise.all(Object.keys(nodeRegistry).sort().map(describeBackend));
    await c.out.line(goJson(backends, '    '));
  },
};

async function describeBackend(type: string): Promise<JsonValue> {
  const load = nodeRegistry[type];
  if (!load) throw new Error(`no backend ${type}`);
  const [definition, catalog] = await Promise.all([load(), loadCatalog(type)]);
  return {
    Name: type,
    Description: definition.summary,
    Prefix: type,
    Options: describeOptions(definition.options, catalog).map((option) => toRcloneOption(option)),
    CommandHelp: null,
    Aliases: null,
    Hide: false,
    MetadataInfo: null,
  };
}
