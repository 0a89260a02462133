import type { Registry } from '../backends/registry.ts';
import type { BackendDefinition } from '../core/definition.ts';
import type { OptionMeta, OptionType } from '../options/define.ts';
import { flagName } from '../options/derive.ts';
import type { FlagSpec, FlagType } from '../options/flags.ts';
import type { BackendFlags } from './parse.ts';

/** Kinds whose text is checked on the command line; what only the backend can judge is checked when a remote is opened. */
const flagTypes: Partial<Record<OptionType, FlagType>> = {
  bool: 'bool',
  int: 'int',
  SizeSuffix: 'SizeSuffix',
  Duration: 'Duration',
  Tristate: 'Tristate',
  Encoding: 'Encoding',
};

/** One option of a backend as a flag. */
export function optionFlag(type: string, option: string, meta: OptionMeta): FlagSpec {
  return {
    name: flagName(type, option, meta),
    ...(meta.shortFlag === undefined ? {} : { short: meta.shortFlag }),
    type: flagTypes[meta.type] ?? 'string',
    default: meta.default,
    help: meta.help,
    ...(meta.notBuilt === undefined ? {} : { notBuilt: meta.notBuilt }),
  };
}

/** Flags of the built-in backends out of their schemas, loaded only when a flag is met that nothing else knows. */
export function createBackendFlags(registry: Registry): BackendFlags {
  let loaded: Promise<FlagSpec[]> | undefined;
  const own = (): Promise<FlagSpec[]> => (loaded ??= loadAll(registry));
  return {
    async find(name) {
      const spec = (await own()).find((f) => f.name === name);
      if (spec) return { spec, foreign: false };
      const foreign = await findForeign(name);
      return foreign && { spec: foreign, foreign: true };
    },
    names: async () => (await own()).map((f) => f.name),
    findShort: async (letter) => (await own()).find((f) => f.short === letter),
  };
}

async function loadAll(registry: Registry): Promise<FlagSpec[]> {
  const definitions = await Promise.all(Object.values(registry).map((load) => load()));
  return definitions.flatMap((d: BackendDefinition<unknown>) =>
    [...d.options.meta].map(([name, meta]) => optionFlag(d.type, name, meta)),
  );
}

async function findForeign(name: string): Promise<FlagSpec | undefined> {
  const { foreignFlags } = await import('./foreign-flags.ts');
  const dash = name.indexOf('-');
  const group = Object.hasOwn(foreignFlags, name.slice(0, dash)) ? foreignFlags[name.slice(0, dash)] : undefined;
  const option = name.slice(dash + 1);
  if (group?.switches.split(' ').includes(option)) return { name, type: 'bool', default: 'false', help: '' };
  if (group?.values.split(' ').includes(option)) return { name, type: 'string', default: '', help: '' };
  return undefined;
}
