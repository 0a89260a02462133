import type { BackendCommand } from '../../core/definition.ts';
import { loadCatalog } from '../../node/catalogs.ts';
import { nodeRegistry } from '../../node/registry.ts';
import { describeOptions, goJson, toRcloneOption, type JsonValue } from '../../options/describe.ts';
import type { MetadataCatalog, MetadataKey } from '../../options/catalog.ts';
import type { CommandDefinition } from '../command.ts';
import { commandsOf } from './backend-help.ts';

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
  const [definition, catalog, commands] = await Promise.all([load(), loadCatalog(type), commandsOf(type)]);
  return {
    Name: type,
    Description: definition.summary,
    Prefix: type,
    Options: describeOptions(definition.options, catalog).map((option) => toRcloneOption(option)),
    CommandHelp: commands.length === 0 ? null : commands.map(describeCommand),
    Aliases: null,
    Hide: false,
    MetadataInfo: catalog.metadata ? describeMetadata(catalog.metadata) : null,
  };
}

function describeCommand({ name, summary, help, options }: BackendCommand): JsonValue {
  return { Name: name, Short: `${summary}.`, Long: help, Opts: options ?? null };
}

function describeMetadata({ help, system }: MetadataCatalog): JsonValue {
  const key = (k: MetadataKey): JsonValue => ({
    Help: k.help,
    Type: k.type,
    Example: k.example,
    ReadOnly: k.readOnly ?? false,
  });
  return {
    System: system ? Object.fromEntries(Object.entries(system).map(([name, k]) => [name, key(k)])) : null,
    Help: help,
  };
}
